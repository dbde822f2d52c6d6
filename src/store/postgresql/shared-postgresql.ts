import { POSTGRESQL } from "../dialect.ts";
import type { Transactions } from "../session.ts";
import { openPool } from "./pool.ts";
import { inTransaction } from "./postgresql-transaction.ts";

/** The database's transactions in another thread, on connections of its own. */
export function openSharedPostgresql(url: string, poolSize: number): Transactions {
  // A lost connection is told of by whoever loses the statement; the other thread's pools warn of the database.
  const pool = openPool({ url, max: poolSize, plans: "by_key", onError: () => undefined });
  return {
    dialect: POSTGRESQL,
    transaction: (work) => inTransaction(pool, "by_key", work),
    close: () => pool.end(),
  };
}
