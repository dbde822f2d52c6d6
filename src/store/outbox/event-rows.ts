import { type RawBoolean, type RawInteger, type RawTime, readBoolean, readTime } from "../columns.ts";
import type { EventView } from "../store.ts";

/** Of the event `e`, but for its snapshot. */
export const EVENT_VIEW_COLUMNS = `e.id as event_id, e.type as event_type, e.payment, e."order", e.sequence, e.live, e.at`;

export interface EventHeadRow {
  readonly event_id: string;
  readonly event_type: string;
  readonly payment: string | null;
  readonly order: string | null;
  readonly sequence: RawInteger;
  readonly live: RawBoolean | null;
  readonly at: RawTime;
}

export interface EventRow extends EventHeadRow {
  readonly snapshot: string;
}

export function readEventHead(row: EventHeadRow): Omit<EventView, "snapshot"> {
  return {
    id: row.event_id,
    type: row.event_type,
    payment: row.payment,
    order: row.order,
    sequence: Number(row.sequence),
    live: readBoolean(row.live),
    at: readTime(row.at),
  };
}

export function readEvent(row: EventRow): EventView {
  return { ...readEventHead(row), snapshot: row.snapshot };
}
