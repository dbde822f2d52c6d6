import { PrismaLibSql } from "@prisma/adapter-libsql";
import type { SqlDriverAdapter, SqlDriverAdapterFactory, SqlQuery } from "@prisma/driver-adapter-utils";
import { storeError } from "../errors.ts";

type Adapter = SqlDriverAdapter;

/** A SQLite file for Prisma. The first statement opens it, with the `pragmas`. */
export function driver(url: string, pragmas: readonly string[] = []): SqlDriverAdapterFactory {
  // `timeout` stays 0: waiting for a lock would block the thread. Busy is retried instead.
  const libsql = new PrismaLibSql({ url, intMode: "bigint" }, { timestampFormat: "unixepoch-ms" });
  const { provider, adapterName } = libsql;
  return {
    ...{ provider, adapterName },
    connect: async () => new PrismaConnection(libsql, pragmas),
  };
}

/**
 * Prisma's connection, replaced where it was refused, as `Connection` is: a statement that met another process's lock stays
 * suspended until it is collected as garbage. Until then a reader would go on in one and the same snapshot.
 */
class PrismaConnection implements SqlDriverAdapter {
  readonly provider = "sqlite";
  readonly adapterName: string;
  readonly #libsql: PrismaLibSql;
  readonly #pragmas: readonly string[];
  #current: Adapter | null = null;
  /** One at a time: nobody may come between a refusal and the new connection. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(libsql: PrismaLibSql, pragmas: readonly string[]) {
    this.#libsql = libsql;
    this.#pragmas = pragmas;
    this.adapterName = libsql.adapterName;
  }

  queryRaw(statement: SqlQuery): ReturnType<Adapter["queryRaw"]> {
    return this.#inTurn((current) => current.queryRaw(statement));
  }

  executeRaw(statement: SqlQuery): Promise<number> {
    return this.#inTurn((current) => current.executeRaw(statement));
  }

  executeScript(script: string): Promise<void> {
    return this.#inTurn((current) => current.executeScript(script));
  }

  startTransaction(...args: Parameters<Adapter["startTransaction"]>): ReturnType<Adapter["startTransaction"]> {
    return this.#inTurn((current) => current.startTransaction(...args));
  }

  async dispose(): Promise<void> {
    await this.#last;
    await this.#current?.dispose();
  }

  #inTurn<Result>(work: (current: Adapter) => Promise<Result>): Promise<Result> {
    const result = this.#last.then(() => this.#run(work));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #run<Result>(work: (current: Adapter) => Promise<Result>): Promise<Result> {
    this.#current ??= await this.#connect();
    const current = this.#current;
    try {
      return await work(current);
    } catch (error) {
      if (storeError(error, "").reason === "busy") {
        this.#current = null;
        await discard(current);
      }
      throw error;
    }
  }

  async #connect(): Promise<Adapter> {
    const connection = await this.#libsql.connect();
    try {
      for (const pragma of this.#pragmas) await connection.queryRaw(statement(`PRAGMA ${pragma}`));
      return connection;
    } catch (error) {
      await discard(connection);
      throw error;
    }
  }
}

/** Closing alone would leave a transaction open until the connection is collected. */
async function discard(connection: Adapter): Promise<void> {
  await connection.executeRaw(statement("ROLLBACK")).catch(() => undefined);
  await connection.dispose().catch(() => undefined);
}

function statement(sql: string): SqlQuery {
  return { sql, args: [], argTypes: [] };
}
