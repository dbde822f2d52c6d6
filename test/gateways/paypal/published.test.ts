import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { authenticate } from "../../../src/pipeline/authentic.ts";
import { CERT_PATH, startVendor, type Vendor } from "./vendor.ts";

/**
 * PayPal's own signature, published in paypal/PayPal-Java-SDK and kept outside the repository: skipped where PAYBELL_VECTORS does
 * not say where. The certificate ended in 2019, so the clock is that day's; its chain is DigiCert's true one.
 */

const folder = process.env.PAYBELL_VECTORS;
const Published = z.array(
  z.object({
    name: z.string(),
    headers: z.record(z.string(), z.string()),
    rawBody: z.string(),
    webhookId: z.string(),
    certPem: z.string().nullish(),
    expect: z.enum(["valid", "invalid"]),
    checked: z.boolean(),
  }),
);
const THAT_DAY = new Date("2017-03-30T20:04:06Z");

describe.skipIf(!folder)("the published events (PAYBELL_VECTORS)", () => {
  const published = folder ? Published.parse(JSON.parse(readFileSync(join(folder, "paypal.json"), "utf8"))) : [];
  const signed = published.filter(({ checked }) => checked);
  let paypal: Vendor;
  beforeAll(async () => {
    paypal = await startVendor();
  });
  afterAll(() => paypal.close());

  async function verdictOf(vector: (typeof published)[number], now: Date): Promise<string> {
    paypal.routes.set(`GET ${CERT_PATH}`, (_, response) => void response.end(vector.certPem));
    const address = vector.headers["paypal-cert-url"] ?? "";
    const raw = {
      body: new Uint8Array(Buffer.from(vector.rawBody)),
      // The address is not signed; the one that was published is not of the form that PayPal uses today.
      headers: new Map(
        Object.entries({ ...vector.headers, "paypal-cert-url": address.includes("evil") ? address : paypal.certUrl }),
      ),
      query: new URLSearchParams(),
      receivedAt: now,
    };
    const settings = { webhookId: vector.webhookId, certCaPem: null };
    const verdict = await paypal.gateway.verify(raw, paypal.context({ settings, now: () => now }));
    return verdict.kind === "authentic" ? "authentic" : `${verdict.kind}/${verdict.reason}`;
  }

  test("are authentic or forged as published, under PayPal's own certificate and DigiCert's chain", async () => {
    expect(signed.map(({ expect: word }) => word)).toContain("valid");
    for (const vector of signed) {
      const word = await verdictOf(vector, THAT_DAY);
      expect(word === "authentic" ? "valid" : "invalid", `${vector.name}: ${word}`).toBe(vector.expect);
    }
  });

  test("are nobody's once the certificate has ended", async () => {
    const valid = signed.find((vector) => vector.expect === "valid") ?? expect.fail("no valid vector");
    expect(await verdictOf(valid, new Date("2019-04-26T12:00:01Z"))).toBe("forged/unknown_sender");
  });

  test("are read: a sale of 2015 is a capture of 20.00 USD with its fee", () => {
    const sale = published.find(({ rawBody }) => rawBody.includes("PAYMENT.SALE.COMPLETED")) ?? expect.fail("no sale");
    const raw = paypal.sign(sale.rawBody);
    const parsed = paypal.gateway.parse(authenticate(raw, { kind: "journaled_as_proven" }));
    if (parsed.kind === "unreadable") return expect.fail(parsed.detail);
    expect(paypal.gateway.normalize(parsed.payload, { orderFields: ["custom_id"] })).toMatchObject([
      {
        key: "WH-0G2756385H040842W-5Y612302CV158622M",
        type: "PAYMENT.SALE.COMPLETED",
        live: false,
        facts: [
          {
            kind: "capture",
            reference: "4EU7004268015634R",
            status: "succeeded",
            currency: "USD",
            amount: 2000n,
            fee: 88n,
          },
        ],
      },
    ]);
  });
});
