import { compareText } from "./arithmetic.ts";
import { type FactOf, lastOf, rankOf, type Statement } from "./attribute.ts";
import { canonical } from "./canonical.ts";
import { type Buyer, objectKey, type Price, type Scope, type StoredFact, type SubscriptionFact } from "./fact.ts";
import type { Currency } from "./money.ts";
import type { Milestone } from "./state.ts";

/**
 * A subscription: a pure function of the set of facts about it, about its invoices, and about the payments that name it. What
 * it follows from is kept as the newest or the earliest statement of each attribute, so knowing more is joining two of these
 * (`join` is associative, commutative and idempotent): the state grows by new facts alone, however many there were before.
 */

export type SubscriptionStatus = NonNullable<SubscriptionFact["status"]>;

/** A period that was paid, as its invoice or its payment tells. Amounts in minor units, times in ms since 1970 UTC. */
export interface PeriodPayment {
  /** `invoice/in_1`, `capture/5TY…`: what it is known by. */
  readonly of: string;
  readonly at: number;
  readonly amount: bigint | null;
  readonly currency: Currency | null;
  readonly periodStart: number | null;
  readonly periodEnd: number | null;
  /** Null where nobody tells: then the earliest that is known is no renewal, and every other is one. */
  readonly renews: boolean | null;
}

/** A payment that failed. */
export interface PeriodFailure {
  /** `invoice/in_1#2`: which attempt. */
  readonly of: string;
  readonly at: number;
  readonly retryAt: number | null;
  /** How many failed in a row; null where nobody counts. */
  readonly failures: number | null;
}

/** By the subscription itself: `buyer.email`; by its invoices and payments: `payer.email`. */
type Person = `${"buyer" | "payer"}.${keyof Buyer}`;

/** What facts say of a subscription, each as it was told last. */
interface Attributes extends Readonly<Record<Person, string>> {
  readonly status: SubscriptionStatus;
  readonly willCancel: boolean;
  readonly periodStart: number;
  readonly periodEnd: number;
  readonly trialEnd: number;
  readonly price: Price;
  readonly merchant: string;
  readonly payment: PeriodPayment;
  readonly failure: PeriodFailure;
}

export interface Told {
  readonly gateways: readonly string[];
  readonly last: { readonly [Name in keyof Attributes]?: Statement<Attributes[Name]> };
  /** Order references by who names them and the field's rank: `own.0` by the subscription, `named.0` by what belongs to it. */
  readonly orders: Readonly<Record<string, Statement<string>>>;
  /** The earliest times of something being so; what was never told is absent. */
  readonly since: { readonly [Name in "known" | "started" | "canceled" | "ended"]?: number };
  /** The earliest payment of those of which nobody tells whether they renew. */
  readonly first: PeriodPayment | null;
  readonly newest: number;
  /** The last of our deadlines that passed. */
  readonly passed: number | null;
}

export interface SubscriptionState {
  readonly scope: Scope;
  readonly reference: string;
  readonly status: SubscriptionStatus;
  readonly gateways: readonly string[];
  readonly periodStart: number | null;
  readonly periodEnd: number | null;
  readonly trialEnd: number | null;
  /** When money is due next; null where none is expected, or nobody tells. */
  readonly nextPaymentAt: number | null;
  readonly price: Price | null;
  readonly lastPayment: PeriodPayment | null;
  /** While the last attempt is one that failed. */
  readonly failure: PeriodFailure | null;
  readonly orders: readonly string[];
  readonly buyer: Buyer | null;
  readonly merchant: string | null;
  readonly startedAt: number | null;
  /** Null unless it is canceled, or ended. */
  readonly canceledAt: number | null;
  readonly endedAt: number | null;
  readonly milestones: readonly Milestone[];
  /** Times of the first and the newest statement. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** What it follows from: each statement names its fact. */
  readonly told: Told;
}

/** References that a subscription may carry; what is beyond is noise. */
const MAX_ORDERS = 8;

const NOTHING: Told = { gateways: [], last: {}, orders: {}, since: {}, first: null, newest: 0, passed: null };

