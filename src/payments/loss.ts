import { atLeastZero, compareText, earliest, largest, sum } from "./arithmetic.ts";
import { type FactOf, last, lastOf, referencesIn, statements } from "./attribute.ts";
import type { Dispute } from "./group.ts";
import type { Currency } from "./money.ts";
import { isLive, type Refund } from "./refund.ts";

/** Money taken back by the provider. */
export interface Reversal {
  readonly reference: string;
  readonly capture: string | null;
  readonly currency: Currency | null;
  readonly amount: bigint;
  /** When it happened. */
  readonly at: number;
  /** When its own reason said that it is lost; null while it does not. */
  readonly lostAt: number | null;
  readonly wasLost: boolean;
  /** Cases that it names itself, or that name it. */
  readonly cases: readonly string[];
}

export interface Reinstatement {
  readonly reference: string;
  readonly capture: string | null;
  readonly currency: Currency | null;
  readonly amount: bigint;
  readonly at: number;
}

/** What is away: `held` while a case or a reversal is open, `lost` for good. */
export interface Losses {
  readonly held: bigint;
  readonly lost: bigint;
}

export function foldReversal(reference: string, facts: readonly FactOf<"reversal">[]): Reversal {
  const status = lastOf(statements(facts, (fact) => fact.status));
  return {
    reference,
    capture: captureIn(facts),
    currency: last(facts, (fact) => fact.currency),
    amount: last(facts, (fact) => fact.amount) ?? 0n,
    at: earliest(facts.map((fact) => fact.at)) ?? 0,
    lostAt: status?.value === "lost" ? status.at : null,
    wasLost: facts.some((fact) => fact.status === "lost"),
    cases: referencesIn(
      facts.flatMap((fact) => fact.links),
      "dispute",
    ),
  };
}

export function foldReinstatement(reference: string, facts: readonly FactOf<"reinstatement">[]): Reinstatement {
  return {
    reference,
    capture: captureIn(facts),
    currency: last(facts, (fact) => fact.currency),
    amount: last(facts, (fact) => fact.amount) ?? 0n,
    at: earliest(facts.map((fact) => fact.at)) ?? 0,
  };
}

function captureIn(facts: readonly FactOf<"reversal" | "reinstatement">[]): string | null {
  return (
    referencesIn(
      facts.flatMap((fact) => fact.joins),
      "capture",
    )[0] ?? null
  );
}

/** What reversals took and did not bring back. `cases` are all disputes linked with the payment. */
export function reversalLosses(parts: {
  readonly reversals: readonly Reversal[];
  readonly reinstatements: readonly Reinstatement[];
  readonly refunds: readonly Refund[];
  readonly cases: readonly Dispute[];
}): Losses {
  const remaining = withoutRefunded(afterReinstatements(parts.reversals, parts.reinstatements), parts.refunds);
  const fates = remaining.map(({ reversal, amount }) => ({ amount, fate: fateOf(reversal, parts.cases) }));
  const total = (wanted: Fate) => sum(fates.filter(({ fate }) => fate === wanted).map(({ amount }) => amount));
  return { held: total("held"), lost: total("lost") };
}

interface Remaining {
  readonly reversal: Reversal;
  readonly amount: bigint;
}

/**
 * Reversals less cancelled reversals, by capture. A reinstatement undoes the newest reversals before it first, so that one
 * that came later stands; what is left undoes the others, as clocks may differ.
 */
function afterReinstatements(
  reversals: readonly Reversal[],
  reinstatements: readonly Reinstatement[],
): readonly Remaining[] {
  const newestFirst = [...reversals].sort(
    (left, right) => right.at - left.at || compareText(right.reference, left.reference),
  );
  const oldestFirst = [...reinstatements].sort(
    (left, right) => left.at - right.at || compareText(left.reference, right.reference),
  );
  const left = new Map(newestFirst.map((reversal) => [reversal, reversal.amount]));
  for (const { capture, amount, at } of oldestFirst) {
    let undone = amount;
    const own = newestFirst.filter((reversal) => reversal.capture === capture);
    for (const reversal of [...own.filter((each) => each.at <= at), ...own.filter((each) => each.at > at)]) {
      const standing = left.get(reversal) ?? 0n;
      const part = undone < standing ? undone : standing;
      left.set(reversal, standing - part);
      undone -= part;
    }
  }
  return newestFirst.map((reversal) => ({ reversal, amount: left.get(reversal) ?? 0n })).reverse();
}

