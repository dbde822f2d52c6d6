import { type RawInteger, type RawTime, readOptionalTime, readTime } from "../columns.ts";
import { storable } from "../json-rows.ts";
import type { Attempt, DeliveryFilter, DeliveryState, DeliveryView, OutboxBacklog, ReceiverKind } from "../outbox.ts";
import { pageOf, readCursor, rowsFor } from "../reader/cursor.ts";
import { Query } from "../reader/query.ts";
import type { Database, Session } from "../session.ts";
import type { Page, PageRequest } from "../store.ts";
import { EVENT_VIEW_COLUMNS, type EventHeadRow, readEventHead } from "./event-rows.ts";
import { RECEIVER_COLUMNS, type ReceiverRow, readReceiver } from "./receiver-rows.ts";

interface DeliveryRow extends EventHeadRow {
  readonly seq: RawInteger;
  readonly id: string;
  readonly receiver: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: RawInteger;
  readonly due_at: RawTime | null;
  readonly created_at: RawTime;
  readonly settled_at: RawTime | null;
}

const VIEW_COLUMNS = `d.seq, d.id, d.receiver, d.state, d.reason, d.attempts, d.due_at, d.created_at, d.settled_at,
  ${EVENT_VIEW_COLUMNS}`;
const SOURCE = "deliveries d join events e on e.id = d.event";

/** How many receivers are named that are not as they should be. */
const MAX_FAILING = 100;

/** Newest first: the cursor is the last one's number. */
export async function listDeliveries(
  { reads, dialect }: Database,
  filter: DeliveryFilter,
  page: PageRequest,
): Promise<Page<DeliveryView>> {
  const query = new Query(dialect);
  query.is("d.receiver", filter.receiver);
  query.is("d.event", filter.event);
  query.among("d.state", filter.state);
  if (filter.order !== undefined) {
    query.having((order) => `d.event in (select id from events where "order" = ${order})`, filter.order);
  }
  const position = readCursor(page.cursor);
  if (position !== null) query.having((seq) => `d.seq < ${seq}`, position.at);
  const list = { columns: VIEW_COLUMNS, from: SOURCE, at: "d.seq", id: "d.seq" };
  const rows = await reads.query<DeliveryRow>("deliveries", query.first(rowsFor(page), list), ...query.values);
  return pageOf(page, rows, (row) => ({ at: Number(row.seq), id: "" }), readDelivery);
}

export async function findDelivery(
  session: Session,
  id: string,
): Promise<(DeliveryView & { readonly log: readonly Attempt[] }) | null> {
  const [row] = await session.query<DeliveryRow & { readonly log: string }>(
    "delivery",
    `select ${VIEW_COLUMNS}, d.log from ${SOURCE} where d.id = $1`,
    storable("delivery", id),
  );
  // Proven: `settle` wrote the log.
  return row === undefined ? null : { ...readDelivery(row), log: JSON.parse(row.log) as readonly Attempt[] };
}

function readDelivery(row: DeliveryRow): DeliveryView {
  return {
    seq: BigInt(row.seq),
    id: row.id,
    receiver: row.receiver,
    // Proven: only these words are written.
    state: row.state as DeliveryState,
    reason: row.reason,
    attempts: Number(row.attempts),
    dueAt: readOptionalTime(row.due_at),
    createdAt: readTime(row.created_at),
    settledAt: readOptionalTime(row.settled_at),
    event: readEventHead(row),
  };
}

interface WaitingRow {
  readonly receiver: string;
  readonly kind: string;
  readonly count: RawInteger;
  readonly oldest: RawTime;
}

export async function readBacklog({ reads }: Database): Promise<OutboxBacklog> {
  const waiting = await reads.query<WaitingRow>(
    "outbox.waiting",
    `select v.id as receiver, v.kind, count(*) as count, min(d.created_at) as oldest
     from receivers v join deliveries d on d.receiver = v.id
     where v.state = 'enabled' and d.due_at is not null group by v.id, v.kind order by v.id`,
  );
  const failing = await reads.query<ReceiverRow>(
    "outbox.failing",
    `select ${RECEIVER_COLUMNS} from receivers v where v.state in ('gone', 'broken') or v.failures > 0
     order by v.id limit $1`,
    MAX_FAILING,
  );
  return {
    waiting: waiting.map(({ receiver, kind, count, oldest }) => ({
      receiver,
      // Proven: only these words are written.
      kind: kind as ReceiverKind,
      count: Number(count),
      oldest: readTime(oldest),
    })),
    failing: failing.map(readReceiver).map(({ id, kind, state, failures, failingSince, pausedUntil }) => ({
      ...{ receiver: id, kind, state, failures, failingSince, pausedUntil },
    })),
  };
}