/** The subscriptions that a fact says something of: its own, or those that an invoice or a payment names. */
export function subscriptionsIn(fact: StoredFact): readonly string[] {
  if (fact.kind === "subscription") return [fact.reference];
  if (fact.kind !== "invoice" && fact.kind !== "capture") return [];
  return [...new Set(fact.links.flatMap(({ kind, reference }) => (kind === "subscription" ? [reference] : [])))];
}

/** `before`: what was known, null for nothing. `facts`: of one scope; those that say nothing of it are passed over. */
export function foldSubscription(
  subscription: { readonly scope: Scope; readonly reference: string },
  before: Told | null,
  facts: readonly StoredFact[],
): SubscriptionState {
  const own = facts.filter((fact) => subscriptionsIn(fact).includes(subscription.reference));
  const told = own.map(toldBy).reduce(join, before ?? NOTHING);
  return stateOf(subscription, told);
}

/** The payments of periods that the facts tell, each object once. */
export function periodPayments(facts: readonly StoredFact[]): readonly PeriodPayment[] {
  const payments = facts.flatMap((fact) => paymentIn(fact) ?? []);
  return [
    ...new Map(
      [...payments]
        .sort(byAge)
        .reverse()
        .map((payment) => [payment.of, payment]),
    ).values(),
  ];
}

/** Which of the payments renewed the subscription, as far as is known: the earliest of them did not, unless it says so. */
export function renewals(told: Told, payments: readonly PeriodPayment[]): readonly PeriodPayment[] {
  return payments.filter(({ renews, of }) => renews ?? of !== told.first?.of);
}

/** `subscription.renewed:stripe/default/test/invoice/in_1`: once for each period that was paid. */
export function renewalKey(scope: Scope, { of }: PeriodPayment): string {
  const [, kind, reference = ""] = /^(invoice|capture)\/(.*)$/s.exec(of) ?? [];
  return `subscription.renewed:${objectKey(scope, { kind: kind === "invoice" ? "invoice" : "capture", reference })}`;
}

export function join(left: Told, right: Told): Told {
  return {
    gateways: [...new Set([...left.gateways, ...right.gateways])].sort(),
    // Proven: the later of two statements of an attribute, under its own name.
    last: later(left.last, right.last) as Told["last"],
    orders: later(left.orders, right.orders) as Told["orders"],
    since: earliestOf(left.since, right.since),
    first: [left.first, right.first].flatMap((each) => each ?? []).sort(byAge)[0] ?? null,
    newest: Math.max(left.newest, right.newest),
    passed: right.passed === null || (left.passed ?? right.passed) > right.passed ? left.passed : right.passed,
  };
}

type Statements = Readonly<Record<string, Statement<unknown>>>;

function later(left: Statements, right: Statements): Statements {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  return Object.fromEntries(
    names.flatMap((name) => {
      const last = lastOf([left[name], right[name]].flatMap((statement) => statement ?? []));
      return last === null ? [] : [[name, last]];
    }),
  );
}

function earliestOf(left: Told["since"], right: Told["since"]): Told["since"] {
  const times = [...Object.entries(left), ...Object.entries(right)].sort(([, one], [, other]) => other - one);
  return Object.fromEntries(times);
}

function byAge(left: PeriodPayment, right: PeriodPayment): number {
  return left.at - right.at || compareText(left.of, right.of) || compareText(canonical(left), canonical(right));
}

/** What one fact says. */
function toldBy(fact: StoredFact): Told {
  const payment = paymentIn(fact);
  const failure = failureIn(fact);
  const passed = fact.kind === "subscription" ? (fact.passed ?? null) : null;
  if (passed !== null) return { ...NOTHING, passed };
  const stated = <Value>(value: Value, at = fact.at): Statement<Value> => ({
    value,
    at,
    rank: rankOf(fact),
    key: fact.key,
  });
  const named = fact.kind === "subscription" ? "own" : "named";
  return {
    gateways: [fact.gateway],
    last: {
      ...Object.fromEntries(attributesIn(fact).map(([name, value]) => [name, stated(value)])),
      ...(payment && { payment: stated(payment, payment.at) }),
      ...(failure && { failure: stated(failure) }),
    },
    orders: Object.fromEntries((fact.orders ?? []).map(({ rank, value }) => [`${named}.${rank}`, stated(value)])),
    since: { known: fact.at, ...turnsIn(fact), ...(payment && { started: payment.at }) },
    first: payment?.renews === null ? payment : null,
    newest: fact.at,
    passed: null,
  };
}

