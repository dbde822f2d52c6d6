import type { Changes } from "./store.ts";
import { asked, statement, type WriteContext } from "./upsert.ts";

const MERGED_COLUMNS = { from: "text", into: "text" } as const;

/** Everything that names the one names the other from now on, at one hop: aliases of aliases are moved along. */
export function writeMerged(context: WriteContext, merged: Changes["merged"]): Promise<void> {
  const rows = survivors(merged);
  const statements: readonly ((source: string) => string)[] = [
    ...["object_payments", "facts", "inputs"].map((table) => (source: string) => moved(table, "payment", source)),
    (source) => moved("payments", "alias_of", source),
    (source) => `update payments set alias_of = r."into" from ${source} where payments.id = r."from"`,
    (source) => `insert into order_payments ("order", payment, counts, held)
      select o."order", r."into", o.counts, o.held from order_payments o join ${source} on o.payment = r."from"
      where true order by o."order", r."into" on conflict do nothing`,
    (source) => `delete from order_payments where payment in (select r."from" from ${source})`,
    // What was told of the one was told of the other.
    (source) => `update flags set due_at = null where due_at is not null and (payment, flag) in
      (select r."into", f.flag from flags f join ${source} on f.payment = r."from" where f.due_at is null)`,
    (source) => `insert into flags (payment, flag, due_at)
      select r."into", f.flag, f.due_at from flags f join ${source} on f.payment = r."from"
      where true order by r."into", f.flag, f.due_at nulls first on conflict do nothing`,
    (source) => `delete from flags where payment in (select r."from" from ${source})`,
  ];
  return asked(statements.map((sql) => () => statement(context, "merged", MERGED_COLUMNS, rows, sql)));
}

function moved(table: string, column: string, source: string): string {
  return `update ${table} set ${column} = r."into" from ${source} where ${table}.${column} = r."from"`;
}

/** Follows chains within one batch: a into b and b into c are both into c. */
function survivors(merged: Changes["merged"]): readonly { readonly from: string; readonly into: string }[] {
  const targets = new Map(merged.map(({ from, into }) => [from, into]));
  return merged.map(({ from, into }) => {
    let survivor = into;
    for (let hops = 0; hops < merged.length && targets.has(survivor); hops += 1)
      survivor = targets.get(survivor) ?? survivor;
    return { from, into: survivor };
  });
}
