import { type FactOf, referencesIn } from "./attribute.ts";
import type { Capture } from "./capture.ts";
import { isPaymentRef, type ObjectRef, objectKey, type PaymentKind, type Scope } from "./fact.ts";
import type { Dispute } from "./group.ts";
import type { Reinstatement, Reversal } from "./loss.ts";
import { countRefunds, type Refund } from "./refund.ts";
import type { EventType, Milestone } from "./state.ts";

/**
 * Milestones are told once each, and their set must be the same in any order of arrival. So each depends on facts in a way
 * that more facts can only add to: it stands once some facts say so, also if later ones undo it (that has an event of its
 * own), and its key is made of ids that these facts carry.
 *
 * What several objects may tell of one thing (a refund by its object and by a snapshot, a case and the reversal that comes
 * with it) is numbered within its capture instead: `…/capture/ch_9#2`. The number of things known never shrinks, so the
 * numbers told are the same in any order, and nothing is told twice.
 */
export interface MilestoneParts {
  readonly scope: Scope;
  readonly captures: readonly Capture[];
  readonly intents: ReadonlyMap<string, readonly FactOf<"intent">[]>;
  readonly refunds: readonly Refund[];
  readonly reversals: readonly Reversal[];
  readonly reinstatements: readonly Reinstatement[];
  readonly disputes: readonly Dispute[];
  readonly isOwn: (ref: ObjectRef<PaymentKind>) => boolean;
}

/**
 * Which object every message about a purchase carries, so that its key is the same whichever comes first: Stripe's charges
 * name their intent as sessions do, but PayPal's IPN knows the capture only. Stripe's are told by intent, all others by
 * capture.
 */
const TOLD_BY_INTENT: ReadonlySet<string> = new Set(["stripe"]);

export function paymentMilestones(parts: MilestoneParts): readonly Milestone[] {
  const { scope } = parts;
  const failed = parts.refunds.filter((refund) =>
    refund.told.some(({ value }) => value === "failed" || value === "canceled"),
  );
  return [
    ...[...paidObjects(parts)].sort().map((key) => ({ type: "payment.paid" as const, key: `payment.paid:${key}` })),
    ...numbered("payment.refunded", refundCounts(parts), scope),
    ...failed.map(({ reference }) => {
      const key = objectKey(scope, { kind: "refund", reference });
      return { type: "payment.refund_failed" as const, key: `payment.refund_failed:${key}` };
    }),
    ...numbered("payment.disputed", caseCounts(parts, wasOpen, parts.reversals), scope),
    ...numbered("payment.dispute_won", caseCounts(parts, wasWon, parts.reinstatements), scope),
    ...numbered(
      "payment.dispute_lost",
      caseCounts(
        parts,
        wasLost,
        parts.reversals.filter((each) => each.wasLost),
      ),
      scope,
    ),
  ];
}

/** The object keys under which each purchase's payment is told. */
function paidObjects({ scope, captures, intents }: MilestoneParts): ReadonlySet<string> {
  const paid = captures.filter(
    (capture) =>
      capture.succeededAt !== null && capture.facts.some(({ amount }) => amount !== undefined && amount > 0n),
  );
  const claims = [...intents.values()].flat().filter((fact) => (fact.claimed ?? 0n) > 0n);
  const successes = paid.flatMap(({ facts }) => facts.filter(({ status }) => status === "succeeded"));
  const told = [...successes, ...claims].flatMap((fact) => toldAs(fact));
  return new Set(told.map((ref) => objectKey(scope, ref)));
}

function toldAs(fact: FactOf<"capture" | "intent">): readonly ObjectRef[] {
  const other = TOLD_BY_INTENT.has(fact.scope.provider) ? "intent" : "capture";
  const named = fact.kind === other ? [] : referencesIn(fact.joins, other);
  if (named.length === 0) return [{ kind: fact.kind, reference: fact.reference }];
  return named.map((reference) => ({ kind: other, reference }));
}

/** Things counted per object: the capture they concern, else what they are known by. */
type Counts = ReadonlyMap<string, { readonly ref: ObjectRef; readonly count: number }>;

