import fc from "fast-check";
import { expect, test } from "vitest";
import { dueCredits, type Returned } from "../../src/documents/due-credits.ts";
import { sum } from "../../src/payments/arithmetic.ts";
import { foldPayment } from "../../src/payments/payment.ts";

const PAYMENT = { id: "pay_1", state: foldPayment([], []), gateways: [], sequence: 1 };
const PLENTY = 1_000_000n;

/** Refunds of one capture: how many are known, what all of them come to, and those that told of themselves. */
function returned(count: number, total: bigint, ...amounts: readonly bigint[]): Returned {
  const keys = Array.from({ length: count }, (_, index) => `payment.refunded:ch_1#${index + 1}`);
  return { keys, total, refunds: amounts.map((amount, index) => ({ amount, at: index })), payment: PAYMENT };
}

const amountsOf = (due: ReturnType<typeof dueCredits>) => due.map(({ key, amount }) => [key.split("#")[1], amount]);
const issued = (...amounts: readonly bigint[]) =>
  new Map(amounts.map((amount, index) => [`payment.refunded:ch_1#${index + 1}`, amount]));

test("each refund that told of itself has its own amount", () => {
  expect(amountsOf(dueCredits([returned(2, 800n, 500n, 300n)], issued(), PLENTY))).toEqual([
    ["1", 500n],
    ["2", 300n],
  ]);
});

test("a refund of which only a sum is told has what the others leave of it", () => {
  expect(amountsOf(dueCredits([returned(1, 500n)], issued(), PLENTY))).toEqual([["1", 500n]]);
  expect(amountsOf(dueCredits([returned(2, 800n, 500n)], issued(500n), PLENTY))).toEqual([["2", 300n]]);
});

test("what has a credit note gets no second one", () => {
  expect(dueCredits([returned(2, 800n, 500n, 300n)], issued(500n, 300n), PLENTY)).toEqual([]);
});

test("the second of two refunds may be told, and credited, first", () => {
  expect(amountsOf(dueCredits([returned(2, 800n, 500n, 300n)], issued(300n), PLENTY))).toEqual([["2", 500n]]);
});

test("a refund that is made again after it failed corrects nothing twice", () => {
  expect(dueCredits([returned(2, 500n, 500n)], issued(500n), PLENTY)).toEqual([]);
});

test("money that was paid too much and given back is no correction", () => {
  expect(dueCredits([returned(1, 500n, 500n)], issued(), 0n)).toEqual([]);
  expect(amountsOf(dueCredits([returned(1, 500n, 500n)], issued(), 200n))).toEqual([["1", 200n]]);
});

test("credit notes never come to more than was given back, however it is told and whenever they are issued", () => {
  const amount = fc.bigInt({ min: 1n, max: 50n });
  const steps = fc.array(fc.record({ amount, tellsItself: fc.boolean(), isAsked: fc.boolean() }), { maxLength: 8 });
  fc.assert(
    fc.property(steps, (refunds) => {
      const credited = new Map<string, bigint>();
      refunds.forEach(({ isAsked }, index) => {
        const known = refunds.slice(0, index + 1);
        const total = sum(known.map((refund) => refund.amount));
        const own = known.filter(({ tellsItself }) => tellsItself).map((refund) => refund.amount);
        const isLast = index === refunds.length - 1;
        if (!isAsked && !isLast) return;
        for (const due of dueCredits([returned(known.length, total, ...own)], credited, PLENTY))
          credited.set(due.key, due.amount);
        expect(sum([...credited.values()])).toBe(total);
      });
    }),
  );
});
