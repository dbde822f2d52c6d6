import { isGroupKind, type StoredFact } from "../payments/fact.ts";
import { frozenOrder, frozenPayment } from "../payments/frozen.ts";
import type { OrderState } from "../payments/state.ts";
import { subjectOfOrder, subjectOfPayment } from "../pipeline/effects/customers.ts";
import { flagChanges } from "../pipeline/flag-changes.ts";
import { linksOf } from "../pipeline/fold-facts.ts";
import { newId } from "../pipeline/ids.ts";
import { NOTHING_WRITTEN } from "../pipeline/nothing-written.ts";
import type { Rules } from "../pipeline/rules.ts";
import type { Audit, AuditedEvent, AuditedOrder, Repair } from "../store/audit.ts";
import type { NewEvent, PaymentRecord } from "../store/store.ts";
import { healCustomers } from "./check-customers.ts";
import type { Correction } from "./derive.ts";
import { expectedOrders } from "./expected.ts";
import { goodsToHeal } from "./heal-goods.ts";
import { healLedger } from "./heal-ledger.ts";
import { healTakings } from "./heal-stock.ts";
import { type Neighbourhood, neighbourhood, type Seeds } from "./neighbourhood.ts";
import { hasChanged, type Plan, type PlannedPayment, planOf } from "./plan.ts";

export interface HealParts {
  readonly audit: Audit;
  readonly rules: Rules;
  readonly now: () => Date;
}

interface Locks {
  readonly objects: ReadonlySet<string>;
  readonly payments: ReadonlySet<string>;
  readonly orders: ReadonlySet<string>;
}

/** A neighbourhood that keeps growing under its locks is busier than a repair can follow: the next run finds it again. */
const ROUNDS = 8;

/**
 * Puts right what hangs together with the seeds, in one transaction, under the locks that appliers take and in their
 * order: a running server sees it as it was or as it should be, and its own changes wait or come first. Ids, sequences,
 * decisions and events that were told stay as they are; milestones that were never told are told.
 */
