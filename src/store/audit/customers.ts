import type { Among } from "./among.ts";

/** Customers as the auditor sees them: an alias is followed one step, as everybody follows it. */

interface RawCustomer {
  readonly name: string;
  readonly customer: string | null;
}

const FOLLOWED = "left join customers c on c.id = n.customer left join customers a on a.id = c.alias_of";
/** Null where it leads nowhere, or to an alias of an alias. */
const SURVIVOR = `case when c.alias_of is null then c.id when a.alias_of is null then a.id end as customer`;

export async function customersOf(among: Among, keys: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
  const rows = await among<RawCustomer>(
    "customersOf",
    (is) => `select n.key as name, ${SURVIVOR} from customer_keys n ${FOLLOWED} where ${is("n.key")}`,
    keys,
  );
  return new Map(rows.map(({ name, customer }) => [name, customer]));
}

export async function customerLinks(
  among: Among,
  kind: "order" | "payment",
  subjects: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const rows = await among<RawCustomer>(
    "customerLinks",
    (is) => `select n.subject as name, ${SURVIVOR} from customer_links n ${FOLLOWED}
      where n.kind = '${kind}' and ${is("n.subject")}`,
    subjects,
  );
  return new Map(rows.map(({ name, customer }) => [name, customer]));
}

/** By any of their ids. */
export async function customersWhole(among: Among, ids: readonly string[]) {
  const survivors = await among<{ id: string }>(
    "customers",
    (is) => `select coalesce(alias_of, id) as id from customers where ${is("id")}`,
    ids,
  );
  const all = await among<{ id: string }>(
    "customers.all",
    (is) => `select id from customers where ${is("id")} or ${is("alias_of")}`,
    survivors.map(({ id }) => id),
  );
  const customers = all.map(({ id }) => id);
  const keys = await among<{ key: string }>(
    "customers.keys",
    (is) => `select key from customer_keys where ${is("customer")} order by key`,
    customers,
  );
  return { keys: keys.map(({ key }) => key), customers };
}
