import { describe, expect, test } from "vitest";
import type { Parsed } from "../../../src/gateways/gateway.ts";
import { createPaypal } from "../../../src/gateways/paypal/index.ts";
import type { PaypalPayload } from "../../../src/gateways/paypal/payload.ts";
import type { Fact } from "../../../src/payments/fact.ts";
import { authenticate } from "../../../src/pipeline/authentic.ts";
import { capture, event, type Json, order, refund, sale, unit, usd } from "./events.ts";

/** What is left out of the facts, and what is not understood. */

const paypal = createPaypal();
const RECEIVED = new Date("2026-01-07T00:00:00Z");

function parse(body: Json, headers: Readonly<Record<string, string>> = {}): Parsed<PaypalPayload> {
  const raw = {
    body: new Uint8Array(Buffer.from(JSON.stringify(body))),
    headers: new Map(Object.entries(headers)),
    query: new URLSearchParams(),
    receivedAt: RECEIVED,
  };
  return paypal.parse(authenticate(raw, { kind: "journaled_as_proven" }));
}

function factsOf(
  type: string,
  resource: Json,
  extra: Json = {},
  orderFields = ["custom_id", "invoice_id"],
): readonly Fact[] {
  const parsed = parse(event("1", type, resource, extra));
  if (parsed.kind === "unreadable") return expect.fail(parsed.detail);
  return paypal.normalize(parsed.payload, { orderFields }).flatMap(({ facts }) => facts);
}

function captured(changes: Json = {}): Fact {
  const [fact] = factsOf("PAYMENT.CAPTURE.COMPLETED", capture(changes));
  return fact ?? expect.fail("no fact");
}

function detailOf(body: Json): string {
  const parsed = parse(body);
  return parsed.kind === "unreadable" ? parsed.detail : expect.fail("it was readable");
}

describe("what is not told is left out", () => {
  test("of a capture that nobody received: fee, net and settlement", () => {
    const receivable = { receivable_amount: { currency_code: "EUR", value: "17.30" } };
    for (const status of ["PENDING", "DECLINED"]) {
      const fact = captured({
        status,
        seller_receivable_breakdown: { paypal_fee: usd("0.88"), net_amount: usd("1.00"), ...receivable },
      });
      expect(Object.keys(fact)).not.toContain("fee");
      expect(Object.keys(fact)).not.toContain("net");
      expect(Object.keys(fact)).not.toContain("settlement");
    }
    const [waiting] = factsOf("PAYMENT.SALE.PENDING", sale({ state: "pending" }));
    expect(Object.keys(waiting ?? {})).not.toContain("fee");
  });

  test("of a fee in another currency, its amount; of a settlement in the same one, the settlement", () => {
    const euros = { currency_code: "EUR", value: "0.88" };
    const fact = captured({ seller_receivable_breakdown: { paypal_fee: euros, receivable_amount: usd("19.11") } });
    expect(Object.keys(fact)).not.toContain("fee");
    expect(Object.keys(fact)).not.toContain("settlement");
  });

  test("of a refund's total in another currency, the snapshot", () => {
    const total = { total_refunded_amount: { currency_code: "EUR", value: "5.00" } };
    expect(factsOf("PAYMENT.CAPTURE.REFUNDED", refund({ seller_payable_breakdown: total }))).toHaveLength(1);
  });

  test("of a refund, any order reference: it may carry an invoice number of its own", () => {
    expect(factsOf("PAYMENT.CAPTURE.REFUNDED", refund())[0]).not.toHaveProperty("orders");
  });

  test("of somebody without e-mail and merchant id, the receiver", () => {
    expect(captured({ payee: {} })).not.toHaveProperty("receivers");
    expect(captured({ payee: undefined })).not.toHaveProperty("receivers");
  });
});