function attributesIn(fact: StoredFact): readonly (readonly [string, unknown])[] {
  const { merchant, buyer = {} } = fact;
  const person = fact.kind === "subscription" ? "buyer" : "payer";
  const people = Object.entries(buyer).map(([name, value]) => [`${person}.${name}`, value] as const);
  return [...Object.entries({ merchant, ...ownAttributes(fact) }), ...people].filter(
    ([, value]) => value !== undefined,
  );
}

function ownAttributes(fact: StoredFact): Partial<FactOf<"subscription">> {
  if (fact.kind !== "subscription") return {};
  const { kind: _kind, status, willCancel, periodStart, periodEnd, trialEnd, price } = fact;
  // `exactOptionalPropertyTypes`: what is undefined is left out by the caller.
  return { status, willCancel, periodStart, periodEnd, trialEnd, price } as Partial<FactOf<"subscription">>;
}

/** Money that came for a period. What was for nothing (the invoice of a trial) is none. */
function paymentIn(fact: StoredFact): PeriodPayment | null {
  const isPaid =
    (fact.kind === "invoice" && fact.status === "paid") || (fact.kind === "capture" && fact.status === "succeeded");
  if (!isPaid || fact.amount === 0n) return null;
  return {
    of: `${fact.kind}/${fact.reference}`,
    at: fact.paidAt ?? fact.at,
    amount: fact.amount ?? null,
    currency: fact.currency ?? null,
    periodStart: fact.kind === "invoice" ? (fact.periodStart ?? null) : null,
    periodEnd: fact.kind === "invoice" ? (fact.periodEnd ?? null) : null,
    renews: fact.kind === "invoice" ? (fact.renews ?? null) : null,
  };
}

function failureIn(fact: StoredFact): PeriodFailure | null {
  const { kind, reference, at } = fact;
  if (kind === "capture" && fact.status === "failed")
    return { of: `capture/${reference}`, at, retryAt: null, failures: null };
  if (kind === "invoice" && fact.status === "failed") {
    const { attempts, retryAt = null } = fact;
    return { of: `invoice/${reference}#${attempts ?? at}`, at, retryAt, failures: attempts ?? null };
  }
  if (kind !== "subscription" || fact.paymentFailed !== true) return null;
  return { of: `subscription/${at}`, at, retryAt: fact.retryAt ?? null, failures: fact.failures ?? null };
}

const RUNNING: ReadonlySet<SubscriptionStatus> = new Set(["trialing", "active", "past_due"]);

function turnsIn(fact: StoredFact): Told["since"] {
  if (fact.kind !== "subscription") return {};
  const { at, status, willCancel } = fact;
  return {
    ...(status !== undefined && RUNNING.has(status) && { started: at }),
    ...((status === "canceled" || willCancel === true) && { canceled: at }),
    ...(status === "ended" && { ended: at }),
  };
}

