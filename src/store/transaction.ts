import { hash } from "node:crypto";
import type { StoredFact } from "../payments/fact.ts";
import type { PaymentFlag } from "../payments/state.ts";
import { decodeFact } from "../payments/wire.ts";
import type { RawBoolean } from "./columns.ts";
import type { Dialect } from "./dialect.ts";
import { countCustomerKeys, findCustomers } from "./effects/customers.ts";
import { readPosted } from "./effects/postings.ts";
import { lockLevels } from "./effects/stock.ts";
import { readSubscription, type SubscriptionRow } from "./effects/subscriptions.ts";
import { goodsTransactionOn } from "./goods/goods-transaction.ts";
import { journal } from "./journal.ts";
import { jsonRows, storable } from "./json-rows.ts";
import {
  assembleOrders,
  type DecisionRow,
  grouped,
  ORDER_COLUMNS,
  type OrderRow,
  type PaymentRow,
  readPayment,
  selectDecisions,
} from "./records.ts";
import type { Session } from "./session.ts";
import type { LoadedOrder, LoadedPayment, OrderCount, SubscriptionRecord, Transaction } from "./store.ts";
import { write } from "./write.ts";

/** The port's transaction over one session. `onEvents` is called when it writes some, long before they are committed. */
export function transactionOn(
  session: Session,
  dialect: Dialect,
  now: () => Date,
  onEvents: () => void = () => undefined,
): Transaction {
  const loads = new Loads(session, dialect);
  return {
    journal: (inputs) => journal({ session, dialect, lease: null, now: now() }, inputs),
    lock: (keys) => lock(session, dialect, keys),
    findPayments: (keys) => loads.findPayments(keys),
    loadPayments: (ids) => loads.payments(ids),
    dueFlags: (payment, when) => loads.dueFlags(payment, when),
    loadLinks: (keys) => loads.links(keys),
    loadGroupFacts: (keys) => loads.groupFacts(keys),
    loadOrders: (references, options) => loads.orders(references, options?.evenUnregistered ?? false),
    findCustomers: (keys) => findCustomers(session, dialect, keys),
    countCustomerKeys: (customers) => countCustomerKeys(session, dialect, customers),
    lockStock: (places) => lockLevels(session, dialect, places),
    inputsByKey: (key) => loads.inputsByKey(key),
    loadSubscriptions: (ids) => loads.subscriptions(ids),
    knownFacts: (keys) => loads.knownFacts(keys),
    reusedNonces: (inputs) => loads.reusedNonces(inputs),
    posted: (subjects) => readPosted(session, dialect, subjects),
    countsOf: (payments) => loads.countsOf(payments),
    goods: goodsTransactionOn(session, dialect, now),
    write: (changes, lease) => {
      if (changes.events.length > 0) onEvents();
      return write({ session, dialect, now: now() }, changes, lease);
    },
  };
}

/**
 * PostgreSQL: one advisory lock a key, by 64 bits of its hash, taken in the hash's order, so that two transactions never
 * wait for each other. SQLite's transactions exclude each other already.
 */
export async function lock(session: Session, dialect: Dialect, keys: readonly string[]): Promise<void> {
  if (keys.length === 0 || dialect.name === "sqlite") return;
  const hashes = [...new Set(keys.map(lockNumber))].sort((a, b) => (a < b ? -1 : 1));
  await session.execute("lock", "select pg_advisory_xact_lock(key) from unnest($1::bigint[]) as key", hashes);
}

function lockNumber(key: string): bigint {
  return hash("sha256", `paybell:${key}`, "buffer").readBigInt64BE();
}

/** What names an order that something was decided about. From these on: of others it would be looked through all that names them. */
function ofDecided(among: (expression: string) => string): string {
  return `(select distinct "order" from decisions where ${among('"order"')}) decided
    join order_payments o on o."order" = decided."order"`;
}

const NONCE_COLUMNS = { gateway: "text", account: "text", nonce: "text", id: "text" } as const;

class Loads {
  readonly #session: Session;
  readonly #dialect: Dialect;

  constructor(session: Session, dialect: Dialect) {
    this.#session = session;
    this.#dialect = dialect;
  }

