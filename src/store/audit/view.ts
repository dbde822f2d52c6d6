import type { AuditedInput, AuditedOrder, AuditView, Erasure } from "../audit.ts";
import { type RawInteger, type RawTime, readTime } from "../columns.ts";
import type { Dialect } from "../dialect.ts";
import { postingsAfter, sumPostings } from "../effects/read-postings.ts";
import { brokenGuards } from "../guards.ts";
import { storable } from "../json-rows.ts";
import { type DecisionRow, grouped, type PaymentRow, selectDecisions } from "../records.ts";
import { SEALED_COLUMNS, type SealableRow, sealedRow, sealHash } from "../seals.ts";
import type { Session, Value } from "../session.ts";
import type { InputState } from "../store.ts";
import { transactionOn } from "../transaction.ts";
import type { Among } from "./among.ts";
import { customerLinks, customersOf, customersWhole } from "./customers.ts";
import { postingsOf, unbalancedEntries } from "./postings.ts";
import {
  EVENT_COLUMNS,
  FACT_COLUMNS,
  INPUT_COLUMNS,
  LICENSE_KEY_COLUMNS,
  PAYMENT_COLUMNS,
  type RawEvent,
  type RawFact,
  type RawInput,
  type RawLicenseKey,
  type RawOrder,
  type RawOrderPayment,
  type RawPayment,
  type RawSeal,
  readAuditedEvent,
  readAuditedFact,
  readAuditedInput,
  readAuditedLicenseKey,
  readAuditedOrder,
  readAuditedOrderPayment,
  readAuditedPayment,
  readAuditedSeal,
  SEALS,
} from "./rows.ts";
import { levels, levelsAt, loadsBy, takingsOf } from "./stock.ts";

import { eventSnapshots, subscriptions, subscriptionsById } from "./subscriptions.ts";

