import fc from "fast-check";
import { expect, test } from "vitest";
import { groupFacts, partition } from "../../src/payments/component.ts";
import { digestOrder } from "../../src/payments/digest.ts";
import { orderEvents } from "../../src/payments/event.ts";
import { foldOrder } from "../../src/payments/order.ts";
import { foldPayment } from "../../src/payments/payment.ts";
import type { AccountRules, NamedPayment, OrderState, StoredDecision } from "../../src/payments/state.ts";
import { factSets } from "./arbitrary.ts";
import { at, EUR, orderOf, USD } from "./histories/message.ts";

const RULES: AccountRules = { live: true, receivers: ["shop@example.com"], merchants: [], orders: "optional" };
const CONTEXT = { rules: () => RULES, registered: (reference: string) => reference === "1001" };

const payments = factSets().map((facts): readonly NamedPayment[] => {
  const groups = [...groupFacts(facts).values()].flat();
  return partition(facts).map((component, index) => ({
    id: `pay_${index}`,
    state: foldPayment(component.facts, groups),
  }));
});

const decisions = fc
  .array(
    fc.tuple(
      fc.constantFrom("change", "cancel", "expire", "accept", "reject"),
      fc.constantFrom(0n, 250n, 400n, 650n),
      fc.record({
        payments: fc.constantFrom("exact", "several"),
        recurring: fc.boolean(),
        currency: fc.constantFrom(USD, USD, EUR),
      }),
      fc.constantFrom("pay_0", "pay_1"),
    ),
    { maxLength: 5 },
  )
  .map((steps) => {
    const it = orderOf("1001");
    const first = it.register(0, 250n);
    const rest = steps.map(([kind, total, more, payment], index) => {
      const seconds = index + 1;
      if (kind === "change") return it.change(seconds, total, more);
      if (kind === "cancel") return it.cancel(seconds);
      if (kind === "expire") return it.expire(seconds);
      return kind === "accept" ? it.accept(seconds, payment) : it.reject(seconds, payment);
    });
    return [first, ...rest].flatMap(({ decision }) => (decision ? [decision] : []));
  });

function fold(decided: readonly StoredDecision[], named: readonly NamedPayment[]): OrderState {
  return foldOrder("1001", decided, named, CONTEXT);
}

const RUNS = { numRuns: 400 };
const SLOW = { timeout: 60_000 };

test("neither the order of payments and decisions nor our own ids change an order", SLOW, () => {
  fc.assert(
    fc.property(payments, decisions, fc.nat(), (named, decided, salt) => {
      const ruled = decided.filter(({ kind }) => kind !== "accepted" && kind !== "rejected");
      const renamed = named.map(({ id, state }) => ({ id: `pay_${(Number(id.slice(4)) * 7 + salt) % 101}x`, state }));
      const names = (of: readonly NamedPayment[]) =>
        new Map(of.map(({ id, state }) => [id, JSON.stringify(state.objects)]));
      const one = digestOrder(fold(ruled, named), names(named));
      expect(digestOrder(fold([...ruled].reverse(), [...renamed].reverse()), names(renamed))).toBe(one);
    }),
    RUNS,
  );
});

test("an order's sums are those of what counts, never negative, and never of another currency", SLOW, () => {
  fc.assert(
    fc.property(payments, decisions, (named, decided) => {
      const order = fold(decided, named);
      const counting = new Set(order.payments.filter(({ counts }) => counts).map(({ id }) => id));
      const money = named.filter(({ id, state }) => counting.has(id) && state.captured > 0n);
      for (const { state } of money) expect(state.currency).toBe(order.expectation?.currency);
      const most = money.reduce((sum, { state }) => sum + state.captured, 0n);
      expect(order.paid).toBeLessThanOrEqual(most);
      if (!order.expectation?.recurring) expect(order.paid).toBe(most);
      expect(order.due).toBeGreaterThanOrEqual(0n);
    }),
    RUNS,
  );
});

test("only an undoubted order that was paid in full, losses deducted, may be shipped", SLOW, () => {
  fc.assert(
    fc.property(payments, decisions, (named, decided) => {
      const { fulfillable, status, paid, refunded, lost, expectation } = fold(decided, named);
      if (!fulfillable) return;
      const total = expectation?.total ?? 0n;
      expect(["paid", "overpaid", "partially_refunded"]).toContain(status);
      expect(lost > 0n ? paid - refunded - lost : paid).toBeGreaterThanOrEqual(total);
      if (status !== "partially_refunded") expect(paid - refunded - lost).toBeGreaterThanOrEqual(total);
    }),
    RUNS,
  );
});

test("a paid order has told so", SLOW, () => {
  fc.assert(
    fc.property(payments, decisions, (named, decided) => {
      const order = fold(decided, named);
      if (order.status !== "paid" && order.status !== "overpaid") return;
      expect(order.milestones.map(({ type }) => type)).toContain("order.paid");
    }),
    RUNS,
  );
});

test("what did not change is not told again", SLOW, () => {
  fc.assert(
    fc.property(payments, decisions, (named, decided) => {
      const order = fold(decided, named);
      expect(orderEvents(order, order)).toEqual([]);
    }),
    RUNS,
  );
});

test("an acceptance of a payment that turned out to be another still holds", () => {
  const it = orderOf("1001");
  const { decision: registered } = it.register(0, 999n);
  const { decision: accepted } = it.accept(50, "pay_old");
  const decided = [registered, accepted].flatMap((decision) => decision ?? []);
  const state = foldPayment(
    factsOf({ kind: "capture", reference: "CAP1", status: "succeeded", currency: USD, amount: 1000n }),
    [],
  );
  expect(fold(decided, [{ id: "pay_new", state, aliases: ["pay_old"] }])).toMatchObject({
    status: "overpaid",
    paid: 1000n,
  });
  expect(fold(decided, [{ id: "pay_new", state }])).toMatchObject({ status: "open", paid: 0n });
});

function factsOf(fact: object) {
  const common = { at: at(10), joins: [], links: [], key: "k", gateway: "paypal", input: "ntf_1" };
  const scope = { provider: "paypal", account: "default", live: true };
  // Proven: a capture fact, by the call above.
  return [{ ...common, scope, ...fact }] as unknown as Parameters<typeof foldPayment>[0];
}
