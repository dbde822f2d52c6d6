import { randomBytes, timingSafeEqual } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAmong } from "../../src/gateways/signing/hmac.ts";
import { causes, welch } from "../catalogue/refusals.ts";
import { type Edge, exchange, request, STRIPE_SECRET, startEdge } from "../http/edge.ts";
import { measured } from "./measured.ts";

/** What the time of an answer tells: statistics over many samples, interleaved, so that a busy moment is everybody's. */

test("where a code differs does not show in the time that comparing it takes", (context) => {
  const code = randomBytes(32);
  const alike = Buffer.from(code);
  alike[31] = (alike[31] ?? 0) ^ 1;
  const unlike = Buffer.from(code).map((byte) => byte ^ 0xff);
  const samples = { alike: [] as number[], unlike: [] as number[] };
  for (let n = 0; n < 100_000; n++) {
    for (const [name, other] of n % 2 === 0
      ? ([
          ["alike", alike],
          ["unlike", unlike],
        ] as const)
      : ([
          ["unlike", unlike],
          ["alike", alike],
        ] as const)) {
      const began = process.hrtime.bigint();
      for (let times = 0; times < 10; times++) isAmong(code, [other]);
      samples[name].push(Number(process.hrtime.bigint() - began));
    }
  }
  const { t, difference } = welch(trimmed(samples.alike), trimmed(samples.unlike));
  measured(context, `100,000 pairs: ${(difference / 10).toFixed(2)} ns apart, t = ${t.toFixed(2)}`);
  expect(timingSafeEqual(code, alike)).toBe(false);
  // A comparison that stops at the first difference is some 10 ns a byte apart; the clock itself ticks in tens of ns.
  expect(Math.abs(difference / 10)).toBeLessThan(5);
});

describe("refusals of a notification", () => {
  let edge: Edge;
  beforeAll(async () => {
    // Each sample has an address of its own, so that none is answered 429 for the others.
    edge = await startEdge({ trustProxy: ["127.0.0.1"] });
  });
  afterAll(() => edge.close());

  test("take the same time, whatever the cause", async (context) => {
    const body = JSON.stringify({ id: "evt_1", filler: "x".repeat(4_000) });
    const kinds = causes(body, STRIPE_SECRET);
    const times = new Map(kinds.map(([name]) => [name, [] as number[]]));
    let serial = 0;
    for (let n = 0; n < 1_000; n++) {
      for (const [name, headers] of n % 2 === 0 ? kinds : kinds.toReversed()) {
        const answer = await exchange(edge.port, [
          request("POST /ipn/stripe", { ...headers, "X-Forwarded-For": addressOf(serial++) }, body),
        ]);
        if (answer.status === 401) times.get(name)?.push(answer.milliseconds);
      }
    }
    const medians = [...times].map(([name, all]) => [name, median(all)] as const);
    const [fastest = 0, slowest = 0] = [
      Math.min(...medians.map(([, ms]) => ms)),
      Math.max(...medians.map(([, ms]) => ms)),
    ];
    measured(
      context,
      medians.map(([name, ms]) => `${name} ${(ms * 1000).toFixed(0)} µs (${times.get(name)?.length})`).join(", "),
    );
    for (const [name, all] of times) expect(all.length, name).toBeGreaterThan(500);
    expect(slowest - fastest).toBeLessThan(0.05 * slowest + 0.05);
  });
});

function addressOf(n: number): string {
  return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}

function trimmed(samples: readonly number[]): readonly number[] {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted.slice(Math.floor(sorted.length * 0.05), Math.floor(sorted.length * 0.75));
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? 0;
}
