import type { Fact, ObjectRef } from "../../payments/fact.ts";
import type { Confirmation } from "../gateway.ts";

type Reason = (Confirmation & { readonly kind: "contradicted" })["reason"];

interface Comparison {
  /** What the notification says. */
  readonly claims: readonly Fact[];
  /** What PayPal's API says. */
  readonly known: readonly Fact[];
  /** Who may be paid; empty: not configured. */
  readonly receivers: readonly string[];
  /** Whether the answers come from v1, of which nobody wrote down whether it tells order references. */
  readonly mayOmitOrders: boolean;
}

/**
 * What in a notification the API's answers do not bear out; null where they bear out everything. Each claim is compared in every
 * attribute that it states. What the answer leaves out stays as signed only where it decides nothing: the payee (an account
 * reads its own transactions only) and fees.
 */
export function contradiction(comparison: Comparison): Reason | null {
  for (const claim of comparison.claims) {
    const reason = isMention(claim) ? null : contradicted(claim, comparison);
    if (reason !== null) return reason;
  }
  return null;
}

/** Says only that the object exists. */
function isMention(claim: Fact): boolean {
  return claim.kind === "capture" && claim.status === undefined && claim.refundedTotal === undefined;
}

function contradicted(claim: Fact, comparison: Comparison): Reason | null {
  const same = comparison.known.filter((fact) => fact.kind === claim.kind && fact.reference === claim.reference);
  if (same.length === 0) return "other_object";
  if (same.some((fact) => isOtherPayee(claim, fact, comparison.receivers))) return "other_payee";
  const money = otherMoney(claim, same);
  if (money !== null) return money;
  if (!same.some((fact) => isAncestor(claim, fact))) return "other_status";
  return isOtherPurchase(claim, same, comparison.mayOmitOrders) ? "other_object" : null;
}

function isOtherPayee(claim: Fact, fact: Fact, receivers: readonly string[]): boolean {
  const told = fact.receivers ?? [];
  if (told.length === 0) return false;
  const isOurs = receivers.length === 0 || told.some((name) => receivers.includes(name));
  return !isOurs || !(claim.receivers ?? []).every((name) => told.includes(name));
}

/** Amounts belong to the object, so what is claimed must be told, and equal; a snapshot may have grown since. */
function otherMoney(claim: Fact, same: readonly Fact[]): Reason | null {
  const told = same.map(moneyOf);
  for (const [name, value] of Object.entries(moneyOf(claim))) {
    const values = told.flatMap((money) => money[name] ?? []);
    const holds = values.some((one) => one === value || (name === "refundedTotal" && one > value));
    const mayBeLeftOut = values.length === 0 && (name === "fee" || name === "net" || name === "settlement");
    if (!holds && !mayBeLeftOut) return name === "currency" ? "other_currency" : "other_amount";
  }
  return null;
}

/** Everything about money that a fact states. The currency comes first: where it differs, it is the reason to tell. */
function moneyOf(fact: Fact): Readonly<Record<string, bigint | string>> {
  const money: Record<string, bigint | string> = {};
  if ("currency" in fact && fact.currency !== undefined) money.currency = fact.currency;
  if ("amount" in fact && fact.amount !== undefined) money.amount = fact.amount;
  if (fact.kind !== "capture") return money;
  if (fact.refundedTotal !== undefined) money.refundedTotal = fact.refundedTotal;
  if (fact.fee !== undefined) money.fee = fact.fee;
  if (fact.net !== undefined) money.net = fact.net;
  if (fact.settlement) money.settlement = `${fact.settlement.amount} ${fact.settlement.currency}`;
  return money;
}

/** What may have become of an object by the time the API was asked. A status that is not here stays what it is. */
const LATER: ReadonlyMap<string, readonly string[]> = new Map([
  ["capture/pending", ["succeeded", "failed"]],
  ["refund/pending", ["succeeded", "failed", "canceled"]],
  ["authorization/pending", ["live", "captured", "voided", "expired", "failed"]],
  ["authorization/live", ["captured", "voided", "expired"]],
  ["intent/pending", ["requires_action", "authorized", "succeeded", "failed", "canceled"]],
  ["intent/requires_action", ["pending", "authorized", "succeeded", "failed", "canceled"]],
  ["intent/authorized", ["pending", "succeeded", "failed", "canceled"]],
  ["intent/failed", ["pending", "succeeded"]],
  ["dispute/open", ["won", "lost", "closed"]],
  ["subscription/pending", ["active", "past_due", "paused", "canceled", "ended"]],
  ["subscription/active", ["past_due", "paused", "canceled", "ended"]],
  // Only an event tells that a payment failed; the subscription itself stays active.
  ["subscription/past_due", ["active", "paused", "canceled", "ended"]],
  ["subscription/paused", ["active", "canceled", "ended"]],
]);

function isAncestor(claim: Fact, fact: Fact): boolean {
  if (claim.status === undefined || claim.status === fact.status) return true;
  return fact.status !== undefined && (LATER.get(`${claim.kind}/${claim.status}`) ?? []).includes(fact.status);
}

/** Whether it is another purchase than the notification says: the objects it joins, the order it pays, who bought. */
function isOtherPurchase(claim: Fact, same: readonly Fact[], mayOmitOrders: boolean): boolean {
  const joins = same.flatMap((fact) => fact.joins);
  const links = same.flatMap((fact) => fact.links);
  const orders = same.flatMap((fact) => fact.orders ?? []);
  const mayOmit = mayOmitOrders && orders.length === 0;
  return (
    claim.joins.some((ref) => isOtherRef(ref, joins, claim)) ||
    claim.links.some((ref) => links.length > 0 && !includes(links, ref)) ||
    // By value: the ranks depend on the account's own list of fields.
    (claim.orders ?? []).some(({ value }) => !mayOmit && !orders.some((told) => told.value === value)) ||
    isOtherBuyer(claim, same)
  );
}

/** Without its capture a refund would be anybody's. An authorization may be missing in an answer, but never be another. */
function isOtherRef(ref: ObjectRef, told: readonly ObjectRef[], claim: Fact): boolean {
  if (includes(told, ref)) return false;
  return claim.kind !== "capture" || told.some(({ kind }) => kind === ref.kind);
}

function includes(refs: readonly ObjectRef[], ref: ObjectRef): boolean {
  return refs.some(({ kind, reference }) => kind === ref.kind && reference === ref.reference);
}

function isOtherBuyer({ buyer }: Fact, same: readonly Fact[]): boolean {
  if (!buyer) return false;
  return !same.some(({ buyer: told }) => buyer.id === told?.id && buyer.email === told?.email);
}
