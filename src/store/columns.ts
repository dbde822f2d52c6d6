/** Reads what the two databases return for one column: SQLite's drivers forget types in expressions. */

export type RawTime = Date | number | bigint;
export type RawInteger = number | bigint;
export type RawBoolean = boolean | number | bigint;

export function readTime(value: RawTime): Date {
  return value instanceof Date ? value : new Date(Number(value));
}

export function readOptionalTime(value: RawTime | null): Date | null {
  return value === null ? null : readTime(value);
}

export function readBoolean(value: RawBoolean | null): boolean | null {
  return value === null ? null : Boolean(value);
}
