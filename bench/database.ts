import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import type { SqlDriverAdapter } from "@prisma/driver-adapter-utils";
import { Client } from "pg";
import { cpuSeconds } from "./processes.ts";

/** A subject's database, fresh, and looked at from outside. */
export interface BenchDatabase {
  readonly url: string;
  /** Runs one statement without parameters. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Runs one statement that writes; on SQLite only while the service is stopped. */
  execute(sql: string): Promise<void>;
  /** What the database's own processes have used up to now; null where the service is the database. */
  cpuSeconds(): Promise<number | null>;
  /** Bytes written up to now: the log, and what the tables and indexes have grown to. `pids` are the service's processes. */
  bytesWritten(pids: readonly number[]): Promise<number>;
  drop(): Promise<void>;
}

export function openSqlite(folder: string): BenchDatabase {
  const file = join(folder, "paybell.db");
  // One for all questions: in WAL mode a reader disturbs nobody, and a connection that was closed keeps its memory for long.
  let connection: Promise<SqlDriverAdapter> | null = null;
  const open = (): Promise<SqlDriverAdapter> => {
    connection ??= new PrismaLibSql({ url: pathToFileURL(file).href, intMode: "bigint" }).connect();
    return connection;
  };
  return {
    url: `file:${file}`,
    query: async (sql) => {
      const { columnNames, rows } = await (await open()).queryRaw({ sql, args: [], argTypes: [] });
      return rows.map((values) => Object.fromEntries(columnNames.map((name, index) => [name, values[index]])));
    },
    // Without waiting for the disk: nothing is lost with it.
    execute: async (sql) => (await open()).executeScript(`pragma synchronous = off; ${sql}`),
    cpuSeconds: async () => null,
    bytesWritten: async (pids) => pids.map(bytesWrittenBy).reduce((sum, bytes) => sum + bytes, 0),
    drop: async () => {
      await (await connection)?.dispose();
    },
  };
}

function bytesWrittenBy(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);
}

export async function openPostgresql(server: string): Promise<BenchDatabase> {
  const name = `paybell_bench_${randomUUID().replaceAll("-", "").slice(0, 12)}`;
  const administrator = await connect(server);
  await administrator.query(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const client = await connect(url.href);
  return {
    url: url.href,
    query: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    execute: async (sql) => void (await client.query(sql)),
    cpuSeconds: async () => {
      const { rows } = await client.query<{ pid: number }>(
        "select pid from pg_stat_activity where datname is null or datname = current_database()",
      );
      return rows.map(({ pid }) => cpuSeconds(pid)).reduce((sum, seconds) => sum + seconds, 0);
    },
    bytesWritten: async () => {
      const { rows } = await client.query<{ bytes: string }>(
        "select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn + pg_database_size(current_database()))::text as bytes",
      );
      return Number(rows[0]?.bytes ?? 0);
    },
    drop: async () => {
      await client.end();
      await administrator.query(`drop database ${name} with (force)`);
      await administrator.end();
    },
  };
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}
