import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from "@prisma/driver-adapter-utils";
import type { MigrationList, SchemaEngine } from "@prisma/schema-engine-wasm/schema_engine_bg";
import type { Dialect } from "./dialect.ts";
import type { Migration } from "./migrations.ts";

/** Prisma's own schema engine as WebAssembly: applies and compares schemas with nothing to download. */

const ENGINE = "@prisma/schema-engine-wasm/schema_engine_bg";
const NO_FILTERS = { externalTables: [], externalEnums: [] };

/** Proven: Node has it. TypeScript declares it with the browser's library only. */
const { WebAssembly: webAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    instantiate(
      code: Uint8Array,
      imports: object,
    ): Promise<{ readonly instance: { readonly exports: Readonly<Record<string, unknown>> } }>;
  };
};

let loaded: Promise<typeof import("@prisma/schema-engine-wasm/schema_engine_bg")> | undefined;

/** The package's entry imports .wasm as a module, which Node 20 can't: the glue is given the instance by hand. */
async function load(): Promise<typeof import("@prisma/schema-engine-wasm/schema_engine_bg")> {
  const path = createRequire(import.meta.url).resolve(ENGINE);
  const glue = await import("@prisma/schema-engine-wasm/schema_engine_bg");
  const wasm = await readFile(path.replace(/\.js$/, ".wasm"));
  const { instance } = await webAssembly.instantiate(wasm, { "./schema_engine_bg.js": glue });
  glue.__wbg_set_wasm(instance.exports);
  const start: unknown = instance.exports.__wbindgen_start;
  if (typeof start === "function") start();
  return glue;
}

/** Runs work on an engine, and closes the connections that it opened: it holds a lock of its own on one of them. */
async function withEngine<Result>(
  dialect: Dialect["name"],
  factory: SqlMigrationAwareDriverAdapterFactory,
  work: (engine: SchemaEngine) => Promise<Result>,
): Promise<Result> {
  loaded ??= load();
  const { SchemaEngine: Engine } = await loaded;
  const schema: [string, string] = ["schema.prisma", `datasource db {\n  provider = "${dialect}"\n}\n`];
  const opened: SqlDriverAdapter[] = [];
  const adapters = watched(factory, opened);
  try {
    const options = { datamodels: [schema] };
    return await work(await Engine.new(options, () => undefined, bindMigrationAwareSqlAdapterFactory(adapters)));
  } finally {
    await Promise.allSettled(opened.map((adapter) => adapter.dispose()));
  }
}

function listOf(dialect: Dialect["name"], migrations: readonly Migration[]): MigrationList {
  return {
    baseDir: "migrations",
    shadowDbInitScript: "",
    lockfile: { path: "migration_lock.toml", content: `provider = "${dialect}"\n` },
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: "migration.sql", content: { tag: "ok", value: sql } },
    })),
  };
}

/** Applies what is missing, writing `_prisma_migrations`; returns the names. */
export function applyMigrations(
  dialect: Dialect["name"],
  factory: SqlMigrationAwareDriverAdapterFactory,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  return withEngine(dialect, factory, async (engine) => {
    const migrationsList = listOf(dialect, migrations);
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: NO_FILTERS });
    return appliedMigrationNames;
  });
}

/**
 * The SQL that is still missing between the migrations and the schema; empty when they agree. The factory's database must
 * be an empty one to throw away: the migrations are tried there.
 */
export function missingSql(
  dialect: Dialect["name"],
  factory: SqlMigrationAwareDriverAdapterFactory,
  migrations: readonly Migration[],
  schema: string,
): Promise<string> {
  return withEngine(dialect, factory, async (engine) => {
    // Not `from: migrations`: for its shadow database the engine runs the first statement of each migration only on SQLite.
    await engine.applyMigrations({ migrationsList: listOf(dialect, migrations), filters: NO_FILTERS });
    const files = [{ path: "schema.prisma", content: schema }];
    const { stdout } = await engine.diff({
      from: { tag: "schemaDatasource", files, configDir: "." },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      filters: NO_FILTERS,
    });
    const sql = (stdout ?? "").trim();
    return sql === "-- This is an empty migration." ? "" : sql;
  });
}

const CHAR_COLUMNS = /\b(?:constr|con)\.(?:contype|confdeltype|confupdtype)\b(?=,| AS)/g;
const QUOTED_NAME = /(?<=type = 'index' AND name = )"(\w+)"/;

/**
 * The factory, each adapter noted, and two ways round what the engine (7.10) asks when it looks at a database:
 * - PostgreSQL's adapter refuses results of the internal type "char", the kinds of constraints and their actions: these
 *   columns are asked for as text.
 * - It puts an index's name in double quotes, which libSQL takes for a column's: it gets single ones.
 */
function watched(
  factory: SqlMigrationAwareDriverAdapterFactory,
  opened: SqlDriverAdapter[],
): SqlMigrationAwareDriverAdapterFactory {
  const note = async (connect: () => Promise<SqlDriverAdapter>): Promise<SqlDriverAdapter> => {
    const adapter = await connect();
    opened.push(adapter);
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = (query) => {
      const sql = query.sql.replaceAll(CHAR_COLUMNS, (column) => `${column}::text`).replace(QUOTED_NAME, "'$1'");
      return queryRaw({ ...query, sql });
    };
    return adapter;
  };
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: () => note(() => factory.connect()),
    connectToShadowDb: () => note(() => factory.connectToShadowDb()),
  };
}