function stateOf(
  { scope, reference }: { readonly scope: Scope; readonly reference: string },
  told: Told,
): SubscriptionState {
  const { last, since } = told;
  const { provider, account, live } = scope;
  const period = periodOf(told);
  const status = statusOf(told, period.periodEnd);
  const failure = status !== "ended" && hasFailedLast(told) ? (last.failure?.value ?? null) : null;
  const isOver = status === "canceled" || status === "ended";
  const key = objectKey(scope, { kind: "subscription", reference });
  const endedAt = status === "ended" ? (since.ended ?? period.periodEnd) : null;
  const turns = { started: since.started, canceled: since.canceled, ended: since.ended ?? endedAt ?? undefined };
  return {
    scope: { provider, account, live },
    reference,
    status,
    gateways: told.gateways,
    ...period,
    trialEnd: last.trialEnd?.value ?? null,
    nextPaymentAt: nextPaymentAt(status, told, period.periodEnd),
    price: last.price?.value ?? null,
    lastPayment: last.payment?.value ?? null,
    failure,
    orders: ordersIn(told),
    buyer: buyerIn(last),
    merchant: last.merchant?.value ?? null,
    startedAt: since.started ?? null,
    canceledAt: isOver ? (since.canceled ?? null) : null,
    endedAt,
    milestones: (["started", "canceled", "ended"] as const)
      .filter((turn) => turns[turn] !== undefined)
      .map((turn) => ({ type: `subscription.${turn}` as const, key: `subscription.${turn}:${key}` })),
    createdAt: since.known ?? 0,
    updatedAt: told.newest,
    told,
  };
}

/** Its own word, unless an invoice that was paid later is for a later period: who subscribes to invoices alone hears no other. */
function periodOf({ last }: Told): Pick<SubscriptionState, "periodStart" | "periodEnd"> {
  const { periodStart, periodEnd, payment } = last;
  const paid = payment?.value.periodEnd ?? null;
  const isLater = paid !== null && (!periodEnd || (payment && payment.at > periodEnd.at && paid > periodEnd.value));
  if (isLater) return { periodStart: payment?.value.periodStart ?? null, periodEnd: paid };
  return { periodStart: periodStart?.value ?? null, periodEnd: periodEnd?.value ?? null };
}

function hasFailedLast({ last: { payment, failure } }: Told): boolean {
  return failure !== undefined && (payment === undefined || failure.at > payment.at);
}

/**
 * Its own word first. A payment told since speaks where it says nothing else than that it runs: not every gateway tells
 * that a payment failed, or that the next attempt did not. What was canceled ends with its period, which a deadline says.
 */
function statusOf(told: Told, periodEnd: number | null): SubscriptionStatus {
  const { status, willCancel, payment, failure } = told.last;
  const own = status?.value ?? "pending";
  if (own === "ended") return "ended";
  if (own === "canceled" || willCancel?.value === true)
    return periodEnd !== null && told.passed !== null && told.passed >= periodEnd ? "ended" : "canceled";
  const hasFailed = hasFailedLast(told);
  const newest = hasFailed ? failure : payment;
  if (own === "paused" || newest === undefined || newest.at <= (status?.at ?? Number.NEGATIVE_INFINITY)) return own;
  if (!hasFailed) return "active";
  // The first payment of one that never ran is still awaited.
  return own === "pending" && told.since.started === undefined ? "pending" : "past_due";
}

function nextPaymentAt(status: SubscriptionStatus, { last }: Told, periodEnd: number | null): number | null {
  switch (status) {
    case "past_due":
      return last.failure?.value.retryAt ?? periodEnd;
    case "trialing":
      return last.trialEnd?.value ?? periodEnd;
    case "active":
      return periodEnd;
    case "pending":
    case "paused":
    case "canceled":
    case "ended":
      return null;
  }
}

/** As it names them itself, else as its invoices and payments do; each in the order of the account's fields. */
function ordersIn({ orders }: Told): readonly string[] {
  const named = (by: "own" | "named") =>
    Object.entries(orders)
      .filter(([place]) => place.startsWith(`${by}.`))
      .sort(([one], [other]) => Number(one.slice(by.length + 1)) - Number(other.slice(by.length + 1)))
      .map(([, { value }]) => value);
  const own = named("own");
  return [...new Set(own.length > 0 ? own : named("named"))].slice(0, MAX_ORDERS);
}

function buyerIn(last: Told["last"]): Buyer | null {
  const names = ["id", "email", "name"] as const;
  const told = names.flatMap((name) => {
    const statement = last[`buyer.${name}`] ?? last[`payer.${name}`];
    return statement ? [[name, statement.value]] : [];
  });
  return told.length === 0 ? null : Object.fromEntries(told);
}
