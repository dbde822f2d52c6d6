import type { RawClient } from "../raw-session.ts";
import type { Statements } from "./statements.ts";

/** Raw SQL in the words of Prisma's client, without it in between. */
export function libsqlClient(statements: Statements): RawClient {
  return {
    $queryRawUnsafe: async <Result>(sql: string, ...values: unknown[]): Promise<Result> => {
      const { columns, rows } = await statements.query(sql, values);
      const objects = rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])));
      // Proven by the caller, who wrote the columns into the SQL.
      return objects as Result;
    },
    $executeRawUnsafe: (sql, ...values) => statements.execute(sql, values),
  };
}
