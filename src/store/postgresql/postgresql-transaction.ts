import type { Pool, PoolClient } from "pg";
import { storeError, wasAnswered } from "../errors.ts";
import { rawSession } from "../raw-session.ts";
import type { Session } from "../session.ts";
import { StoreError } from "../store.ts";
import { timeBound } from "../time-bound.ts";
import { pgClient } from "./pg-client.ts";

const TRANSACTION_MS = 15_000;

/** BEGIN … COMMIT on one connection of the pool. */
export async function inTransaction<Result>(pool: Pool, work: (session: Session) => Promise<Result>): Promise<Result> {
  const connection = await begin(pool);
  let isEnded = false;
  let failure: { readonly error: unknown } | null = null;
  const session = rawSession({
    ...{ client: pgClient(connection), placeholders: (sql) => sql },
    guard: () => {
      if (isEnded) throw new StoreError("unavailable", "the transaction has ended");
    },
    onFailure: (error) => {
      failure ??= { error };
    },
  });
  try {
    const result = await timeBound(work(session), TRANSACTION_MS);
    isEnded = true;
    // PostgreSQL would answer this COMMIT by rolling back, and the driver would report success.
    if (failure !== null) throw storeError((failure as { readonly error: unknown }).error, "transaction");
    await commit(connection);
    connection.release();
    return result;
  } catch (error) {
    isEnded = true;
    await rollback(connection, error);
    throw error;
  }
}

async function begin(pool: Pool): Promise<PoolClient> {
  let connection: PoolClient | null = null;
  try {
    connection = await pool.connect();
    await connection.query("BEGIN");
    return connection;
  } catch (error) {
    connection?.release(true);
    throw storeError(error, "begin");
  }
}

async function commit(connection: PoolClient): Promise<void> {
  try {
    await connection.query("COMMIT");
  } catch (error) {
    throw wasAnswered(error) ? storeError(error, "commit") : unknownCommit(error);
  }
}

function unknownCommit(cause: unknown): StoreError {
  return new StoreError("unknown_commit", "commit: the connection was lost before its answer came", { cause });
}

/** A connection that is lost, or still busy with what took too long, is not given back: the server rolls back when it goes. */
async function rollback(connection: PoolClient, error: unknown): Promise<void> {
  const isDoubtful =
    error instanceof StoreError && (error.reason === "unavailable" || error.reason === "unknown_commit");
  if (isDoubtful) return connection.release(true);
  try {
    await connection.query("ROLLBACK");
    connection.release();
  } catch {
    connection.release(true);
  }
}