/**
 * PayPal settles a case in the buyer's favour by a refund of what it had reversed: one loss, told by two objects that move
 * money. A refund of the same capture and amount that is not older than the reversal is that settlement, and the reversal
 * is not counted on top. An older refund is another loss: the money went twice.
 */
function withoutRefunded(remaining: readonly Remaining[], refunds: readonly Refund[]): readonly Remaining[] {
  const settlements = refunds
    .filter(isLive)
    .sort(
      (left, right) => (left.liveSince ?? 0) - (right.liveSince ?? 0) || compareText(left.reference, right.reference),
    );
  const used = new Set<Refund>();
  return remaining.filter(({ reversal, amount }) => {
    const settlement = settlements.find(
      (refund) =>
        !used.has(refund) &&
        refund.capture === reversal.capture &&
        refund.amount === amount &&
        (refund.liveSince ?? 0) >= reversal.at,
    );
    if (settlement) used.add(settlement);
    return amount > 0n && settlement === undefined;
  });
}

type Fate = "held" | "lost" | "released";

/**
 * A reversal is held until a case or its own reason says lost; a won case brings the money back (PayPal's webhooks tell no
 * other object of it). An open case, also an appeal, holds it whatever was said before. A case that is lost explains the
 * reversal also when it was decided first; one that was won only what had been taken by then.
 */
function fateOf(reversal: Reversal, disputes: readonly Dispute[]): Fate {
  const named = disputes.filter((dispute) => reversal.cases.includes(dispute.reference));
  const cases = (named.length > 0 ? named : disputes).filter((dispute) => concerns(dispute, reversal));
  if (cases.some(({ status }) => status?.value === "open")) return "held";
  const verdicts = [
    ...cases.flatMap((dispute) => verdictOf(dispute, reversal)),
    ...(reversal.lostAt === null ? [] : [{ fate: "lost" as const, at: reversal.lostAt }]),
  ];
  const newest = verdicts.reduce((max, { at }) => Math.max(max, at), Number.NEGATIVE_INFINITY);
  const last = verdicts.filter(({ at }) => at === newest);
  if (last.length === 0) return "held";
  return last.some(({ fate }) => fate === "lost") ? "lost" : "released";
}

function verdictOf({ status }: Dispute, reversal: Reversal): readonly { readonly fate: Fate; readonly at: number }[] {
  if (status?.value === "lost") return [{ fate: "lost", at: status.at }];
  const isOver = status?.value === "won" || status?.value === "closed";
  return isOver && status.at >= reversal.at ? [{ fate: "released", at: status.at }] : [];
}

/** Stripe's disputes move their own money and say nothing about reversals. */
function concerns(dispute: Dispute, reversal: Reversal): boolean {
  if (dispute.movesMoney) return false;
  const captures = dispute.about.filter((ref) => ref.kind === "capture");
  return (
    captures.length === 0 || reversal.capture === null || captures.some((ref) => ref.reference === reversal.capture)
  );
}

/**
 * What a dispute that moves money itself has taken: withdrawn less reinstated, or, where neither is told, its amount by its
 * status. What a won dispute did not bring back yet is still away: only a fact that moves money undoes money.
 */
export function disputeLosses(dispute: Dispute): Losses {
  const taken = takenBy(dispute);
  return dispute.status?.value === "lost" ? { held: 0n, lost: taken } : { held: taken, lost: 0n };
}

function takenBy({ withdrawn, reinstated, amount, status }: Dispute): bigint {
  if (withdrawn !== null || reinstated !== null) return atLeastZero((withdrawn ?? amount ?? 0n) - (reinstated ?? 0n));
  return status?.value === "open" || status?.value === "lost" ? (amount ?? 0n) : 0n;
}

/** The most that the dispute had ever lost for good. */
export function everLostBy(dispute: Dispute): bigint {
  if (!dispute.facts.some((fact) => fact.status === "lost")) return 0n;
  const withdrawn = largest(dispute.facts.map((fact) => fact.withdrawn ?? 0n));
  return withdrawn > 0n ? withdrawn : largest(dispute.facts.map((fact) => fact.amount ?? 0n));
}
