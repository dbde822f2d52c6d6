import { atLeastZero, compareAmounts, earliest, largest, smallest, sum } from "./arithmetic.ts";
import { type FactOf, last, lastOf, lastTotal, referencesIn, type Statement, statements } from "./attribute.ts";
import type { Capture } from "./capture.ts";
import type { RefundFact } from "./fact.ts";
import type { Currency } from "./money.ts";

type RefundStatus = NonNullable<RefundFact["status"]>;

/** One refund as its facts make it. */
export interface Refund {
  readonly reference: string;
  /** Null for money given back outside, which names none. */
  readonly capture: string | null;
  readonly currency: Currency | null;
  readonly amount: bigint | null;
  /** The least that was ever told of its amount; see `countRefunds`. */
  readonly leastAmount: bigint | null;
  readonly told: readonly Statement<RefundStatus>[];
  /** When it is first known to have been live; null where it was never told as live. */
  readonly liveSince: number | null;
}

export function foldRefund(reference: string, facts: readonly FactOf<"refund">[]): Refund {
  const told = statements(facts, (fact) => fact.status);
  const amounts = statements(facts, (fact) => fact.amount).map(({ value }) => value);
  return {
    reference,
    capture:
      referencesIn(
        facts.flatMap((fact) => fact.joins),
        "capture",
      )[0] ?? null,
    currency: last(facts, (fact) => fact.currency),
    amount: last(facts, (fact) => fact.amount),
    leastAmount: smallest(amounts),
    told,
    liveSince: earliest(told.filter(({ value }) => isLiveStatus(value)).map(({ at }) => at)),
  };
}

/**
 * A pending refund counts: Stripe's `amount_refunded` includes it from its creation and gives it back when it fails, and
 * PayPal takes the money from the balance at once. So both kinds of telling agree at any time, not only in the end.
 */
function isLiveStatus(status: RefundStatus): boolean {
  return status === "pending" || status === "succeeded";
}

export function isLive(refund: Refund): boolean {
  const status = standing(refund.told);
  return status !== null && isLiveStatus(status);
}

/** `pending` says that the fate is not known, so it never outlives a fate. */
function standing(told: readonly Statement<RefundStatus>[]): RefundStatus | null {
  const decided = told.filter(({ value }) => value !== "pending");
  return lastOf(decided.length > 0 ? decided : told)?.value ?? null;
}

/**
 * Whether a snapshot taken at `time` included it: by its status as of then, ties included. One that is first heard of as
 * failed was live before it failed.
 */
function wasLiveAt(refund: Refund, time: number): boolean {
  const status = standing(refund.told.filter(({ at }) => at <= time));
  if (status !== null) return isLiveStatus(status);
  return refund.told.length > 0 && refund.liveSince === null;
}

/** What was given back of one capture: what its refunds say, and what a snapshot knows that none of them explains. */
export function refundedOf(capture: Capture | null, refunds: readonly Refund[]): bigint {
  const live = amountOf(refunds.filter(isLive));
  const snapshot = lastTotal(capture?.facts ?? [], (fact) => fact.refundedTotal);
  if (snapshot === null) return live;
  return live + atLeastZero(snapshot.value - amountOf(refunds.filter((refund) => wasLiveAt(refund, snapshot.at))));
}

/** The most that was ever known to be given back, whatever failed later: grows with the facts. */
export function everRefundedOf(capture: Capture | null, refunds: readonly Refund[]): bigint {
  const everLive = refunds.filter((refund) => refund.liveSince !== null);
  const unexplained = snapshotsOf(capture).map(
    ({ value, at }) => value - amountOf(everLive.filter(({ liveSince }) => liveSince !== null && liveSince <= at)),
  );
  return amountOf(everLive) + largest(unexplained);
}

function amountOf(refunds: readonly Refund[]): bigint {
  return sum(refunds.map((refund) => refund.amount ?? 0n));
}

function snapshotsOf(capture: Capture | null): readonly Statement<bigint>[] {
  return statements(capture?.facts ?? [], (fact) => fact.refundedTotal);
}

/**
 * How many refunds of one capture are known: the least number that explains everything told, by refund objects or by
 * snapshots. It numbers the `payment.refunded` events, so it must not shrink when a fact is added, or the set of events
 * would depend on the order of arrival. Each bound below stands once its facts are there, and the answer is the highest:
 * the objects alone; or the k smallest objects live by some time, and each later total beyond what those k explain.
 */
export function countRefunds(capture: Capture | null, refunds: readonly Refund[]): number {
  const everLive = refunds.filter((refund) => refund.liveSince !== null);
  const snapshots = snapshotsOf(capture).filter(({ value }) => value > 0n);
  if (snapshots.length === 0) return everLive.length;
  const times = [Number.NEGATIVE_INFINITY, ...everLive.map(({ liveSince }) => liveSince ?? 0)];
  return Math.max(everLive.length, ...times.map((time) => boundAt(time, everLive, snapshots)));
}

function boundAt(time: number, refunds: readonly Refund[], snapshots: readonly Statement<bigint>[]): number {
  const amounts = refunds
    .flatMap(({ liveSince, leastAmount }) =>
      liveSince !== null && liveSince <= time && leastAmount !== null ? [leastAmount] : [],
    )
    .sort(compareAmounts);
  const totals = new Set(snapshots.filter(({ at }) => at >= time).map(({ value }) => value));
  let explained = 0n;
  let bound = totals.size;
  amounts.forEach((amount, index) => {
    explained += amount;
    bound = Math.max(bound, index + 1 + [...totals].filter((total) => total > explained).length);
  });
  return bound;
}
