import type { Columns, Dialect } from "./dialect.ts";
import { type Row, rowParameters } from "./json-rows.ts";
import type { Session } from "./session.ts";

export interface WriteContext {
  readonly session: Session;
  readonly dialect: Dialect;
  readonly now: Date;
}

/**
 * Statements that are asked for one behind the other, in this order, and answered in it. Each has to ask before it waits for
 * anything. Rejects with the first failure.
 */
export async function asked(statements: readonly (() => Promise<void>)[]): Promise<void> {
  // What throws at once is a rejection as well: those asked for before it are not left to themselves.
  await Promise.all(statements.map(async (statement) => statement()));
}

/** A statement over the JSON rows `r` of one table; none for no rows. */
export async function statement(
  context: WriteContext,
  table: string,
  columns: Columns,
  rows: readonly Row[],
  sql: (rows: string) => string,
): Promise<void> {
  if (rows.length === 0) return;
  const parameters = rowParameters(context.dialect, table, columns, rows);
  await context.session.execute(`write.${table}`, sql(context.dialect.rows(1, columns)), ...parameters);
}

export interface Upsert {
  readonly table: string;
  readonly columns: Columns;
  readonly key: readonly string[];
  /** Columns written over where the key exists; none: the row is passed over. */
  readonly over: readonly string[];
}

/** Of rows with the same key the last stands; PostgreSQL would refuse to write one row twice. */
export function upsert(
  context: WriteContext,
  { table, columns, key, over }: Upsert,
  given: readonly Row[],
): Promise<void> {
  const rows = [...new Map(given.map((row) => [keyOf(key, row), row])).values()];
  const names = Object.keys(columns).map((name) => `"${name}"`);
  const keys = key.map((name) => `"${name}"`).join(", ");
  const sets = over.map((name) => `"${name}" = excluded."${name}"`).join(", ");
  return statement(context, table, columns, rows, (source) =>
    [
      `insert into ${table} (${names.join(", ")}) select ${names.map((name) => `r.${name}`).join(", ")} from ${source}`,
      `${context.dialect.beforeConflict} order by ${key.map((name) => `r."${name}"`).join(", ")}`,
      `on conflict (${keys}) do ${over.length === 0 ? "nothing" : `update set ${sets}`}`,
    ].join("\n"),
  );
}

/** By which two rows are one; most keys are a single text, which needs no making. */
function keyOf(key: readonly string[], row: Row): unknown {
  const values = key.map((name) => row[name]);
  return values.length === 1 ? values[0] : JSON.stringify(values);
}
