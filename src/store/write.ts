import { objectKey } from "../payments/fact.ts";
import type { OrderState } from "../payments/state.ts";
import { encodeOrderStock } from "../payments/stock.ts";
import { encodeDecision, encodeFact, encodeOrderState, encodePaymentState } from "../payments/wire.ts";
import type { Columns } from "./dialect.ts";
import { writeEffects } from "./effects/write-effects.ts";
import { writeEvents } from "./events.ts";
import { writeMerged } from "./merges.ts";
import { writeHeard, writeOutcomes, writeReleased } from "./outcomes.ts";
import { joinList } from "./records.ts";
import type { Changes } from "./store.ts";
import { asked, statement, type Upsert, upsert, type WriteContext } from "./upsert.ts";

/**
 * Writes a batch: one statement a table, its rows sorted by key, the same order of tables always. They are asked for one behind
 * the other without waiting for answers: a connection runs them in this order, and rows are encoded while those before them
 * are written. After one that fails nothing stands, as after any in a transaction.
 */
export async function write(
  context: WriteContext,
  changes: Changes,
  lease: { readonly owner: string } | null,
): Promise<void> {
  const written = asked([
    () => writeMerged(context, changes.merged),
    () => writeFacts(context, changes.facts),
    () => writePayments(context, changes.payments),
    () => forgetFlags(context, changes.flagsGone),
    () => writeFlags(context, changes.flags),
    () => writeObjects(context, changes.objects),
    () => writeLinks(context, changes.links),
    () => writeDecisions(context, changes.decisions),
    () => writeOrders(context, changes.orders),
    () => forgetOrderPayments(context, changes.orderPaymentsGone),
    () => writeOrderPayments(context, changes.orderPayments),
    () => writeEffects(context, changes.effects),
    () => writeEvents(context, changes.events),
  ]);
  const settled = writeOutcomes(context, changes.outcomes, lease);
  const released = writeReleased(context, changes.released);
  const [held] = await Promise.all([settled, written, released]);
  // Not waited for: COMMIT comes behind it, and is refused where this failed.
  writeHeard(context, held, changes.outcomes).catch(() => undefined);
}

const FACTS: Upsert = {
  table: "facts",
  columns: {
    key: "text",
    input: "text",
    gateway: "text",
    object_key: "text",
    payment: "text",
    at: "time",
    body: "document",
  },
  key: ["key"],
  over: [],
};

function writeFacts(context: WriteContext, facts: Changes["facts"]): Promise<void> {
  const rows = facts.map(({ fact, payment }) => ({
    key: fact.key,
    input: fact.input,
    gateway: fact.gateway,
    object_key: objectKey(fact.scope, fact),
    payment,
    at: new Date(fact.at),
    body: encodeFact(fact),
  }));
  return upsert(context, FACTS, rows);
}

const PAYMENTS: Upsert = {
  table: "payments",
  columns: {
    ...{ id: "text", provider: "text", account: "text", live: "boolean", gateways: "text", reference: "text" },
    ...{ status: "text", sequence: "integer", created_at: "time", changed_at: "time", subscription: "text" },
    state: "document",
  },
  key: ["id"],
  over: [
    "provider",
    "account",
    "live",
    "gateways",
    "reference",
    "status",
    "sequence",
    "created_at",
    "changed_at",
    "subscription",
    "state",
  ],
};

function writePayments(context: WriteContext, payments: Changes["payments"]): Promise<void> {
  const rows = payments.map(({ id, state, gateways, sequence }) => ({
    id,
    ...state.scope,
    gateways: joinList(gateways),
    reference: state.reference,
    status: state.status,
    sequence,
    created_at: new Date(state.createdAt),
    changed_at: context.now,
    subscription: state.subscription,
    state: encodePaymentState(state),
  }));
  return upsert(context, PAYMENTS, rows);
}

const FLAGS: Upsert = {
  table: "flags",
  columns: { payment: "text", flag: "text", due_at: "time" },
  key: ["payment", "flag"],
  over: ["due_at"],
};

function writeFlags(context: WriteContext, flags: Changes["flags"]): Promise<void> {
  return upsert(
    context,
    FLAGS,
    flags.map(({ payment, flag, dueAt }) => ({ payment, flag, due_at: dueAt })),
  );
}

const GONE_FLAG_COLUMNS = { payment: "text", flag: "text" } as const;

