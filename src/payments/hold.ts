import { compareText } from "./arithmetic.ts";
import type { Expectation, HoldReason, NamedPayment, OrderContext, PaymentState, StoredDecision } from "./state.ts";
import { type Closing, closingOf, type Term } from "./term.ts";

/** What an order makes of one payment that names it. */
export interface Judged {
  readonly payment: NamedPayment;
  readonly counts: boolean;
  readonly held: readonly HoldReason[];
  /** It pays a later period of a recurring order: it counts, and is not summed. */
  readonly isPeriod: boolean;
  /** The index of the first term for which it counts, or did before money of it failed; null where it never did. */
  readonly since: number | null;
  /** Money that was let in after the order was closed. */
  readonly reopens: boolean;
}

export interface Case {
  /** All decisions about the order, in their sequence. */
  readonly decided: readonly StoredDecision[];
  readonly terms: readonly Term[];
  readonly payments: readonly NamedPayment[];
  readonly context: OrderContext;
}

/** Money recorded by hand: a person has looked at it, and said who and why. */
const OUTSIDE = "outside";

/** What is known when a payment's turn comes. */
interface Bench extends Case {
  readonly expectation: Expectation;
  readonly closing: Closing | null;
  /** What the payments before it captured and count for. */
  readonly paid: bigint;
  /** The first payment of a recurring order. */
  readonly first: PaymentState | null;
}

/**
 * Decides of each payment whether it counts: one after the other, by the provider's time of the money and the provider's
 * reference, so that neither the order of arrival nor our own ids decide.
 */
export function judgePayments(it: Case): readonly Judged[] {
  const expectation = it.terms.at(-1)?.expectation;
  if (expectation === undefined) return [];
  let bench: Bench = { expectation, closing: closingOf(it.decided), paid: 0n, first: null, ...it };
  return [...it.payments].sort(byMoney).map((payment) => {
    const judged = judge(payment, bench);
    const { captured } = payment.state;
    if (judged.counts && !judged.isPeriod && captured > 0n)
      bench = { ...bench, paid: bench.paid + captured, first: bench.first ?? payment.state };
    return judged;
  });
}

function byMoney({ state: left }: NamedPayment, { state: right }: NamedPayment): number {
  const [at, other] = [left.ever.paidAt ?? Number.MAX_SAFE_INTEGER, right.ever.paidAt ?? Number.MAX_SAFE_INTEGER];
  if (at !== other) return at - other;
  return compareText(identityOf(left), identityOf(right));
}

function identityOf({ scope, reference }: PaymentState): string {
  return `${scope.provider}/${scope.account}/${scope.live}/${reference}`;
}

function judge(payment: NamedPayment, bench: Bench): Judged {
  const { state } = payment;
  const ruling = rulingOn(payment, bench.decided);
  const isTrusted = ruling?.kind === "accepted" || state.scope.provider === OUTSIDE;
  const isPeriod = paysPeriod(state, bench);
  const identity = isTrusted ? [] : identityHolds(state, bench);
  const mode =
    ruling?.kind !== "accepted" && state.scope.live !== bench.expectation.live ? ["wrong_mode" as const] : [];
  // Money of which nobody told the currency cannot be added up either; where there is no money, silence is no mismatch.
  const hasMoney = state.captured > 0n || state.refunded > 0n;
  const isForeign = state.currency !== bench.expectation.currency && (state.currency !== null || hasMoney);
  const unpaidFor = isTrusted ? [] : moneyHolds(state, bench, isPeriod);
  const lasting = [
    ...identity,
    ...mode,
    // Nobody can let this in: currencies are never added up.
    ...(isForeign ? ["currency_mismatch" as const] : []),
    ...(ruling?.kind === "rejected" ? ["rejected" as const] : []),
  ];
  const held = REASONS.filter((reason) => [...lasting, ...unpaidFor].includes(reason));
  const counts = held.length === 0;
  const ever = lasting.length === 0 && latenessOf(state, bench) === null ? firstFit(state, bench) : null;
  return {
    payment,
    counts,
    held,
    isPeriod,
    since: counts && (isTrusted || state.ever.captured === 0n) ? 0 : (ever ?? (counts ? bench.terms.length - 1 : null)),
    reopens: counts && state.captured > 0n && isTrusted && isLetInAfter(bench.closing, ruling, state),
  };
}

/** In the order in which they are shown. */
const REASONS: readonly HoldReason[] = [
  "wrong_mode",
  "wrong_receiver",
  "wrong_merchant",
  "currency_mismatch",
  "amount_mismatch",
  "ambiguous_order",
  "order_canceled",
  "order_expired",
  "rejected",
];

