import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AnyGateway } from "../../src/gateways/gateway.ts";
import { GATEWAYS } from "../../src/gateways/registry.ts";
import { bench, read, wordOf } from "../conformance/bench.ts";
import { mutated, troublesOf } from "../conformance/mutation.ts";
import { isStillSigned, spoiled } from "../conformance/spoiling.ts";
import { rawOf, type Vector, vectorsOf } from "../conformance/vector.ts";
import { measured } from "./measured.ts";

/** The conformance suite's mutations in numbers, spread over all of a gateway's vectors. A failure prints the seed that repeats it. */

const SIGNATURES = 200_000;
const READINGS = 60_000;

describe.each(GATEWAYS.map((gateway) => [gateway.id, gateway] as const))("%s", (_id, gateway) => {
  const { vectors } = vectorsOf(gateway.id);
  const authentic = vectors.filter((vector) => vector.expect.verdict === "authentic");

  test.skipIf(authentic.length === 0)(
    "no spoiled signature proves anything, throws, or takes 50 ms of processor",
    async (context) => {
      let slowest = 0;
      let stillSigned = 0;
      const runs = Math.ceil(SIGNATURES / authentic.length);
      for (const vector of authentic) {
        const raw = rawOf(vector);
        const names = signatureHeaders(gateway, vector);
        const { channel } = bench(gateway, vector);
        await fc.assert(
          fc.asyncProperty(spoiled(raw, names), async (given) => {
            const { verdict, ms } = await timed(() => channel.verify(given).then(wordOf));
            slowest = Math.max(slowest, ms);
            if (verdict !== "authentic") return;
            stillSigned++;
            expect(isStillSigned(raw, given, names)).toBe(true);
          }),
          { numRuns: runs },
        );
      }
      measured(
        context,
        `${runs * authentic.length} signatures, ${stillSigned} of them still whole, slowest ${slowest.toFixed(1)} ms`,
      );
      expect(slowest).toBeLessThan(50);
    },
  );

  test("any bytes and headers are answered with a verdict", async (context) => {
    const [vector] = vectors;
    if (!vector) throw new Error("no vector");
    const { channel } = bench(gateway, vector);
    const headers = fc.dictionary(
      fc.constantFrom("content-type", ...gateway.headers),
      fc.string({ maxLength: 300, unit: "binary" }),
    );
    let slowest = 0;
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), headers, async (body, given) => {
        const raw = {
          body,
          headers: new Map(Object.entries(given)),
          query: new URLSearchParams(),
          receivedAt: vector.now,
        };
        const { verdict, ms } = await timed(() => channel.verify(raw).then(wordOf));
        slowest = Math.max(slowest, ms);
        expect(verdict).toMatch(/^(forged|unproven_yet)\/[a-z_]+$/);
      }),
      { numRuns: SIGNATURES },
    );
    measured(context, `${SIGNATURES} requests, slowest ${slowest.toFixed(1)} ms`);
  });

  test("authentic notifications with any other values are read into well-formed facts or called unreadable", (context) => {
    const runs = Math.ceil(READINGS / vectors.length);
    for (const vector of vectors) {
      const { channel } = bench(gateway, vector);
      fc.assert(
        fc.property(mutated(rawOf(vector)), (other) => {
          expect(troublesOf(read(channel, other), other)).toEqual([]);
        }),
        { numRuns: runs },
      );
    }
    measured(context, `${runs * vectors.length} notifications`);
  });
});

function signatureHeaders(gateway: AnyGateway, vector: Vector): readonly string[] {
  return gateway.headers.filter((name) => name in vector.headers && !vector.tamper.unsignedHeaders.includes(name));
}

async function timed(work: () => Promise<string>): Promise<{ readonly verdict: string; readonly ms: number }> {
  const before = process.cpuUsage();
  const verdict = await work();
  const { user, system } = process.cpuUsage(before);
  return { verdict, ms: (user + system) / 1_000 };
}
