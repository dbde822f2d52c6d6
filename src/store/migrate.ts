import { readDatabaseUrl } from "./database-url.ts";
import { type Migration, readMigrations } from "./migrations.ts";
import type { AppliedMigration, Migrator } from "./migrator.ts";
import { StoreError } from "./store.ts";

export interface MigrationReport {
  readonly dialect: "postgresql" | "sqlite";
  /** Names of the migrations applied just now, in order; empty when the database was up to date. */
  readonly applied: readonly string[];
  readonly milliseconds: number;
}

/**
 * Brings the database to this version's schema, creating a SQLite file (and its folder) that does not exist yet. Safe to call from several
 * processes at once. Rejects with a StoreError `unavailable` when the database cannot be reached or a SQLite file is
 * open in another process, `conflict` when it was migrated by a newer version, `data` on an unknown kind of URL.
 */
export async function migrate(url: string): Promise<MigrationReport> {
  const started = performance.now();
  const where = readDatabaseUrl(url);
  const migrations = readMigrations(where.dialect);
  const migrator = await openMigrator(where);
  try {
    // Up to date is the usual start: then neither the lock nor the engine is needed.
    const isUpToDate = compare(await migrator.applied(), migrations);
    const applied = isUpToDate ? [] : await migrator.apply(migrations);
    return { dialect: where.dialect, applied, milliseconds: Math.round(performance.now() - started) };
  } finally {
    await migrator.close();
  }
}

async function openMigrator(where: ReturnType<typeof readDatabaseUrl>): Promise<Migrator> {
  switch (where.dialect) {
    case "sqlite": {
      const { sqliteMigrator } = await import("./sqlite/sqlite-migrator.ts");
      return sqliteMigrator(where.file, where.url);
    }
    case "postgresql": {
      const { postgresqlMigrator } = await import("./postgresql/postgresql-migrator.ts");
      return postgresqlMigrator(where.url);
    }
  }
}

/** True when nothing is to be done; throws where the database isn't one that these migrations made. */
function compare(applied: readonly AppliedMigration[], migrations: readonly Migration[]): boolean {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { name, checksum } of applied) {
    const migration = known.get(name);
    if (migration === undefined) {
      throw new StoreError(
        "conflict",
        `the database was migrated by a newer version of Paybell (${name}): start that one, or restore a backup`,
      );
    }
    if (migration.checksum !== checksum) {
      throw new StoreError("conflict", `migration ${name} is not the one that was applied to the database`);
    }
  }
  const finished = new Set(applied.filter((row) => row.finished).map(({ name }) => name));
  return migrations.every(({ name }) => finished.has(name));
}
