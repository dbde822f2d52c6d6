import { type RawInteger, type RawTime, readOptionalTime, readTime } from "../columns.ts";
import type { Columns, Dialect } from "../dialect.ts";
import { jsonRows, storable } from "../json-rows.ts";
import type { Attempt, Claimed, ClaimedDelivery, ClaimRequest, Receiver } from "../outbox.ts";
import type { Database } from "../session.ts";
import type { EventView } from "../store.ts";
import { statement, type WriteContext } from "../upsert.ts";
import { EVENT_VIEW_COLUMNS, type EventRow, readEvent } from "./event-rows.ts";
import { RECEIVER_COLUMNS, type ReceiverRow, readReceiver } from "./receiver-rows.ts";

/** A receiver with something due, locked: nobody else gives it work meanwhile. */
interface FreeRow extends ReceiverRow {
  readonly busy_until: RawTime | null;
  readonly now: RawTime;
}

/** How much of its rate a receiver that was idle may be sent at once. */
const BURST_MS = 100;

interface Turn {
  readonly receiver: Receiver;
  readonly room: number;
  /** When it is allowed the first of them, ms since 1970 by the database's clock. */
  readonly from: number;
  readonly isProbe: boolean;
}

/** Whether a transaction is worth while. */
export async function isAnythingDue({ reads, dialect }: Database, { kinds }: ClaimRequest): Promise<boolean> {
  const rows = await reads.query<{ id: string }>(
    "claim.due",
    `select v.id from receivers v where ${isFree(dialect)} and ${dialect.among("v.kind", 1)} limit 1`,
    dialect.list(kinds),
  );
  return rows.length > 0;
}

/** Condition: the receiver `v` has something due, and nothing keeps it from being sent. */
function isFree({ now }: Dialect): string {
  return `v.state = 'enabled' and (v.paused_until is null or v.paused_until <= ${now})
    and exists (select 1 from deliveries d where d.receiver = v.id and d.due_at <= ${now})`;
}

/** In one transaction: the receivers that have something due and are free, then what is due, then what that costs them. */
export async function claimDeliveries(context: WriteContext, request: ClaimRequest): Promise<Claimed> {
  const free = await freeReceivers(context, request);
  const { turns, againInMs } = turnsOf(free, request);
  const rows = await take(context, request, turns);
  await spend(context, request, turns, rows);
  const deliveries = await withEvents(context, new Map(turns.map(({ receiver }) => [receiver.id, receiver])), rows);
  return { deliveries, againInMs };
}

/** A receiver that another process is giving work to at this moment is passed over. */
function freeReceivers({ session, dialect }: WriteContext, request: ClaimRequest): Promise<readonly FreeRow[]> {
  const full = [...request.rooms].filter(([, { room }]) => room < 1).map(([receiver]) => receiver);
  return session.query<FreeRow>(
    "claim.receivers",
    `select ${RECEIVER_COLUMNS}, v.busy_until, ${dialect.now} as now from receivers v
     where ${isFree(dialect)} and ${dialect.among("v.kind", 1)} and not ${dialect.among("v.id", 2)}
     order by v.id ${dialect.forUpdate("v")} ${dialect.skipLocked}`,
    dialect.list(request.kinds),
    dialect.list(full),
  );
}

/**
 * `busy_until` is when all that a receiver was given so far would have been sent at its rate (GCRA): it may run ahead of the
 * clock by nothing, and lag behind it by a burst. One row for all processes, so they keep the rate together.
 */
function turnsOf(
  free: readonly FreeRow[],
  request: ClaimRequest,
): { turns: readonly Turn[]; againInMs: number | null } {
  const turns: Turn[] = [];
  let left = request.limit;
  let againInMs: number | null = null;
  for (const row of free) {
    const receiver = readReceiver(row);
    const { id, rate, failures } = receiver;
    const now = readTime(row.now).getTime();
    const from = Math.max(readOptionalTime(row.busy_until)?.getTime() ?? 0, now - Math.max(BURST_MS, 1000 / rate));
    const allowed = Math.floor(((now - from) * rate) / 1000 + 1e-9);
    const isProbe = failures >= request.probeFrom;
    const room = roomOf(id, request, left, isProbe);
    const taken = Math.min(room, allowed);
    const nextInMs = from + ((taken + 1) * 1000) / rate - now;
    if (taken < room) againInMs = Math.min(againInMs ?? Number.POSITIVE_INFINITY, nextInMs);
    left -= taken;
    if (taken > 0) turns.push({ receiver, room: taken, from, isProbe });
  }
  return { turns, againInMs };
}