  async findPayments(objectKeys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#among<{ object_key: string; payment: string }>(
      "findPayments",
      (among) => `select o.object_key, coalesce(p.alias_of, o.payment) as payment from object_payments o
        left join payments p on p.id = o.payment where ${among("o.object_key")}`,
      objectKeys,
    );
    return new Map(rows.map((row) => [row.object_key, row.payment]));
  }

  async payments(ids: readonly string[]): Promise<readonly LoadedPayment[]> {
    const rows = await this.#among<PaymentRow>(
      "loadPayments",
      (among) => `select id, gateways, sequence, state from payments
        where id in (select coalesce(alias_of, id) from payments where ${among("id")})`,
      ids,
    );
    const facts = grouped(await this.#factsOf(rows.map(({ id }) => id)), ({ payment }) => payment);
    return rows.map((row) => ({
      ...readPayment(row),
      facts: (facts.get(row.id) ?? []).map(({ body }) => decodeFact(body)),
    }));
  }

  #factsOf(payments: readonly string[]): Promise<readonly { readonly payment: string; readonly body: string }[]> {
    return this.#among(
      "loadFacts",
      (among) => `select payment, body from facts where ${among("payment")} order by key`,
      payments,
    );
  }

  async dueFlags(payment: string, now: Date): Promise<readonly PaymentFlag[]> {
    const rows = await this.#session.query<{ flag: PaymentFlag }>(
      "dueFlags",
      `select flag from flags where payment = $1 and due_at <= ${this.#dialect.timeParameter(2)} order by flag`,
      storable("dueFlags", payment),
      this.#dialect.time(now),
    );
    return rows.map(({ flag }) => flag);
  }

  async links(objectKeys: readonly string[]): Promise<readonly { readonly from: string; readonly to: string }[]> {
    const rows = await this.#among<{ from_key: string; to_key: string }>(
      "loadLinks",
      (among) => `select from_key, to_key from links where ${among("from_key")}
        union select from_key, to_key from links where ${among("to_key")}`,
      objectKeys,
    );
    return rows.map((row) => ({ from: row.from_key, to: row.to_key }));
  }

  async groupFacts(objectKeys: readonly string[]): Promise<readonly StoredFact[]> {
    const rows = await this.#among<{ body: string }>(
      "loadGroupFacts",
      (among) => `select body from facts where payment is null and ${among("object_key")} order by key`,
      objectKeys,
    );
    return rows.map(({ body }) => decodeFact(body));
  }

  async orders(references: readonly string[], evenUnregistered: boolean): Promise<readonly LoadedOrder[]> {
    const [orders, decisions, payments] = await Promise.all([
      this.#among<OrderRow>(
        "loadOrders",
        (among) => `select ${ORDER_COLUMNS} from orders where ${among("reference")}`,
        references,
      ),
      this.#among<DecisionRow>("loadDecisions", (among) => selectDecisions(among('d."order"')), references),
      this.#among<{ order: string } & (PaymentRow | { readonly id: null })>(
        "loadOrderPayments",
        // From each payment's name to the payment, on tables without statistics as well: that is what `left` is for.
        (among) =>
          `select o."order", p.id, p.gateways, p.sequence, p.state from ${
            evenUnregistered ? "order_payments o" : ofDecided(among)
          } left join payments p on p.id = o.payment and p.alias_of is null where ${among('o."order"')}`,
        references,
      ),
    ]);
    const loaded = payments.filter((row) => row.id !== null);
    return assembleOrders(references, { orders, decisions, payments: loaded });
  }

  async countsOf(payments: readonly string[]): Promise<readonly OrderCount[]> {
    const rows = await this.#among<{ order: string; payment: string; counts: RawBoolean }>(
      "countsOf",
      (among) => `select "order", payment, counts from order_payments where ${among("payment")}`,
      payments,
    );
    return rows.map(({ order, payment, counts }) => ({ order, payment, counts: Boolean(counts) }));
  }

  inputsByKey(key: string): Promise<readonly { readonly id: string; readonly body: Uint8Array }[]> {
    return this.#session.query(
      "inputsByKey",
      "select id, body from inputs where gateway = 'api' and account = 'default' and key = $1 order by seq",
      storable("inputsByKey", key),
    );
  }

  async subscriptions(ids: readonly string[]): Promise<readonly SubscriptionRecord[]> {
    const rows = await this.#among<SubscriptionRow>(
      "loadSubscriptions",
      (among) => `select id, sequence, state from subscriptions where ${among("id")}`,
      ids,
    );
    return rows.map(readSubscription);
  }

  async knownFacts(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#among<{ key: string }>(
      "knownFacts",
      (among) => `select key from facts where ${among("key")}`,
      keys,
    );
    return new Set(rows.map(({ key }) => key));
  }

  async reusedNonces(inputs: Parameters<Transaction["reusedNonces"]>[0]): Promise<ReadonlySet<string>> {
    if (inputs.length === 0) return new Set();
    const rows = await this.#session.query<{ id: string }>(
      "reusedNonces",
      // What commits late may have the lower seq: what is applied already came first all the same.
      `select i.id from ${this.#dialect.rows(1, NONCE_COLUMNS)} join inputs i on i.id = r.id
       where exists (select 1 from inputs o where o.gateway = r.gateway and o.account = r.account and o.nonce = r.nonce
         and o.body_hash <> i.body_hash and (o.seq < i.seq or o.state in ('applied', 'stale')))`,
      jsonRows(this.#dialect, "nonces", NONCE_COLUMNS, inputs),
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** One statement about many keys, which are its only parameter; none for none. */
  async #among<Row>(
    during: string,
    sql: (among: (expression: string) => string) => string,
    keys: readonly string[],
  ): Promise<readonly Row[]> {
    if (keys.length === 0) return [];
    const list = this.#dialect.list([...new Set(keys)].map((key) => storable(during, key)));
    return this.#session.query<Row>(
      during,
      sql((expression) => this.#dialect.among(expression, 1)),
      list,
    );
  }
}
