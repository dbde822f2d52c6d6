import { type RawTime, readTime } from "../columns.ts";
import type { Columns, Dialect } from "../dialect.ts";
import { writeEvents } from "../events.ts";
import { storable } from "../json-rows.ts";
import type { Judge, Settlement } from "../outbox.ts";
import { statement, type WriteContext } from "../upsert.ts";
import { RECEIVER_COLUMNS, type ReceiverRow, readReceiver } from "./receiver-rows.ts";

const SETTLED_COLUMNS: Columns = {
  ...{ id: "text", state: "text", reason: "text", due_in: "bigint", is_undone: "boolean", log: "document" },
  settled_at: "time",
};

/** In one transaction; deliveries are locked in the order of seq, then receivers in that of their ids, as everywhere. */
export async function settleDeliveries(
  context: WriteContext,
  settlements: readonly Settlement[],
  owner: string,
  judges: ReadonlyMap<string, Judge>,
): Promise<{ readonly held: ReadonlySet<string>; readonly told: boolean }> {
  const held = await hold(context, settlements, owner);
  const rows = settlements.filter(({ id }) => held.has(id)).map((settlement) => settledRow(settlement, context.now));
  await statement(
    context,
    "deliveries",
    SETTLED_COLUMNS,
    rows,
    (source) =>
      `update deliveries set state = r.state, reason = r.reason, owner = null,
       due_at = case when r.is_undone then ${oldPlace(context.dialect)} else ${context.dialect.later("r.due_in")} end,
       attempts = case when r.is_undone and attempts > 0 then attempts - 1 else attempts end, log = r.log, settled_at = r.settled_at
       from ${source} where deliveries.id = r.id`,
  );
  return { held, told: await judge(context, judges) };
}

/** What is due is taken in the order it became due; our clock may be ahead of the database's. */
function oldPlace({ now }: Dialect): string {
  return `case when deliveries.created_at < ${now} then deliveries.created_at else ${now} end`;
}

/** Only what still waits and is still ours: what another process claimed meanwhile is its to settle. */
async function hold(
  { session, dialect }: WriteContext,
  settlements: readonly Settlement[],
  owner: string,
): Promise<ReadonlySet<string>> {
  if (settlements.length === 0) return new Set();
  const rows = await session.query<{ id: string }>(
    "settle.hold",
    `select id from deliveries where ${dialect.among("id", 1)} and owner = $2 and due_at is not null
     order by seq ${dialect.forUpdate()}`,
    dialect.list(settlements.map(({ id }) => id)),
    storable("owner", owner),
  );
  return new Set(rows.map(({ id }) => id));
}

function settledRow({ id, state, reason, dueInMs, isUndone, log }: Settlement, now: Date) {
  return {
    ...{ id, state, reason, due_in: dueInMs, is_undone: isUndone, log: JSON.stringify(log) },
    settled_at: state === "waiting" ? null : now,
  };
}

const HEALTH_COLUMNS: Columns = {
  ...{ id: "text", state: "text", failures: "integer", failing_since: "time", paused_until: "time" },
};

/** Whether anything was told. What the receivers' own ends tell is written last, so that they are not among those told. */
async function judge(context: WriteContext, judges: ReadonlyMap<string, Judge>): Promise<boolean> {
  if (judges.size === 0) return false;
  const { session, dialect } = context;
  const found = await session.query<ReceiverRow & { readonly now: RawTime }>(
    "settle.receivers",
    `select ${RECEIVER_COLUMNS}, ${dialect.now} as now from receivers v where ${dialect.among("v.id", 1)}
     order by v.id ${dialect.forUpdate("v")}`,
    dialect.list([...judges.keys()]),
  );
  const judged = found.flatMap((row) => {
    const judgement = judges.get(row.id)?.(readReceiver(row), readTime(row.now));
    return judgement === undefined ? [] : [{ id: row.id, ...judgement }];
  });
  await statement(
    context,
    "receivers",
    HEALTH_COLUMNS,
    judged.map(({ id, health: { state, failures, failingSince, pausedUntil } }) => ({
      ...{ id, state, failures, failing_since: failingSince, paused_until: pausedUntil },
    })),
    (source) => `update receivers set state = r.state, failures = r.failures, failing_since = r.failing_since,
       paused_until = r.paused_until from ${source} where receivers.id = r.id`,
  );
  const events = judged.flatMap(({ event }) => (event === null ? [] : [event]));
  await writeEvents(context, events);
  return events.length > 0;
}
