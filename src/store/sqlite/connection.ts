import { randomInt } from "node:crypto";
import Libsql from "libsql";
import type { Rows, Statements } from "./statements.ts";

/** The one file, and what is set on each connection to it. */
export interface Opening {
  /** An absolute path. */
  readonly file: string;
  readonly pragmas: readonly string[];
}

interface Prepared {
  readonly statement: ReturnType<Libsql.Database["prepare"]>;
  /** Null where it returns no rows. */
  readonly columns: readonly Column[] | null;
}

interface Column {
  readonly name: string;
  readonly read: (value: unknown) => unknown;
}

/** Statements of ours are few and never made of values, so this is only a bound. */
const MOST_PREPARED = 500;

/**
 * A connection of libSQL's driver for statements of our own. Each is prepared once: preparing took a fifth of this connection's
 * time. Integers come as bigint but where their column is declared INTEGER, DATETIME or BOOLEAN.
 *
 * It is replaced where it was refused. SQLite suspends a statement that met another process's lock, the driver does not reset
 * it, and until then nothing that is written outside of BEGIN … COMMIT is committed, whatever is answered; in the end it is
 * rolled back (OP_Transaction and sqlite3VdbeHalt in SQLite's vdbe.c and vdbeaux.c). A new connection has no such past.
 *
 * All of a call is done when it returns: nobody can come between a refusal and the new connection.
 *
 * After a failure within a transaction nothing runs until ROLLBACK, as on PostgreSQL: of some failures (a full disk) SQLite rolls
 * back by itself, and what was asked for behind it would be committed alone.
 */
export class Connection implements Statements {
  readonly #opening: Opening;
  #database: Libsql.Database | null = null;
  #prepared = new Map<string, Prepared>();
  #transaction: "none" | "open" | "doomed" = "none";

  constructor(opening: Opening) {
    this.#opening = opening;
  }

  /** From `begin` to COMMIT or ROLLBACK, whatever happens between. */
  get isInTransaction(): boolean {
    return this.#transaction !== "none";
  }

  /**
   * Begins to write. False where the version is not this one any more (null: whichever it is). After that, and after a failure
   * to begin, nothing runs until ROLLBACK either: what is asked for behind it would commit by itself.
   */
  async begin(version: string | null): Promise<boolean> {
    if (this.isInTransaction) throw new Error("a transaction is open");
    this.#transaction = "doomed";
    this.#ran("BEGIN IMMEDIATE", ({ statement }) => statement.run([]));
    if (version !== null && version !== versionIn(this.#ran(VERSION_SQL, (prepared) => rowsOf(prepared, []))))
      return false;
    this.#transaction = "open";
    return true;
  }

  async query(sql: string, values: readonly unknown[]): Promise<Rows> {
    return this.#run(sql, (prepared) => rowsOf(prepared, values));
  }

  async execute(sql: string, values: readonly unknown[]): Promise<number> {
    return this.#run(sql, ({ statement, columns }) => {
      if (columns === null) return statement.run(bound(values)).changes;
      statement.all(bound(values));
      return 0;
    });
  }

  async close(): Promise<void> {
    this.#discard();
  }

  #run<Result>(sql: string, work: (prepared: Prepared) => Result): Result {
    const isEnding = sql === "COMMIT" || sql === "ROLLBACK";
    if (this.#transaction === "doomed" && sql !== "ROLLBACK") throw new Error("the transaction failed before");
    try {
      const result = this.#ran(sql, work);
      if (isEnding) this.#transaction = "none";
      return result;
    } catch (error) {
      if (this.#transaction === "open") this.#transaction = "doomed";
      if (sql === "ROLLBACK") this.#transaction = "none";
      throw error;
    }
  }

  #ran<Result>(sql: string, work: (prepared: Prepared) => Result): Result {
    try {
      return work(this.#prepare(sql));
    } catch (error) {
      if (codeOf(error) === BUSY) this.#discard();
      throw driverError(error);
    }
  }

  #prepare(sql: string): Prepared {
    this.#database ??= this.#open();
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    const columns = statement.reader ? columnsOf(statement) : null;
    if (this.#prepared.size === MOST_PREPARED) this.#prepared.clear();
    this.#prepared.set(sql, { statement, columns });
    return { statement, columns };
  }

  #open(): Libsql.Database {
    const { file, pragmas } = this.#opening;
    // Without a `timeout`: waiting for a lock would block the thread. Busy is retried instead.
    const database = new Libsql(file);
    try {
      database.exec(`CREATE TEMP TABLE connection AS SELECT ${randomInt(2 ** 47)} AS id`);
      for (const pragma of pragmas) database.prepare(`PRAGMA ${pragma}`).all();
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #discard(): void {
    const database = this.#database;
    this.#database = null;
    this.#prepared = new Map();
    try {
      // Closing alone would leave a transaction open until the connection is collected.
      if (database?.inTransaction) database.exec("ROLLBACK");
    } finally {
      database?.close();
    }
  }
}

function rowsOf({ statement, columns }: Prepared, values: readonly unknown[]): Rows {
  if (columns === null) {
    statement.run(bound(values));
    return { columns: [], rows: [] };
  }
  // Proven by `raw`.
  const rows = statement.all(bound(values)) as unknown[][];
  return {
    columns: columns.map(({ name }) => name),
    rows: rows.map((row) => row.map((value, index) => columns[index]?.read(value))),
  };
}

/** One row: `id` is the connection's, `data_version` changes with each commit of another connection, and with none of its own. */
export const VERSION_SQL = "SELECT id, data_version FROM temp.connection, pragma_data_version";

/** Is another where another connection committed, or where this one had to be replaced. */
export function versionIn({ rows }: Rows): string {
  return (rows[0] ?? []).join(" ");
}

/** Primary result code: https://www.sqlite.org/rescode.html#busy */
const BUSY = 5;

function codeOf(error: unknown): number | null {
  return error instanceof Libsql.SqliteError && error.rawCode !== undefined ? error.rawCode & 0xff : null;
}

/** As Prisma's adapters tell of a failed statement: see `storeError`. */
function driverError(error: unknown): Error {
  if (!(error instanceof Libsql.SqliteError)) return error instanceof Error ? error : new Error(String(error));
  return new Error(error.message, {
    cause: { originalCode: error.rawCode?.toString(), originalMessage: error.message },
  });
}

function columnsOf(statement: Prepared["statement"]): readonly Column[] {
  statement.raw(true).safeIntegers(true);
  return statement.columns().map(({ name, type }) => ({ name, read: READERS.get(type?.toUpperCase() ?? "") ?? asIs }));
}

const READERS: ReadonlyMap<string, Column["read"]> = new Map<string, Column["read"]>([
  ["BOOLEAN", (value) => (value === null ? null : Boolean(value))],
  ["DATETIME", (value) => (value === null ? null : new Date(Number(value)))],
  ["INTEGER", (value) => (value === null ? null : Number(value))],
]);

function asIs(value: unknown): unknown {
  return value;
}

/** In one array: a single value that is an object would be taken for named parameters. */
function bound(values: readonly unknown[]): unknown[] {
  return values.map((value) => {
    if (value instanceof Date) return value.getTime();
    return typeof value === "boolean" ? BigInt(value) : value;
  });
}
