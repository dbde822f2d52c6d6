import { expect, test } from "vitest";
import { frozenOrder, frozenOrderOfPayment, frozenPayment } from "../../src/payments/frozen.ts";
import { foldOrder } from "../../src/payments/order.ts";
import { foldPayment } from "../../src/payments/payment.ts";
import { at, orderOf } from "./histories/message.ts";
import { chargeIs, disputeIs, intentSucceeded } from "./histories/stripe-messages.ts";

const FACTS = [chargeIs(10, "succeeded"), intentSucceeded(10)].flatMap(({ facts }) => facts);
const VIEW = { order: "1001", counts: true, held: [] };

function orderWith(lines: number, payments: number) {
  const line = { sku: "TEA", name: "Tea", quantity: 1, amount: 1n, taxRate: null, tax: null };
  const message = orderOf("1001").register(0, 1999n, { lines: Array.from({ length: lines }, () => line) });
  const decisions = message.decision ? [message.decision] : [];
  const state = foldPayment(FACTS, []);
  const named = Array.from({ length: payments }, (_, index) => ({
    id: `pay_${100 + index}`,
    state,
    gateways: ["stripe"],
  }));
  const rules = { live: true, receivers: [], merchants: [], orders: "optional" } as const;
  return {
    order: { state: foldOrder("1001", decisions, named, { rules: () => rules, registered: () => true }) },
    named,
  };
}

test("a disputed payment tells of its dispute and until when to answer it", () => {
  const groupFacts = disputeIs(60, "open").facts.map((fact) => ({ ...fact, deadline: at(5_000) }));
  const payment = { id: "pay_1", state: foldPayment(FACTS, groupFacts), gateways: ["stripe"] };
  expect(frozenPayment(payment, VIEW, groupFacts)).toMatchObject({
    id: "pay_1",
    status: "disputed",
    disputes: [{ status: "open", currency: "USD", dueBy: new Date(at(5_000)).toISOString() }],
  });
  expect(frozenPayment({ ...payment, state: foldPayment(FACTS, []) }, VIEW, []).disputes).toEqual([]);
});

test("an order with a thousand lines and many payments stays below 20 kB, and says what it leaves out", () => {
  const { order, named } = orderWith(1_000, 40);
  const frozen = frozenOrder(order, named);
  expect(frozen).toMatchObject({ reference: "1001", total: 1999, omitted: { lines: 975, payments: 30 } });
  expect(frozen.lines).toHaveLength(25);
  expect(frozen.payments).toHaveLength(10);
  expect(JSON.stringify(frozen.payments)).toContain("pay_139");
  expect(JSON.stringify(frozen).length).toBeLessThan(20_000);
});

test("where a download lies is told to nobody but the merchant, and its name to all", () => {
  const { order, named } = orderWith(1, 1);
  const { expectation } = order.state;
  if (expectation === null) throw new Error("the order is registered");
  const download = {
    file: null,
    url: `https://files.example.com/${"x".repeat(900)}`,
    name: "Tea.pdf",
    days: 30,
    limit: 3,
  };
  const lines = expectation.lines.map((line) => ({ ...line, download, license: "pro" }));
  const frozen = frozenOrder({ state: { ...order.state, expectation: { ...expectation, lines } } }, named);
  expect(frozen.lines).toMatchObject([{ download: { name: "Tea.pdf", days: 30, limit: 3 }, license: "pro" }]);
  expect(JSON.stringify(frozen)).not.toContain("files.example.com");
});

test("an order of ordinary size is frozen whole; in its payment's event without its payments", () => {
  const { order, named } = orderWith(2, 1);
  expect(frozenOrder(order, named)).toMatchObject({
    payments: [{ id: "pay_100" }],
    omitted: { lines: 0, payments: 0 },
  });
  const withoutPayments = frozenOrderOfPayment(order);
  expect(withoutPayments).toMatchObject({ reference: "1001", status: "paid", omitted: { lines: 0 } });
  expect(withoutPayments).not.toHaveProperty("payments");
});
