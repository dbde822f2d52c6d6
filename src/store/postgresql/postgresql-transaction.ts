import type { Pool, PoolClient } from "pg";
import { storeError, wasAnswered } from "../errors.ts";
import { rawSession } from "../raw-session.ts";
import type { Session } from "../session.ts";
import { StoreError } from "../store.ts";
import { timeBound } from "../time-bound.ts";
import { pgClient } from "./pg-client.ts";
import { discard, type Plans } from "./pool.ts";

const TRANSACTION_MS = 15_000;

/**
 * BEGIN … COMMIT on one connection of the pool. Statements run in the order in which they are asked for, and are sent without
 * waiting for the answers to those before: behind one that fails the server refuses all others until ROLLBACK.
 */
export async function inTransaction<Result>(
  pool: Pool,
  plans: Plans,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const connection = await begin(pool);
  let isEnded = false;
  let failure: { readonly error: unknown } | null = null;
  const session = rawSession({
    client: pgClient(connection, plans),
    placeholders: (sql) => sql,
    guard: () => {
      if (isEnded) throw new StoreError("unavailable", "the transaction has ended");
      if (failure !== null) throw failure.error;
    },
    onFailure: (error) => {
      failure ??= { error };
    },
  });
  try {
    const result = await timeBound(work(session), TRANSACTION_MS);
    isEnded = true;
    // As the server would, whoever caught the error.
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
    if (connection !== null) discard(connection);
    throw storeError(error, "begin");
  }
}

async function commit(connection: PoolClient): Promise<void> {
  let done: string;
  try {
    ({ command: done } = await connection.query("COMMIT"));
  } catch (error) {
    throw wasAnswered(error) ? storeError(error, "commit") : unknownCommit(error);
  }
  // So the server answers where a statement failed, and the driver reports success.
  if (done !== "COMMIT") throw new StoreError("data", "commit: a statement that nobody waited for failed");
}

function unknownCommit(cause: unknown): StoreError {
  return new StoreError("unknown_commit", "commit: the connection was lost before its answer came", { cause });
}

/** A connection that is lost, or still busy with what took too long, is not given back. */
async function rollback(connection: PoolClient, error: unknown): Promise<void> {
  const isDoubtful =
    error instanceof StoreError && (error.reason === "unavailable" || error.reason === "unknown_commit");
  if (isDoubtful) return discard(connection);
  try {
    await connection.query("ROLLBACK");
    connection.release();
  } catch {
    discard(connection);
  }
}
