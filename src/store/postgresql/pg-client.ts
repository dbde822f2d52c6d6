import { type CustomTypesConfig, type Pool, type PoolClient, types } from "pg";
import type { RawClient } from "../raw-session.ts";

/** Raw SQL on a pool or on one of its connections, without Prisma's client in between. */
export function pgClient(connection: Pool | PoolClient): RawClient {
  return {
    $queryRawUnsafe: async <Result>(text: string, ...values: unknown[]): Promise<Result> => {
      const { rows } = await connection.query({ text, values, types: TYPES });
      // Proven by the caller, who wrote the columns into the SQL.
      return rows as Result;
    },
    $executeRawUnsafe: async (text, ...values) => (await connection.query({ text, values })).rowCount ?? 0,
  };
}

/** The driver's own reading of values, but for `bigint`, which it leaves as text. */
const TYPES: CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === types.builtins.INT8 ? (text: string) => BigInt(text) : types.getTypeParser(oid, format),
};
