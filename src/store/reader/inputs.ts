import { type RawInteger, type RawTime, readTime } from "../columns.ts";
import { type InputViewRow, readInputView, VIEW_COLUMNS } from "../input-rows.ts";
import { storable } from "../json-rows.ts";
import type { Backlog, InputFilter, InputView } from "../reading.ts";
import type { Database } from "../session.ts";
import type { InputState, Page, PageRequest } from "../store.ts";
import { pageOf, readCursor, rowsFor } from "./cursor.ts";
import { Query } from "./query.ts";

/** Newest first, by when they were received. */
export async function listInputs(database: Database, filter: InputFilter, page: PageRequest): Promise<Page<InputView>> {
  const query = new Query(database.dialect);
  query.is("i.kind", filter.kind);
  query.is("i.kind", filter.kind);
  query.is("i.gateway", filter.gateway);
  query.is("i.account", filter.account);
  query.among("i.state", filter.state);
  query.is("i.reason", filter.reason);
  query.is("i.payment", filter.payment);
  query.between("i.received_at", filter.since, filter.until);
  query.after(readCursor(page.cursor), "i.received_at", "i.seq", "bigint");
  const list = { columns: VIEW_COLUMNS, from: "inputs i", at: "i.received_at", id: "i.seq" };
  const sql = query.first(rowsFor(page), list);
  const rows = await database.reads.query<InputViewRow>("inputs", sql, ...query.values);
  return pageOf(page, rows, (row) => ({ at: readTime(row.received_at).getTime(), id: String(row.seq) }), readInputView);
}

export async function findInput(
  database: Database,
  id: string,
): Promise<(InputView & { readonly body: Uint8Array }) | null> {
  const [row] = await database.reads.query<InputViewRow & { readonly body: Uint8Array }>(
    "input",
    `select ${VIEW_COLUMNS}, i.body from inputs i where i.id = $1`,
    storable("input", id),
  );
  return row === undefined ? null : { ...readInputView(row), body: row.body };
}

interface WaitingRow {
  readonly state: InputState;
  readonly count: RawInteger;
  readonly oldest: RawTime;
}

interface HeardRow {
  readonly gateway: string;
  readonly account: string;
  readonly type: string;
  readonly last: RawTime;
  readonly count: RawInteger;
}

/**
 * Asked by each probe and scrape, so also while a million wait: the count is of one index's entries, the oldest is one look
 * into another. (What waits has a `due_at`, and its state says that it waits.)
 */
export async function readBacklog({ reads }: Database): Promise<Backlog> {
  const waiting = await reads.query<WaitingRow>(
    "backlog.waiting",
    `select w.state, w.count, (select min(i.received_at) from inputs i where i.state = w.state) as oldest
     from (select state, count(*) as count from inputs where due_at is not null group by state) w order by w.state`,
  );
  const heard = await reads.query<HeardRow>(
    "backlog.heard",
    "select gateway, account, type, last, count from heard order by gateway, account, type",
  );
  return {
    waiting: waiting.map((row) => ({ state: row.state, count: Number(row.count), oldest: readTime(row.oldest) })),
    heard: heard.map((row) => ({
      ...{ gateway: row.gateway, account: row.account, type: row.type === "" ? null : row.type },
      ...{ last: readTime(row.last), count: Number(row.count) },
    })),
  };
}
