import type { RawInteger } from "../columns.ts";
import type { Dialect } from "../dialect.ts";
import type { CustomerLink, EffectRows, KnownCustomer, NewCustomer } from "../effect-rows.ts";
import { storable } from "../json-rows.ts";
import type { Session } from "../session.ts";
import { statement, type Upsert, upsert, type WriteContext } from "../upsert.ts";

/** Aliases are followed: a key may have been written while its customer turned out to be another. */
export async function findCustomers(
  session: Session,
  dialect: Dialect,
  keys: readonly string[],
): Promise<readonly KnownCustomer[]> {
  if (keys.length === 0) return [];
  return session.query<KnownCustomer>(
    "findCustomers",
    `select k.key, coalesce(a.id, c.id) as customer, coalesce(a.name, c.name) as name from customer_keys k
     join customers c on c.id = k.customer left join customers a on a.id = c.alias_of
     where ${dialect.among("k.key", 1)}`,
    dialect.list([...new Set(keys)].map((key) => storable("findCustomers", key))),
  );
}

export async function countCustomerKeys(
  session: Session,
  dialect: Dialect,
  customers: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (customers.length === 0) return new Map();
  const rows = await session.query<{ customer: string; keys: RawInteger }>(
    "countCustomerKeys",
    `select coalesce(c.alias_of, c.id) as customer, count(*) as keys from customers c
     join customer_keys k on k.customer = c.id
     where ${dialect.among("c.id", 1)} or ${dialect.among("c.alias_of", 1)} group by 1`,
    dialect.list([...customers]),
  );
  return new Map(rows.map(({ customer, keys }) => [customer, Number(keys)]));
}

const CUSTOMERS: Upsert = {
  table: "customers",
  columns: { id: "text", live: "boolean", name: "text", created_at: "time", changed_at: "time" },
  key: ["id"],
  over: ["name", "changed_at"],
};

export function writeCustomers(context: WriteContext, customers: readonly NewCustomer[]): Promise<void> {
  const { now } = context;
  return upsert(
    context,
    CUSTOMERS,
    customers.map(({ id, live, name }) => ({ id, live, name, created_at: now, changed_at: now })),
  );
}

const KEYS: Upsert = {
  table: "customer_keys",
  columns: { key: "text", customer: "text" },
  key: ["key"],
  over: ["customer"],
};

export function writeCustomerKeys(context: WriteContext, keys: EffectRows["customerKeys"]): Promise<void> {
  return upsert(
    context,
    KEYS,
    keys.map(({ key, customer }) => ({ key, customer })),
  );
}

const LINKS: Upsert = {
  table: "customer_links",
  columns: { kind: "text", subject: "text", customer: "text" },
  key: ["kind", "subject"],
  over: ["customer"],
};

export function writeCustomerLinks(context: WriteContext, links: readonly CustomerLink[]): Promise<void> {
  return upsert(
    context,
    LINKS,
    links.map(({ kind, subject, customer }) => ({ kind, subject, customer })),
  );
}

const MERGED_COLUMNS = { from: "text", into: "text" } as const;

/** Keys and links stay where they are, and are read by way of the alias, which leads on in one step. */
export function mergeCustomers(context: WriteContext, merged: EffectRows["customersMerged"]): Promise<void> {
  return statement(
    context,
    "customers.merged",
    MERGED_COLUMNS,
    merged.map(({ from, into }) => ({ from, into })),
    (source) =>
      `update customers set alias_of = r."into" from ${source} where customers.id = r."from" or customers.alias_of = r."from"`,
  );
}
