import { groupFacts, partition } from "../payments/component.ts";
import { isGroupKind, isPaymentRef, objectKey, type StoredFact } from "../payments/fact.ts";
import { foldPayment } from "../payments/payment.ts";
import type { PaymentState } from "../payments/state.ts";
import type { LoadedPayment, Transaction } from "../store/store.ts";
import type { HeldLocks } from "./locks.ts";

/** What a set of facts makes of the payments they touch, before orders are looked at. */
export interface FoldedPayment {
  readonly id: string;
  /** As it was committed last; null for a new one. */
  readonly before: LoadedPayment | null;
  /** Payments that turned out to be this one. */
  readonly absorbed: readonly LoadedPayment[];
  readonly state: PaymentState;
  readonly gateways: readonly string[];
  /** Facts about the groups in its reach. */
  readonly groupFacts: readonly StoredFact[];
  /** Keys of its objects that are not known as its own yet. */
  readonly newObjects: readonly string[];
}

export interface FoldedFacts {
  readonly payments: readonly FoldedPayment[];
  /** The facts that were not stored yet. */
  readonly newFacts: readonly StoredFact[];
  readonly links: readonly { readonly from: string; readonly to: string }[];
  /** Object key → the payment it belongs to, for every payment object touched. */
  readonly paymentOf: ReadonlyMap<string, string>;
  /** Group object key → payments linked with it. */
  readonly linkedTo: ReadonlyMap<string, ReadonlySet<string>>;
}

const NOTHING_FOLDED: FoldedFacts = {
  payments: [],
  newFacts: [],
  links: [],
  paymentOf: new Map(),
  linkedTo: new Map(),
};

/** Locks, loads and folds: the whole neighbourhood of the facts, read once, after its locks. Writes nothing. */
export async function foldFacts(
  transaction: Transaction,
  held: HeldLocks,
  facts: readonly StoredFact[],
  newPaymentId: () => string,
): Promise<FoldedFacts> {
  if (facts.length === 0) return NOTHING_FOLDED;
  held.take("objects", touchedObjects(facts));
  const [known, found] = await Promise.all([
    transaction.knownFacts(unique(facts.map((fact) => fact.key))),
    transaction.findPayments([...paymentObjects(facts)]),
  ]);
  const newFacts = uniqueBy(facts.filter((fact) => !known.has(fact.key)));
  const links = linksOf(newFacts);

  const members = await membersOf(transaction, groupObjects(facts), links);
  const linked = await transaction.findPayments([...members]);
  const neighbours = new Set([...found.values(), ...linked.values()]);
  held.take("payments", neighbours);
  const loaded = await transaction.loadPayments([...neighbours]);
  held.take(
    "payments",
    loaded.map((payment) => payment.id),
  );

  const components = partition([
    ...loaded.flatMap((payment) => payment.facts),
    ...newFacts.filter((fact) => !isGroupKind(fact.kind)),
  ]);
  const graph = await loadGroups(transaction, components, links);
  held.take("objects", graph.groups);
  const groups = groupFacts([
    ...(graph.groups.size > 0 ? await transaction.loadGroupFacts([...graph.groups]) : []),
    ...newFacts.filter((fact) => isGroupKind(fact.kind)),
  ]);

  const owners = ownersOf(loaded);
  const payments = components.map((component) => {
    const own = new Set(component.objects.flatMap((key) => owners.get(key) ?? []));
    return fold(component, [...own], graph, groups, newPaymentId);
  });
  return {
    payments,
    newFacts,
    links,
    paymentOf: paymentOf(components, payments),
    linkedTo: linkedTo(payments, components, graph),
  };
}

type Component = ReturnType<typeof partition>[number];
type Links = readonly { readonly from: string; readonly to: string }[];

interface GroupGraph {
  /** Every group in reach of the components. */
  readonly groups: ReadonlySet<string>;
  /** Object or group → groups that speak about it. */
  readonly edges: ReadonlyMap<string, ReadonlySet<string>>;
}

function fold(
  component: Component,
  own: readonly LoadedPayment[],
  graph: GroupGraph,
  groups: ReadonlyMap<string, readonly StoredFact[]>,
  newPaymentId: () => string,
): FoldedPayment {
  // The first committed keeps its id: ids are ordered by time.
  const [before = null, ...absorbed] = [...own].sort((a, b) => (a.id < b.id ? -1 : 1));
  const reached = [...reach(component.objects, graph)];
  const groupFacts = reached.flatMap((key) => groups.get(key) ?? []);
  const state = foldPayment(component.facts, groupFacts);
  const knownObjects = new Set(before?.state.objects.map((object) => objectKey(before.state.scope, object)));
  return {
    id: before?.id ?? newPaymentId(),
    before,
    absorbed,
    state,
    groupFacts,
    gateways: unique(component.facts.map((fact) => fact.gateway)).sort(),
    newObjects: component.objects.filter((key) => !knownObjects.has(key)),
  };
}

function touchedObjects(facts: readonly StoredFact[]): Set<string> {
  const keys = new Set<string>();
  for (const fact of facts) {
    keys.add(objectKey(fact.scope, fact));
    for (const ref of fact.joins) keys.add(objectKey(fact.scope, ref));
    for (const ref of fact.links) keys.add(objectKey(fact.scope, ref));
  }
  return keys;
}

