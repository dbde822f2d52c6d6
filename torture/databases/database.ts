import type { DatabaseProxy } from "./proxy.ts";
import type { SmallDisk } from "./small-disk.ts";

export type Row = Readonly<Record<string, unknown>>;

/** The database of one run, and everything that can be done to it. */
export interface TortureDatabase {
  readonly dialect: "sqlite" | "postgresql";
  readonly version: string;
  /** For the server in a slot: each has a network of its own. */
  urlFor(slot: number): string;
  /** Rows of a reading statement, from outside: not through the service. */
  query(sql: string): Promise<readonly Row[]>;
  readonly disk: SmallDisk | null;
  /** Null on SQLite, which is part of its process. */
  readonly server: DatabaseServer | null;
  /** Holds SQLite's lock for writing as another process would, once it gets it; null where there is a server. */
  readonly lockFile: ((ms: number) => Promise<void>) | null;
  close(): Promise<void>;
}

export interface DatabaseServer {
  readonly proxies: readonly DatabaseProxy[];
  /** As a power cut would: nothing is written out, the write-ahead log is replayed at start. */
  restartImmediately(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Also where a fault could not undo itself. */
  startIfDown(): Promise<void>;
  /** Holds a lock on a whole table. */
  lockTable(table: string, ms: number): Promise<void>;
  /** Ends all sessions and takes all connections there may be. */
  exhaust(ms: number): Promise<void>;
}
