import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { storeError } from "../errors.ts";
import { APPLIED_SQL, type AppliedMigration, FORGET_UNFINISHED_SQL, type Migrator } from "../migrator.ts";
import { driver } from "./driver.ts";
import { lockFile } from "./file-lock.ts";

const HAS_TABLE = "select 1 from sqlite_master where type = 'table' and name = '_prisma_migrations'";

export async function sqliteMigrator(file: string, url: string): Promise<Migrator> {
  mkdirSync(dirname(file), { recursive: true });
  const adapter = await driver(url).connect();
  // The file is opened by the first statement: a disk that is full fails here, and may have room again in a moment.
  const query = async (sql: string): Promise<readonly (readonly unknown[])[]> => {
    try {
      return (await adapter.queryRaw({ sql, args: [], argTypes: [] })).rows;
    } catch (error) {
      throw storeError(error, `read ${file}`);
    }
  };
  const hasTable = async (): Promise<boolean> => (await query(HAS_TABLE)).length > 0;
  return {
    applied: async () => ((await hasTable()) ? (await query(APPLIED_SQL)).map(readApplied) : []),
    apply: async (migrations) => {
      const { applyMigrations } = await import("../schema-engine.ts");
      const unlock = await lockFile(file);
      try {
        if (await hasTable()) await adapter.executeRaw({ sql: FORGET_UNFINISHED_SQL, args: [], argTypes: [] });
        return await applyMigrations("sqlite", new PrismaLibSql({ url }), migrations);
      } catch (error) {
        throw storeError(error, "migrate");
      } finally {
        await unlock();
      }
    },
    close: () => adapter.dispose(),
  };
}

function readApplied([name, checksum, finished]: readonly unknown[]): AppliedMigration {
  return { name: String(name), checksum: String(checksum), finished: Boolean(Number(finished)) };
}
