import { storeError } from "../errors.ts";
import { type RawClient, rawSession } from "../raw-session.ts";
import type { Session } from "../session.ts";
import { StoreError } from "../store.ts";
import { timeBound } from "../time-bound.ts";
import { VERSION_SQL } from "./connection.ts";

/** A transaction whose work takes longer is rolled back: others wait behind it. */
const TRANSACTION_MS = 15_000;

/** Whoever is alone with what is not the journal's; see `Turns`. */
export interface WriterTurns {
  takeWriter(): Promise<() => void>;
}

/**
 * All or nothing, by one who is alone among those that do more than add to the journal. What is read before the first write
 * is read without a transaction, so that the journal goes on meanwhile: nothing else in this process changes it. Another
 * process may (`paybell rebuild --apply`); then `work` runs again, inside of one transaction from its beginning.
 */
export async function inTransaction<Result>(
  client: RawClient,
  turns: WriterTurns,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  try {
    return await run(new SqliteTransaction(client, turns), work);
  } catch (error) {
    if (!(error instanceof OutdatedReads)) throw error;
    const transaction = new SqliteTransaction(client, turns);
    await transaction.begin();
    return run(transaction, work);
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
    await transaction.open();
    const result = await timeBound(work(transaction.session), TRANSACTION_MS);
    await transaction.commit();
    return result;
  } catch (error) {
    await transaction.rollback();
    throw transaction.isOutdated ? new OutdatedReads() : error;
  }
}

class SqliteTransaction {
  readonly session: Session;
  readonly #client: RawClient;
  readonly #turns: WriterTurns;
  #version: string | null = null;
  #beginning: Promise<void> | null = null;
  #giveBack: (() => void) | null = null;
  #failure: { readonly error: unknown } | null = null;
  #isEnded = false;
  isOutdated = false;

  constructor(client: RawClient, turns: WriterTurns) {
    this.#client = client;
    this.#turns = turns;
    const raw = rawSession({
      ...{ client, placeholders: numbered },
      guard: () => this.#refuseWhenEnded(),
      onFailure: (error) => {
        this.#failure ??= { error };
      },
    });
    this.session = {
      query: async (during, sql, ...values) => {
        if (!isReading(sql)) await this.begin();
        return raw.query(during, sql, ...values);
      },
      execute: async (during, sql, ...values) => {
        await this.begin();
        return raw.execute(during, sql, ...values);
      },
    };
  }

  /** Before the first read. */
  async open(): Promise<void> {
    if (this.#beginning === null) this.#version = await this.#readVersion();
  }

  /** Before the first write, once: everything after it is part of the transaction. */
  begin(): Promise<void> {
    this.#refuseWhenEnded();
    this.#beginning ??= this.#begin().catch((error: unknown) => {
      this.#failure ??= { error };
      throw error;
    });
    return this.#beginning;
  }

  async #begin(): Promise<void> {
    this.#giveBack = await this.#turns.takeWriter();
    await this.#run("begin", "BEGIN IMMEDIATE");
    if (this.#version === null || this.#version === (await this.#readVersion())) return;
    this.isOutdated = true;
    throw new StoreError("busy", "transaction: another process may have written meanwhile");
  }

  async commit(): Promise<void> {
    this.#isEnded = true;
    // As on PostgreSQL, where a failed statement dooms its transaction whoever caught the error.
    if (this.#failure !== null) throw storeError(this.#failure.error, "transaction");
    if (this.#beginning !== null) await this.#run("commit", "COMMIT");
    this.#giveBack?.();
  }

  async rollback(): Promise<void> {
    this.#isEnded = true;
    // Where it begins just now it has to have begun first.
    await this.#beginning?.catch(() => undefined);
    if (this.#giveBack === null) return;
    // SQLite may have rolled back by itself.
    await this.#run("rollback", "ROLLBACK").catch(() => undefined);
    this.#giveBack();
  }

  #refuseWhenEnded(): void {
    if (this.#isEnded) throw new StoreError("unavailable", "the transaction has ended");
  }

  async #run(during: string, sql: string): Promise<void> {
    try {
      await this.#client.$executeRawUnsafe(sql);
    } catch (error) {
      throw storeError(error, during);
    }
  }

  /** Is another where another connection committed, or where this one had to be replaced. */
  async #readVersion(): Promise<string> {
    try {
      const [row] = await this.#client.$queryRawUnsafe<{ id: bigint; data_version: bigint }[]>(VERSION_SQL);
      return `${row?.id} ${row?.data_version}`;
    } catch (error) {
      throw storeError(error, "begin");
    }
  }
}

/** In SQLite a statement that begins so changes nothing; whatever begins otherwise may. */
function isReading(sql: string): boolean {
  return /^\s*select\b/i.test(sql);
}

/** SQLite takes `$1` for a name, bound in order of appearance; `?1` is bound by number. */
export function numbered(sql: string): string {
  return sql.replaceAll(/\$(\d)/g, "?$1");
}
