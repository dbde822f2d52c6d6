import { canonical } from "../payments/canonical.ts";
import { collect } from "../payments/collect.ts";
import { orderEvents } from "../payments/event.ts";
import { foldOrder } from "../payments/order.ts";
import type { EventType, NamedPayment, OrderState, StoredDecision } from "../payments/state.ts";
import type { LoadedOrder, PaymentRecord, Transaction } from "../store/store.ts";
import type { HeldLocks } from "./locks.ts";
import type { Rules } from "./rules.ts";

/** What the orders make of changed payments and new decisions. */
export interface FoldedOrder {
  readonly reference: string;
  readonly before: LoadedOrder;
  readonly state: OrderState;
  readonly sequence: number;
  /** The payments that name it, as they are now; empty until registered. */
  readonly payments: readonly PaymentRecord[];
  /** Changed payments that name it, or named it. */
  readonly touched: readonly { readonly id: string; readonly names: boolean }[];
  readonly events: readonly { readonly type: EventType; readonly key: string | null }[];
}

export interface ChangedPayment extends PaymentRecord {
  /** The orders it named when it was committed last. */
  readonly namedBefore: readonly string[];
  readonly absorbed: readonly string[];
}

/** Locks, loads and folds every order that the payments name (or named), or that is decided about. */
export async function foldOrders(
  transaction: Transaction,
  held: HeldLocks,
  rules: Rules,
  change: {
    readonly payments: readonly ChangedPayment[];
    readonly decisions: readonly StoredDecision[];
    /** Orders to fold though nothing of the above names them; their payments are loaded even if they are not registered yet. */
    readonly orders: readonly string[];
  },
): Promise<readonly FoldedOrder[]> {
  const named = change.payments.flatMap((payment) => [...payment.state.orders, ...payment.namedBefore]);
  const references = [...new Set([...named, ...change.decisions.map((decision) => decision.order), ...change.orders])];
  if (references.length === 0) return [];
  held.take("orders", references);
  const deciding = new Set([...change.decisions.map((decision) => decision.order), ...change.orders]);
  const loaded = [
    ...(await load(
      transaction,
      references.filter((reference) => !deciding.has(reference)),
      false,
    )),
    ...(await load(transaction, [...deciding], true)),
  ];

  const index = indexed(change.payments);
  // A payment may name two orders: what one registration does to the other is decided under both locks.
  const current = loaded.map((order) => withChanges(order, index));
  const others = new Set(current.flatMap(({ payments }) => payments.flatMap((payment) => payment.state.orders)));
  for (const reference of references) others.delete(reference);
  if (deciding.size > 0) held.take("orders", others);
  const neighbours = await load(transaction, [...others], false);
  const isRegistered = registered([...loaded, ...neighbours], change.decisions);
  const extra = deciding.size > 0 ? neighbours.filter((order) => isRegistered(order.reference)) : [];

  return [...current, ...extra.map((order) => withChanges(order, index))].map(({ order, payments }) =>
    fold(order, payments, { changed: index, decisions: change.decisions }, rules, isRegistered),
  );
}

/** The changed payments, to be found without a look at all of a batch. */
interface ChangedIndex {
  readonly byId: ReadonlyMap<string, ChangedPayment>;
  /** By each order that they name now, or named before. */
  readonly byOrder: ReadonlyMap<string, readonly ChangedPayment[]>;
}

function indexed(payments: readonly ChangedPayment[]): ChangedIndex {
  const named = payments.flatMap((payment) =>
    [...new Set([...payment.state.orders, ...payment.namedBefore])].map((order) => ({ order, payment })),
  );
  const byOrder = collect(named, ({ order }) => order);
  return {
    byId: new Map(payments.map((payment) => [payment.id, payment])),
    byOrder: new Map([...byOrder].map(([order, all]) => [order, all.map(({ payment }) => payment)])),
  };
}

async function load(transaction: Transaction, references: readonly string[], evenUnregistered: boolean) {
  return references.length === 0 ? [] : transaction.loadOrders([...references].sort(), { evenUnregistered });
}

function withChanges(order: LoadedOrder, { byOrder }: ChangedIndex) {
  const payments = new Map(order.payments.map((payment) => [payment.id, payment]));
  for (const payment of byOrder.get(order.reference) ?? []) {
    for (const id of payment.absorbed) payments.delete(id);
    if (payment.state.orders.includes(order.reference)) payments.set(payment.id, payment);
    else payments.delete(payment.id);
  }
  return { order, payments: [...payments.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

function registered(
  loaded: readonly LoadedOrder[],
  decisions: readonly StoredDecision[],
): (reference: string) => boolean {
  const known = new Set(loaded.filter((order) => order.decisions.some(isRegistration)).map((order) => order.reference));
  for (const decision of decisions.filter(isRegistration)) known.add(decision.order);
  return (reference) => known.has(reference);
}

/** A decision may be about a payment that turns out to be this one in this very batch. */
function named({ id, state }: PaymentRecord, { byId }: ChangedIndex): NamedPayment {
  return { id, state, aliases: byId.get(id)?.absorbed ?? [] };
}

function isRegistration(decision: StoredDecision): boolean {
  return decision.kind === "registered";
}

function fold(
  order: LoadedOrder,
  payments: readonly PaymentRecord[],
  change: { readonly changed: ChangedIndex; readonly decisions: readonly StoredDecision[] },
  rules: Rules,
  isRegistered: (reference: string) => boolean,
): FoldedOrder {
  const { reference } = order;
  const { changed } = change;
  const decisions = [...order.decisions, ...change.decisions.filter((decision) => decision.order === reference)];
  const state = foldOrder(
    reference,
    decisions,
    payments.map((payment) => named(payment, changed)),
    { rules: (account, provider) => rules.of(account, provider), registered: isRegistered },
  );
  return {
    reference,
    before: order,
    state,
    sequence: (order.record?.sequence ?? 0) + 1,
    payments: isRegistered(reference) ? payments : [],
    touched: (changed.byOrder.get(reference) ?? []).map((payment) => ({
      id: payment.id,
      names: payment.state.orders.includes(reference),
    })),
    events: orderEvents(order.record?.state ?? null, state),
  };
}

/** False where it was folded for nothing new. */
export function hasChanged({ before, state }: FoldedOrder): boolean {
  return !before.record || canonical(before.record.state) !== canonical(state);
}
