import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PrismaLibSql } from "@prisma/adapter-libsql";
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
    close: async () => disk?.close(),
  };
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
