import { type Amounts, amountsOf, exceedsCapture, isCarrier } from "./amounts.ts";
import { largest } from "./arithmetic.ts";
import { attemptStatus, authorizedAmount } from "./attempt.ts";
import { type FactOf, last, lastOf, statements } from "./attribute.ts";
import { currencyOf, doCurrenciesDiffer } from "./currency.ts";
import { isPaymentRef, type ObjectRef, type PaymentKind, type Scope, type StoredFact } from "./fact.ts";
import { compareRefs, linkedGroups, nameOf } from "./linked.ts";
import { paymentMilestones } from "./milestone.ts";
import { foldParts, type Parts } from "./parts.ts";
import { buyerOf, merchantOf, ordersOf, receiversOf } from "./party.ts";
import type { PaymentFlag, PaymentState, PaymentStatus } from "./state.ts";

/**
 * What is known of one payment: a pure function of the set of its facts, whatever their order and repetition. `facts` are
 * those of its objects, `groupFacts` those of the groups linked with it (of others are passed over). Total: never throws
 * for facts of one scope.
 */
export function foldPayment(facts: readonly StoredFact[], groupFacts: readonly StoredFact[]): PaymentState {
  const own = uniqueFacts(facts);
  const objects = objectsIn(own);
  const names = new Set(objects.map(nameOf));
  const isOwn = (ref: ObjectRef<PaymentKind>) => names.has(nameOf(ref));
  const allGroups = uniqueFacts(groupFacts);
  const groups = linkedGroups(own, objects, allGroups);
  const linked = new Set(groups.map(nameOf));
  const told = allGroups.filter((fact) => linked.has(nameOf(fact)));
  const terms = told.filter(({ kind }) => kind === "invoice" || kind === "subscription");

  const scope = scopeOf(own);
  const parts = foldParts(own, told);
  const currency = currencyOf(parts);
  const amounts = amountsOf(parts, currency, (dispute) => isCarrier(dispute, isOwn));
  const authorized = authorizedAmount(attemptsOf(parts), (other) => other === null || other === currency);
  const times = own.map(({ at }) => at);
  return {
    scope,
    objects,
    reference: referenceOf(objects),
    groups,
    subscription: groups.find(({ kind }) => kind === "subscription")?.reference ?? null,
    status: statusOf(parts, amounts),
    currency,
    authorized: largest([authorized, amounts.captured]),
    ...amounts,
    buyer: buyerOf(own, terms),
    orders: ordersOf([...own, ...terms]),
    receivers: receiversOf(own),
    merchant: merchantOf(own),
    inReview: parts.reviews.some(({ status }) => status === "open"),
    flags: flagsOf(parts, amounts),
    milestones: paymentMilestones({ scope, isOwn, ...parts }),
    createdAt: times.reduce((least, at) => Math.min(least, at), times[0] ?? 0),
    updatedAt: [...times, ...told.map(({ at }) => at)].reduce((most, at) => Math.max(most, at), 0),
  };
}

function uniqueFacts(facts: readonly StoredFact[]): readonly StoredFact[] {
  return [...new Map(facts.map((fact) => [fact.key, fact])).values()];
}

/** Also those that are only named by a joining fact. */
function objectsIn(facts: readonly StoredFact[]): readonly ObjectRef<PaymentKind>[] {
  const named = facts.flatMap(({ kind, reference, joins }): readonly ObjectRef[] => [{ kind, reference }, ...joins]);
  const unique = new Map(
    named.filter(isPaymentRef).map(({ kind, reference }) => [`${kind}/${reference}`, { kind, reference }]),
  );
  return [...unique.values()].sort(compareRefs);
}

/** All facts of a payment have one scope. Of no facts at all there is nothing to tell. */
function scopeOf(facts: readonly StoredFact[]): Scope {
  const { provider = "", account = "", live = false } = facts[0]?.scope ?? {};
  return { provider, account, live };
}

function referenceOf(objects: readonly ObjectRef[]): string {
  const best =
    objects.find(({ kind }) => kind === "intent") ?? objects.find(({ kind }) => kind === "capture") ?? objects[0];
  return best?.reference ?? "";
}

function attemptsOf(parts: Parts) {
  const intentsOf = (reference: string) => parts.edges.of({ kind: "authorization", reference }, "intent");
  return { intentsOf, ...parts };
}

/** From amounts first: attempts speak only where no money is. */
function statusOf(parts: Parts, amounts: Amounts): PaymentStatus {
  const { captured, refunded } = amounts;
  if (captured <= 0n) return attemptStatus(attemptsOf(parts)) ?? (refunded > 0n ? "refunded" : "pending");
  if (isDisputed(parts, amounts)) return "disputed";
  if (amounts.chargedBack > 0n || parts.disputes.some(({ status }) => status?.value === "lost")) return "charged_back";
  if (refunded >= captured) return "refunded";
  return refunded > 0n ? "partially_refunded" : "paid";
}

function isDisputed({ disputes }: Parts, { disputed }: Amounts): boolean {
  return disputed > 0n || disputes.some(({ status }) => status?.value === "open");
}

function flagsOf(parts: Parts, amounts: Amounts): readonly PaymentFlag[] {
  const flags: PaymentFlag[] = [];
  if (exceedsCapture(amounts)) flags.push("refund_exceeds_capture");
  if (doCurrenciesDiffer(parts)) flags.push("currencies_differ");
  if (parts.reviews.some(({ status }) => status === "warning")) flags.push("early_fraud_warning");
  if (amounts.captured === 0n && hasUnexplainedSuccess(parts)) flags.push("unexplained");
  return flags;
}

/** A container says that money came, and no leaf of it is known, not even one that failed. */
function hasUnexplainedSuccess({ captures, intents, sessions }: Parts): boolean {
  if (captures.some(({ status }) => status !== null)) return false;
  return [...intents.values(), ...sessions.values()].some(
    (facts: readonly FactOf<"intent" | "session">[]) =>
      lastOf(statements(facts, (fact) => fact.status))?.value === "succeeded" &&
      (last(facts, (fact) => fact.amount) ?? 0n) > 0n,
  );
}
