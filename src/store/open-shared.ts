import type { Transactions } from "./session.ts";
import type { SharedStore, Store } from "./store.ts";
import { transactionsOf } from "./telling.ts";

/** Batches under way at once, and one more. */
const POOL_SIZE = 3;

export interface SharedOptions {
  readonly now: () => Date;
  /** After each commit that told events. */
  readonly onTold: () => void;
}

/** The store's transactions and nothing else, in another thread than the store's: see `Store.share`. */
export async function openShared(
  shared: SharedStore,
  { now, onTold }: SharedOptions,
): Promise<Pick<Store, "transaction" | "close">> {
  const database = await openDatabase(shared);
  return {
    transaction: transactionsOf(database, { now, onTold, random: Math.random }),
    close: () => database.close(),
  };
}

async function openDatabase(shared: SharedStore): Promise<Transactions> {
  switch (shared.dialect) {
    case "sqlite": {
      const { openSharedSqlite } = await import("./sqlite/shared-sqlite.ts");
      return openSharedSqlite(shared);
    }
    case "postgresql": {
      const { openSharedPostgresql } = await import("./postgresql/shared-postgresql.ts");
      return openSharedPostgresql(shared.url, POOL_SIZE);
    }
  }
}