export function linksOf(facts: readonly StoredFact[]): Links {
  return facts.flatMap((fact) =>
    fact.links.map((ref) => ({ from: objectKey(fact.scope, fact), to: objectKey(fact.scope, ref) })),
  );
}

/** The objects of payments that the facts are about, or join, or that a group's fact names. */
function paymentObjects(facts: readonly StoredFact[]): ReadonlySet<string> {
  const objects = new Set<string>();
  for (const fact of facts) {
    const isGroup = isGroupKind(fact.kind);
    if (!isGroup) objects.add(objectKey(fact.scope, fact));
    for (const ref of fact.joins) objects.add(objectKey(fact.scope, ref));
    if (isGroup) for (const ref of fact.links.filter(isPaymentRef)) objects.add(objectKey(fact.scope, ref));
  }
  return objects;
}

function groupObjects(facts: readonly StoredFact[]): ReadonlySet<string> {
  return new Set(facts.filter(({ kind }) => isGroupKind(kind)).map((fact) => objectKey(fact.scope, fact)));
}

/** Charge → invoice → subscription: how far a group's word reaches. */
const LINK_DEPTH = 3;

/** The objects that groups speak about: linked with them directly, or through groups that link to them. */
async function membersOf(
  transaction: Transaction,
  groups: ReadonlySet<string>,
  fresh: Links,
): Promise<ReadonlySet<string>> {
  const members = new Set<string>();
  let frontier: ReadonlySet<string> = groups;
  for (let depth = 0; depth < LINK_DEPTH && frontier.size > 0; depth++) {
    const next = new Set<string>();
    for (const { from, to } of [...(await transaction.loadLinks([...frontier])), ...fresh]) {
      if (frontier.has(from) && !isGroupObject(to)) members.add(to);
      if (frontier.has(to) && !isGroupObject(from)) members.add(from);
      // Invoices lead on from their subscription, and not it from its newest invoice: what that says is its own payment's alone.
      if (frontier.has(to) && isInvoiceObject(from) && !groups.has(from)) next.add(from);
    }
    frontier = next;
  }
  return members;
}

/** The groups that speak about the components: linked with their objects, and those that these link to in turn. */
export async function loadGroups(
  transaction: Pick<Transaction, "loadLinks">,
  components: readonly Component[],
  fresh: Links,
): Promise<GroupGraph> {
  const edges = new Map<string, Set<string>>();
  const groups = new Set<string>();
  let frontier = new Set(components.flatMap((component) => component.objects));
  for (let depth = 0; depth < LINK_DEPTH && frontier.size > 0; depth++) {
    const next = new Set<string>();
    const walk = (near: string, far: string): void => {
      if (!frontier.has(near) || !isGroupObject(far)) return;
      connect(edges, near, far);
      if (groups.has(far)) return;
      groups.add(far);
      next.add(far);
    };
    for (const { from, to } of [...(await transaction.loadLinks([...frontier])), ...fresh]) {
      walk(from, to);
      // Backwards only from what was paid: a subscription's other invoices say nothing about this one's payment.
      if (depth === 0) walk(to, from);
    }
    frontier = next;
  }
  return { groups, edges };
}

function connect(edges: Map<string, Set<string>>, near: string, far: string): void {
  const ends = edges.get(near);
  if (ends) ends.add(far);
  else edges.set(near, new Set([far]));
}

export function reach(objects: readonly string[], graph: GroupGraph): ReadonlySet<string> {
  const reached = new Set<string>();
  let frontier: readonly string[] = objects;
  for (let depth = 0; depth < LINK_DEPTH; depth++) {
    frontier = frontier.flatMap((key) => [...(graph.edges.get(key) ?? [])]).filter((key) => !reached.has(key));
    for (const key of frontier) reached.add(key);
  }
  return reached;
}

function ownersOf(loaded: readonly LoadedPayment[]): ReadonlyMap<string, LoadedPayment> {
  return new Map(
    loaded.flatMap((payment) =>
      payment.state.objects.map((object) => [objectKey(payment.state.scope, object), payment] as const),
    ),
  );
}

/** The kind stands fourth in an object's key (see `objectKey`). */
function isGroupObject(key: string): boolean {
  return /^[^/]*\/[^/]*\/[^/]*\/(?:dispute|review|invoice|subscription|payout)\//.test(key);
}

function isInvoiceObject(key: string): boolean {
  return /^[^/]*\/[^/]*\/[^/]*\/invoice\//.test(key);
}

function paymentOf(components: readonly Component[], payments: readonly FoldedPayment[]): ReadonlyMap<string, string> {
  return new Map(
    components.flatMap((component, i) => component.objects.map((key) => [key, payments[i]?.id ?? ""] as const)),
  );
}

function linkedTo(
  payments: readonly FoldedPayment[],
  components: readonly Component[],
  graph: GroupGraph,
): ReadonlyMap<string, ReadonlySet<string>> {
  const linked = new Map<string, Set<string>>();
  components.forEach((component, i) => {
    const payment = payments[i];
    if (!payment) return;
    for (const group of reach(component.objects, graph)) connect(linked, group, payment.id);
  });
  return linked;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function uniqueBy(facts: readonly StoredFact[]): readonly StoredFact[] {
  return [...new Map(facts.map((fact) => [fact.key, fact])).values()];
}