/** Nobody waits because others are slow: who is idle is given one, whatever all together have. */
function roomOf(receiver: string, request: ClaimRequest, left: number, isProbe: boolean): number {
  const { room, isIdle } = request.rooms.get(receiver) ?? { room: request.room, isIdle: true };
  if (isProbe) return isIdle ? 1 : 0;
  return Math.max(isIdle ? 1 : 0, Math.min(room, left));
}

interface TakenRow {
  readonly seq: RawInteger;
  readonly id: string;
  readonly receiver: string;
  readonly event: string;
  readonly attempts: RawInteger;
  readonly log: string;
}

const RETURNED = "returning deliveries.seq, id, deliveries.receiver, event, attempts, log";
const TURN_COLUMNS: Columns = { receiver: "text", room: "integer" };

/** On SQLite a LIMIT can't differ by row, and a statement costs no way to a server: there each receiver has its own. */
async function take(
  { session, dialect }: WriteContext,
  { lease }: ClaimRequest,
  turns: readonly Turn[],
): Promise<readonly TakenRow[]> {
  if (turns.length === 0) return [];
  const set = `update deliveries set owner = $2, due_at = ${dialect.soon(3)}, attempts = attempts + 1`;
  const due = `select seq from deliveries where due_at <= ${dialect.now}`;
  const owner = storable("owner", lease.owner);
  if (dialect.name === "postgresql") {
    return session.query<TakenRow>(
      "claim.deliveries",
      `with due as (select d.seq from ${dialect.rows(1, TURN_COLUMNS)} cross join lateral (
         ${due} and receiver = r.receiver order by due_at, seq limit r.room for update skip locked) as d)
       ${set} from due where deliveries.seq = due.seq ${RETURNED}`,
      jsonRows(
        dialect,
        "turns",
        TURN_COLUMNS,
        turns.map(({ receiver, room }) => ({ receiver: receiver.id, room })),
      ),
      owner,
      lease.forMs,
    );
  }
  const rows: TakenRow[] = [];
  for (const { receiver, room } of turns) {
    const sql = `${set} where seq in (${due} and receiver = $1 order by due_at, seq limit $4) ${RETURNED}`;
    rows.push(...(await session.query<TakenRow>("claim.deliveries", sql, receiver.id, owner, lease.forMs, room)));
  }
  return rows;
}

const SPENT_COLUMNS: Columns = { id: "text", busy_until: "time", is_probe: "boolean" };

/** A probe pauses its receiver for everybody until its answer is settled, or its lease has ended. */
function spend(
  context: WriteContext,
  { lease }: ClaimRequest,
  turns: readonly Turn[],
  taken: readonly TakenRow[],
): Promise<void> {
  const counts = new Map<string, number>();
  for (const { receiver } of taken) counts.set(receiver, (counts.get(receiver) ?? 0) + 1);
  const rows = turns.flatMap(({ receiver: { id, rate }, from, isProbe }) => {
    const count = counts.get(id) ?? 0;
    const busyUntil = new Date(Math.ceil(from + (count * 1000) / rate));
    return count === 0 ? [] : [{ id, busy_until: busyUntil, is_probe: isProbe }];
  });
  const pause = context.dialect.later(String(lease.forMs));
  return statement(
    context,
    "receivers",
    SPENT_COLUMNS,
    rows,
    (source) => `update receivers set busy_until = r.busy_until,
       paused_until = case when r.is_probe then ${pause} else paused_until end from ${source} where receivers.id = r.id`,
  );
}

async function withEvents(
  { session, dialect }: WriteContext,
  receivers: ReadonlyMap<string, Receiver>,
  rows: readonly TakenRow[],
): Promise<readonly ClaimedDelivery[]> {
  if (rows.length === 0) return [];
  const events = await session.query<EventRow>(
    "claim.events",
    `select ${EVENT_VIEW_COLUMNS}, e.snapshot from events e where ${dialect.among("e.id", 1)}`,
    dialect.list([...new Set(rows.map(({ event }) => event))]),
  );
  const byId = new Map<string, EventView>(events.map((row) => [row.event_id, readEvent(row)]));
  return [...rows]
    .sort((a, b) => Number(a.seq) - Number(b.seq))
    .flatMap(({ id, receiver, event: eventId, attempts, log }) => {
      const event = byId.get(eventId);
      const to = receivers.get(receiver);
      // Proven: `settle` wrote the log.
      const parts = { id, receiver, attempts: Number(attempts), log: JSON.parse(log) as readonly Attempt[] };
      return event === undefined || to === undefined ? [] : [{ ...parts, to, event }];
    });
}
