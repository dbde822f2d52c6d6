import { canonical } from "../payments/canonical.ts";
import { paymentEvents } from "../payments/event.ts";
import { isGroupKind, objectKey } from "../payments/fact.ts";
import { frozenOrder, frozenOrderOfPayment, frozenPayment } from "../payments/frozen.ts";
import type { HoldReason, StoredDecision } from "../payments/state.ts";
import type { Changes, InputOutcome, NewEvent, PaymentRecord } from "../store/store.ts";
import type { Effects } from "./effects/result.ts";
import { type FlagsOfPayment, flagChanges } from "./flag-changes.ts";
import type { FoldedFacts, FoldedPayment } from "./fold-facts.ts";
import { type ChangedPayment, type FoldedOrder, hasChanged } from "./fold-orders.ts";
import { newId } from "./ids.ts";

/** A folded payment with its place among its changes. */
export interface PaymentChange extends ChangedPayment {
  readonly folded: FoldedPayment;
  /** False where the new facts said nothing that was not known. */
  readonly changed: boolean;
}

export function paymentChanges(folded: FoldedFacts): readonly PaymentChange[] {
  return folded.payments.map((payment) => {
    const changed = payment.absorbed.length > 0 || !sameState(payment);
    return {
      id: payment.id,
      state: payment.state,
      gateways: payment.gateways,
      sequence: (payment.before?.sequence ?? 0) + (changed ? 1 : 0),
      namedBefore: [payment.before, ...payment.absorbed].flatMap((known) => known?.state.orders ?? []),
      absorbed: payment.absorbed.map((known) => known.id),
      folded: payment,
      changed,
    };
  });
}

function sameState({ before, state, gateways }: FoldedPayment): boolean {
  if (!before) return false;
  return canonical(before.state) === canonical(state) && before.gateways.join() === gateways.join();
}

export interface PaymentStanding {
  readonly counts: boolean;
  readonly held: readonly HoldReason[];
  /** The registered order that it names first, or the first it names at all. */
  readonly order: string | null;
  readonly registered: boolean;
}

/** What the orders make of each changed payment. */
export function standings(
  payments: readonly PaymentChange[],
  orders: readonly FoldedOrder[],
): ReadonlyMap<string, PaymentStanding> {
  const byReference = new Map(orders.map((order) => [order.reference, order]));
  return new Map(payments.map((payment) => [payment.id, standing(payment, byReference)]));
}

/** What the orders make of one payment that names them. */
export function standing(
  payment: Pick<PaymentRecord, "id" | "state">,
  orders: ReadonlyMap<string, Pick<FoldedOrder, "reference" | "state">>,
): PaymentStanding {
  const named = payment.state.orders.flatMap((reference) => orders.get(reference) ?? []);
  const judged = named.flatMap((order) => {
    const view = order.state.payments.find((candidate) => candidate.id === payment.id);
    return view ? [{ order: order.reference, ...view }] : [];
  });
  const first = judged[0];
  if (!first) return { counts: false, held: [], order: payment.state.orders[0] ?? null, registered: false };
  return {
    counts: judged.some((view) => view.counts),
    held: [...new Set(judged.flatMap((view) => view.held))],
    order: first.order,
    registered: true,
  };
}

export interface ChangeParts {
  readonly facts: FoldedFacts;
  readonly payments: readonly PaymentChange[];
  readonly orders: readonly FoldedOrder[];
  readonly standings: ReadonlyMap<string, PaymentStanding>;
  readonly effects: Effects;
  readonly decisions: readonly StoredDecision[];
  readonly outcomes: readonly InputOutcome[];
  readonly quarantined: readonly { readonly input: string; readonly payment: string | null; readonly reason: string }[];
  readonly now: Date;
}

