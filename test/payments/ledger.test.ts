import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { groupFacts, partition } from "../../src/payments/component.ts";
import { type Balance, difference, orderBalances, paymentBalances } from "../../src/payments/ledger.ts";
import { foldOrder } from "../../src/payments/order.ts";
import { foldPayment } from "../../src/payments/payment.ts";
import type { PaymentState } from "../../src/payments/state.ts";
import { factSets } from "./arbitrary.ts";
import { at, EUR, orderOf, paypal, stripe, type Told, USD } from "./histories/message.ts";

const SLOW = { timeout: 60_000 };

const SALE = {
  kind: "capture",
  reference: "cap1",
  at: at(1),
  status: "succeeded",
  currency: USD,
  amount: 1999n,
} as const;
const refund = (amount: bigint): Told => ({
  ...{ kind: "refund", reference: "ref1", at: at(2), status: "succeeded", currency: USD, amount },
  joins: [{ kind: "capture", reference: "cap1" }],
});

function fold(...facts: readonly Told[]): PaymentState {
  const stored = paypal("told", ...facts).facts;
  const groups = [...groupFacts(stored).values()].flat();
  const [component] = partition(stored);
  return foldPayment(component?.facts ?? [], groups);
}

/** `19.99 USD` on each account, in minor units. */
function shown(balances: readonly Balance[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    difference(balances, []).map(({ account, currency, amount }) => [`${account} ${currency}`, amount.toString()]),
  );
}

const RULES = { live: true, receivers: [], merchants: [], orders: "optional" } as const;

function order(states: readonly PaymentState[], decide: (it: ReturnType<typeof orderOf>) => readonly unknown[]) {
  const it = orderOf("1001");
  const decisions = (decide(it) as readonly ReturnType<typeof it.cancel>[]).flatMap(({ decision }) => decision ?? []);
  const payments = states.map((state, index) => ({ id: `pay_${index}`, state }));
  const folded = foldOrder("1001", decisions, payments, { rules: () => RULES, registered: () => true });
  return orderBalances(folded, payments);
}

describe("a payment's accounts", () => {
  test("what counts settles what was owed; the provider's fee and what was given back are its costs", () => {
    expect(shown(paymentBalances(fold({ ...SALE, fee: 88n }, refund(500n)), true))).toEqual({
      "assets:cash:paypal:default USD": "1411",
      "assets:receivable USD": "-1999",
      "expenses:fees:paypal:default USD": "88",
      "revenue:refunds USD": "500",
    });
  });

  test("what does not count is in suspense, less what of it was given back", () => {
    expect(shown(paymentBalances(fold(SALE, refund(500n)), false))).toEqual({
      "assets:cash:paypal:default USD": "1499",
      "liabilities:suspense:paypal:default USD": "-1499",
    });
    expect(shown(paymentBalances(fold(SALE, refund(1999n)), false))).toEqual({});
  });

  test("what a case holds is apart from the cash until it is lost or back", () => {
    const reversal = (status: "held" | "lost"): Told => ({
      ...{ kind: "reversal", reference: "rev1", at: at(3), status, currency: USD, amount: 300n },
      joins: [{ kind: "capture", reference: "cap1" }],
    });
    expect(shown(paymentBalances(fold(SALE, reversal("held")), true))).toMatchObject({
      "assets:cash:paypal:default USD": "1699",
      "assets:disputed:paypal:default USD": "300",
    });
    expect(shown(paymentBalances(fold(SALE, reversal("lost")), true))).toMatchObject({
      "assets:cash:paypal:default USD": "1699",
      "expenses:disputes:paypal:default USD": "300",
    });
  });

  test("what was settled in another currency passes through trading, and each currency sums to zero", () => {
    const settlement = { amount: 1750n, currency: EUR };
    expect(shown(paymentBalances(fold({ ...SALE, fee: 99n, settlement }), true))).toEqual({
      "assets:cash:paypal:default EUR": "1750",
      "assets:receivable USD": "-1999",
      "equity:trading EUR": "-1750",
      "equity:trading USD": "1900",
      "expenses:fees:paypal:default USD": "99",
    });
  });

  test("an attempt without money holds nothing", () => {
    expect(paymentBalances(fold({ ...SALE, status: "pending" }), true)).toEqual([]);
  });
});

describe("an order's accounts", () => {
  const paid = fold({ ...SALE, orders: [{ rank: 0, value: "1001" }] });

  test("it owes its total from its registration on, paid or not", () => {
    const owed = { "assets:receivable USD": "1999", "revenue:sales USD": "-1999" };
    expect(shown(order([], (it) => [it.register(0, 1999n)]))).toEqual(owed);
    expect(shown(order([paid], (it) => [it.register(0, 1999n)]))).toEqual(owed);
  });

  test("closed, it is what was paid for it", () => {
    expect(shown(order([], (it) => [it.register(0, 1999n), it.cancel(9)]))).toEqual({});
    expect(shown(order([paid], (it) => [it.register(0, 1999n), it.cancel(9)]))).toEqual({
      "assets:receivable USD": "1999",
      "revenue:sales USD": "-1999",
    });
  });

  test("paid twice and once given back, it owes nothing and has sold one", () => {
    const twice = stripe(
      "again",
      { ...SALE, reference: "cap2", orders: [{ rank: 0, value: "1001" }] },
      {
        ...refund(1999n),
        joins: [{ kind: "capture", reference: "cap2" }],
      },
    ).facts;
    const other = foldPayment(twice, []);
    const all = [
      ...order([paid, other], (it) => [it.register(0, 1999n)]),
      ...paymentBalances(paid, true),
      ...paymentBalances(other, true),
    ];
    expect(shown(all)).toEqual({ "assets:cash:paypal:default USD": "1999", "revenue:sales USD": "-1999" });
  });
});

test(
  "whatever is told, each currency sums to zero, and the difference to any other state posts exactly to the target",
  SLOW,
  () => {
    const states = factSets().map((facts) => {
      const groups = [...groupFacts(facts).values()].flat();
      return partition(facts).map((component) => foldPayment(component.facts, groups));
    });
    const settlements = fc.option(fc.record({ amount: fc.bigInt(-500n, 500n), currency: fc.constantFrom(USD, EUR) }));
    const sums = (balances: readonly Balance[]) => {
      const totals = new Map<string, bigint>();
      for (const { currency, amount } of balances) totals.set(currency, (totals.get(currency) ?? 0n) + amount);
      return [...totals.values()].filter((total) => total !== 0n);
    };
    fc.assert(
      fc.property(states, states, fc.boolean(), settlements, (some, others, counts, settlement) => {
        const target = some.flatMap((state) => paymentBalances({ ...state, settlement }, counts));
        const posted = others.flatMap((state) => paymentBalances(state, !counts));
        const entry = difference(target, posted);
        expect(sums(target)).toEqual([]);
        expect(sums(entry)).toEqual([]);
        expect(shown([...posted, ...entry])).toEqual(shown(target));
        expect(new Set(entry.map(({ account, currency }) => `${account} ${currency}`)).size).toBe(entry.length);
      }),
      { numRuns: 300 },
    );
  },
);
