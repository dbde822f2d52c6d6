import type { Database } from "./session.ts";
import type { Store } from "./store.ts";

const INSERT = "insert into tokens (hash, created_at) values ($1, ";

/** API tokens, as hashes. */
export function tokensOf(database: Database, now: () => Date): Store["tokens"] {
  const { dialect } = database;
  const insert = `${INSERT}${dialect.timeParameter(2)})`;
  return {
    putFirst: (hash) =>
      database.transaction(async (session) => {
        await lockTable(dialect.name, session.execute);
        if ((await session.query("tokens", "select hash from tokens limit 1")).length > 0) return false;
        await session.execute("tokens.put", insert, hash, dialect.time(now()));
        return true;
      }),
    // Asked with each call of the API.
    has: async (hash) =>
      (await database.reads.query("tokens.has", "select hash from tokens where hash = $1", hash)).length > 0,
    replaceAll: (hash) =>
      database.transaction(async (session) => {
        await lockTable(dialect.name, session.execute);
        await session.execute("tokens.forget", "delete from tokens");
        await session.execute("tokens.put", insert, hash, dialect.time(now()));
      }),
  };
}

/** Two processes that start at once must not both find no token. SQLite's transactions exclude each other already. */
async function lockTable(
  dialect: "postgresql" | "sqlite",
  execute: (during: string, sql: string) => Promise<number>,
): Promise<void> {
  if (dialect === "postgresql") await execute("tokens.lock", "lock table tokens in exclusive mode");
}
