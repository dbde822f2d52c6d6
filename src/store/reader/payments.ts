import type { StoredFact } from "../../payments/fact.ts";
import { decodeFact } from "../../payments/wire.ts";
import { type RawBoolean, type RawTime, readTime } from "../columns.ts";
import { storable } from "../json-rows.ts";
import type { PaymentFilter, PaymentView } from "../reading.ts";
import { type PaymentRow, readHeld, readPayment } from "../records.ts";
import type { Database } from "../session.ts";
import type { Page, PageRequest } from "../store.ts";
import { pageOf, readCursor, rowsFor } from "./cursor.ts";
import { isOf } from "./customers.ts";
import { gatewayPattern, Query } from "./query.ts";

interface ListedRow extends PaymentRow {
  readonly created_at: RawTime;
  readonly changed_at: RawTime;
}

const COLUMNS = "p.id, p.gateways, p.sequence, p.state, p.created_at, p.changed_at";

/** Newest first, by the payment's createdAt. Aliases are not payments of their own. */
export async function listPayments(
  database: Database,
  filter: PaymentFilter,
  page: PageRequest,
): Promise<Page<PaymentView>> {
  const query = new Query(database.dialect);
  query.plain("p.alias_of is null");
  applyFilter(query, filter);
  query.after(readCursor(page.cursor), "p.created_at", "p.id", "text");
  const list = { columns: COLUMNS, from: "payments p", at: "p.created_at", id: "p.id" };
  const sql = query.first(rowsFor(page), list);
  const rows = await database.reads.query<ListedRow>("payments", sql, ...query.values);
  const view = await viewsOf(database, rows);
  return pageOf(page, rows, (row) => ({ at: readTime(row.created_at).getTime(), id: row.id }), view);
}

function applyFilter(query: Query, filter: PaymentFilter): void {
  query.is("p.account", filter.account);
  query.is("p.live", filter.live);
  query.is("p.subscription", filter.subscription);
  query.among("p.status", filter.status);
  query.between("p.created_at", filter.since, filter.until);
  if (filter.gateway !== undefined)
    query.having((gateway) => `p.gateways like ${gateway}`, gatewayPattern(filter.gateway));
  if (filter.reference !== undefined) {
    query.having(
      (reference) => `p.id in (select payment from object_payments where reference = ${reference})`,
      filter.reference,
    );
  }
  if (filter.order !== undefined) {
    query.having((order) => `p.id in (select payment from order_payments where "order" = ${order})`, filter.order);
  }
  if (filter.customer !== undefined)
    query.having(
      (id) => `p.id in (select subject from customer_links where kind = 'payment' and ${isOf(id)})`,
      filter.customer,
    );
  // Few are held, so their index leads; of those that aren't each is looked up.
  if (filter.held === true) query.plain("p.id in (select payment from order_payments where held <> '')");
  if (filter.held === false)
    query.plain("not exists (select 1 from order_payments o where o.payment = p.id and o.held <> '')");
}

/** By its id or an alias's. */
export async function findPayment(
  database: Database,
  id: string,
): Promise<(PaymentView & { readonly facts: readonly StoredFact[] }) | null> {
  const rows = await database.reads.query<ListedRow>(
    "payment",
    `select ${COLUMNS} from payments p where p.id = (select coalesce(alias_of, id) from payments where id = $1)`,
    storable("payment", id),
  );
  const [row] = rows;
  if (row === undefined) return null;
  const view = await viewsOf(database, rows);
  const facts = await database.reads.read("payment.facts", ({ fact }) =>
    fact.findMany({ where: { payment: row.id }, orderBy: [{ at: "asc" }, { key: "asc" }], select: { body: true } }),
  );
  return { ...view(row), facts: facts.map(({ body }) => decodeFact(body)) };
}

interface NamedRow {
  readonly payment: string;
  readonly order: string;
  readonly counts: RawBoolean;
  readonly held: string;
  readonly registered: RawBoolean;
}

/** What the payments' orders make of them, and their aliases, for a whole page at once. */
async function viewsOf(database: Database, rows: readonly ListedRow[]): Promise<(row: ListedRow) => PaymentView> {
  const { reads, dialect } = database;
  const ids = dialect.list(rows.map(({ id }) => id));
  const named = await reads.query<NamedRow>(
    "payments.orders",
    `select n.payment, n."order", n.counts, n.held, coalesce(o.status, 'unregistered') <> 'unregistered' as registered
     from order_payments n left join orders o on o.reference = n."order" where ${dialect.among("n.payment", 1)}`,
    ids,
  );
  const aliases = await reads.query<{ id: string; alias_of: string }>(
    "payments.aliases",
    `select id, alias_of from payments where ${dialect.among("alias_of", 1)} order by id`,
    ids,
  );
  return (row) => {
    const payment = readPayment(row);
    const own = named.filter((name) => name.payment === row.id).sort(inOrderOf(payment.state.orders));
    const order = own.find(({ registered }) => Boolean(registered)) ?? null;
    return {
      ...payment,
      aliases: aliases.filter((alias) => alias.alias_of === row.id).map(({ id }) => id),
      order: order?.order ?? null,
      counts: order !== null && Boolean(order.counts),
      held: readHeld((order ?? own[0])?.held ?? ""),
      changedAt: readTime(row.changed_at),
    };
  };
}

/** As the payment names them; orders that it no longer names come last. */
function inOrderOf(references: readonly string[]): (a: NamedRow, b: NamedRow) => number {
  const rank = ({ order }: NamedRow): number =>
    references.includes(order) ? references.indexOf(order) : references.length;
  return (a, b) => rank(a) - rank(b) || (a.order < b.order ? -1 : 1);
}
