import { PrismaPg } from "@prisma/adapter-pg";
import { Client } from "pg";
import { storeError } from "../errors.ts";
import { APPLIED_SQL, type AppliedMigration, FORGET_UNFINISHED_SQL, type Migrator } from "../migrator.ts";

/** Any number that is Paybell's: 'payb' in ASCII. Held while migrating. */
const LOCK = 0x70_61_79_62;
const CONNECT_MS = 5_000;
/** How long to wait for another process that migrates. */
const WAIT_MS = 60_000;

export async function postgresqlMigrator(url: string): Promise<Migrator> {
  const client = new Client({
    connectionString: url,
    application_name: "paybell migrate",
    connectionTimeoutMillis: CONNECT_MS,
  });
  client.on("error", () => undefined);
  const run = async <Result>(during: string, work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, during);
    }
  };
  await run("connect", () => client.connect());
  return {
    applied: () => run("read migrations", () => applied(client)),
    apply: (migrations) =>
      run("migrate", async () => {
        const { applyMigrations } = await import("../schema-engine.ts");
        await client.query(`set lock_timeout = ${WAIT_MS}`);
        await client.query("select pg_advisory_lock($1)", [LOCK]);
        if (await hasTable(client)) await client.query(FORGET_UNFINISHED_SQL);
        // One connection, so that BEGIN and COMMIT in a migration's SQL enclose it: the adapter runs statement by statement.
        return applyMigrations("postgresql", new PrismaPg({ connectionString: url, max: 1 }), migrations);
      }),
    // Ends the session, and with it the lock.
    close: () => client.end(),
  };
}

async function applied(client: Client): Promise<readonly AppliedMigration[]> {
  if (!(await hasTable(client))) return [];
  return (await client.query<AppliedMigration>(APPLIED_SQL)).rows;
}

async function hasTable(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ has: boolean }>("select to_regclass('_prisma_migrations') is not null as has");
  return rows[0]?.has === true;
}
