import { objectKey, type StoredFact } from "./fact.ts";
import type { EventType, Milestone, OrderState, OrderStatus, PaymentState, PaymentStatus } from "./state.ts";
import { type PeriodPayment, periodPayments, renewalKey, renewals, type SubscriptionState } from "./subscription.ts";

/** Something to tell. `key` is null for a passing state: the store makes its key of aggregate and sequence. */
export interface EventToTell {
  readonly type: EventType;
  readonly key: string | null;
}

/** Statuses that are told only while they last; the others have milestones. */
const PASSING_PAYMENT: { readonly [Status in PaymentStatus]: EventType | null } = {
  pending: "payment.pending",
  requires_action: "payment.requires_action",
  authorized: "payment.authorized",
  failed: "payment.failed",
  canceled: "payment.canceled",
  expired: "payment.expired",
  paid: null,
  partially_refunded: null,
  refunded: null,
  disputed: null,
  charged_back: null,
};

const PASSING_ORDER: { readonly [Status in OrderStatus]: EventType | null } = {
  partially_paid: "order.partially_paid",
  overpaid: "order.overpaid",
  unregistered: null,
  open: null,
  paid: null,
  partially_refunded: null,
  refunded: null,
  disputed: null,
  charged_back: null,
  canceled: null,
  expired: null,
};

/** What to tell of a payment that was committed as `before` (null: never) and is committed as `after`, in order. */
export function paymentEvents(before: PaymentState | null, after: PaymentState): readonly EventToTell[] {
  const passing = before?.status === after.status ? null : PASSING_PAYMENT[after.status];
  return [...newMilestones(before, after), ...(passing ? [{ type: passing, key: null }] : [])];
}

/** The same of an order. `order.held` is told for each payment that comes to be held, or for other reasons than before. */
export function orderEvents(before: OrderState | null, after: OrderState): readonly EventToTell[] {
  const passing = before?.status === after.status ? null : PASSING_ORDER[after.status];
  return [
    ...newMilestones(before, after),
    ...(passing ? [{ type: passing, key: null }] : []),
    ...(isNewlyHeld(before, after) ? [{ type: "order.held" as const, key: null }] : []),
  ];
}

const PASSING_SUBSCRIPTION: { readonly [Status in SubscriptionState["status"]]: EventType | null } = {
  trialing: "subscription.trialing",
  active: "subscription.active",
  past_due: "subscription.past_due",
  paused: "subscription.paused",
  canceled: "subscription.canceled",
  pending: null,
  ended: null,
};

export interface SubscriptionEvent extends EventToTell {
  /** The period that was paid, where it tells of one. */
  readonly renewal: PeriodPayment | null;
}

/**
 * The same of a subscription. `facts`: those that made `after` of `before`. Each renewal is told by what was paid, also the
 * one that turns out to be one because an earlier payment came to be known.
 */
export function subscriptionEvents(
  before: SubscriptionState | null,
  after: SubscriptionState,
  facts: readonly StoredFact[],
): readonly SubscriptionEvent[] {
  const first = before?.told.first ?? null;
  const paid = [...(first === null ? [] : [first]), ...periodPayments(facts)];
  const told = before?.lastPayment?.of;
  const renewed = new Map(
    renewals(after.told, paid)
      .filter(({ of }) => of !== told || of === first?.of)
      .map((renewal) => [renewalKey(after.scope, renewal), renewal]),
  );
  return [
    ...newMilestones(before, after).map((milestone) => ({ ...milestone, renewal: null })),
    ...[...renewed].map(([key, renewal]) => ({ type: "subscription.renewed" as const, key, renewal })),
    ...passingEvents(before, after).map((event) => ({ ...event, renewal: null })),
  ];
}

function passingEvents(before: SubscriptionState | null, after: SubscriptionState): readonly EventToTell[] {
  const { failure, scope, reference } = after;
  const isNewFailure = failure !== null && failure.of !== before?.failure?.of;
  const key = `subscription.payment_failed:${objectKey(scope, { kind: "subscription", reference })}/${failure?.of}`;
  const type = before?.status === after.status ? null : PASSING_SUBSCRIPTION[after.status];
  // To begin to run, and to be canceled for the first time, are milestones. What was over by a deadline and turns out to run
  // on until another was canceled all the while.
  const isMilestone =
    (type === "subscription.active" && (before === null || before.status === "pending")) ||
    (type === "subscription.canceled" && (before?.status === "ended" || !hasTold(before, type)));
  return [
    ...(isNewFailure ? [{ type: "subscription.payment_failed" as const, key }] : []),
    ...(type === null || isMilestone ? [] : [{ type, key: null }]),
  ];
}

function hasTold(before: SubscriptionState | null, type: EventType): boolean {
  return before?.milestones.some((milestone) => milestone.type === type) ?? false;
}

function newMilestones(
  before: { readonly milestones: readonly Milestone[] } | null,
  after: { readonly milestones: readonly Milestone[] },
): readonly EventToTell[] {
  const told = new Set(before?.milestones.map(({ key }) => key));
  return after.milestones.filter(({ key }) => !told.has(key));
}

function isNewlyHeld(before: OrderState | null, after: OrderState): boolean {
  const known = new Map(before?.payments.map(({ id, held }) => [id, held.join()]));
  // A person's own refusal is no news to them.
  const holds = after.payments.filter(({ held }) => held.length > 0 && !held.includes("rejected"));
  return holds.some(({ id, held }) => held.join() !== known.get(id));
}

/** Whether the type is one of those wanted: by its name, or by `payment.*` for all of a kind. Undefined wants all. */
export function isTypeAmong(type: string, wanted: readonly string[] | undefined): boolean {
  if (wanted === undefined) return true;
  return wanted.some((one) => (one.endsWith(".*") ? type.startsWith(one.slice(0, -1)) : type === one));
}
