import { atLeastZero, compareAmounts, earliest, largest, sum } from "./arithmetic.ts";
import { amountTellers, type Capture } from "./capture.ts";
import { capturedBy } from "./claim.ts";
import type { ObjectRef, PaymentKind } from "./fact.ts";
import type { Dispute } from "./group.ts";
import { disputeLosses, everLostBy, reversalLosses } from "./loss.ts";
import type { Currency } from "./money.ts";
import type { Parts } from "./parts.ts";
import { everRefundedOf, type Refund, refundedOf } from "./refund.ts";
import type { PaymentHistory } from "./state.ts";

/** The sums of a payment, minor units of its currency. What is in another currency is left out: it is never added up. */
export interface Amounts {
  readonly captured: bigint;
  readonly refunded: bigint;
  readonly chargedBack: bigint;
  readonly disputed: bigint;
  readonly fee: bigint | null;
  readonly net: bigint | null;
  readonly settlement: { readonly amount: bigint; readonly currency: Currency } | null;
  readonly ever: PaymentHistory;
}

/** `isCarried`: whether a dispute's money is counted in this payment; see `carrierOf`. */
export function amountsOf(all: Parts, currency: Currency | null, isCarried: (dispute: Dispute) => boolean): Amounts {
  const parts = inCurrency(all, currency);
  const carried = parts.disputes.filter(isCarried);
  const movers = carried.filter(({ movesMoney }) => movesMoney).map(disputeLosses);
  const reversed = reversalLosses({ cases: all.disputes, ...parts });
  const threatened = carried.filter(({ movesMoney, status }) => !movesMoney && status?.value === "open");
  const threat = sum(threatened.map(({ amount }) => amount ?? 0n));
  const captured = capturedBy(parts.claims, parts.captures, { ofClaim: ({ amount }) => amount, ofCapture: succeeded });
  return {
    captured,
    refunded: byCapture(parts, refundedOf),
    chargedBack: reversed.lost + sum(movers.map(({ lost }) => lost)),
    // A case never adds to what its reversal took: the larger of both is at stake.
    disputed: largest([threat, reversed.held]) + sum(movers.map(({ held }) => held)),
    ...costs(parts.captures.filter(isSucceeded), captured),
    ever: historyOf(parts, carried),
  };
}

/** The captured amount as it stands, of what succeeded. */
function succeeded(capture: Capture): bigint {
  return isSucceeded(capture) ? (capture.amount ?? 0n) : 0n;
}

function isSucceeded({ status }: Capture): boolean {
  return status?.value === "succeeded";
}

/** Without what is told in another currency. */
export function inCurrency(parts: Parts, currency: Currency | null): Parts {
  const isOwn = (object: { readonly currency: Currency | null }) =>
    object.currency === null || object.currency === currency;
  const foreign = new Set(parts.captures.filter((capture) => !isOwn(capture)).map(({ reference }) => reference));
  // A refund that names no currency has its capture's.
  const counts = (object: { readonly currency: Currency | null; readonly capture: string | null }) =>
    isOwn(object) && !(object.currency === null && object.capture !== null && foreign.has(object.capture));
  return {
    ...parts,
    captures: parts.captures.filter(isOwn),
    claims: parts.claims.filter(isOwn),
    refunds: parts.refunds.filter(counts),
    reversals: parts.reversals.filter(counts),
    reinstatements: parts.reinstatements.filter(counts),
    disputes: parts.disputes.filter(isOwn),
  };
}

function byCapture(
  { captures, refunds }: Parts,
  refunded: (capture: Capture | null, refunds: readonly Refund[]) => bigint,
): bigint {
  const known = new Set(captures.map(({ reference }) => reference));
  const stray = refunds.filter(({ capture }) => capture === null || !known.has(capture));
  const own = captures.map((capture) =>
    refunded(
      capture,
      refunds.filter((refund) => refund.capture === capture.reference),
    ),
  );
  return sum([...own, refunded(null, stray)]);
}

/** Null unless every capture that counts tells it: what was not told is not zero. */
function costs(captures: readonly Capture[], captured: bigint): Pick<Amounts, "fee" | "net" | "settlement"> {
  // Where a claim stands in, part of the money has not told its costs.
  const isWhole = captures.length > 0 && sum(captures.map(succeeded)) === captured;
  const settlements = captures.map(({ settlement }) => settlement);
  const currency = settlements[0]?.currency;
  const isOne = settlements.every((settlement) => settlement?.currency === currency);
  const total = (amounts: readonly (bigint | null)[]) =>
    isWhole ? amounts.reduce((all, amount) => (all === null || amount === null ? null : all + amount), 0n) : null;
  const settled = total(settlements.map((settlement) => settlement?.amount ?? null));
  return {
    fee: total(captures.map(({ fee }) => fee)),
    net: total(captures.map(({ net }) => net)),
    settlement: settled !== null && currency !== undefined && isOne ? { amount: settled, currency } : null,
  };
}

function historyOf(parts: Parts, carried: readonly Dispute[]): PaymentHistory {
  const claimedAt = [...parts.intents.values()].flat().filter(({ claimed }) => claimed !== undefined && claimed > 0n);
  const succeededAt = parts.captures.flatMap((capture) =>
    everSucceeded(capture) > 0n ? (capture.succeededAt ?? []) : [],
  );
  const lostReversals = parts.reversals.filter(
    ({ wasLost, capture }) => wasLost || parts.disputes.some((dispute) => wasLostCase(dispute, capture)),
  );
  return {
    paidAt: earliest([...succeededAt, ...claimedAt.map(({ at }) => at)]),
    captured: capturedBy(parts.claims, parts.captures, { ofClaim: ({ most }) => most, ofCapture: everSucceeded }),
    refunded: byCapture(parts, everRefundedOf),
    lost: sum([
      ...lostReversals.map(({ amount }) => amount),
      ...carried.filter(({ movesMoney }) => movesMoney).map(everLostBy),
    ]),
    lapsed: parts.captures
      .filter(({ hasLapsed }) => hasLapsed)
      .map(everSucceeded)
      .sort(compareAmounts)
      .map((amount) => ({ amount })),
  };
}

function wasLostCase(dispute: Dispute, capture: string | null): boolean {
  const isAbout = dispute.about.some((ref) => ref.kind !== "capture" || ref.reference === capture);
  return !dispute.movesMoney && isAbout && dispute.facts.some(({ status }) => status === "lost");
}

/** The most that succeeded, whatever became of it. */
function everSucceeded({ succeededAt, facts }: Capture): bigint {
  return succeededAt === null ? 0n : largest(amountTellers(facts).map(({ amount = 0n }) => amount));
}

/**
 * A dispute may concern several payments, but its money is counted once: with the first capture that it names, else with the
 * first object. One that names nothing belongs to whoever names it.
 */
export function isCarrier(dispute: Dispute, isOwn: (ref: ObjectRef<PaymentKind>) => boolean): boolean {
  const captures = dispute.about.filter(({ kind }) => kind === "capture");
  const named = captures.length > 0 ? captures : dispute.about;
  const [first] = [...named].sort((left, right) =>
    `${left.kind}/${left.reference}` < `${right.kind}/${right.reference}` ? -1 : 1,
  );
  return first === undefined || isOwn(first);
}

/** More was given back or lost than came in: shown, as refunds may overtake captures, and never forbidden. */
export function exceedsCapture({ captured, refunded, chargedBack }: Amounts): boolean {
  return atLeastZero(refunded + chargedBack) > captured;
}
