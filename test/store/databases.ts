import { randomUUID } from "node:crypto";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { inject } from "vitest";
import { openStore, type StoreOptions } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";

/** Fresh databases for tests: a SQLite file in a temporary folder, or a PostgreSQL database that is dropped afterwards. */

export type DialectName = Store["dialect"];

const POSTGRESQL = process.env.TEST_DATABASE_URL ?? "postgresql://postgres@127.0.0.1:5432/postgres";

export interface TestDatabase {
  readonly dialect: DialectName;
  readonly url: string;
  drop(): Promise<void>;
}

/** Why PostgreSQL can't be tested on, or null. With PAYBELL_REQUIRE_POSTGRES=1 its absence is an error instead. */
async function postgresqlIsAbsent(): Promise<string | null> {
  const client = new Client({ connectionString: POSTGRESQL, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    await client.end();
    return null;
  } catch (error) {
    const reason = `PostgreSQL does not answer at ${new URL(POSTGRESQL).host}: ${error instanceof Error ? error.message : error}`;
    if (process.env.PAYBELL_REQUIRE_POSTGRES === "1") throw new Error(reason, { cause: error });
    return reason;
  }
}

let absence: Promise<string | null> | undefined;

/** Each dialect with the reason why it must be skipped, if there is one: `describe.skipIf(skip)`, and say it. */
export async function availableDialects(): Promise<
  readonly { readonly dialect: DialectName; readonly skip: string | null }[]
> {
  absence ??= postgresqlIsAbsent();
  return [
    { dialect: "sqlite", skip: null },
    { dialect: "postgresql", skip: await absence },
  ];
}

/** An empty database; migrate it, and drop it when done. */
export function createEmptyDatabase(dialect: DialectName): Promise<TestDatabase> {
  return create(dialect, null);
}

/** A migrated database without rows; drop it when done. */
export function createDatabase(dialect: DialectName): Promise<TestDatabase> {
  const template = inject("templates")[dialect];
  if (template === undefined) throw new Error(`there is no ${dialect} to copy: is test/store/templates.ts set up?`);
  return create(dialect, template);
}

/** `template`: the URL of the one to copy. */
function create(dialect: DialectName, template: string | null): Promise<TestDatabase> {
  switch (dialect) {
    case "sqlite":
      return createFile(template);
    case "postgresql":
      return createPostgresql(template);
  }
}

async function createFile(template: string | null): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "paybell-store-"));
  const file = join(folder, "paybell.db");
  if (template !== null) await copyFile(template.slice("file:".length), file);
  return {
    dialect: "sqlite",
    url: `file:${file}`,
    drop: () => rm(folder, { recursive: true, force: true }),
  };
}

async function createPostgresql(template: string | null): Promise<TestDatabase> {
  const name = `paybell_test_${randomUUID().replaceAll("-", "")}`;
  const copied = template === null ? "" : ` template ${new URL(template).pathname.slice(1)}`;
  await asAdministrator(`create database ${name}${copied}`);
  const url = new URL(POSTGRESQL);
  url.pathname = `/${name}`;
  return {
    dialect: "postgresql",
    url: url.href,
    drop: () => asAdministrator(`drop database if exists ${name} with (force)`),
  };
}

async function asAdministrator(sql: string): Promise<void> {
  const client = new Client({ connectionString: POSTGRESQL });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

export interface TestStore {
  readonly store: Store;
  readonly database: TestDatabase;
  /** Closes the store and drops the database. */
  close(): Promise<void>;
}

/** A store on a fresh, migrated database. */
export async function createStore(dialect: DialectName, options: Partial<StoreOptions> = {}): Promise<TestStore> {
  const database = await createDatabase(dialect);
  const store = await openStore({ url: database.url, now: () => new Date(), ...options });
  return {
    store,
    database,
    close: async () => {
      await store.close();
      await database.drop();
    },
  };
}

/** Runs `work` with a store on a fresh, migrated database, which is gone afterwards. */
export async function withStore<Result>(
  dialect: DialectName,
  work: (store: Store, database: TestDatabase) => Promise<Result>,
  options: Partial<StoreOptions> = {},
): Promise<Result> {
  const { store, database, close } = await createStore(dialect, options);
  try {
    return await work(store, database);
  } finally {
    await close();
  }
}
