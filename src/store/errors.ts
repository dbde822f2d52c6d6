import { StoreError } from "./store.ts";

/** What Prisma's driver adapters tell of a failed statement: as the `cause` of their own errors, which Prisma's client wraps. */
interface DriverCause {
  readonly originalCode?: string;
  readonly kind?: string;
}

/** SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const POSTGRESQL: readonly (readonly [RegExp, StoreError["reason"]])[] = [
  [/^(40001|40P01)$/, "busy"],
  [/^23505$/, "conflict"],
  // Malformed or out-of-range values, constraints, and rows too wide for an index (54000).
  [/^(22|23|54000)/, "data"],
];

/** Primary result codes (the low byte): https://www.sqlite.org/rescode.html */
const SQLITE: ReadonlyMap<number, StoreError["reason"]> = new Map([
  [5, "busy"],
  [6, "busy"],
  [18, "data"],
  [19, "data"],
  [20, "data"],
]);

/** SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY, _ROWID. */
const SQLITE_UNIQUE: ReadonlySet<string> = new Set(["2067", "1555", "2579"]);

/**
 * Any failure of a statement in the port's words. What is not known is `unavailable`: it is tried again and blames no
 * input. The database's own text may quote values, so `data` and `conflict` carry codes alone.
 */
export function storeError(error: unknown, during: string): StoreError {
  if (error instanceof StoreError) return error;
  const { originalCode: code, kind } = driverCause(error);
  const reason = code === undefined ? "unavailable" : reasonOf(code);
  const quotes = reason === "data" || reason === "conflict";
  return new StoreError(reason, `${during}: ${code ?? kind ?? messageOf(error)}`, quotes ? {} : { cause: error });
}

/** The database answered, and said no: whatever it was, nothing was committed. */
export function wasAnswered(error: unknown): boolean {
  const { originalCode } = driverCause(error);
  // Class 08 and 57P01 to 57P03 come with, or instead of, a lost connection.
  return originalCode !== undefined && !/^(08|57P0)/.test(originalCode);
}

function reasonOf(code: string): StoreError["reason"] {
  if (code.length === 5) return POSTGRESQL.find(([pattern]) => pattern.test(code))?.[1] ?? "unavailable";
  if (SQLITE_UNIQUE.has(code)) return "conflict";
  return SQLITE.get(Number(code) & 0xff) ?? "unavailable";
}

function driverCause(error: unknown): DriverCause {
  // PostgreSQL's own answer, as its driver gives it; a lost connection has a code as well, and no severity.
  const code = propertyOf(error, "code");
  if (typeof code === "string" && typeof propertyOf(error, "severity") === "string") return { originalCode: code };
  const adapterError = propertyOf(propertyOf(error, "meta"), "driverAdapterError") ?? error;
  const cause = propertyOf(adapterError, "cause");
  const originalCode = propertyOf(cause, "originalCode");
  const kind = propertyOf(cause, "kind");
  return {
    ...(typeof originalCode === "string" && { originalCode }),
    ...(typeof kind === "string" && { kind }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.trim().split("\n").at(-1) ?? error.name) : String(error);
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
