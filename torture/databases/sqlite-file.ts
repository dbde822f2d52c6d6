import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { pause } from "../pause.ts";
import type { Row, TortureDatabase } from "./database.ts";
import { mountSmallDisk } from "./small-disk.ts";

const DISK_MIB = 1_024;

export async function openSqliteFile(folder: string): Promise<TortureDatabase> {
  const place = join(folder, "sqlite");
  mkdirSync(place, { recursive: true });
  const disk = mountSmallDisk(place, DISK_MIB);
  const file = join(place, "paybell.db");
  return {
    dialect: "sqlite",
    version: "libSQL",
    urlFor: () => `file:${file}`,
    query: async (sql) => (existsSync(file) ? read(file, sql) : []),
    disk,
    server: null,
    lockFile: async (ms) => {
      if (existsSync(file)) await lock(file, ms);
    },
    close: async () => disk?.close(),
  };
}

const TRIES = 400;

async function lock(file: string, ms: number): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    // A new one each time: one that was refused is good for nothing more, see src/store/sqlite/connection.ts.
    const adapter = await new PrismaLibSql({ url: pathToFileURL(file).href }).connect();
    const run = (sql: string): Promise<number> => adapter.executeRaw({ sql, args: [], argTypes: [] });
    try {
      await run("BEGIN IMMEDIATE");
      await pause(ms);
      await run("ROLLBACK");
      return;
    } catch {
      await pause(5);
    } finally {
      await adapter.dispose();
    }
  }
  throw new Error("somebody else always had the file locked");
}

/** A connection for one question: a reader beside the writer disturbs nobody in WAL mode. */
async function read(file: string, sql: string): Promise<readonly Row[]> {
  const adapter = await new PrismaLibSql({ url: pathToFileURL(file).href, intMode: "bigint" }).connect();
  try {
    const { columnNames, rows } = await adapter.queryRaw({ sql, args: [], argTypes: [] });
    return rows.map((values) => Object.fromEntries(columnNames.map((name, index) => [name, values[index]])));
  } finally {
    await adapter.dispose();
  }
}
