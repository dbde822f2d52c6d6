import { groupFacts, partition } from "../../src/payments/component.ts";
import { digestOrder, digestPayment } from "../../src/payments/digest.ts";
import { type EventToTell, orderEvents, paymentEvents } from "../../src/payments/event.ts";
import { objectKey, type StoredFact } from "../../src/payments/fact.ts";
import { foldOrder } from "../../src/payments/order.ts";
import { foldPayment } from "../../src/payments/payment.ts";
import type { AccountRules, OrderState, PaymentState, StoredDecision } from "../../src/payments/state.ts";
import type { Message } from "./histories/message.ts";

/** A payment as committed. */
export interface Committed {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly state: PaymentState;
  readonly objects: readonly string[];
}

/** Everything that was committed: what a store would hold, in memory and never changed in place. */
export interface World {
  readonly facts: ReadonlyMap<string, StoredFact>;
  readonly decisions: readonly StoredDecision[];
  readonly payments: readonly Committed[];
  readonly orders: ReadonlyMap<string, OrderState>;
  /** Keys of the milestones told so far. */
  readonly told: ReadonlySet<string>;
  readonly nextId: number;
  readonly rules: (account: string, provider: string) => AccountRules;
}

export function emptyWorld(rules: World["rules"]): World {
  return { facts: new Map(), decisions: [], payments: [], orders: new Map(), told: new Set(), nextId: 1, rules };
}

/** Commits one batch the plain way: union of facts, components, folds, differences. */
export function commit(world: World, batch: readonly Message[]): World {
  const facts = new Map(world.facts);
  for (const fact of batch.flatMap((message) => message.facts)) facts.set(fact.key, fact);
  const { payments, nextId } = foldPayments(world, facts);
  const decisions = withDecisions(world.decisions, batch, payments);
  const orders = foldOrders(world, decisions, payments);
  const told = new Set(world.told);
  const before = new Map(world.payments.map((payment) => [payment.id, payment.state]));
  const events: EventToTell[] = [
    ...payments.flatMap(({ id, state }) => paymentEvents(before.get(id) ?? null, state)),
    ...[...orders].flatMap(([reference, state]) => orderEvents(world.orders.get(reference) ?? null, state)),
  ];
  for (const { key } of events) if (key !== null) told.add(key);
  return { ...world, facts, decisions, payments, orders, told, nextId };
}

function foldPayments(world: World, facts: ReadonlyMap<string, StoredFact>) {
  const all = [...facts.values()];
  const groups = [...groupFacts(all).values()].flat();
  let { nextId } = world;
  const payments = partition(all).map(({ objects, facts: own }): Committed => {
    const owners = world.payments.filter((payment) => payment.objects.some((key) => objects.includes(key)));
    const [survivor, ...absorbed] = [...owners].sort((a, b) => (a.id < b.id ? -1 : 1));
    const id = survivor?.id ?? `pay_${String(nextId++).padStart(4, "0")}`;
    const aliases = [...(survivor?.aliases ?? []), ...absorbed.flatMap((payment) => [payment.id, ...payment.aliases])];
    return { id, aliases, objects, state: foldPayment(own, groups) };
  });
  return { payments, nextId };
}

/** A decision about a payment names it by one of its objects; here it gets the payment's id, as the API would have it. */
function withDecisions(
  known: readonly StoredDecision[],
  batch: readonly Message[],
  payments: readonly Committed[],
): readonly StoredDecision[] {
  const fresh = batch.flatMap(({ decision }) => (decision ? [decision] : []));
  const resolved = fresh.map((decision): StoredDecision => {
    if (decision.kind !== "accepted" && decision.kind !== "rejected") return decision;
    const id = payments.find((payment) => payment.objects.includes(decision.payment))?.id;
    if (!id) throw new Error(`the history decides about ${decision.payment} before it is known`);
    return { ...decision, payment: id };
  });
  return [...known, ...resolved];
}

function foldOrders(world: World, decisions: readonly StoredDecision[], payments: readonly Committed[]) {
  const references = new Set([
    ...decisions.map(({ order }) => order),
    ...payments.flatMap(({ state }) => state.orders),
  ]);
  const registered = new Set(decisions.filter(({ kind }) => kind === "registered").map(({ order }) => order));
  return new Map(
    [...references].sort().map((reference) => {
      const own = decisions.filter(({ order }) => order === reference);
      const naming = payments.filter(({ state }) => state.orders.includes(reference));
      const context = { rules: world.rules, registered: (order: string) => registered.has(order) };
      return [reference, foldOrder(reference, own, naming, context)] as const;
    }),
  );
}

/** The same text for the same end, whatever ids were given on the way. */
export function digest(world: World): string {
  const names = new Map(world.payments.map(({ id, objects }) => [id, objects.join("+")]));
  return [
    ...world.payments.map(({ state }) => digestPayment(state)).sort(),
    ...[...world.orders.values()].map((order) => digestOrder(order, names)),
  ].join("\n");
}

export function paymentOf(world: World, reference: string): PaymentState | undefined {
  return world.payments.find(({ state }) => state.objects.some((object) => object.reference === reference))?.state;
}

export function keyOf(fact: StoredFact): string {
  return objectKey(fact.scope, fact);
}