/** By `<kind>/<reference>` of what each refund is counted with: the keys under which they are told, one for each. */
export function refundKeys(
  parts: Pick<MilestoneParts, "captures" | "refunds">,
  scope: Scope,
): ReadonlyMap<string, readonly string[]> {
  const counts = [...refundCounts(parts)];
  return new Map(counts.map(([name, { ref, count }]) => [name, keysOf("payment.refunded", scope, ref, count)]));
}

function refundCounts({ captures, refunds }: Pick<MilestoneParts, "captures" | "refunds">): Counts {
  const counts = new Map<string, { ref: ObjectRef; count: number }>();
  const references = new Set([
    ...captures.map(({ reference }) => reference),
    ...refunds.flatMap(({ capture }) => capture ?? []),
  ]);
  for (const reference of references) {
    const capture = captures.find((each) => each.reference === reference) ?? null;
    const count = countRefunds(
      capture,
      refunds.filter((refund) => refund.capture === reference),
    );
    counts.set(`capture/${reference}`, { ref: { kind: "capture", reference }, count });
  }
  for (const { capture, liveSince, reference } of refunds) {
    if (capture === null && liveSince !== null)
      counts.set(`refund/${reference}`, { ref: { kind: "refund", reference }, count: 1 });
  }
  return counts;
}

/** Cases and money objects tell of the same losses: of each capture the larger number is how many there were at least. */
function caseCounts(
  { disputes, isOwn }: MilestoneParts,
  holds: (dispute: Dispute) => boolean,
  movements: readonly (Reversal | Reinstatement)[],
): Counts {
  if (disputes.length === 0 && movements.length === 0) return new Map();
  const cases = tally(disputes.filter(holds).flatMap((dispute) => anchors(dispute).filter(isOwn)));
  const moved = tally(movements.map(({ capture, reference }) => anchorOf(capture, reference)));
  const counts = new Map(cases);
  for (const [name, { ref, count }] of moved) {
    counts.set(name, { ref, count: Math.max(count, counts.get(name)?.count ?? 0) });
  }
  return counts;
}

function anchorOf(capture: string | null, reference: string): ObjectRef<PaymentKind> {
  return capture === null ? { kind: "reversal", reference } : { kind: "capture", reference: capture };
}

/** The captures that each of its facts names, else whatever payment objects it names. */
function anchors(dispute: Dispute): readonly ObjectRef<PaymentKind>[] {
  const refs = dispute.facts.flatMap(({ links }) => {
    const named = links.filter(isPaymentRef);
    const captures = named.filter(({ kind }) => kind === "capture");
    return captures.length > 0 ? captures : named;
  });
  return [...new Map(refs.map((ref) => [`${ref.kind}/${ref.reference}`, ref])).values()];
}

function tally(refs: readonly ObjectRef[]): Map<string, { ref: ObjectRef; count: number }> {
  const counts = new Map<string, { ref: ObjectRef; count: number }>();
  for (const ref of refs) {
    const name = `${ref.kind}/${ref.reference}`;
    counts.set(name, { ref, count: (counts.get(name)?.count ?? 0) + 1 });
  }
  return counts;
}

function numbered(type: EventType, counts: Counts, scope: Scope): readonly Milestone[] {
  const sorted = [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
  return sorted.flatMap(([, { ref, count }]) => keysOf(type, scope, ref, count).map((key) => ({ type, key })));
}

function keysOf(type: EventType, scope: Scope, ref: ObjectRef, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${type}:${objectKey(scope, ref)}#${index + 1}`);
}

function wasOpen(dispute: Dispute): boolean {
  return dispute.facts.some(({ status }) => status === "open");
}

/** An inquiry that ends without money was never told as a dispute, so its end is none that was won. */
function wasWon(dispute: Dispute): boolean {
  return dispute.facts.some(({ status }) => status === "won" || (status === "closed" && wasOpen(dispute)));
}

function wasLost(dispute: Dispute): boolean {
  return dispute.facts.some(({ status }) => status === "lost");
}
