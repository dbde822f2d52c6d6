import type { Columns, Dialect } from "./dialect.ts";
import { rowParameters } from "./json-rows.ts";
import type { NewEvent } from "./store.ts";
import type { WriteContext } from "./upsert.ts";

const EVENT_COLUMNS: Columns = {
  ...{ id: "text", type: "text", key: "text", payment: "text", order: "text", sequence: "integer" },
  ...{ live: "boolean", at: "time", snapshot: "document" },
};

/**
 * Numbered in the order given: a batch tells what happened in the order it happened. Whoever wants one that is new gets a
 * delivery of it by the same statement; on SQLite by a second one, which costs no way to a server.
 */
export async function writeEvents({ session, dialect, now }: WriteContext, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map((event) => ({ at: now, ...event }));
  const parameters = rowParameters(dialect, "events", EVENT_COLUMNS, rows);
  const time = dialect.time(now);
  switch (dialect.name) {
    case "postgresql": {
      const sql = `with told as (${insertEvents(dialect)} returning seq, id, type, live) ${insertDeliveries(dialect, 3)}
        from told e join receivers v on ${isTold(dialect)} order by e.seq, v.id`;
      await session.execute("write.events", sql, ...parameters, time);
      return;
    }
    case "sqlite":
      await Promise.all([
        session.execute("write.events", insertEvents(dialect), ...parameters),
        // Cross joins are taken in the order written: where there are no receivers, nothing is looked up.
        session.execute(
          "write.deliveries",
          `${insertDeliveries(dialect, 2)} from receivers v cross join events e
           where ${dialect.among("e.id", 1)} and ${isTold(dialect)} order by e.seq, v.id`,
          dialect.list(events.map(({ id }) => id)),
          time,
        ),
      ]);
  }
}

function insertEvents({ rows, position, beforeConflict }: Dialect): string {
  const names = Object.keys(EVENT_COLUMNS).map((name) => `"${name}"`);
  return `insert into events (${names.join(", ")}, position) select ${names.map((name) => `r.${name}`).join(", ")}, ${position}
    from ${rows(1, EVENT_COLUMNS)} ${beforeConflict} on conflict (key) do nothing`;
}

/** The beginning of a statement that goes on with FROM and knows events as `e`, receivers as `v`; our time is its `at`th parameter. */
export function insertDeliveries({ now, chance, timeParameter }: Dialect, at: number): string {
  return `insert into deliveries (id, event, receiver, state, due_at, attempts, log, created_at)
    select ${deliveryId(chance)}, e.id, v.id, 'waiting', ${now}, 0, '[]', ${timeParameter(at)}`;
}

/** An event's id is its kind, 10 characters of time and chance: its deliveries sort beside it. */
function deliveryId(chance: string): string {
  return `'dlv_' || substr(e.id, 5, 10) || ${chance}`;
}

function isTold(dialect: Dialect): string {
  return `v.state = 'enabled' and ${concerns} and ${isWanted(dialect, "v.events")}`;
}

/** Condition: the event `e` is about money that the receiver `v` hears of, or about none. */
export const concerns = "(v.live is null or e.live is null or v.live = e.live)";

/** Condition: the type of the event `e` is among `types`, `,order.paid,payment.*,`. */
export function isWanted({ find }: Dialect, types: string): string {
  const family = `substr(e.type, 1, ${find("e.type", "'.'")})`;
  const wanted = ["',*,'", "',' || e.type || ','", `',' || ${family} || '*,'`];
  return `(${wanted.map((part) => `${find(types, part)} > 0`).join(" or ")})`;
}
