import { type Page, type PageRequest, StoreError } from "../store.ts";

/** Where a page ended: the sort key of its last row, a time (ms since 1970) and what breaks its ties. */
export interface Position {
  readonly at: number;
  readonly id: string;
}

const MAX_LIMIT = 100;

/** Beyond it there is no Date (ECMA-262 §21.4.1.1). */
const MAX_DATE = 8.64e15;

function writeCursor({ at, id }: Position): string {
  return Buffer.from(JSON.stringify([at, id])).toString("base64url");
}

/** Null for no cursor; throws StoreError `data` on what writeCursor didn't write. */
export function readCursor(cursor: string | null): Position | null {
  if (cursor === null) return null;
  try {
    const [at, id]: unknown[] = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Number.isSafeInteger(at) && Math.abs(Number(at)) <= MAX_DATE && typeof id === "string")
      return { at: Number(at), id };
  } catch {
    // Told below.
  }
  throw new StoreError("data", "cursor: not one of ours");
}

/** How many rows to ask for: one more than the page holds tells whether there is another. */
export function rowsFor(page: PageRequest): number {
  if (Number.isInteger(page.limit) && page.limit >= 1 && page.limit <= MAX_LIMIT) return page.limit + 1;
  throw new StoreError("data", `limit: not a whole number from 1 to ${MAX_LIMIT}`);
}

export function pageOf<Row, Item>(
  page: PageRequest,
  rows: readonly Row[],
  positionOf: (row: Row) => Position,
  read: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    rows: shown.map(read),
    next: rows.length > page.limit && last !== undefined ? writeCursor(positionOf(last)) : null,
  };
}
