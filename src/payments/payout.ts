import { type FactOf, last } from "./attribute.ts";
import type { PayoutFact, Scope, StoredFact } from "./fact.ts";
import type { Currency } from "./money.ts";
import { merchantOf } from "./party.ts";

/** What a provider sent on to the merchant's bank: a pure function of the set of facts about it. */
export interface PayoutState {
  readonly scope: Scope;
  readonly status: NonNullable<PayoutFact["status"]>;
  /** Minor units; less than nothing where the bank is debited. */
  readonly amount: bigint;
  readonly currency: Currency;
  /** Stripe Connect's `account`, whose balance and bank it is; null for our own. */
  readonly merchant: string | null;
}

/** `facts`: those of one payout; others are passed over. Null while they do not tell how much, or of what. */
export function foldPayout(facts: readonly StoredFact[]): PayoutState | null {
  const own = facts.filter((fact): fact is FactOf<"payout"> => fact.kind === "payout");
  const [first] = own;
  const amount = last(own, (fact) => fact.amount);
  const currency = last(own, (fact) => fact.currency);
  if (first === undefined || amount === null || currency === null) return null;
  const status = last(own, (fact) => fact.status) ?? "pending";
  return { scope: first.scope, status, amount, currency, merchant: merchantOf(own) };
}