function forgetFlags(context: WriteContext, gone: Changes["flagsGone"]): Promise<void> {
  return statement(
    context,
    "flags",
    GONE_FLAG_COLUMNS,
    [...gone],
    (source) => `delete from flags where (payment, flag) in (select r.payment, r.flag from ${source})`,
  );
}

const OBJECTS: Upsert = {
  table: "object_payments",
  columns: { object_key: "text", reference: "text", payment: "text" },
  key: ["object_key"],
  over: ["payment"],
};

function writeObjects(context: WriteContext, objects: Changes["objects"]): Promise<void> {
  return upsert(
    context,
    OBJECTS,
    objects.map(({ key, payment }) => ({ object_key: key, reference: referenceIn(key), payment })),
  );
}

/** The reference at the end of an object's key, `<provider>/<account>/<mode>/<kind>/<reference>`; it may contain slashes itself. */
function referenceIn(key: string): string {
  return key.split("/").slice(4).join("/");
}

const LINKS: Upsert = {
  table: "links",
  columns: { from_key: "text", to_key: "text" },
  key: ["from_key", "to_key"],
  over: [],
};

function writeLinks(context: WriteContext, links: Changes["links"]): Promise<void> {
  return upsert(
    context,
    LINKS,
    links.map(({ from, to }) => ({ from_key: from, to_key: to })),
  );
}

const DECISION_COLUMNS: Columns = {
  ...{ order: "text", sequence: "integer", input: "text", kind: "text", payment: "text", at: "time", body: "document" },
};

/** A number that is taken is a `conflict`: somebody decided about the order meanwhile. */
function writeDecisions(context: WriteContext, decisions: Changes["decisions"]): Promise<void> {
  const rows = decisions.map((decision) => ({
    order: decision.order,
    sequence: decision.sequence,
    input: decision.input,
    kind: decision.kind,
    payment: "payment" in decision ? decision.payment : null,
    at: new Date(decision.at),
    body: encodeDecision(decision),
  }));
  const names = Object.keys(DECISION_COLUMNS).map((name) => `"${name}"`);
  return statement(
    context,
    "decisions",
    DECISION_COLUMNS,
    rows,
    (source) =>
      `insert into decisions (${names.join(", ")}) select ${names.map((name) => `r.${name}`).join(", ")} from ${source} order by r."order", r.sequence`,
  );
}

const ORDERS: Upsert = {
  table: "orders",
  columns: {
    ...{ reference: "text", status: "text", sequence: "integer", created_at: "time", changed_at: "time" },
    ...{ expires_at: "time", state: "document", stock: "document" },
  },
  key: ["reference"],
  over: ["status", "sequence", "changed_at", "expires_at", "state", "stock"],
};

function writeOrders(context: WriteContext, orders: Changes["orders"]): Promise<void> {
  const rows = orders.map(({ state, sequence, stock }) => ({
    reference: state.reference,
    status: state.status,
    sequence,
    created_at: context.now,
    changed_at: context.now,
    expires_at: deadlineOf(state),
    state: encodeOrderState(state),
    stock: stock && encodeOrderStock(stock),
  }));
  return upsert(context, ORDERS, rows);
}

/** Kept only while it may pass unpaid, so that its index holds what can be overdue and nothing else. */
function deadlineOf(state: OrderState): Date | null {
  const expiresAt = state.expectation?.expiresAt ?? null;
  const unpaid = state.status === "open" || state.status === "partially_paid";
  return unpaid && expiresAt !== null ? new Date(expiresAt) : null;
}

const ORDER_PAYMENTS: Upsert = {
  table: "order_payments",
  columns: { order: "text", payment: "text", counts: "boolean", held: "text" },
  key: ["order", "payment"],
  over: ["counts", "held"],
};

function writeOrderPayments(context: WriteContext, orderPayments: Changes["orderPayments"]): Promise<void> {
  return upsert(
    context,
    ORDER_PAYMENTS,
    orderPayments.map((row) => ({ ...row, held: joinList(row.held) })),
  );
}

const GONE_COLUMNS = { order: "text", payment: "text" } as const;

function forgetOrderPayments(context: WriteContext, gone: Changes["orderPaymentsGone"]): Promise<void> {
  return statement(
    context,
    "order_payments",
    GONE_COLUMNS,
    [...gone],
    (source) => `delete from order_payments where ("order", payment) in (select r."order", r.payment from ${source})`,
  );
}