/** The auditor's reads over one session; a page is one statement over an index. */
export function viewOn(session: Session, dialect: Dialect, now: () => Date): AuditView {
  const query = <Row>(during: string, sql: string, ...values: readonly Value[]): Promise<readonly Row[]> =>
    session.query<Row>(`audit.${during}`, sql, ...values);
  const among = async <Row>(
    during: string,
    sql: (among: (expression: string) => string) => string,
    keys: readonly string[],
  ): Promise<readonly Row[]> => {
    if (keys.length === 0) return [];
    const list = dialect.list([...new Set(keys)].map((key) => storable(during, key)));
    return query<Row>(
      during,
      sql((expression) => dialect.among(expression, 1)),
      list,
    );
  };
  const factsBy = async (during: string, column: string, keys: readonly string[]) => {
    const rows = await among<RawFact>(
      during,
      (is) => `select ${FACT_COLUMNS} from facts where ${is(column)} order by key`,
      keys,
    );
    return rows.map(readAuditedFact);
  };
  const eventsBy = async (column: string, keys: readonly string[]) => {
    const rows = await among<RawEvent>(
      "eventsBy",
      (is) => `select ${EVENT_COLUMNS} from events where ${is(column)}`,
      keys,
    );
    return rows.map(readAuditedEvent);
  };
  const { loadLinks, loadGroupFacts, posted, goods } = transactionOn(session, dialect, now);
  return {
    ...{ loadLinks, loadGroupFacts, posted, licensesOf: goods.licensesOf, downloadsOf: goods.downloadsOf },
    postings: (after, request) => postingsAfter(session, dialect, after, request),
    postingsOf: (subjects) => postingsOf(among, subjects),
    unbalancedEntries: (subjects) => unbalancedEntries(among, subjects),
    ledgerSums: (until) => sumPostings(session, dialect, until),
    payments: async (after, limit) => {
      const sql = `select ${PAYMENT_COLUMNS} from payments where id > $1 order by id limit $2`;
      return (await query<RawPayment>("payments", sql, after, limit)).map(readAuditedPayment);
    },
    paymentsById: async (ids) => {
      const rows = await among<RawPayment>(
        "payments",
        (is) => `select ${PAYMENT_COLUMNS} from payments where ${is("id")}`,
        ids,
      );
      return rows.map(readAuditedPayment);
    },
    knownPayments: async (ids) => {
      const rows = await among<{ id: string; alias_of: string | null }>(
        "knownPayments",
        (is) => `select id, alias_of from payments where ${is("id")}`,
        ids,
      );
      return new Map(rows.map(({ id, alias_of }) => [id, alias_of]));
    },
    facts: async (after, limit) => {
      const sql = `select ${FACT_COLUMNS} from facts where key > $1 order by key limit $2`;
      return (await query<RawFact>("facts", sql, after, limit)).map(readAuditedFact);
    },
    factsOf: (payments) => factsBy("factsOf", "payment", payments),
    factsOfObjects: (keys) => factsBy("factsOfObjects", "object_key", keys),
    factsByKey: (keys) => factsBy("factsByKey", "key", keys),
    factsOfInputs: (inputs) => factsBy("factsOfInputs", "input", inputs),
    owners: async (keys) => {
      const rows = await among<{ object_key: string; payment: string }>(
        "owners",
        (is) => `select object_key, payment from object_payments where ${is("object_key")}`,
        keys,
      );
      return new Map(rows.map((row) => [row.object_key, row.payment]));
    },
    objectsOf: (payments) =>
      among(
        "objectsOf",
        (is) => `select object_key as key, payment from object_payments where ${is("payment")}`,
        payments,
      ),
    objects: (after, limit) =>
      query(
        "objects",
        "select object_key as key, payment from object_payments where object_key > $1 order by object_key limit $2",
        after,
        limit,
      ),
    orderReferences: (after, limit) => orderReferences(query, after, limit),
    orders: (references) => orders(among, references),
    knownOrders: async (references) => {
      const rows = await among<{ reference: string }>(
        "knownOrders",
        (is) => `select reference from orders where ${is("reference")}`,
        references,
      );
      return new Set(rows.map(({ reference }) => reference));
    },
    subscriptions: (after, limit) => subscriptions(query, after, limit),
    subscriptionsById: (ids) => subscriptionsById(among, ids),
    eventSnapshots: (after, limit) => eventSnapshots(query, after, limit),
    seals: async (after, limit) => {
      const sql = `${SEALS} where s.number > $1 order by s.number limit $2`;
      return (await query<RawSeal>("seals", sql, after, limit)).map(readAuditedSeal);
    },
    newestSeal: async () => {
      const [row] = await query<RawSeal>("newestSeal", `${SEALS} order by s.number desc limit 1`);
      return row === undefined ? null : { number: Number(row.number), hash: row.hash };
    },
    sealHash: (seal) => hashAgain(query, seal),
    orderPaymentsOf: async (payments) => {
      const rows = await among<RawOrderPayment>(
        "orderPaymentsOf",
        (is) => `select "order", payment, counts, held from order_payments where ${is("payment")}`,
        payments,
      );
      return rows.map(readAuditedOrderPayment);
    },
    orderPaymentsIn: async (references) => {
      const rows = await among<RawOrderPayment>(
        "orderPaymentsIn",
        (is) => `select "order", payment, counts, held from order_payments where ${is('"order"')}`,
        references,
      );
      return rows.map(readAuditedOrderPayment);
    },
    events: async (after, limit) => {
      const sql = `select ${EVENT_COLUMNS} from events where seq > $1 order by seq limit $2`;
      return (await query<RawEvent>("events", sql, after, limit)).map(readAuditedEvent);
    },
    eventsAbout: async (about) => {
      // A subscription's events name the payment and the order that they have to do with, and are its own.
      const select = (is: (expression: string) => string) =>
        `select ${EVENT_COLUMNS} from events where ${is("payment")} and type not like 'subscription.%' order by seq`;
      // An order's name also stands on its payments' events: those are the payments'.
      const ofOrders = (is: (expression: string) => string) =>
        `select ${EVENT_COLUMNS} from events
         where ${is('"order"')} and payment is null and type not like 'subscription.%' order by seq`;
      const rows = [
        ...(await among<RawEvent>("events", select, about.payments)),
        ...(await among<RawEvent>("events", ofOrders, about.orders)),
      ];
      return rows.map(readAuditedEvent);
    },
    eventsById: (ids) => eventsBy("id", ids),
    eventsByKey: (keys) => eventsBy("key", keys),
    inputs: async (after, limit) => {
      const sql = `select ${INPUT_COLUMNS} from inputs where seq > $1 order by seq limit $2`;
      return (await query<RawInput>("inputs", sql, after, limit)).map((row): AuditedInput => readAuditedInput(row));
    },
    inputsById: async (ids) => {
      const rows = await among<{ id: string; received_at: RawTime; state: InputState }>(
        "inputsById",
        (is) => `select id, received_at, state from inputs where ${is("id")}`,
        ids,
      );
      return rows.map(({ id, received_at, state }) => ({ id, receivedAt: readTime(received_at).getTime(), state }));
    },
    decisionsOf: async (orders) => {
      const rows = await among<{ order: string; sequence: RawInteger; kind: string; input: string }>(
        "decisionsOf",
        (is) => `select "order", sequence, kind, input from decisions where ${is('"order"')}`,
        orders,
      );
      return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
    },
    customersOf: (keys) => customersOf(among, keys),
    customerLinks: (kind, subjects) => customerLinks(among, kind, subjects),
    customersWhole: (ids) => customersWhole(among, ids),
    erased: async (subjects) => {
      const rows = await among<Erasure>(
        "erased",
        (is) => `select e.subject, e.rest from erasures e join inputs i on i.id = e.input and i.kind = 'erasure'
          where ${is("e.subject")}`,
        subjects,
      );
      return new Map(rows.map((row) => [row.subject, row]));
    },
    erasuresBy: (inputs) =>
      among("erasuresBy", (is) => `select subject, rest, input from erasures where ${is("input")}`, inputs),
    takingsOf: (orders) => takingsOf(among, orders),
    levels: (after, limit) => levels(session, dialect, after, limit),
    levelsAt: (places) => levelsAt(session, dialect, places),
    loadsBy: (inputs) => loadsBy(among, inputs),
    licenseKeys: async (after, limit) => {
      const sql = `select ${LICENSE_KEY_COLUMNS} from license_keys where seq > $1 order by seq limit $2`;
      return (await query<RawLicenseKey>("licenseKeys", sql, after, limit)).map(readAuditedLicenseKey);
    },
    fingerprintsOf: async (input) => {
      const sql = "select fingerprint from license_keys where input = $1 order by seq";
      return (await query<{ fingerprint: string }>("fingerprintsOf", sql, input)).map(({ fingerprint }) => fingerprint);
    },
    paymentRange: async () => {
      const [row] = await query<{ first: string | null; last: string | null }>(
        "paymentRange",
        "select (select id from payments order by id limit 1) as first, (select id from payments order by id desc limit 1) as last",
      );
      return row?.first && row.last ? { first: row.first, last: row.last } : null;
    },
    brokenGuards: () => brokenGuards(session, dialect),
    sizes: () => sizes(query, dialect),
  };
}

