import { beginAlone, claim, release } from "./claims.ts";
import { readDatabaseUrl } from "./database-url.ts";
import { goodsOf } from "./goods/goods-store.ts";
import { documentsOf } from "./issue-documents.ts";
import { journal } from "./journal.ts";
import { outboxOf } from "./outbox/outbox-store.ts";
import { readerOf } from "./reader/reader.ts";
import { emptyBodies } from "./retention.ts";
import { retried } from "./retry.ts";
import { seal } from "./seals.ts";
import { secretsOf } from "./secrets.ts";
import type { Database, Session } from "./session.ts";
import { type Store, StoreError } from "./store.ts";
import { transactionsOf } from "./telling.ts";
import { tokensOf } from "./tokens.ts";
import { Told } from "./told.ts";
import {
  countUnproven,
  endedSubscriptions,
  expireUnproven,
  flaggedPayments,
  forgetRejected,
  overdueOrders,
} from "./upkeep.ts";

const PING_MS = 2_000;
const POOL_SIZE = 5;

export interface StoreOptions {
  /** `file:./data/paybell.db` or `postgresql://…`. */
  readonly url: string;
  /** Our clock, for what is stored about receipts and settlements; leases run by the database's own. */
  readonly now: () => Date;
  /** Told of settings that endanger what was acknowledged (`fsync=off` …), and of lost connections. */
  readonly onWarning?: (message: string) => void;
  /** PostgreSQL: connections of each of the two pools (journal; applying and reading). Default 5. */
  readonly poolSize?: number;
  /** For the service: a driver that holds up its thread (SQLite's does) gets one of its own, and `share` can be used. Default false. */
  readonly threads?: boolean;
  /** From 0 up to 1, for the pauses between retries. */
  readonly random?: () => number;
}

/** Opens a migrated database (see `migrate`). Rejects with a StoreError when it cannot be reached or another process serves the same file. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { now, random = Math.random } = options;
  const database = await openDatabase(options);
  const { dialect } = database;
  let closing: Promise<void> | undefined;
  const write = <Result>(lane: "journal" | "work", work: (session: Session) => Promise<Result>): Promise<Result> =>
    retried(() => database.write(lane, work), random);
  const inTransaction = <Result>(work: (session: Session) => Promise<Result>): Promise<Result> =>
    retried(() => database.transaction(work), random);
  const told = new Told();
  return {
    dialect: dialect.name,
    journal: (inputs, lease) => write("journal", (session) => journal({ session, dialect, lease, now: now() }, inputs)),
    claim: (request) => write("work", (session) => claim(session, dialect, request)),
    beginAlone: (id, owner) => write("work", (session) => beginAlone(session, dialect, id, owner)),
    release: (inputs, owner) => write("work", (session) => release(session, dialect, inputs, owner, now())),
    countUnproven: (source) => countUnproven(database, source),
    expireUnproven: (before, limit) => write("work", (session) => expireUnproven(session, dialect, before, limit)),
    forgetRejected: (keep, limit) => write("work", (session) => forgetRejected(session, dialect, keep, limit)),
    emptyBodies: (request) => write("work", (session) => emptyBodies(session, dialect, request)),
    seal: (mark) => inTransaction((session) => seal(session, dialect, now(), mark)),
    flaggedPayments: (at, limit) => flaggedPayments(database, at, limit),
    endedSubscriptions: (at, limit) => endedSubscriptions(database, at, limit),
    overdueOrders: (at, limit) => overdueOrders(database, at, limit),
    transaction: transactionsOf(database, { now, random, onTold: () => told.tell() }),
    read: readerOf(database),
    documents: documentsOf(database, now, random),
    goods: goodsOf(database, (work) => write("work", work)),
    outbox: outboxOf(database, told, (work) => inTransaction((session) => work({ session, dialect, now: now() }))),
    tokens: tokensOf(database, now),
    secrets: secretsOf(database, now),
    load: () => database.load(),
    share: () => {
      const shared = database.share();
      return shared && { shared, tell: () => told.tell() };
    },
    ping: () => ping(database),
    close: () => {
      closing ??= database.close();
      return closing;
    },
  };
}

/** Loads only the client that is needed: each brings its own query compiler. */
async function openDatabase(options: StoreOptions): Promise<Database> {
  const { onWarning = () => undefined, poolSize = POOL_SIZE, threads = false } = options;
  const where = readDatabaseUrl(options.url);
  switch (where.dialect) {
    case "sqlite": {
      const { openSqlite } = await import("./sqlite/sqlite-database.ts");
      return openSqlite(where.file, where.url, { threads, warn: onWarning });
    }
    case "postgresql": {
      const { openPostgresql } = await import("./postgresql/postgresql-database.ts");
      return openPostgresql(where.url, { poolSize, threads, warn: onWarning });
    }
  }
}

async function ping({ reads }: Database): Promise<void> {
  const { promise: late, reject } = withReject();
  const timer = setTimeout(
    () => reject(new StoreError("unavailable", `ping: no answer within ${PING_MS} ms`)),
    PING_MS,
  );
  try {
    await Promise.race([reads.query("ping", "select 1 as one"), late]);
  } finally {
    clearTimeout(timer);
  }
}

function withReject(): { readonly promise: Promise<never>; readonly reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_resolve, refuse) => {
    reject = refuse;
  });
  return { promise, reject };
}
