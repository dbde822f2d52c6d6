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
  const statements = new InOrder();
  let isEnded = false;
  let failure: { readonly error: unknown } | null = null;
  const refuseWhenOver = (): void => {
    if (isEnded) throw new StoreError("unavailable", "the transaction has ended");
    if (failure !== null) throw failure.error;
  };
  const client = pgClient(connection);
  const session = rawSession({
    client: {
      $queryRawUnsafe: <Rows>(sql: string, ...values: unknown[]) =>
        statements.run(() => {
          refuseWhenOver();
          return client.$queryRawUnsafe<Rows>(sql, ...values);
        }),
      $executeRawUnsafe: (sql, ...values) =>
        statements.run(() => {
          refuseWhenOver();
          return client.$executeRawUnsafe(sql, ...values);
        }),
    },
    placeholders: (sql) => sql,
    onFailure: (error) => {
      failure ??= { error };
    },
  });
  try {
    const result = await timeBound(work(session), TRANSACTION_MS);
    isEnded = true;
    // PostgreSQL would answer this COMMIT by rolling back, and the driver would report success.
    if (failure !== null) throw storeError((failure as { readonly error: unknown }).error, "transaction");
    await statements.run(() => commit(connection));
    connection.release();
    return result;
  } catch (error) {
    isEnded = true;
    await rollback(connection, statements, error);
    throw error;
  }
}

/**
 * One statement after the other, in the order in which they are asked for: what still waits when the transaction ends, or after one
 * that failed, is never sent. The driver's own queue would send it, and is deprecated.
 */
class InOrder {
  #last: Promise<unknown> = Promise.resolve();

  run<Result>(statement: () => PromiseLike<Result>): Promise<Result> {
    const result = this.#last.then(statement);
    this.#last = result.catch(() => undefined);
    return result;
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
async function rollback(connection: PoolClient, statements: InOrder, error: unknown): Promise<void> {
  const isDoubtful =
    error instanceof StoreError && (error.reason === "unavailable" || error.reason === "unknown_commit");
  if (isDoubtful) return connection.release(true);
  try {
    await statements.run(() => connection.query("ROLLBACK"));
    connection.release();
  } catch {
    connection.release(true);
  }
}
