import { openPostgresql } from "../database.ts";
import type { Names } from "../load/notifications.ts";
import { onDatabase, startOneProcess } from "./one-process.ts";
import type { Subject } from "./subject.ts";

/**
 * @supabase/stripe-sync-engine: it verifies, upserts the event's object, and answers. It keeps no event, knows no order, and
 * folds nothing: what was written last stands.
 */
export const PEER: Subject = {
  name: "peer",
  title: "The peer: @supabase/stripe-sync-engine",
  async start({ root, postgresql }) {
    const database = await openPostgresql(postgresql);
    const server = await startOneProcess({
      ...{ root, file: "peer.ts", env: { DATABASE_URL: database.url }, path: "/", readyPath: "/ready" },
    });
    return onDatabase(server, database, async (names: readonly Names[]) => {
      const ids = names.map(({ intent }) => `'${intent}'`).join(", ");
      const [row] = await database.query(`select count(*) as stored from stripe.payment_intents where id in (${ids})`);
      const stored = Number(row?.stored ?? 0);
      return { stored, applied: stored };
    });
  },
};
