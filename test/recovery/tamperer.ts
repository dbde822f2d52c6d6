import { PrismaLibSql } from "@prisma/adapter-libsql";
import { DriverAdapterError } from "@prisma/driver-adapter-utils";
import { Client } from "pg";
import type { TestDatabase } from "../store/databases.ts";

/** Somebody with SQL and no respect: changes rows behind the service's back. The same text on both databases. */
export interface Tamperer {
  /** Runs one statement past the guards, as whoever owns the database can. */
  run(sql: string): Promise<void>;
  /** Runs one statement as it is; rejects where a guard refuses it. */
  attempt(sql: string): Promise<void>;
  one(sql: string): Promise<string>;
  /** All that a table holds, as text; bytes as what they spell. */
  dump(table: string): Promise<string>;
  close(): Promise<void>;
}

export async function openTamperer({ dialect, url }: TestDatabase): Promise<Tamperer> {
  const { execute, one, dump, close } = dialect === "postgresql" ? await openPostgresql(url) : await openSqlite(url);
  return {
    attempt: execute,
    run: async (sql) => {
      await execute("begin");
      try {
        await execute("insert into repairs (id) values ('tamperer')");
        await execute(sql);
        await execute("delete from repairs");
        await execute("commit");
      } catch (error) {
        await execute("rollback");
        throw error;
      }
    },
    one,
    dump,
    close,
  };
}

interface Connection extends Pick<Tamperer, "one" | "dump" | "close"> {
  execute(sql: string): Promise<void>;
}

async function openPostgresql(url: string): Promise<Connection> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    execute: async (sql) => {
      await client.query(sql);
    },
    one: async (sql) => String(Object.values((await client.query(sql)).rows[0] ?? {})[0]),
    dump: async (table) => textOf((await client.query(`select * from ${table}`)).rows),
    close: () => client.end(),
  };
}

async function openSqlite(url: string): Promise<Connection> {
  const adapter = await new PrismaLibSql({ url }).connect();
  return {
    execute: async (sql) => {
      try {
        await adapter.executeRaw({ sql, args: [], argTypes: [] });
      } catch (error) {
        // The adapter takes a trigger's refusal for a foreign key's, and keeps SQLite's own words aside.
        const { originalMessage = "" } = error instanceof DriverAdapterError ? error.cause : {};
        throw new Error(originalMessage, { cause: error });
      }
    },
    one: async (sql) => String((await adapter.queryRaw({ sql, args: [], argTypes: [] })).rows[0]?.[0]),
    dump: async (table) =>
      textOf((await adapter.queryRaw({ sql: `select * from ${table}`, args: [], argTypes: [] })).rows),
    close: () => adapter.dispose(),
  };
}

function textOf(rows: readonly unknown[]): string {
  return JSON.stringify(rows, (_name, value: unknown) => {
    if (typeof value === "bigint") return value.toString();
    if (value instanceof Uint8Array || value instanceof ArrayBuffer)
      return Buffer.from(value as Uint8Array).toString("utf8");
    // A Buffer is JSON already when it gets here.
    const isBuffer = typeof value === "object" && value !== null && Reflect.get(value, "type") === "Buffer";
    return isBuffer ? Buffer.from(Reflect.get(value, "data")).toString("utf8") : value;
  });
}