describe("an order reference", () => {
  test.each(["", "   ", "a\u0000b", "a\ud800", "x".repeat(201)])("is not %j", (custom_id) => {
    expect(captured({ custom_id })).not.toHaveProperty("orders");
  });

  test("is any other text, without the spaces around it", () => {
    for (const custom_id of ["x".repeat(200), "Bestellung Nr. 7 / größer 🍵", '{"order":"1001"}']) {
      expect(captured({ custom_id: ` ${custom_id}\n` })).toMatchObject({ orders: [{ rank: 0, value: custom_id }] });
    }
  });

  test("is in v1 under v1's names, whichever names the account uses", () => {
    const told = [
      { rank: 0, value: "INV-77" },
      { rank: 1, value: "1001" },
    ];
    expect(factsOf("PAYMENT.SALE.COMPLETED", sale(), {}, ["invoice_number", "custom"])).toMatchObject([
      { orders: told },
    ]);
    expect(factsOf("PAYMENT.SALE.COMPLETED", sale(), {}, ["invoice_id", "custom_id"])).toMatchObject([
      { orders: told },
    ]);
  });

  test("may be the unit's own, and is in no field that nobody knows", () => {
    const resource = order([unit({ reference_id: "cart-9" })]);
    expect(factsOf("CHECKOUT.ORDER.APPROVED", resource, {}, ["reference_id"])).toMatchObject([
      { orders: [{ rank: 0, value: "cart-9" }] },
    ]);
    expect(factsOf("CHECKOUT.ORDER.APPROVED", resource, {}, ["description"])[0]).not.toHaveProperty("orders");
  });
});

test("a unit with a long name has a reference within bounds, and another unit another", () => {
  const name = (letter: string): Json => unit({ reference_id: letter.repeat(200) });
  const references = factsOf(
    "CHECKOUT.ORDER.APPROVED",
    order([name("a"), name("b"), unit({ reference_id: undefined })]),
  ).map(({ reference }) => reference);
  expect(references.every((reference) => reference.length <= 200)).toBe(true);
  expect(new Set(references).size).toBe(3);
  expect(references[2]).toBe("5O190127TN364715T/default");
});

test("nothing is told to have happened after it was received", () => {
  expect(captured({ update_time: "2030-01-01T00:00:00Z" }).at).toBe(RECEIVED.getTime());
});

test("test and live are told apart by the certificate's host", () => {
  const of = (url: string): boolean | undefined => {
    const parsed = parse(event("1", "BILLING.PLAN.CREATED", {}), { "paypal-cert-url": url });
    return parsed.kind === "parsed" ? parsed.payload.live : undefined;
  };
  expect(of("https://api.paypal.com/v1/notifications/certs/CERT-1")).toBe(true);
  expect(of("https://api-m.paypal.com/v1/notifications/certs/CERT-1")).toBe(true);
  expect(of("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1")).toBe(false);
  expect(of("https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1")).toBe(false);
  expect(of("http://127.0.0.1:8099/v1/notifications/certs/CERT-1")).toBe(false);
});

describe("what is not understood says where, and never what", () => {
  const SECRET = "4111111111111111";
  const inCapture = (changes: Json): Json => event("1", "PAYMENT.CAPTURE.COMPLETED", capture(changes));

  test.each<readonly [string, Json, string]>([
    ["an event without an id", { event_type: SECRET }, "id"],
    ["an id that is a path", event("../x", "X", {}), "id"],
    ["an event without a type", { id: "WH-1" }, "event_type"],
    ["a resource that is missing", { ...event("1", "PAYMENT.CAPTURE.COMPLETED", {}), resource: undefined }, "resource"],
    ["a resource that is text", { ...event("1", "PAYMENT.CAPTURE.COMPLETED", {}), resource: SECRET }, "resource"],
    ["an amount in words", inCapture({ amount: usd(SECRET.repeat(2)) }), "resource.amount"],
    ["an amount as a number", inCapture({ amount: { currency_code: "USD", value: 4111 } }), "resource.amount.value"],
    ["an amount with a third decimal", inCapture({ amount: usd("1.999") }), "resource.amount"],
    ["a capture that is a path", inCapture({ id: `../../${SECRET}` }), "resource.id"],
    ["a status in other words", inCapture({ status: SECRET }), "resource.status"],
    ["a status from a prototype", inCapture({ status: "constructor" }), "resource.status"],
    [
      "a fee that cannot be read",
      inCapture({ seller_receivable_breakdown: { paypal_fee: usd(SECRET) } }),
      "resource.seller_receivable_breakdown.paypal_fee",
    ],
  ])("%s", (_, body, where) => {
    const detail = detailOf(body);
    expect(detail.startsWith(where), detail).toBe(true);
    expect(detail).not.toContain("4111");
  });

  test("an event whose every clock is broken", () => {
    expect(detailOf(event("1", "BILLING.PLAN.CREATED", {}, { create_time: "2018-19-12T22:20:32.000Z" }))).toBe(
      "create_time is no time",
    );
  });
});