/** Every row of one transaction, ready to be written. */
export function changeSet(parts: ChangeParts): Changes {
  const changed = parts.payments.filter((payment) => payment.changed);
  const records = new Map<string, PaymentRecord>(parts.payments.map((payment) => [payment.id, payment]));
  const { orderStock } = parts.effects.rows;
  const orders = parts.orders.filter((order) => hasChanged(order) || orderStock.has(order.reference));
  const byReference = new Map(parts.orders.map((order) => [order.reference, order]));
  return {
    facts: parts.facts.newFacts.map((fact) => ({
      fact,
      payment: isGroupKind(fact.kind) ? null : (parts.facts.paymentOf.get(objectKey(fact.scope, fact)) ?? null),
    })),
    payments: changed.map(({ id, state, gateways, sequence }) => ({ id, state, gateways, sequence })),
    ...flagChanges(changed.map(flagsOf), parts.now),
    merged: changed.flatMap((payment) => payment.absorbed.map((from) => ({ from, into: payment.id }))),
    objects: parts.payments.flatMap((payment) =>
      payment.folded.newObjects.map((key) => ({ key, payment: payment.id })),
    ),
    links: parts.facts.links,
    decisions: parts.decisions,
    orders: orders.map(({ reference, before, state, sequence }) => ({
      state,
      sequence,
      stock: orderStock.get(reference) ?? before.record?.stock ?? null,
    })),
    orderPayments: parts.orders.flatMap(orderPayments),
    orderPaymentsGone: parts.orders.flatMap((order) =>
      order.touched
        .filter((payment) => !payment.names)
        .map((payment) => ({ order: order.reference, payment: payment.id })),
    ),
    events: [
      ...changed.flatMap((payment) => eventsOfPayment(payment, byReference, parts)),
      ...orders.flatMap((order) => eventsOfOrder(order, records, parts)),
      ...parts.quarantined.map((quarantined) => eventOfQuarantine(quarantined, parts)),
      ...parts.effects.events,
    ],
    effects: parts.effects.rows,
    outcomes: parts.outcomes,
    released: released(parts.orders),
  };
}

/** What a payment that turned out to be this one had goes on with it. */
function flagsOf({ id, folded, state }: PaymentChange): FlagsOfPayment {
  const before = [folded.before, ...folded.absorbed].flatMap((known) => known?.state.flags ?? []);
  return { payment: id, before, after: state.flags };
}

function orderPayments(order: FoldedOrder): Changes["orderPayments"] {
  const judged = new Map(order.state.payments.map((payment) => [payment.id, payment]));
  const named = order.touched.filter((payment) => payment.names && !judged.has(payment.id));
  return [
    ...order.state.payments.map(({ id, counts, held }) => ({ order: order.reference, payment: id, counts, held })),
    ...named.map(({ id }) => ({ order: order.reference, payment: id, counts: false, held: [] })),
  ];
}

/** Payments that were held, or parked for want of their order, and are so no more. */
function released(orders: readonly FoldedOrder[]): readonly string[] {
  return orders.flatMap((order) => {
    const before = new Map(order.before.record?.state.payments.map((payment) => [payment.id, payment]));
    return order.state.payments
      .filter((payment) => payment.held.length === 0 && (before.get(payment.id)?.held.length ?? 1) > 0)
      .map((payment) => payment.id);
  });
}

function eventsOfPayment(
  payment: PaymentChange,
  orders: ReadonlyMap<string, FoldedOrder>,
  parts: ChangeParts,
): readonly NewEvent[] {
  const events = paymentEvents(payment.folded.before?.state ?? null, payment.state);
  if (events.length === 0) return [];
  const { counts = false, held = [], order = null, registered = false } = parts.standings.get(payment.id) ?? {};
  const named = registered && order !== null ? orders.get(order) : undefined;
  const snapshot = JSON.stringify({
    payment: frozenPayment(payment, { order, counts, held }, payment.folded.groupFacts),
    ...(named && { order: frozenOrderOfPayment(named) }),
  });
  return events.map(({ type, key }) => ({
    id: newId("evt", parts.now),
    type,
    key: key ?? `${type}:${payment.id}:${payment.sequence}`,
    payment: payment.id,
    order,
    sequence: payment.sequence,
    live: payment.state.scope.live,
    snapshot,
  }));
}

function eventsOfOrder(
  order: FoldedOrder,
  changed: ReadonlyMap<string, PaymentRecord>,
  parts: ChangeParts,
): readonly NewEvent[] {
  if (order.events.length === 0) return [];
  const payments = order.payments.map((payment) => changed.get(payment.id) ?? payment);
  const frozen = frozenOrder(order, payments);
  const goods = parts.effects.paidOrders.get(order.reference);
  const snapshot = JSON.stringify({ order: frozen });
  const paid = goods === undefined ? snapshot : JSON.stringify({ order: { ...frozen, ...goods } });
  return order.events.map(({ type, key }) => ({
    id: newId("evt", parts.now),
    type,
    key: key ?? `${type}:${order.reference}:${order.sequence}`,
    payment: null,
    order: order.reference,
    sequence: order.sequence,
    live: order.state.expectation?.live ?? null,
    snapshot: type === "order.paid" ? paid : snapshot,
  }));
}

function eventOfQuarantine(quarantined: ChangeParts["quarantined"][number], parts: ChangeParts): NewEvent {
  return {
    id: newId("evt", parts.now),
    type: "notification.quarantined",
    key: `notification.quarantined:${quarantined.input}`,
    payment: quarantined.payment,
    order: null,
    sequence: 1,
    live: null,
    snapshot: JSON.stringify({ notification: { id: quarantined.input, reason: quarantined.reason } }),
  };
}
