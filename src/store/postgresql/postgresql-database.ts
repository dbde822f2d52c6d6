import { PrismaPg } from "@prisma/adapter-pg";
import type { Pool } from "pg";
import { POSTGRESQL } from "../dialect.ts";
import { PrismaClient } from "../generated/postgresql/client.ts";
import { rawSession, readingSession } from "../raw-session.ts";
import type { Database, Lane, Models, Session } from "../session.ts";
import type { LaneLoad } from "../store.ts";
import { pgClient } from "./pg-client.ts";
import { openPool, type Plans } from "./pool.ts";
import { inTransaction } from "./postgresql-transaction.ts";

/** Settings that decide whether what was committed survives a crash. */
const DURABILITY = ["fsync", "synchronous_commit", "full_page_writes"] as const;

export interface PostgresqlOptions {
  readonly poolSize: number;
  readonly threads: boolean;
  readonly warn: (message: string) => void;
}

/** Two pools: one for receiving, one for applying and reading, so that slow appliers never starve the journal. */
export async function openPostgresql(url: string, { poolSize, threads, warn }: PostgresqlOptions): Promise<Database> {
  const lost = (error: Error): void => warn(`a database connection was lost: ${error.message}`);
  const pools: Readonly<Record<Lane, Pool>> = {
    journal: openPool({ url, max: poolSize, plans: "by_key", onError: lost }),
    work: openPool({ url, max: poolSize, plans: "any", onError: lost }),
  };
  const adapter = new PrismaPg(pools.work, { onConnectionError: lost, disposeExternalPool: true });
  const reader = new PrismaClient({ adapter, errorFormat: "minimal" });
  const close = async (): Promise<void> => {
    await Promise.allSettled([pools.journal.end(), reader.$disconnect()]);
  };
  const writing: Readonly<Record<Lane, Session>> = {
    journal: sessionOf(pools.journal, "by_key"),
    work: sessionOf(pools.work, "any"),
  };
  try {
    await warnOfUnsafeSettings(writing.journal, warn);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    dialect: POSTGRESQL,
    reads: readingSession({ client: reader, models: modelsOf(reader), placeholders: (sql) => sql }),
    write: (lane, work) => work(writing[lane]),
    transaction: (work) => inTransaction(pools.work, "any", work),
    share: () => (threads ? { dialect: "postgresql", url } : null),
    load: () => [loadOf("journal", pools.journal), loadOf("work", pools.work)],
    close,
  };
}

function sessionOf(pool: Pool, plans: Plans): Session {
  return rawSession({ client: pgClient(pool, plans), placeholders: (sql) => sql });
}

function loadOf(lane: Lane, { totalCount, idleCount, waitingCount }: Pool): LaneLoad {
  return { lane, busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
}

/**
 * Proven: both clients are generated from one schema (a test compares them). They differ in what they accept beyond
 * it, modes of string filters for example, and SQLite's accepts less.
 */
function modelsOf(client: object): Models {
  return client as Models;
}

async function warnOfUnsafeSettings(session: Session, warn: (message: string) => void): Promise<void> {
  const rows = await session.query<{ name: string; value: string }>(
    "settings",
    "select name, reset_val as value from pg_settings where name = any($1::text[])",
    [...DURABILITY],
  );
  for (const { name, value } of rows) {
    if (value === "off")
      warn(`PostgreSQL runs with ${name} = off: a crash may lose notifications that were acknowledged`);
  }
}
