import { expect, test } from "vitest";
import { foldOrder } from "../../src/payments/order.ts";
import { foldPayment } from "../../src/payments/payment.ts";
import { orderSnapshot, paymentSnapshot } from "../../src/payments/snapshot.ts";
import { at, orderOf } from "./histories/message.ts";
import { chargeIs, intentSucceeded, refundIs } from "./histories/stripe-messages.ts";

const MESSAGES = [
  chargeIs(10, "succeeded"),
  intentSucceeded(10),
  refundIs(50, "succeeded", { id: "re_4", amount: 500n }),
];
const FACTS = MESSAGES.flatMap(({ facts }) => facts);
const STATE = foldPayment(FACTS, []);
const PAYMENT = { id: "pay_1", state: STATE, gateways: ["stripe"] };

test("a payment is shown as documented: camelCase, whole minor units, ISO times", () => {
  expect(paymentSnapshot(PAYMENT, { order: "1001", counts: true, held: [] })).toEqual({
    id: "pay_1",
    gateway: "stripe",
    gateways: ["stripe"],
    provider: "stripe",
    account: "default",
    reference: "pi_1",
    references: ["pi_1", "ch_1", "re_4"],
    status: "partially_refunded",
    currency: "USD",
    authorized: 1999,
    captured: 1999,
    refunded: 500,
    chargedBack: 0,
    disputed: 0,
    fee: null,
    net: null,
    settlement: null,
    order: "1001",
    counts: true,
    held: [],
    buyer: null,
    merchant: null,
    subscription: null,
    inReview: false,
    flags: [],
    live: true,
    createdAt: new Date(at(10)).toISOString(),
    updatedAt: new Date(at(50)).toISOString(),
  });
});

test("facts are shown when given, oldest first, each with the notification it came with", () => {
  const { facts } = paymentSnapshot(
    PAYMENT,
    { order: null, counts: false, held: ["wrong_mode"] },
    [...FACTS].reverse(),
  );
  expect(facts).toHaveLength(FACTS.length);
  expect((facts as readonly unknown[]).at(-1)).toEqual({
    object: "refund",
    reference: "re_4",
    status: "succeeded",
    amount: 500,
    at: new Date(at(50)).toISOString(),
    notification: FACTS.at(-1)?.input,
  });
});

test("an order is shown with its payments and where to notify", () => {
  const decision = orderOf("1001").register(0, 1999n, {
    customer: {
      email: "ann@example.com",
      name: "Ann",
      locale: "de-AT",
      company: null,
      address: ["1 Tea Street"],
      taxId: null,
    },
    lines: [{ sku: "TEA-1", name: "Tea", quantity: 2, amount: 1999n, taxRate: "19", tax: 319n }],
    expiresAt: at(999),
  }).decision;
  const state = foldOrder("1001", decision ? [decision] : [], [PAYMENT], {
    rules: () => ({ live: true, receivers: [], merchants: [], orders: "optional" }),
    registered: (reference) => reference === "1001",
  });
  const shown = orderSnapshot({ state }, [PAYMENT], { notifyUrls: { stripe: "https://shop.example/ipn/stripe" } });
  expect(shown).toMatchObject({
    reference: "1001",
    status: "partially_refunded",
    currency: "USD",
    total: 1999,
    paid: 1999,
    refunded: 500,
    due: 0,
    fulfillable: true,
    version: 1,
    customer: {
      email: "ann@example.com",
      name: "Ann",
      locale: "de-AT",
      company: null,
      address: ["1 Tea Street"],
      taxId: null,
    },
    lines: [{ sku: "TEA-1", name: "Tea", quantity: 2, amount: 1999, taxRate: "19", tax: 319 }],
    expiresAt: new Date(at(999)).toISOString(),
    payments: [{ id: "pay_1", order: "1001", counts: true }],
    notifyUrls: { stripe: "https://shop.example/ipn/stripe" },
  });
  expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
});

test("an order that nobody registered has no total", () => {
  const rules = { live: true, receivers: [], merchants: [], orders: "optional" } as const;
  const state = foldOrder("1001", [], [PAYMENT], { rules: () => rules, registered: () => false });
  expect(orderSnapshot({ state }, [PAYMENT], {})).toMatchObject({
    status: "unregistered",
    currency: null,
    total: null,
    payments: [],
  });
});

test("an amount that no JSON number holds exactly is a defect, not a rounded number", () => {
  const state = { ...STATE, captured: 2n ** 53n };
  expect(() => paymentSnapshot({ ...PAYMENT, state }, { order: null, counts: false, held: [] })).toThrow("exact");
});
