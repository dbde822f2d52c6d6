import { type Columns, type ColumnType, type Dialect, isPlaced, placeOf } from "./dialect.ts";
import { StoreError } from "./store.ts";

/** One row for a statement's JSON parameter; names are those of the statement's columns. */
export type Row = Readonly<Record<string, string | number | bigint | boolean | Date | Uint8Array | null>>;

/** Below PostgreSQL's bound of 2,704 bytes for a B-tree entry, with four bytes a character and room for other columns. */
const MAX_INDEXED = 600;

/** Years 1 to 9999: what both databases and ISO 8601 without a sign can hold. */
const MIN_TIME = Date.parse("0001-01-01T00:00:00Z");
const MAX_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Encodes rows as one JSON parameter, where nothing lies beside it; throws StoreError `data`, naming row and column, on a value that
 * can't be stored.
 */
export function jsonRows(dialect: Dialect, table: string, columns: Columns, rows: readonly Row[]): string {
  const [json, bytes] = rowParameters(dialect, table, columns, rows);
  if (bytes !== undefined) throw new TypeError(`${table}: documents and bytes have a parameter of their own`);
  return json;
}

/** The same, and documents and bytes as they are where there are any: within JSON each would be escaped and read again. */
export function rowParameters(
  dialect: Dialect,
  table: string,
  columns: Columns,
  rows: readonly Row[],
): readonly [json: string] | readonly [json: string, bytes: Uint8Array] {
  const cells = Object.entries(columns).map(([name, type]) => ({ name, type, where: `${table}.${name}` }));
  const placed = new Placed();
  const json = JSON.stringify(rows.map((row) => encodeRow(dialect, cells, row, placed)));
  if (UNSTORABLE.test(json)) for (const row of rows) refuseUnstorable(cells, row);
  return cells.some(({ type }) => isPlaced(type)) ? [json, placed.bytes()] : [json];
}

/** So JSON tells of NUL and of a lone surrogate; of other texts that read so as well. One look at all instead of one a cell. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;

function refuseUnstorable(cells: readonly Cell[], row: Row): void {
  for (const { name, where } of cells) {
    const value = row[name];
    if (typeof value === "string") storable(where, value);
  }
}

/** One behind the other; texts in UTF-8. */
class Placed {
  readonly #values: (string | Uint8Array)[] = [];
  #size = 0;

  /** Where it will lie: see `placeOf`. */
  add(value: string | Uint8Array): { readonly from: number; readonly size: number } {
    const place = { from: this.#size + 1, size: Buffer.byteLength(value) };
    this.#values.push(value);
    this.#size += place.size;
    return place;
  }

  bytes(): Uint8Array {
    // One more that is nobody's: no bytes at all would be bound as NULL. In memory of its own, which can be handed over.
    const bytes = Buffer.allocUnsafeSlow(this.#size + 1);
    let at = 0;
    for (const value of this.#values) {
      if (typeof value === "string") at += bytes.write(value, at);
      else {
        bytes.set(value, at);
        at += value.byteLength;
      }
    }
    bytes[at] = 0;
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
  placed: Placed,
): Readonly<Record<string, unknown>> {
  const encoded: Record<string, unknown> = {};
  for (const { name, type, where } of cells) {
    const value = row[name] ?? null;
    if (!isPlaced(type)) encoded[name] = encode(dialect, where, type, value);
    else if (typeof value === "string" || value instanceof Uint8Array) {
      // A document is not in the JSON that is looked at.
      const { from, size } = placed.add(typeof value === "string" ? storable(where, value) : value);
      const names = placeOf(name);
      encoded[names.from] = from;
      encoded[names.size] = size;
    }
  }
  return encoded;
}

function encode(dialect: Dialect, where: string, type: ColumnType, value: Row[string]): unknown {
  switch (typeof value) {
    case "string":
      if (value.length <= MAX_INDEXED || type !== "text") return value;
      throw new StoreError("data", `${where}: ${value.length} characters, of which ${MAX_INDEXED} can be stored`);
    case "bigint":
      return value.toString();
    default:
      return value instanceof Date ? dialect.time(storableTime(where, value)) : value;
  }
}

/** Refuses a time that can't be stored; returns it otherwise. */
export function storableTime(what: string, value: Date): Date {
  const time = value.getTime();
  if (time >= MIN_TIME && time <= MAX_TIME) return value;
  throw new StoreError("data", `${what}: not a time between the years 1 and 9999`);
}
