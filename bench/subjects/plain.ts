import { migrate } from "../../src/store/migrate.ts";
import { openPostgresql } from "../database.ts";
import type { Names } from "../load/notifications.ts";
import { onDatabase, startOneProcess } from "./one-process.ts";
import type { Subject } from "./subject.ts";

/**
 * What one would write without thinking of batches: verify, then one interactive transaction a notification. It gets Paybell's
 * own tables without the indexes that it has no use for, a pool as large as the driver's default, and patience.
 */
export const PLAIN: Subject = {
  name: "plain",
  title: "The plain way: a Prisma transaction a notification",
  async start({ root, postgresql }) {
    const database = await openPostgresql(postgresql);
    await migrate(database.url);
    const indexes = await database.query(
      `select indexname from pg_indexes where schemaname = 'public' and tablename in ('inputs', 'payments', 'orders', 'events')
       and indexdef not like 'CREATE UNIQUE%'`,
    );
    for (const { indexname } of indexes) await database.query(`drop index "${String(indexname)}"`);
    const server = await startOneProcess({
      ...{ root, file: "plain.ts", env: { DATABASE_URL: database.url }, path: "/", readyPath: "/ready" },
    });
    return onDatabase(server, database, async (names: readonly Names[]) => {
      const keys = names.map(({ event }) => `'${event}'`).join(", ");
      const [row] = await database.query(
        `select count(*) as stored, count(p.id) as applied from inputs i left join payments p on p.id = i.payment where i.key in (${keys})`,
      );
      return { stored: Number(row?.stored ?? 0), applied: Number(row?.applied ?? 0) };
    });
  },
};
