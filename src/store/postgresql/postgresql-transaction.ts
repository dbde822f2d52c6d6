import type { Pool, PoolClient } from "pg";
import { storeError, wasAnswered } from "../errors.ts";
import { isReading, rawSession } from "../raw-session.ts";
import type { Session } from "../session.ts";
import { StoreError } from "../store.ts";
import { timeBound } from "../time-bound.ts";
import { pgClient } from "./pg-client.ts";
import { discard, type Plans } from "./pool.ts";

const TRANSACTION_MS = 15_000;

/**
 * BEGIN … COMMIT on one connection of the pool. Statements run in the order in which they are asked for, and are sent without
 * waiting for the answers to those before: behind one that fails the server refuses all others until ROLLBACK. What reads or
 * locks is sent behind BEGIN likewise, as it does no harm where that fails; what writes would commit by itself then, and waits.
 */
export async function inTransaction<Result>(
  pool: Pool,
  plans: Plans,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const connection = await connect(pool);
  let isEnded = false;
  // What failed first is why all behind it were refused, and the transaction is lost, whoever caught it.
  const failures: StoreError[] = [];
  const begun = begin(connection);
  begun.catch((error: StoreError) => failures.push(error));
  const raw = rawSession({
    client: pgClient(connection, plans),
    placeholders: (sql) => sql,
    guard: () => {
      if (isEnded) throw new StoreError("unavailable", "the transaction has ended");
      if (failures[0] !== undefined) throw failures[0];
    },
    onFailure: (error) => failures.push(error),
  });
  const inOrder = orderAfter(begun);
  const session: Session = {
    query: (during, sql, ...values) => inOrder(sql, () => raw.query(during, sql, ...values)),
    execute: (during, sql, ...values) => inOrder(sql, () => raw.execute(during, sql, ...values)),
  };
  try {
    const result = await timeBound(work(session), TRANSACTION_MS);
    // What waits for BEGIN is sent before this goes on, also where nobody waits for it.
    await begun;
    isEnded = true;
    if (failures[0] !== undefined) throw failures[0];
    await commit(connection);
    connection.release();
    return result;
  } catch (error) {
    isEnded = true;
    const isUnknown = error instanceof StoreError && error.reason === "unknown_commit";
    const first = isUnknown ? error : (failures[0] ?? error);
    await rollback(connection, first);
    throw first;
  }
}

/** Runs statements in the order in which they are given: what reads at once, what writes, and all behind it, after BEGIN. */
function orderAfter(begun: Promise<void>): <Result>(sql: string, run: () => Promise<Result>) => Promise<Result> {
  let state: "beginning" | "writes wait" | "begun" = "beginning";
  begun.then(
    () => {
      state = "begun";
    },
    () => undefined,
  );
  return (sql, run) => {
    if (state === "begun" || (state === "beginning" && isReading(sql))) return run();
    state = "writes wait";
    return begun.then(run);
  };
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw storeError(error, "connect");
  }
}

async function begin(connection: PoolClient): Promise<void> {
  try {
    await connection.query("BEGIN");
  } catch (error) {
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
