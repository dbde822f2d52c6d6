import { type RawBoolean, type RawTime, readTime } from "../columns.ts";
import { storable } from "../json-rows.ts";
import type { CustomerFilter, CustomerView } from "../reading.ts";
import type { Database } from "../session.ts";
import type { Page, PageRequest } from "../store.ts";
import { pageOf, readCursor, rowsFor } from "./cursor.ts";
import { Query } from "./query.ts";

interface CustomerRow {
  readonly id: string;
  readonly live: RawBoolean;
  readonly name: string | null;
  readonly created_at: RawTime;
}

const COLUMNS = "c.id, c.live, c.name, c.created_at";
const MAX_KEYS = 100;

/** Condition on `customer`: the one that the placeholder names by id or alias, or one who turned out to be that one. */
export function isOf(id: string): string {
  const own = `(select coalesce(alias_of, id) from customers where id = ${id})`;
  return `customer in (select id from customers where id = ${own} or alias_of = ${own})`;
}

/** Newest first. Aliases are not customers of their own. */
export async function listCustomers(
  database: Database,
  { live, key }: CustomerFilter,
  page: PageRequest,
): Promise<Page<CustomerView>> {
  const query = new Query(database.dialect);
  query.plain("c.alias_of is null");
  query.is("c.live", live);
  if (key !== undefined)
    query.having(
      (parameter) =>
        `c.id in (select coalesce(o.alias_of, o.id) from customer_keys k join customers o on o.id = k.customer where k.key = ${parameter})`,
      key,
    );
  query.after(readCursor(page.cursor), "c.created_at", "c.id", "text");
  const sql = query.first(rowsFor(page), { columns: COLUMNS, from: "customers c", at: "c.created_at", id: "c.id" });
  const rows = await database.reads.query<CustomerRow>("customers", sql, ...query.values);
  const view = await viewsOf(database, rows);
  return pageOf(page, rows, (row) => ({ at: readTime(row.created_at).getTime(), id: row.id }), view);
}

export async function findCustomer(database: Database, id: string): Promise<CustomerView | null> {
  const rows = await database.reads.query<CustomerRow>(
    "customer",
    `select ${COLUMNS} from customers c where c.id = (select coalesce(alias_of, id) from customers where id = $1)`,
    storable("customer", id),
  );
  const [row] = rows;
  return row === undefined ? null : (await viewsOf(database, rows))(row);
}

/** Keys and aliases of a whole page at once. */
async function viewsOf(
  { reads, dialect }: Database,
  rows: readonly CustomerRow[],
): Promise<(row: CustomerRow) => CustomerView> {
  const ids = dialect.list(rows.map(({ id }) => id));
  const aliases = await reads.query<{ id: string; alias_of: string }>(
    "customers.aliases",
    `select id, alias_of from customers where ${dialect.among("alias_of", 1)} order by id`,
    ids,
  );
  const keys = await reads.query<{ key: string; customer: string }>(
    "customers.keys",
    `select k.key, coalesce(c.alias_of, c.id) as customer from customers c join customer_keys k on k.customer = c.id
     where ${dialect.among("c.id", 1)} or ${dialect.among("c.alias_of", 1)} order by k.key`,
    ids,
  );
  return ({ id, live, name, created_at }) => ({
    ...{ id, live: Boolean(live), name, createdAt: readTime(created_at) },
    aliases: aliases.filter(({ alias_of }) => alias_of === id).map((alias) => alias.id),
    keys: keys
      .filter(({ customer }) => customer === id)
      .slice(0, MAX_KEYS)
      .map(({ key }) => key),
  });
}
