import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { paypalIpn } from "../../../src/gateways/paypal-ipn/index.ts";
import { authenticate } from "../../../src/pipeline/authentic.ts";
import { rawOf, startVerifier } from "./verifier.ts";

/** Messages published by others, outside the repository: skipped where PAYBELL_VECTORS does not say where they are. */

const folder = process.env.PAYBELL_VECTORS;
const Published = z.array(z.object({ name: z.string(), rawBody: z.string(), postbackBody: z.string() }));

describe.skipIf(!folder)("the published messages (PAYBELL_VECTORS)", () => {
  const published = folder ? Published.parse(JSON.parse(readFileSync(join(folder, "paypal-ipn.json"), "utf8"))) : [];

  function bodyOf(name: string): Uint8Array {
    const found = published.find((vector) => vector.name === name) ?? expect.fail(`no vector ${name}`);
    return new Uint8Array(Buffer.from(found.rawBody, "latin1"));
  }

  test("pass the edge's check of their shape", async () => {
    for (const { name } of published) {
      const outbound = { request: () => expect.fail("the edge asks nobody") };
      const account = { id: "default", live: false, receivers: [] };
      const context = { settings: { postbackUrl: null }, account, now: () => new Date(0), outbound };
      expect(await paypalIpn.verify(rawOf(bodyOf(name)), context)).toEqual({
        kind: "unproven_yet",
        reason: "needs_confirmation",
      });
    }
  });

  test("are posted back as published", async () => {
    const verifier = await startVerifier();
    for (const { name, postbackBody } of published) {
      expect(await verifier.ask(bodyOf(name))).toEqual({ kind: "authentic", nonce: null });
      expect(verifier.postbacks.at(-1)?.body.toString("latin1")).toBe(postbackBody);
    }
    await verifier.close();
  });

  test("tell a payment of 500 Canadian dollars", () => {
    expect(itemsOf(bodyOf("web_accept Completed"))).toMatchObject([
      {
        type: "web_accept.completed",
        live: false,
        facts: [
          {
            kind: "capture",
            reference: "6G996328CK404320L",
            status: "succeeded",
            currency: "CAD",
            amount: 50_000n,
            fee: 1_505n,
            at: Date.UTC(2005, 3, 15, 22, 23, 54),
            joins: [],
            buyer: { id: "EVMXCLDZJV77Q", email: "tobi@snowdevil.ca", name: "Tobias Luetke" },
            receivers: ["tobi@leetsoft.com", "uq8pdyxjzqd9y"],
          },
        ],
      },
    ]);
  });

  test("tell a mass payment of three items that is nobody's payment to us", () => {
    const items = itemsOf(bodyOf("masspay"));
    expect(items.map(({ key }) => key.split(":")[0])).toEqual([
      "7XW35917TG8293137",
      "79512417EL9296629",
      "75X24749Y32677910",
    ]);
    expect(items.flatMap(({ facts }) => facts)).toEqual([]);
  });
});

function itemsOf(body: Uint8Array) {
  const parsed = paypalIpn.parse(authenticate(rawOf(body), { kind: "journaled_as_proven" }));
  if (parsed.kind === "unreadable") throw new Error(parsed.detail);
  return paypalIpn.normalize(parsed.payload, { orderFields: paypalIpn.orderFields });
}
