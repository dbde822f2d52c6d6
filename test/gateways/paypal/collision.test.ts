import { crc32 } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { authenticate } from "../../../src/pipeline/authentic.ts";
import { startVendor, type Vendor } from "./vendor.ts";

/**
 * PayPal signs a CRC-32 of the body. CRC-32 is affine over GF(2): flipping a bit of the body changes the sum by a fixed mask,
 * whatever the rest is. With 64 free characters of which one bit each may flip, any sum can be reached without any key.
 */

let paypal: Vendor;
beforeEach(async () => {
  paypal = await startVendor();
});
afterEach(() => paypal.close());

const told = (id: string, value: string, order: string): string =>
  `{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","create_time":"2026-01-05T10:00:02Z","resource":{"id":"${id}","status":"COMPLETED","amount":{"value":"${value}","currency_code":"USD"},"custom_id":"${order}","update_time":"2026-01-05T10:00:01Z"}`;

const GENUINE = `${told("CAP1", "1.00", "order-cheap")}}`;

/** `head` and `"x":"…"}` with 64 characters of 0 and 1 in between, so that its CRC-32 is `wanted`. */
function forge(head: string, wanted: number): string {
  const make = (bits: bigint): string => `${head},"x":"${bits.toString(2).padStart(64, "0")}"}`;
  const zero = crc32(make(0n));
  const basis: { readonly sum: number; readonly bits: bigint }[] = [];
  const reduce = (sum: number, bits: bigint) => {
    let left = { sum, bits };
    for (const vector of basis) {
      const reduced = (left.sum ^ vector.sum) >>> 0;
      if (reduced < left.sum) left = { sum: reduced, bits: left.bits ^ vector.bits };
    }
    return left;
  };
  for (let place = 0n; place < 64n; place++) {
    const column = reduce((crc32(make(1n << place)) ^ zero) >>> 0, 1n << place);
    if (column.sum !== 0) basis.push(column);
    basis.sort((a, b) => b.sum - a.sum);
  }
  const { sum, bits } = reduce((wanted ^ zero) >>> 0, 0n);
  expect(sum).toBe(0);
  return make(bits);
}

function forgedFrom(genuine: ReturnType<Vendor["sign"]>, head: string) {
  const body = forge(head, crc32(genuine.body));
  return { ...genuine, body: new Uint8Array(Buffer.from(body)) };
}

test("a body that nobody at PayPal wrote verifies under genuine headers: the known weakness", async () => {
  const genuine = paypal.sign(GENUINE);
  const forged = forgedFrom(genuine, told("CAP2", "9999.00", "order-expensive"));
  expect(crc32(forged.body)).toBe(crc32(genuine.body));
  expect(JSON.parse(Buffer.from(forged.body).toString()).resource.amount.value).toBe("9999.00");
  const verdict = await paypal.gateway.verify(forged, paypal.context());
  // The same transmission under another body: the journal stores it apart, and raises the alarm.
  expect(verdict).toEqual(await paypal.gateway.verify(genuine, paypal.context()));
  expect(verdict).toEqual({ kind: "authentic", nonce: genuine.headers.get("paypal-transmission-id") });
});

async function confirmationOf(raw: ReturnType<Vendor["sign"]>) {
  const { gateway } = paypal;
  const parsed = gateway.parse(authenticate(raw, { kind: "journaled_as_proven" }));
  if (parsed.kind === "unreadable" || gateway.confirming.kind !== "by_api") return expect.fail();
  const [item] = gateway.normalize(parsed.payload, { orderFields: ["custom_id"] });
  if (!item) return expect.fail();
  expect(gateway.confirming.needed(item)).toBe(true);
  return gateway.confirming.confirm(item, paypal.context({ settings: { clientId: "client", clientSecret: "secret" } }));
}

test("PayPal's API contradicts it: another purchase, another amount, another order of the same purchase", async () => {
  const token = JSON.stringify({ access_token: "t", token_type: "Bearer", expires_in: 32_400 });
  paypal.routes.set("POST /v1/oauth2/token", (_, response) => void response.end(token));
  const capture = JSON.stringify(JSON.parse(GENUINE).resource);
  paypal.routes.set("GET /v2/payments/captures/CAP1", (_, response) => void response.end(capture));
  const genuine = paypal.sign(GENUINE);
  expect(await confirmationOf(genuine)).toMatchObject({ kind: "confirmed" });
  const of = (head: string) => confirmationOf(forgedFrom(genuine, head));
  expect(await of(told("CAP2", "9999.00", "order-expensive"))).toEqual({ kind: "contradicted", reason: "not_found" });
  expect(await of(told("CAP1", "9999.00", "order-cheap"))).toEqual({ kind: "contradicted", reason: "other_amount" });
  expect(await of(told("CAP1", "1.00", "order-expensive"))).toEqual({ kind: "contradicted", reason: "other_object" });
});
