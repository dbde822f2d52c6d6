import { PrismaPg } from "@prisma/adapter-pg";
import type { Pool } from "pg";
import { POSTGRESQL } from "../dialect.ts";
import { storeError } from "../errors.ts";
import { PrismaClient } from "../generated/postgresql/client.ts";
import { rawSession, readingSession } from "../raw-session.ts";
import type { Database, Lane, Models, Session } from "../session.ts";
import type { LaneLoad } from "../store.ts";
import { pgClient } from "./pg-client.ts";
import { discard, openPool, type Plans } from "./pool.ts";
import { inTransaction } from "./postgresql-transaction.ts";

const LOSES = "a crash may lose notifications that were acknowledged";
const GROWS = "what is dead in its tables stays there, they grow, and all that reads them becomes slower";

/** What it means where one of these settings is off. */
const NEEDED: Readonly<Record<string, string>> = {
  ...{ fsync: LOSES, synchronous_commit: LOSES, full_page_writes: LOSES },
  ...{ autovacuum: GROWS, track_counts: GROWS },
};

const PLANS: Readonly<Record<Lane, Plans>> = { journal: "by_key", work: "any" };

export interface PostgresqlOptions {
  readonly poolSize: number;
  readonly threads: boolean;
  readonly warn: (message: string) => void;
}

/** Two pools: one for receiving, one for applying and reading, so that slow appliers never starve the journal. */
export async function openPostgresql(url: string, { poolSize, threads, warn }: PostgresqlOptions): Promise<Database> {
  const lost = (error: Error): void => warn(`a database connection was lost: ${error.message}`);
  const pools: Readonly<Record<Lane, Pool>> = {
    journal: openPool({ url, max: poolSize, plans: PLANS.journal, onError: lost }),
    work: openPool({ url, max: poolSize, plans: PLANS.work, onError: lost }),
  };
  const adapter = new PrismaPg(pools.work, { onConnectionError: lost, disposeExternalPool: true });
  const models = new PrismaClient({ adapter, errorFormat: "minimal" });
  const close = async (): Promise<void> => {
    await Promise.allSettled([pools.journal.end(), models.$disconnect()]);
  };
  const write = <Result>(lane: Lane, work: (session: Session) => Promise<Result>): Promise<Result> =>
    onConnection(pools[lane], PLANS[lane], work);
  try {
    await write("journal", (session) => warnOfSettings(session, warn));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    dialect: POSTGRESQL,
    reads: readingSession({
      client: pgClient(pools.work, PLANS.work),
      models: modelsOf(models),
      placeholders: (sql) => sql,
    }),
    write,
    transaction: (work) => inTransaction(pools.work, PLANS.work, work),
    share: () => (threads ? { dialect: "postgresql", url } : null),
    load: () => [loadOf("journal", pools.journal), loadOf("work", pools.work)],
    close,
  };
}

/** What each statement writes commits by itself. After one that failed the connection is not used again. */
async function onConnection<Result>(
  pool: Pool,
  plans: Plans,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const connection = await pool.connect().catch((error: unknown) => {
    throw storeError(error, "connect");
  });
  try {
    const result = await work(rawSession({ client: pgClient(connection, plans), placeholders: (sql) => sql }));
    connection.release();
    return result;
  } catch (error) {
    discard(connection);
    throw error;
  }
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

async function warnOfSettings(session: Session, warn: (message: string) => void): Promise<void> {
  const rows = await session.query<{ name: string; value: string }>(
    "settings",
    "select name, reset_val as value from pg_settings where name = any($1::text[])",
    Object.keys(NEEDED),
  );
  for (const { name, value } of rows) if (value === "off") warn(`PostgreSQL runs with ${name} = off: ${NEEDED[name]}`);
}
