import { atLeastZero, compareText, sum } from "./arithmetic.ts";
import type { Scope } from "./fact.ts";
import type { Currency } from "./money.ts";
import type { PayoutState } from "./payout.ts";
import type { AccountRules, OrderState, PaymentState } from "./state.ts";

/**
 * Double entry as targets: what each account has to hold of one payment, or of one order, as a pure function of its state. What
 * is posted is the difference to what was posted before, so any order of arrival ends in the same balances.
 */

/** Minor units of one currency on one account: what it was debited, less what it was credited. */
export interface Balance {
  readonly account: string;
  readonly currency: Currency;
  readonly amount: bigint;
}

/** Accounts are named as hledger and others name theirs: the type of account first, parts after colons. */
const RECEIVABLE = "assets:receivable";
const SALES = "revenue:sales";
const REFUNDS = "revenue:refunds";
const TRADING = "equity:trading";

/** What the entries of an order are filed under; those of a payment are under its id, which has no slash: see `Subject`. */
export function orderSubject(reference: string): string {
  return `${ORDER}${reference}`;
}

/** The same of a payout, by the key of its object. */
export function payoutSubject(key: string): string {
  return `${PAYOUT}${key}`;
}

/** What entries are filed under. */
export interface Subject {
  /** The order's reference, where the entries are of an order. */
  readonly order: string | null;
  /** The payment's id, where they are of a payment. */
  readonly payment: string | null;
  /** The key of the payout's object, where they are of one. */
  readonly payout: string | null;
}

export function readSubject(subject: string): Subject {
  const none = { order: null, payment: null, payout: null };
  if (subject.startsWith(ORDER)) return { ...none, order: subject.slice(ORDER.length) };
  if (subject.startsWith(PAYOUT)) return { ...none, payout: subject.slice(PAYOUT.length) };
  return { ...none, payment: subject };
}

const ORDER = "order/";
const PAYOUT = "payout/";

/** An account that each merchant account at a provider has its own of. */
function at(kind: string, { provider, account }: Pick<Scope, "provider" | "account">): string {
  return `${kind}:${provider}:${account}`;
}

/**
 * Money that came in is at the provider, less what went out again and what is held while a case is open. Where the payment
 * counts for its order it settles what was owed for that; until then it is in suspense, and so is what was given back of it.
 */
export function paymentBalances(state: PaymentState, counts: boolean): readonly Balance[] {
  const { scope, currency, captured, refunded, chargedBack, disputed } = state;
  // Money of which nobody told the currency can't be added to any.
  if (currency === null) return [];
  const fee = state.fee ?? 0n;
  const out = refunded + chargedBack + disputed + fee;
  const own: readonly (readonly [string, bigint])[] = [
    [at("assets:cash", scope), captured - out],
    [at("assets:disputed", scope), disputed],
    [at("expenses:fees", scope), fee],
    ...(counts
      ? ([
          [RECEIVABLE, -captured],
          [REFUNDS, refunded],
          [at("expenses:disputes", scope), chargedBack],
        ] as const)
      : ([[at("liabilities:suspense", scope), refunded + chargedBack - captured]] as const)),
  ];
  return [
    ...own.map(([account, amount]) => ({ account, currency, amount })),
    ...exchanged(state, currency, captured - fee),
  ].filter(isMoved);
}

/** What the provider turned into another currency leaves the one and reaches the other by way of trading, so each sums to zero. */
function exchanged({ scope, settlement }: PaymentState, currency: Currency, net: bigint): readonly Balance[] {
  if (settlement === null || settlement.currency === currency) return [];
  const cash = at("assets:cash", scope);
  const { amount, currency: other } = settlement;
  return [
    { account: cash, currency, amount: -net },
    { account: TRADING, currency, amount: net },
    { account: cash, currency: other, amount },
    { account: TRADING, currency: other, amount: -amount },
  ];
}

/**
 * What a registered order is to bring: its total, and each period that was paid of a recurring one; of a closed order what was
 * paid for it. What was overpaid and given back is no refund of sales.
 */
export function orderBalances(
  order: OrderState,
  payments: readonly { readonly id: string; readonly state: PaymentState }[],
): readonly Balance[] {
  const { expectation, status, paid, refunded } = order;
  if (expectation === null) return [];
  const { currency, total, live } = expectation;
  const counted = new Set(order.payments.filter(({ counts }) => counts).map(({ id }) => id));
  const states = payments.filter(({ id }) => counted.has(id)).map(({ state }) => state);
  const taken = sum(states.map(({ captured }) => captured));
  const isClosed = status === "canceled" || status === "expired";
  // Test money that a person let in for a live order stays in the books of the test.
  const sold = isClosed
    ? sum(states.filter(({ scope }) => scope.live === live).map(({ captured }) => captured))
    : total + taken - paid;
  const surplus = isClosed ? 0n : atLeastZero(paid - total);
  const returned = refunded < surplus ? refunded : surplus;
  return [
    { account: RECEIVABLE, currency, amount: sold + returned },
    { account: SALES, currency, amount: -sold },
    { account: REFUNDS, currency, amount: -returned },
  ].filter(isMoved);
}

/**
 * From its announcement on a payout is no longer there with the provider; until it has arrived it is on its way. One that came
 * back was never sent, and one of a connected merchant whose money is not ours is none of our books.
 */
export function payoutBalances(
  payout: PayoutState | null,
  rules: (scope: Scope) => Pick<AccountRules, "merchants">,
): readonly Balance[] {
  if (payout === null || payout.status === "failed" || payout.status === "canceled") return [];
  const { scope, status, amount, currency, merchant } = payout;
  if (merchant !== null && !rules(scope).merchants.includes(merchant)) return [];
  return [
    { account: at("assets:cash", scope), currency, amount: -amount },
    { account: at(status === "paid" ? "assets:bank" : "assets:payouts", scope), currency, amount },
  ].filter(isMoved);
}

/** What has to be posted so that `posted` becomes `target`; sorted by account and currency, nothing where they agree. */
export function difference(target: readonly Balance[], posted: readonly Balance[]): readonly Balance[] {
  const sums = new Map<string, Balance>();
  const add = ({ account, currency, amount }: Balance): void => {
    const name = `${account} ${currency}`;
    sums.set(name, { account, currency, amount: (sums.get(name)?.amount ?? 0n) + amount });
  };
  for (const balance of target) add(balance);
  for (const balance of posted) add({ ...balance, amount: -balance.amount });
  return [...sums.values()]
    .filter(isMoved)
    .sort((left, right) => compareText(left.account, right.account) || compareText(left.currency, right.currency));
}

function isMoved({ amount }: Balance): boolean {
  return amount !== 0n;
}
