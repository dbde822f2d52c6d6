import { randomUUID } from "node:crypto";
import type { Dialect } from "./dialect.ts";
import type { Session } from "./session.ts";

/**
 * The database itself refuses to change what never changes: what came in, what was said, decided, posted, told, issued and
 * handed out. Its triggers are at the end of the first migration; they let a transaction pass that has its row in `repairs`.
 */

/** Each trigger by its name. Only PostgreSQL knows TRUNCATE. */
const TRIGGERS: readonly string[] = [
  ...["keep_inputs", "keep_inputs_body", "keep_inputs_rows", "keep_facts", "keep_facts_rows"],
  ...["decisions", "documents", "erasures", "events", "license_keys", "postings", "seals", "stock_movements"].flatMap(
    (table) => [`keep_${table}`, `keep_${table}_rows`],
  ),
];
const TRUNCATE_TRIGGERS: readonly string[] = [
  "decisions",
  "documents",
  "erasures",
  "events",
  "facts",
  "inputs",
  "license_keys",
  "postings",
  "seals",
  "stock_movements",
].map((table) => `keep_${table}_all`);

/** Runs `work`, inside a transaction, past the guards. Nobody else ever sees the row that opens them. */
export async function unguarded<Result>(session: Session, work: () => Promise<Result>): Promise<Result> {
  const id = randomUUID();
  await session.execute("repairs.open", "insert into repairs (id) values ($1)", id);
  const result = await work();
  await session.execute("repairs.close", "delete from repairs where id = $1", id);
  return result;
}

/** What somebody did to the guards themselves: names of triggers that are gone or off, and `repairs` where it stands open. */
export async function brokenGuards(session: Session, dialect: Dialect): Promise<readonly string[]> {
  const sql =
    dialect.name === "sqlite"
      ? "select name from sqlite_master where type = 'trigger'"
      : "select tgname::text as name from pg_trigger where tgenabled in ('O', 'A') and not tgisinternal";
  const standing = new Set((await session.query<{ name: string }>("guards", sql)).map(({ name }) => name));
  const expected = dialect.name === "sqlite" ? TRIGGERS : [...TRIGGERS, ...TRUNCATE_TRIGGERS];
  const open = await session.query("guards.open", "select id from repairs limit 1");
  return [...expected.filter((name) => !standing.has(name)), ...(open.length > 0 ? ["repairs"] : [])];
}
