import { expect, test } from "vitest";
import { orderEvents, paymentEvents } from "../../src/payments/event.ts";
import { foldOrder } from "../../src/payments/order.ts";
import { foldPayment } from "../../src/payments/payment.ts";
import type { AccountRules, PaymentState } from "../../src/payments/state.ts";
import { type Message, orderOf } from "./histories/message.ts";
import { chargeIs, intentIs, TEA } from "./histories/stripe-messages.ts";

const RULES: AccountRules = { live: true, receivers: [], merchants: [], orders: "optional" };
const PAID = chargeIs(10, "succeeded");

function payment(...messages: readonly Message[]): PaymentState {
  return foldPayment(
    messages.flatMap(({ facts }) => facts),
    [],
  );
}

function order(messages: readonly Message[], ...payments: readonly PaymentState[]) {
  const decided = messages.flatMap(({ decision }) => decision ?? []);
  const named = payments.map((state, index) => ({ id: `pay_${index}`, state }));
  return foldOrder("1001", decided, named, { rules: () => RULES, registered: (reference) => reference === "1001" });
}

test("a passing state is told while it lasts, once, and without a key", () => {
  const pending = payment(intentIs(1, "pending"));
  const failed = payment(intentIs(1, "pending"), intentIs(2, "failed"));
  expect(paymentEvents(null, pending)).toEqual([{ type: "payment.pending", key: null }]);
  expect(paymentEvents(pending, pending)).toEqual([]);
  expect(paymentEvents(pending, failed)).toEqual([{ type: "payment.failed", key: null }]);
});

test("what passed before the commit is not told", () => {
  const paid = payment(intentIs(1, "pending"), intentIs(2, "failed"), PAID);
  expect(paymentEvents(null, paid)).toEqual([
    { type: "payment.paid", key: "payment.paid:stripe/default/live/intent/pi_1" },
  ]);
});

test("a milestone that came true is told with its key, and not again", () => {
  const before = payment(intentIs(1, "pending"));
  const after = payment(intentIs(1, "pending"), PAID);
  expect(paymentEvents(before, after).map(({ type }) => type)).toEqual(["payment.paid"]);
  expect(paymentEvents(after, after)).toEqual([]);
});

test("an order's passing states are told, partially paid and overpaid", () => {
  const several = orderOf("1001").register(0, 1500n, { payments: "several" });
  const part = order([several], payment(chargeIs(10, "succeeded", TEA, 1000n)));
  const over = order([several], payment(PAID));
  expect(orderEvents(null, part)).toEqual([{ type: "order.partially_paid", key: null }]);
  expect(orderEvents(part, over)).toEqual([
    { type: "order.paid", key: "order.paid:1001" },
    { type: "order.overpaid", key: null },
  ]);
});

test("a payment that comes to be held is told, again when the reasons change, and not when a person refused it", () => {
  const it = orderOf("1001");
  const registered = it.register(0, 1000n);
  const refused = it.reject(50, "pay_0");
  const held = order([registered], payment(PAID));
  const heldForMore = order([registered], { ...payment(PAID), merchant: "acct_9" });
  expect(orderEvents(null, held)).toEqual([{ type: "order.held", key: null }]);
  expect(orderEvents(held, held)).toEqual([]);
  expect(orderEvents(held, heldForMore)).toEqual([{ type: "order.held", key: null }]);
  expect(orderEvents(held, order([registered, refused], payment(PAID)))).toEqual([]);
});
