import type { Names } from "../load/notifications.ts";
import type { SubjectName } from "../options.ts";

/** What is compared. Each is started on a fresh database for each round, and stopped after it. */
export interface Subject {
  readonly name: SubjectName;
  readonly title: string;
  start(place: Workplace): Promise<RunningSubject>;
}

export interface Workplace {
  /** The repository's root. */
  readonly root: string;
  /** An empty folder of its own. */
  readonly folder: string;
  /** A PostgreSQL server on which databases may be made. */
  readonly postgresql: string;
}

export interface RunningSubject {
  /** One for each process. */
  readonly ports: readonly number[];
  readonly pids: () => readonly number[];
  readonly path: string;
  /** From starting the process to its readiness, on a database that exists and holds what was sent to it so far. */
  restart(whileStopped?: () => Promise<void>): Promise<{ readonly readyMs: number }>;
  /** How many notifications have their outcome; null where what is acknowledged is done. */
  readonly applied: (() => Promise<number>) | null;
  /** How many of these are stored, and how many applied; null where nothing is kept. */
  readonly lookUp: ((names: readonly Names[]) => Promise<{ readonly stored: number; readonly applied: number }>) | null;
  /** For the way from acknowledgement to `paid`; null where there is none. */
  readonly orders: Orders | null;
  /** Registers what many notifications will be for, as fast as it goes; null where they find nothing of theirs. */
  readonly prepare:
    | ((orders: readonly { readonly reference: string; readonly total: number }[]) => Promise<void>)
    | null;
  /** GET of Paybell's API or probes; throws on anything but 200. */
  ask(path: string): Promise<string>;
  /** Runs a statement in its database; on SQLite only while it is stopped. */
  execute(sql: string): Promise<void>;
  databaseCpuSeconds(): Promise<number | null>;
  /** Null where nothing is kept. */
  bytesWritten(): Promise<number | null>;
  stop(): Promise<void>;
}

export interface Orders {
  register(reference: string, total: number): Promise<void>;
  /** Those that are committed as paid. */
  paid(references: readonly string[]): Promise<ReadonlySet<string>>;
}
