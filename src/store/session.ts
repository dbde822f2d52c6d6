import type { Dialect } from "./dialect.ts";
import type { PrismaClient } from "./generated/sqlite/client.ts";
import type { LaneLoad, SharedStore } from "./store.ts";

/**
 * What a statement may be given: one JSON text or list a table, the bytes of its rows, and few plain values. Bytes are
 * given away: whoever passes them may not use them any more.
 */
export type Value = string | number | bigint | boolean | null | Uint8Array | readonly string[] | readonly bigint[];

/** The typed client's models. SQLite's types are the narrower of the two generated clients', so they are the common ones. */
export type Models = Pick<PrismaClient, "fact" | "event">;

/** One connection to run statements on, in the order in which they are asked for; for reads a pool. Rejects with StoreErrors only. */
export interface Session {
  /** `during` names the statement in errors. The caller states the columns: those of `sql`. */
  query<Row>(during: string, sql: string, ...values: readonly Value[]): Promise<readonly Row[]>;
  /** Returns the number of rows changed. */
  execute(during: string, sql: string, ...values: readonly Value[]): Promise<number>;
}

/** A session that holds no lock and changes nothing. */
export interface Reads extends Session {
  /** Typed reads; never for writing, as some of the client's writes open transactions of their own. */
  read<Result>(during: string, ask: (models: Models) => Promise<Result>): Promise<Result>;
}

/** The journal must never wait for appliers: on PostgreSQL each lane has its pool, on SQLite it waits only for what is being written. */
export type Lane = "journal" | "work";

/** What only transactions are asked of. */
export interface Transactions {
  readonly dialect: Dialect;
  /** All or nothing. A statement that failed dooms the transaction, even if `work` caught its error. */
  transaction<Result>(work: (session: Session) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** An open database, below the port: connections, transactions, nothing of payments. */
export interface Database extends Transactions {
  readonly reads: Reads;
  /** Statements that each commit by themselves. */
  write<Result>(lane: Lane, work: (session: Session) => Promise<Result>): Promise<Result>;
  load(): readonly LaneLoad[];
  /** Null where it stays in its thread. */
  share(): SharedStore | null;
}
