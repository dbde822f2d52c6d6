import { type Columns, type ColumnType, type Dialect, placeOf } from "./dialect.ts";
import { StoreError } from "./store.ts";

/** One row for a statement's JSON parameter; names are those of the statement's columns. */
export type Row = Readonly<Record<string, string | number | bigint | boolean | Date | null>>;

/** Below PostgreSQL's bound of 2,704 bytes for a B-tree entry, with four bytes a character and room for other columns. */
const MAX_INDEXED = 600;

/** Years 1 to 9999: what both databases and ISO 8601 without a sign can hold. */
const MIN_TIME = Date.parse("0001-01-01T00:00:00Z");
const MAX_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Encodes rows without documents as one JSON parameter; throws StoreError `data`, naming row and column, on a value that can't be
 * stored.
 */
export function jsonRows(dialect: Dialect, table: string, columns: Columns, rows: readonly Row[]): string {
  const [json, documents] = rowParameters(dialect, table, columns, rows);
  if (documents !== undefined) throw new TypeError(`${table}: documents have a parameter of their own`);
  return json;
}

/** The same, and the bytes of their documents where there are any: as text within JSON each would be escaped and read again. */
export function rowParameters(
  dialect: Dialect,
  table: string,
  columns: Columns,
  rows: readonly Row[],
): readonly [json: string] | readonly [json: string, documents: Uint8Array] {
  const cells = Object.entries(columns).map(([name, type]) => ({ name, type, where: `${table}.${name}` }));
  const documents = new Documents();
  const json = JSON.stringify(rows.map((row) => encodeRow(dialect, cells, row, documents)));
  return cells.some(({ type }) => type === "document") ? [json, documents.bytes()] : [json];
}

/** Texts one behind the other, in UTF-8. */
class Documents {
  readonly #texts: string[] = [];
  #size = 0;

  /** Where it will lie: see `placeOf`. */
  add(text: string): { readonly from: number; readonly size: number } {
    const place = { from: this.#size + 1, size: Buffer.byteLength(text) };
    this.#texts.push(text);
    this.#size += place.size;
    return place;
  }

  bytes(): Uint8Array {
    // One more that is nobody's: no bytes at all would be bound as NULL.
    const bytes = Buffer.alloc(this.#size + 1);
    let at = 0;
    for (const text of this.#texts) at += bytes.write(text, at);
    return bytes;
  }
}

/**
 * Refuses a text parameter that can't be stored; returns it otherwise. PostgreSQL refuses NUL in text, both refuse or garble
 * lone surrogates; in a batch one of them would fail all rows.
 */
export function storable(what: string, text: string): string {
  if (text.includes("\0") || !text.isWellFormed()) throw new StoreError("data", `${what}: NUL or a lone surrogate`);
  return text;
}

interface Cell {
  readonly name: string;
  readonly type: ColumnType;
  /** For errors. */
  readonly where: string;
}

function encodeRow(
  dialect: Dialect,
  cells: readonly Cell[],
  row: Row,
  documents: Documents,
): Readonly<Record<string, unknown>> {
  const encoded: Record<string, unknown> = {};
  for (const { name, type, where } of cells) {
    const value = encode(dialect, where, type, row[name] ?? null);
    if (type !== "document") encoded[name] = value;
    else if (typeof value === "string") {
      const place = documents.add(value);
      encoded[placeOf(name).from] = place.from;
      encoded[placeOf(name).size] = place.size;
    }
  }
  return encoded;
}

function encode(dialect: Dialect, where: string, type: ColumnType, value: Row[string]): unknown {
  if (value instanceof Date) return dialect.time(storableTime(where, value));
  switch (typeof value) {
    case "bigint":
      return value.toString();
    case "string":
      return boundedText(where, type, value);
    default:
      return value;
  }
}

/** Refuses a time that can't be stored; returns it otherwise. */
export function storableTime(what: string, value: Date): Date {
  const time = value.getTime();
  if (time >= MIN_TIME && time <= MAX_TIME) return value;
  throw new StoreError("data", `${what}: not a time between the years 1 and 9999`);
}

function boundedText(where: string, type: ColumnType, value: string): string {
  if (value.length > MAX_INDEXED && type === "text") {
    throw new StoreError("data", `${where}: ${value.length} characters, of which ${MAX_INDEXED} can be stored`);
  }
  return storable(where, value);
}
