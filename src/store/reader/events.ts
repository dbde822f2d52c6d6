import { isTypeAmong } from "../../payments/event.ts";
import { type RawBoolean, type RawInteger, type RawTime, readBoolean, readTime } from "../columns.ts";
import { jsonRows, storable } from "../json-rows.ts";
import type { EventPage, EventPosition, EventRequest, PlacedEvent, Reader } from "../reading.ts";
import type { Database, Value } from "../session.ts";
import { rowsFor } from "./cursor.ts";

/** How many events one page looks at for those of the wanted types: rare ones must not cost a scan of all that ever was. */
const WINDOW = 1_000;

const SEQ = { seq: "bigint" } as const;

const COLUMNS = 'id, type, payment, "order", sequence, live, at, snapshot, position, seq';

interface PlaceRow {
  readonly position: RawInteger;
  readonly seq: RawInteger;
}

interface EventRow extends PlaceRow {
  readonly id: string;
  readonly type: string;
  readonly payment: string | null;
  readonly order: string | null;
  readonly sequence: RawInteger;
  readonly live: RawBoolean | null;
  readonly at: RawTime;
  readonly snapshot: string;
}

/** Two steps: which rows, seen by their index and type alone; then those rows whole, as snapshots may be large. */
export async function listEvents(database: Database, request: EventRequest): Promise<EventPage> {
  const asked = rowsFor({ limit: request.limit, cursor: null });
  const window = request.types === undefined ? asked : WINDOW;
  const seen = await seenAfter(database, request, window);
  const wanted = seen.flatMap((row, index) => (isTypeAmong(row.type, request.types) ? [{ ...row, index }] : []));
  const shown = wanted.slice(0, request.limit);
  // Where rows are left over the page ends at its last row, else where the looking ended.
  const isFull = wanted.length > request.limit;
  const last = isFull ? shown.at(-1) : seen.at(-1);
  return {
    rows: await wholeRows(
      database,
      shown.map(({ seq }) => ({ seq })),
    ),
    end: last === undefined ? request.after : placeOf(last),
    more: isFull || seen.length === window,
  };
}

function seenAfter(
  { reads, dialect }: Database,
  { after, order, payment }: EventRequest,
  window: number,
): Promise<readonly (PlaceRow & { readonly type: string })[]> {
  const values: Value[] = [];
  const parameter = (value: Value): string => `$${values.push(value)}`;
  const conditions = [
    dialect.settled,
    ...(after === null ? [] : [`(position, seq) > (${parameter(after.position)}, ${parameter(after.seq)})`]),
    ...(order === undefined ? [] : [`"order" = ${parameter(storable("order", order))}`]),
    ...(payment === undefined ? [] : [`payment = ${parameter(storable("payment", payment))}`]),
  ];
  const sql = `select position, seq, type from events where ${conditions.join(" and ")}
    order by position, seq limit ${parameter(window)}`;
  return reads.query("events.after", sql, ...values);
}

async function wholeRows(
  database: Database,
  places: readonly { readonly seq: RawInteger }[],
): Promise<readonly PlacedEvent[]> {
  if (places.length === 0) return [];
  const { reads, dialect } = database;
  const sql = `select ${COLUMNS} from events where seq in (select r.seq from ${dialect.rows(1, SEQ)})
    order by position, seq`;
  return (await reads.query<EventRow>("events.rows", sql, jsonRows(dialect, "events", SEQ, places))).map(readEvent);
}

export async function findEvent(database: Database, id: string): ReturnType<Reader["event"]> {
  const sql = `select ${COLUMNS}, ${database.dialect.settled} as settled from events where id = $1`;
  const [row] = await database.reads.query<EventRow & { readonly settled: boolean | RawInteger }>(
    "event",
    sql,
    storable("event", id),
  );
  if (row === undefined) return null;
  return { ...readEvent(row), resumeAfter: row.settled ? placeOf(row) : await newestEvent(database) };
}

export async function newestEvent({ reads, dialect }: Database): Promise<EventPosition | null> {
  const sql = `select position, seq from events where ${dialect.settled} order by position desc, seq desc limit 1`;
  const [row] = await reads.query<PlaceRow>("events.newest", sql);
  return row === undefined ? null : placeOf(row);
}

function placeOf({ position, seq }: PlaceRow): EventPosition {
  return { position: BigInt(position), seq: BigInt(seq) };
}

function readEvent(row: EventRow): PlacedEvent {
  const { id, type, payment, order, snapshot } = row;
  const told = { id, type, payment, order, sequence: Number(row.sequence), live: readBoolean(row.live) };
  return { ...told, at: readTime(row.at), snapshot, place: placeOf(row) };
}
