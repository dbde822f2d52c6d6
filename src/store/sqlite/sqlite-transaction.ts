import { storeError } from "../errors.ts";
import { isReading, rawSession } from "../raw-session.ts";
import type { Session } from "../session.ts";
import { StoreError } from "../store.ts";
import { timeBound } from "../time-bound.ts";
import { libsqlClient } from "./libsql-client.ts";
import type { SharedWriter, Turn } from "./statements.ts";

/** A transaction whose work takes longer is rolled back: others wait behind it. */
const TRANSACTION_MS = 15_000;

/**
 * All or nothing, by one who is alone among those that do more than add to the journal. What is read before the first write
 * is read without a transaction, so that the journal goes on meanwhile: nothing else in this process changes it. Another
 * process may (`paybell rebuild --apply`); then `work` runs again, inside of one transaction from its beginning.
 */
export async function inTransaction<Result>(
  writer: SharedWriter,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const turn = await takeTurn(writer);
  try {
    return await run(new SqliteTransaction(turn), work);
  } catch (error) {
    if (!(error instanceof OutdatedReads)) throw error;
    const transaction = new SqliteTransaction(turn);
    await transaction.beginFirst();
    return await run(transaction, work);
  } finally {
    turn.close();
  }
}

/** Statements that each commit by themselves, by one who is alone as in a transaction. */
export async function inTurn<Result>(
  writer: SharedWriter,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const turn = await takeTurn(writer);
  try {
    return await work(rawSession({ client: libsqlClient(turn), placeholders: numbered }));
  } finally {
    turn.close();
  }
}

async function takeTurn(writer: SharedWriter): Promise<Turn> {
  try {
    return await writer.open();
  } catch (error) {
    throw storeError(error, "begin");
  }
}

/** Somebody else committed between our first read and our first write; nothing was written. */
class OutdatedReads extends Error {
  override readonly name = "OutdatedReads";
}

async function run<Result>(
  transaction: SqliteTransaction,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  try {
    const result = await timeBound(work(transaction.session), TRANSACTION_MS);
    await transaction.commit();
    return result;
  } catch (error) {
    throw (await transaction.rollback()) ?? error;
  }
}

class SqliteTransaction {
  readonly session: Session;
  readonly #turn: Turn;
  /** What was read is of this version; null where nothing was read before it began. */
  #readAt: string | null;
  /** To what kept it from beginning, or null. */
  #beginning: Promise<Error | null> | null = null;
  #failure: StoreError | null = null;
  #isEnded = false;

  constructor(turn: Turn) {
    this.#turn = turn;
    this.#readAt = turn.version;
    const raw = rawSession({
      ...{ client: libsqlClient(turn), placeholders: numbered },
      guard: () => this.#refuseWhenEnded(),
      onFailure: (error) => {
        this.#failure ??= error;
      },
    });
    this.session = {
      query: async (during, sql, ...values) => {
        if (!isReading(sql)) void this.#begin();
        return raw.query(during, sql, ...values);
      },
      execute: async (during, sql, ...values) => {
        void this.#begin();
        return raw.execute(during, sql, ...values);
      },
    };
  }

  /** Before anything is read: nobody can come between. */
  async beginFirst(): Promise<void> {
    this.#readAt = null;
    const failure = await this.#begin();
    if (failure !== null) throw failure;
  }

  /** Asked for before the first write, once, and not waited for: behind a beginning that failed nothing is written. */
  #begin(): Promise<Error | null> {
    this.#refuseWhenEnded();
    this.#beginning ??= this.#turn.begin(this.#readAt).then(
      (isCurrent) => (isCurrent ? null : new OutdatedReads()),
      (error: unknown) => storeError(error, "begin"),
    );
    return this.#beginning;
  }

  async commit(): Promise<void> {
    this.#isEnded = true;
    // As on PostgreSQL, where a failed statement dooms its transaction whoever caught the error.
    if (this.#failure !== null) throw this.#failure;
    if (this.#beginning === null) return;
    const committing = ran("commit", () => this.#turn.execute("COMMIT", []));
    // Behind the commit, without waiting for its answer: the next in turn reads what it wrote.
    this.#turn.close();
    await committing.catch((error: unknown) => {
      // Of a statement that nobody waited for.
      throw this.#failure ?? error;
    });
  }

  /** Resolves to what kept it from beginning: then that is why whatever came behind it failed. */
  async rollback(): Promise<Error | null> {
    this.#isEnded = true;
    if (this.#beginning === null) return null;
    // SQLite may have rolled back by itself, or the turn have ended.
    await this.#turn.execute("ROLLBACK", []).catch(() => undefined);
    return this.#beginning;
  }

  #refuseWhenEnded(): void {
    if (this.#isEnded) throw new StoreError("unavailable", "the transaction has ended");
  }
}

async function ran<Result>(during: string, statement: () => Promise<Result>): Promise<Result> {
  try {
    return await statement();
  } catch (error) {
    throw storeError(error, during);
  }
}

/** SQLite takes `$1` for a name, bound in order of appearance; `?1` is bound by number. */
export function numbered(sql: string): string {
  return sql.replaceAll(/\$(\d)/g, "?$1");
}