/** The last word of a person on the payment, under its id or one that it had before it turned out to be the same. */
function rulingOn({ id, aliases = [] }: NamedPayment, decided: readonly StoredDecision[]) {
  return decided
    .flatMap((decision) => {
      if (decision.kind !== "accepted" && decision.kind !== "rejected") return [];
      return decision.payment === id || aliases.includes(decision.payment) ? [decision] : [];
    })
    .at(-1);
}

function identityHolds(state: PaymentState, { context }: Bench): readonly HoldReason[] {
  const { scope, receivers, merchant, orders } = state;
  const rules = context.rules(scope.account, scope.provider);
  const holds: HoldReason[] = [];
  if (scope.live !== rules.live) holds.push("wrong_mode");
  const isElsewhere = receivers.length > 0 && !receivers.some((receiver) => rules.receivers.includes(receiver));
  if (rules.receivers.length > 0 && isElsewhere) holds.push("wrong_receiver");
  if (merchant !== null && !rules.merchants.includes(merchant)) holds.push("wrong_merchant");
  if (orders.filter((order) => context.registered(order)).length > 1) holds.push("ambiguous_order");
  return holds;
}

/** Only money is held for its amount or its lateness: an attempt that captured nothing pays nothing. */
function moneyHolds(state: PaymentState, bench: Bench, isPeriod: boolean): readonly HoldReason[] {
  if (state.captured <= 0n) return [];
  const holds: HoldReason[] = [];
  const lateness = latenessOf(state, bench);
  if (lateness !== null) holds.push(lateness);
  if (!isPeriod && !fits(state.captured, state, bench)) holds.push("amount_mismatch");
  return holds;
}

/**
 * Why the money came too late, by the provider's time; null where it came in time. A deadline is what the merchant gave,
 * not when somebody noticed that it had passed: whether a sweep came before the notification decides nothing. It closes
 * only what was not paid by then.
 */
function latenessOf(
  { ever: { paidAt } }: PaymentState,
  { closing, paid, expectation }: Bench,
): "order_canceled" | "order_expired" | null {
  if (paidAt === null) return null;
  if (closing?.kind === "canceled" && paidAt > closing.at) return "order_canceled";
  const { expiresAt, total } = expectation;
  return expiresAt !== null && paidAt > expiresAt && paid < total ? "order_expired" : null;
}

/**
 * With `exact` payments each must equal what is due for it: the total; or the total that was in force when it was paid, as
 * a later change makes a right payment no wrong one; or what a raised total leaves to be paid.
 */
function fits(amount: bigint, { ever }: PaymentState, { expectation, terms, paid }: Bench): boolean {
  if (expectation.payments === "several") return true;
  const { paidAt } = ever;
  const inForce = terms.find(({ from, until }) => paidAt !== null && paidAt >= from && paidAt < until);
  const isRest = paid > 0n && amount === expectation.total - paid;
  return amount === expectation.total || amount === inForce?.expectation.total || isRest;
}

/** The first term since the payment which all that it ever captured fits; null where it fits none. */
function firstFit(state: PaymentState, bench: Bench): number | null {
  const { captured, paidAt } = state.ever;
  if (!fits(captured, state, bench)) return null;
  const last = bench.terms.length - 1;
  const first = bench.terms.findIndex(
    ({ expectation, until }) =>
      (paidAt ?? 0) < until && (expectation.payments === "several" || expectation.total === captured),
  );
  return first === -1 ? last : first;
}

/** The first payment pays the order; later ones of its subscription pay its periods, whose amounts may differ. */
function paysPeriod(state: PaymentState, { expectation, first }: Pick<Bench, "expectation" | "first">): boolean {
  if (!expectation.recurring || first === null || state.subscription === null) return false;
  return first.subscription === null || first.subscription === state.subscription;
}

/** Of payments that count, those that pay the order itself, oldest money first: without a recurring order's later periods. */
export function withoutPeriods<Payment extends NamedPayment>(
  expectation: Expectation,
  counted: readonly Payment[],
): readonly Payment[] {
  let first: PaymentState | null = null;
  return [...counted].sort(byMoney).filter(({ state }) => {
    if (paysPeriod(state, { expectation, first })) return false;
    if (state.captured > 0n) first ??= state;
    return true;
  });
}

function isLetInAfter(closing: Closing | null, ruling: StoredDecision | undefined, { ever }: PaymentState): boolean {
  if (closing === null) return false;
  if (ruling?.kind === "accepted") return ruling.sequence > closing.sequence;
  return ever.paidAt !== null && ever.paidAt > closing.at;
}
