import { type ArgType, type ColumnType, ColumnTypeEnum, type SqlQuery } from "@prisma/driver-adapter-utils";
import type { RawClient } from "../raw-session.ts";
import type { Statements } from "./writer-client.ts";

/** Raw SQL on one connection of Prisma's own adapter, without its client in between. */
export function libsqlClient(connection: Statements): RawClient {
  return {
    $queryRawUnsafe: async <Result>(sql: string, ...values: unknown[]): Promise<Result> => {
      const { columnNames, columnTypes, rows } = await connection.queryRaw(statement(sql, values));
      const objects = rows.map((row) =>
        Object.fromEntries(columnNames.map((name, index) => [name, readValue(columnTypes[index], row[index])])),
      );
      // Proven by the caller, who wrote the columns into the SQL.
      return objects as Result;
    },
    $executeRawUnsafe: (sql, ...values) => connection.executeRaw(statement(sql, values)),
  };
}

/** The adapter looks at types only to decode what Prisma's client encodes; our values are the driver's already. */
const PLAIN: ArgType = { scalarType: "unknown", arity: "scalar" };

function statement(sql: string, values: readonly unknown[]): SqlQuery {
  return { sql, args: [...values], argTypes: values.map(() => PLAIN) };
}

/** The adapter makes text of what JSON has no type for. */
function readValue(type: ColumnType | undefined, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (type === ColumnTypeEnum.DateTime) return new Date(value);
  // A column declared as boolean holds 0 or 1, and the text "0" would be true.
  if (type === ColumnTypeEnum.Boolean) return value !== "0";
  return type === ColumnTypeEnum.Int64 ? BigInt(value) : value;
}
