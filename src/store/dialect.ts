/** Everything in which the two databases' SQL differs. Parameters are numbered `$1`, `$2` … in both. */

/** `text` fits in an index, `long` need not. Documents (text) and bytes lie beside the JSON, in the parameter behind it. */
export type ColumnType = "text" | "long" | "integer" | "bigint" | "boolean" | "time" | PlacedType;
export type PlacedType = "document" | "bytes";

/** Columns of the rows in one JSON parameter, by name. */
export type Columns = Readonly<Record<string, ColumnType>>;

export function isPlaced(type: ColumnType): type is PlacedType {
  return type === "document" || type === "bytes";
}

/** The names of where a column's value lies among the bytes of all: from 1, and how many. Both are null where it is. */
export function placeOf(column: string): { readonly from: string; readonly size: string } {
  return { from: `${column}_from`, size: `${column}_size` };
}

export interface Dialect {
  readonly name: "postgresql" | "sqlite";
  /** The rows of the JSON parameter as a FROM item named `r`; what lies beside it is in the parameter behind it. */
  rows(parameter: number, columns: Columns): string;
  /** Condition: the text `expression` is among the parameter's, encoded by `list`. */
  among(expression: string, parameter: number): string;
  list(values: readonly string[]): string | readonly string[];
  /** The database's clock, now. */
  readonly now: string;
  /** The database's clock, some milliseconds (a parameter) from now. */
  soon(parameter: number): string;
  /** The same, by an expression of milliseconds; null where that is. */
  later(milliseconds: string): string;
  /** A time as parameter and as value in JSON. */
  time(value: Date): string | number;
  /** The placeholder of a time encoded by `time`. */
  timeParameter(parameter: number): string;
  /** No bytes at all, as a literal. */
  readonly noBytes: string;
  /** Row locks, where there are any. */
  forUpdate(of?: string): string;
  readonly skipLocked: string;
  /** Between INSERT … SELECT … FROM and ON CONFLICT: SQLite would read ON as a join's. */
  readonly beforeConflict: string;
  /** The position of what this transaction writes, in an order that commits respect. */
  readonly position: string;
  /** Condition: nothing that has yet to commit can come to stand before, or beside, the row at this `position`. */
  readonly settled: string;
  /** Where `part` begins in `text`, from 1; 0 where it is not in it. Both are expressions. */
  find(text: string, part: string): string;
  /** 16 hexadecimal digits of chance, anew for each row. */
  readonly chance: string;
}

const POSTGRESQL_TYPES: Readonly<Record<Exclude<ColumnType, PlacedType>, string>> = {
  text: `text collate "C"`,
  long: `text collate "C"`,
  integer: "integer",
  bigint: "bigint",
  boolean: "boolean",
  time: "timestamptz",
};

export const POSTGRESQL: Dialect = {
  name: "postgresql",
  rows: (parameter, columns) => {
    const entries = Object.entries(columns);
    const declared = entries.map(([name, type]) => {
      const { from, size } = placeOf(name);
      return isPlaced(type) ? `"${from}" integer, "${size}" integer` : `"${name}" ${POSTGRESQL_TYPES[type]}`;
    });
    const selected = entries.map(([name, type]) => {
      const { from, size } = placeOf(name);
      const bytes = `substring($${parameter + 1}::bytea from "${from}" for "${size}")`;
      if (type === "document") return `convert_from(${bytes}, 'UTF8') as "${name}"`;
      return type === "bytes" ? `${bytes} as "${name}"` : `"${name}"`;
    });
    const source = `jsonb_to_recordset($${parameter}::jsonb) as j(${declared.join(", ")})`;
    return `(select ${selected.join(", ")} from ${source}) as r`;
  },
  among: (expression, parameter) => `${expression} = any($${parameter}::text[])`,
  list: (values) => values,
  now: "clock_timestamp()",
  soon: (parameter) => `clock_timestamp() + $${parameter}::bigint * interval '1 millisecond'`,
  later: (milliseconds) => `clock_timestamp() + ${milliseconds} * interval '1 millisecond'`,
  time: (value) => value.toISOString(),
  timeParameter: (parameter) => `$${parameter}::timestamptz`,
  noBytes: "''::bytea",
  forUpdate: (of) => (of === undefined ? "for update" : `for update of ${of}`),
  skipLocked: "skip locked",
  beforeConflict: "",
  position: "pg_current_xact_id()::text::bigint",
  settled: "position < pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
  find: (text, part) => `strpos(${text}, ${part})`,
  chance: "left(replace(gen_random_uuid()::text, '-', ''), 16)",
};

const SQLITE_NOW = "cast(unixepoch('subsec') * 1000 as integer)";

/** Times are milliseconds since 1970, as the typed client reads and writes them too (`timestampFormat`). */
export const SQLITE: Dialect = {
  name: "sqlite",
  rows: (parameter, columns) => {
    const selected = Object.entries(columns).map(([name, type]) => {
      const value = (key: string): string => `value ->> '${key}'`;
      const { from, size } = placeOf(name);
      const bytes = `substr($${parameter + 1}, ${value(from)}, ${value(size)})`;
      switch (type) {
        case "document":
          return `cast(${bytes} as text) as "${name}"`;
        case "bytes":
          return `${bytes} as "${name}"`;
        case "bigint":
          return `cast(${value(name)} as integer) as "${name}"`;
        default:
          return `${value(name)} as "${name}"`;
      }
    });
    return `(select ${selected.join(", ")} from json_each($${parameter})) as r`;
  },
  among: (expression, parameter) => `${expression} in (select value from json_each($${parameter}))`,
  list: (values) => JSON.stringify(values),
  now: SQLITE_NOW,
  soon: (parameter) => `${SQLITE_NOW} + $${parameter}`,
  later: (milliseconds) => `${SQLITE_NOW} + ${milliseconds}`,
  time: (value) => value.getTime(),
  timeParameter: (parameter) => `$${parameter}`,
  noBytes: "x''",
  forUpdate: () => "",
  skipLocked: "",
  beforeConflict: "where true",
  position: "0",
  settled: "true",
  find: (text, part) => `instr(${text}, ${part})`,
  chance: "lower(hex(randomblob(8)))",
};
