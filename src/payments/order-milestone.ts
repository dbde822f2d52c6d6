import { compareAmounts, sum } from "./arithmetic.ts";
import type { Judged } from "./hold.ts";
import type { EventType, Milestone, PaymentState, StoredDecision } from "./state.ts";
import type { Term } from "./term.ts";

/**
 * An order's milestones, from what its payments ever came to. Like a payment's they only grow with what is known, so that
 * they are the same in any order of arrival. Where knowledge takes back that a payment belongs to the order at all, they
 * cannot be: it names another order since, or a second one, a person refused it, it turned out to be for somebody else, or
 * to be a renewal whose first payment is told a period late. Then what was told was true by all that was known, and in
 * another order of arrival it is not told.
 */
export function orderMilestones(
  reference: string,
  decided: readonly StoredDecision[],
  terms: readonly Term[],
  judged: readonly Judged[],
): readonly Milestone[] {
  const own = judged.filter(({ since, isPeriod }) => since !== null && !isPeriod);
  const counted = own.map(({ payment }) => payment.state);
  const paid = terms.filter((term, index) => isPaidIn(term, index, own));
  const returned = sum(counted.map(({ ever }) => ever.refunded));
  const lost = sum(counted.map(({ ever }) => ever.lost));
  const isReached = (amount: bigint) => amount > 0n && paid.some(({ expectation }) => amount >= expectation.total);
  return [
    ...turns(reference, terms, paid, counted),
    ...one("order.disputed", reference, counted.some(wasDisputed)),
    ...one("order.refunded", reference, isReached(returned)),
    ...one("order.charged_back", reference, lost > 0n && isReached(returned + lost)),
    ...one(
      "order.canceled",
      reference,
      decided.some(({ kind }) => kind === "canceled"),
    ),
  ];
}

function one(type: EventType, reference: string, isTrue: boolean): readonly Milestone[] {
  return isTrue ? [{ type, key: `${type}:${reference}` }] : [];
}

/** What had been captured before the term ended, and counted for it, covered its total. */
function isPaidIn({ expectation, until }: Term, index: number, judged: readonly Judged[]): boolean {
  const inTime = judged.filter(({ payment, since }) => {
    const { paidAt } = payment.state.ever;
    return paidAt !== null && paidAt < until && since !== null && since <= index;
  });
  return sum(inTime.map(({ payment }) => payment.state.ever.captured)) >= expectation.total;
}

/**
 * `order.paid` and `order.reopened` in turn. An order is reopened by each capture that failed after it had succeeded and by
 * each raise of the total after it was paid; it is paid once more for each of these that other money makes up for. The
 * second and later ones are numbered: `order.paid:1001#2`.
 */
function turns(
  reference: string,
  terms: readonly Term[],
  paid: readonly Term[],
  counted: readonly PaymentState[],
): readonly Milestone[] {
  const [firstPaid] = paid;
  if (firstPaid === undefined) return [];
  const raises = terms.filter((term, index) =>
    terms.slice(0, index).every(({ expectation }) => expectation.total < term.expectation.total),
  );
  const raisedAfter = raises.filter((term) => terms.indexOf(term) > terms.indexOf(firstPaid));
  const lapses = counted.flatMap(({ ever }) => ever.lapsed.map(({ amount }) => amount));
  const timesPaid = 1 + raisedAfter.filter((term) => paid.includes(term)).length + madeUpFor(lapses, terms, counted);
  const timesReopened = lapses.length + raisedAfter.length;
  return Array.from({ length: Math.max(timesPaid, timesReopened) }, (_, index) => index + 1).flatMap((turn) => [
    ...one("order.paid", turn === 1 ? reference : `${reference}#${turn}`, turn <= timesPaid),
    ...one("order.reopened", turn === 1 ? reference : `${reference}#${turn}`, turn <= timesReopened),
  ]);
}

/** How many failed captures, the smallest first, the money that ever came covers on top of the total. */
function madeUpFor(lapses: readonly bigint[], terms: readonly Term[], counted: readonly PaymentState[]): number {
  const total = terms.at(-1)?.expectation.total ?? 0n;
  let left = sum(counted.map(({ ever }) => ever.captured)) - total;
  let count = 0;
  for (const lapse of [...lapses].sort(compareAmounts)) {
    left -= lapse;
    if (left < 0n) break;
    count += 1;
  }
  return count;
}

function wasDisputed({ milestones }: PaymentState): boolean {
  return milestones.some(({ type }) => type === "payment.disputed");
}