type Run = <Row>(during: string, sql: string, ...values: readonly Value[]) => Promise<readonly Row[]>;

/** Orders that have a row, and those that only a decision or a payment names: each source by its own index. */
async function orderReferences(query: Run, after: string, limit: number): Promise<readonly string[]> {
  const source = (column: string, table: string): string =>
    `select * from (select distinct ${column} as reference from ${table} where ${column} > $1 order by ${column} limit $2) as ${table}_page`;
  const rows = await query<{ reference: string }>(
    "orderReferences",
    `select reference from (${source("reference", "orders")} union ${source('"order"', "decisions")}
       union ${source('"order"', "order_payments")}) as named order by reference limit $2`,
    after,
    limit,
  );
  return rows.map(({ reference }) => reference);
}

async function orders(among: Among, references: readonly string[]): Promise<readonly AuditedOrder[]> {
  const rows = await among<RawOrder>(
    "orders",
    (is) =>
      `select reference, status, sequence, expires_at, state, stock, created_at from orders where ${is("reference")}`,
    references,
  );
  const decisions = await among<DecisionRow>("decisions", (is) => selectDecisions(is('d."order"')), references);
  const decided = grouped(decisions, ({ order }) => order);
  const payments = await among<PaymentRow & { order: string }>(
    "orderPayments",
    (is) => `select o."order", p.id, p.gateways, p.sequence, p.state from order_payments o
      join payments p on p.id = o.payment and p.alias_of is null where ${is('o."order"')} order by p.id`,
    [...decided.keys()],
  );
  const named = grouped(payments, ({ order }) => order);
  const byReference = new Map(rows.map((row) => [row.reference, row]));
  return references.map((reference) =>
    readAuditedOrder(reference, byReference.get(reference), decided.get(reference) ?? [], named.get(reference) ?? []),
  );
}

/** More than any seal holds: of a range that somebody made wider, no more is read. */
const MOST_SEALED = 2_000;

/** What may be forgotten, and is, stands in the seal itself. */
async function hashAgain(
  query: Run,
  { before, last, mayGo }: Parameters<AuditView["sealHash"]>[0],
): Promise<string | null> {
  if (mayGo === null) return null;
  const sql = `select ${SEALED_COLUMNS} from inputs where seq > $1 and seq <= $2 order by seq limit $3`;
  const stored = (await query<SealableRow>("sealed", sql, before.last, last, MOST_SEALED)).map(sealedRow);
  const digests = new Map([...mayGo, ...stored.map(({ seq, digest }) => [seq, digest] as const)]);
  const rows = [...digests].map(([seq, digest]) => ({ seq, digest })).sort((a, b) => (a.seq < b.seq ? -1 : 1));
  return sealHash({ previous: before.hash, after: before.last, last, rows, mayGo });
}

const TABLES = [
  ...["inputs", "seals", "facts", "object_payments", "payments", "orders", "stock_levels", "license_keys", "postings"],
  ...["events", "subscriptions"],
] as const;

/** PostgreSQL counts ten million rows in seconds; its statistics answer at once and are good enough for progress. */
async function sizes(query: Run, dialect: Dialect): ReturnType<AuditView["sizes"]> {
  const sql =
    dialect.name === "sqlite"
      ? TABLES.map((table) => `select '${table}' as name, (select count(*) from ${table}) as rows`).join(" union all ")
      : "select relname as name, greatest(reltuples, 0)::bigint as rows from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace";
  const rows = await query<{ name: string; rows: RawInteger }>("sizes", sql);
  const counts = new Map(rows.map((row) => [row.name, Number(row.rows)]));
  const of = (table: (typeof TABLES)[number]): number => counts.get(table) ?? 0;
  return {
    ...{
      inputs: of("inputs"),
      seals: of("seals"),
      facts: of("facts"),
      objects: of("object_payments"),
      payments: of("payments"),
      orders: of("orders"),
      stock: of("stock_levels"),
      subscriptions: of("subscriptions"),
    },
    licenses: of("license_keys"),
    postings: of("postings"),
    events: of("events"),
  };
}
