import { SQLITE } from "../dialect.ts";
import { storeError } from "../errors.ts";
import { rawSession } from "../raw-session.ts";
import type { Session } from "../session.ts";
import { Connection } from "../sqlite/connection.ts";
import { libsqlClient } from "../sqlite/libsql-client.ts";
import { numbered } from "../sqlite/sqlite-transaction.ts";
import type { AuditDatabase } from "./audit-database.ts";

/**
 * Connections of its own to a file that another process may serve: WAL lets readers stand beside the writer, and a short
 * BEGIN IMMEDIATE beside a server makes that one wait for a few milliseconds (it takes `busy` for "again").
 */
export async function openSqliteAudit(file: string, writing: boolean): Promise<AuditDatabase> {
  const reader = new Connection({ file, pragmas: ["query_only = 1"] });
  const writer = writing ? new Connection({ file, pragmas: ["synchronous = FULL", "fullfsync = 1"] }) : null;
  const inTurn = turns();
  return {
    dialect: SQLITE,
    // One connection holds one transaction at a time.
    snapshot: (work) => inTurn(() => within(reader, "BEGIN", work)),
    repair: (work) => {
      if (writer === null) throw new Error("opened for reading only");
      return inTurn(() => within(writer, "BEGIN IMMEDIATE", work));
    },
    close: async () => {
      await Promise.allSettled([reader.close(), writer?.close()]);
    },
  };
}

async function within<Result>(
  connection: Connection,
  begin: string,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const run = async (during: string, sql: string): Promise<void> => {
    try {
      await connection.execute(sql, []);
    } catch (error) {
      throw storeError(error, during);
    }
  };
  await run("begin", begin);
  try {
    const result = await work(rawSession({ client: libsqlClient(connection), placeholders: numbered }));
    await run("commit", "COMMIT");
    return result;
  } catch (error) {
    await connection.execute("ROLLBACK", []).catch(() => undefined);
    throw error;
  }
}

function turns(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
