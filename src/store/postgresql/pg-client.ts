import { hash } from "node:crypto";
import { type CustomTypesConfig, type Pool, type PoolClient, types } from "pg";
import type { RawClient } from "../raw-session.ts";
import type { Plans } from "./pool.ts";

/** Raw SQL on a connection, or each statement on any of a pool, without Prisma's client in between. */
export function pgClient(connection: PoolClient | Pool, plans: Plans): RawClient {
  const named = (text: string) => (plans === "by_key" ? { name: nameOf(text), text } : { text });
  return {
    $queryRawUnsafe: async <Result>(text: string, ...values: unknown[]): Promise<Result> => {
      const { rows } = await connection.query({ values, types: TYPES, ...named(text) });
      // Proven by the caller, who wrote the columns into the SQL.
      return rows as Result;
    },
    $executeRawUnsafe: async (text, ...values) => (await connection.query({ values, ...named(text) })).rowCount ?? 0,
  };
}

/** Statements of ours are few and never made of values, so this is only a bound. */
const MOST_NAMED = 500;
const names = new Map<string, string>();

/** By its name a connection knows a statement again: https://node-postgres.com/features/queries#prepared-statements */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size === MOST_NAMED) return known;
  const name = `paybell_${hash("sha256", text).slice(0, 32)}`;
  names.set(text, name);
  return name;
}

/** The driver's own reading of values, but for `bigint`, which it leaves as text. */
const TYPES: CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === types.builtins.INT8 ? (text: string) => BigInt(text) : types.getTypeParser(oid, format),
};