export async function heal(
  parts: HealParts,
  seeds: Seeds & { readonly orders?: readonly string[] },
  corrections: readonly Correction[] = [],
  /** More to be done first, in the same transaction and under its locks. */
  first: (repair: Repair) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const orders = new Set(seeds.orders);
  let locks: Locks = await parts.audit.snapshot(async (view) => {
    const near = await neighbourhood(view, seeds, corrections);
    const plan = await planOf(view, near, corrections, () => newId("pay", parts.now()));
    return locksFor(near, plan, orders);
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    const wider = await parts.audit.repair((repair) =>
      healUnder(parts, repair, locks, { seeds, orders, corrections, first }),
    );
    if (wider === null) return;
    locks = wider;
  }
  throw new Error("more and more came to hang on it while it was put right: run it again");
}

/** Null when it is done; else the locks that it takes, and nothing was written. */
async function healUnder(
  parts: HealParts,
  repair: Repair,
  locks: Locks,
  work: {
    readonly seeds: Seeds;
    readonly orders: ReadonlySet<string>;
    readonly corrections: readonly Correction[];
    readonly first: (repair: Repair) => Promise<void>;
  },
): Promise<Locks | null> {
  for (const kind of ["objects", "payments", "orders"] as const) {
    await repair.lock([...locks[kind]].map((key) => `${kind}:${key}`));
  }
  const { corrections } = work;
  const near = await neighbourhood(repair, work.seeds, corrections);
  const plan = await planOf(repair, near, corrections, () => newId("pay", parts.now()));
  const needed = locksFor(near, plan, work.orders);
  if (!covers(locks, needed)) return union(locks, needed);
  await work.first(repair);
  await writeFacts(repair, near, plan, corrections);
  await writePayments(parts, repair, plan, near);
  await healCustomers(
    parts,
    repair,
    plan.payments.flatMap(({ id, expected }) => subjectOfPayment(id, expected.state) ?? []),
  );
  await healOrders(parts, repair, [...needed.orders]);
  const payments = [...needed.payments, ...plan.payments.map(({ id }) => id)];
  await healLedger(parts, repair, { payments, orders: [...needed.orders] });
  return null;
}

function locksFor(near: Neighbourhood, plan: Plan, orders: ReadonlySet<string>): Locks {
  const named = plan.payments.flatMap(({ expected, before, absorbed }) =>
    [expected.state, before?.state, ...absorbed.map(({ state }) => state)].flatMap((state) => state?.orders ?? []),
  );
  const baseless = plan.baseless.flatMap(({ state }) => state?.orders ?? []);
  return { objects: near.objects, payments: near.payments, orders: new Set([...orders, ...named, ...baseless]) };
}

function covers(held: Locks, needed: Locks): boolean {
  return (["objects", "payments", "orders"] as const).every((kind) =>
    [...needed[kind]].every((key) => held[kind].has(key)),
  );
}

function union(a: Locks, b: Locks): Locks {
  return {
    objects: new Set([...a.objects, ...b.objects]),
    payments: new Set([...a.payments, ...b.payments]),
    orders: new Set([...a.orders, ...b.orders]),
  };
}

/** Facts first: corrected, and filed under the payment that they turn out to belong to. */
async function writeFacts(
  repair: Repair,
  near: Neighbourhood,
  plan: Plan,
  corrections: readonly Correction[],
): Promise<void> {
  const corrected = new Set(corrections.flatMap(({ put }) => put.map(({ key }) => key)));
  const filed = plan.payments.flatMap(({ id, expected }) =>
    expected.facts
      .filter(({ key }) => corrected.has(key) || near.facts.get(key)?.payment !== id)
      .map((fact) => ({ fact, payment: id })),
  );
  const groups = corrections.flatMap(({ put }) => put.filter(({ kind }) => isGroupKind(kind)));
  const misfiled = (await repair.factsOf([...near.payments])).flatMap(({ fact }) =>
    fact && isGroupKind(fact.kind) ? [fact] : [],
  );
  await repair.replaceFacts([...filed, ...[...groups, ...misfiled].map((fact) => ({ fact, payment: null }))]);
  await repair.forget({ facts: corrections.flatMap(({ goneKeys }) => goneKeys) });
  const linked: readonly StoredFact[] = [...plan.payments.flatMap(({ expected }) => expected.facts), ...groups];
  await repair.write({ ...NOTHING_WRITTEN, links: linksOf(linked) });
}

async function writePayments(parts: HealParts, repair: Repair, plan: Plan, near: Neighbourhood): Promise<void> {
  const ids = plan.payments.map(({ id }) => id);
  const objects = plan.payments.flatMap(({ id, expected }) => expected.objects.map((key) => ({ key, payment: id })));
  const named = new Set(objects.map(({ key }) => key));
  await repair.separate(plan.payments.filter(({ isSeparated }) => isSeparated).map(({ id }) => id));
  await repair.forget({
    payments: plan.baseless.map(({ id }) => id),
    objects: [...near.owners.keys()].filter((key) => !named.has(key)),
  });
  const listed = await repair.orderPaymentsOf(ids);
  const isListed = new Set(listed.map(({ order, payment }) => `${payment} ${order}`));
  const states = new Map(plan.payments.map((payment) => [payment.id, payment.expected.state]));
  const sequences = sequencesOf(await repair.eventsAbout({ payments: ids, orders: [] }), ({ payment }) => payment);
  const recordOf = ({ id, expected, before }: PlannedPayment): PaymentRecord => ({
    ...{ id, state: expected.state, gateways: expected.gateways },
    // The number of its changes that were told stays: to put right what was written wrong is no news.
    sequence: before?.sequence ?? sequences.get(id) ?? 1,
  });
  await repair.write({
    ...NOTHING_WRITTEN,
    payments: plan.payments.filter(hasChanged).map(recordOf),
    ...flagChanges(
      plan.payments.map(({ id, expected, before, absorbed }) => ({
        payment: id,
        before: [before, ...absorbed].flatMap((known) => known?.state?.flags ?? []),
        after: expected.state.flags,
      })),
      parts.now(),
    ),
    merged: plan.payments.flatMap(({ id, absorbed }) => absorbed.map(({ id: from }) => ({ from, into: id }))),
    objects: objects.filter(({ key, payment }) => near.owners.get(key) !== payment),
    orderPayments: plan.payments.flatMap(({ id, expected }) =>
      expected.state.orders
        .filter((order) => !isListed.has(`${id} ${order}`))
        .map((order) => ({ order, payment: id, counts: false, held: [] })),
    ),
    orderPaymentsGone: listed.filter(({ order, payment }) => !states.get(payment)?.orders.includes(order)),
    events: await untold(
      repair,
      parts.now(),
      plan.payments.map((planned) => ({ ...recordOf(planned), groupFacts: planned.expected.groupFacts })),
    ),
  });
}

/** What the events of something say of how often it had changed, where its own row is gone. */
function sequencesOf(
  events: readonly AuditedEvent[],
  aboutOf: (event: AuditedEvent) => string | null,
): ReadonlyMap<string, number> {
  const sequences = new Map<string, number>();
  for (const event of events) {
    const about = aboutOf(event) ?? "";
    sequences.set(about, Math.max(event.sequence, sequences.get(about) ?? 1));
  }
  return sequences;
}

async function untold(
  repair: Repair,
  now: Date,
  payments: readonly (PaymentRecord & { readonly groupFacts: readonly StoredFact[] })[],
): Promise<readonly NewEvent[]> {
  const milestones = payments.flatMap(({ state }) => state.milestones.map(({ key }) => key));
  const told = new Set((await repair.eventsByKey(milestones)).map(({ key }) => key));
  return payments.flatMap((payment) => {
    const { id, state, sequence } = payment;
    const [order = null] = state.orders;
    const snapshot = JSON.stringify({
      payment: frozenPayment(payment, { order, counts: false, held: [] }, payment.groupFacts),
    });
    return state.milestones
      .filter(({ key }) => !told.has(key))
      .map(({ type, key }) => ({
        ...{ id: newId("evt", now), type, key, payment: id, order, sequence, live: state.scope.live, snapshot },
      }));
  });
}

/** Folds the orders again, under locks that are held, and writes those that differ. */
async function healOrders(parts: HealParts, repair: Repair, references: readonly string[]): Promise<void> {
  if (references.length === 0) return;
  const orders = await repair.orders(references);
  const expected = await expectedOrders(repair, parts.rules, orders);
  const states = [...expected.values()];
  const told = new Set(
    (await repair.eventsByKey(states.flatMap(({ milestones }) => milestones.map(({ key }) => key)))).map(
      ({ key }) => key,
    ),
  );
  const sequences = sequencesOf(await repair.eventsAbout({ payments: [], orders: references }), ({ order }) => order);
  const judged = await repair.orderPaymentsIn(states.flatMap((state) => (state.expectation ? [state.reference] : [])));
  const own = new Set(states.flatMap((state) => state.payments.map(({ id }) => `${state.reference} ${id}`)));
  await healCustomers(
    parts,
    repair,
    states.flatMap((state) => subjectOfOrder(state) ?? []),
  );
  const { effects, events, stockOf } = await healTakings(parts, repair, orders, expected);
  await repair.write({
    ...NOTHING_WRITTEN,
    effects: { ...effects, ...(await goodsToHeal(repair, states, parts.rules.effects, parts.now())) },
    orders: orders.flatMap(({ reference, row }) => {
      const state = expected.get(reference);
      const sequence = row?.sequence ?? sequences.get(reference) ?? 1;
      return state ? [{ state, sequence, stock: stockOf(reference) }] : [];
    }),
    orderPayments: states.flatMap((state) =>
      state.payments.map(({ id, counts, held }) => ({ order: state.reference, payment: id, counts, held })),
    ),
    orderPaymentsGone: judged.filter(({ order, payment }) => !own.has(`${order} ${payment}`)),
    events: [
      ...orders.flatMap((order) =>
        untoldOf(order, expected.get(order.reference), { told, sequences, now: parts.now() }),
      ),
      ...events,
    ],
  });
}

function untoldOf(
  { reference, row, loaded }: AuditedOrder,
  state: OrderState | undefined,
  { told, sequences, now }: { told: ReadonlySet<string>; sequences: ReadonlyMap<string, number>; now: Date },
): readonly NewEvent[] {
  const missing = state?.milestones.filter(({ key }) => !told.has(key)) ?? [];
  if (!state || missing.length === 0) return [];
  const snapshot = JSON.stringify({ order: frozenOrder({ state }, loaded.payments) });
  return missing.map(({ type, key }) => ({
    ...{ id: newId("evt", now), type, key, payment: null, order: reference },
    ...{ sequence: row?.sequence ?? sequences.get(reference) ?? 1, live: state.expectation?.live ?? null, snapshot },
  }));
}
