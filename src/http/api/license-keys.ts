import { isUtf8 } from "node:buffer";
import type { FieldProblem } from "../errors.ts";
import { readMediaType } from "../request-shape.ts";
import { InvalidRequest } from "./answer.ts";

/** A pool's keys as the merchant has them: a list in JSON, one a line as plain text, or the first column of a CSV file. */

export const LICENSE_TYPES: readonly string[] = ["application/json", "text/plain", "text/csv"];

const MOST_KEYS = 10_000;
const LONGEST_KEY = 500;

/** What spreadsheets put above the keys. */
const HEADINGS: ReadonlySet<string> = new Set([
  "key",
  "keys",
  "license",
  "license key",
  "license_key",
  "code",
  "serial",
]);

/** The keys of a text, unchecked; throws InvalidRequest where it is none. */
export function keysInText(bytes: Uint8Array, contentType: string | undefined): readonly string[] {
  const text = decoded(bytes).replace(/^\uFEFF/, "");
  const rows = text.split(/\r\n|\n|\r/).filter((row) => row.trim() !== "");
  if (readMediaType(contentType) !== "text/csv") return rows.map((row) => row.trim());
  const cells = rows.map(firstCell);
  return HEADINGS.has((cells[0] ?? "").toLowerCase()) ? cells.slice(1) : cells;
}

function decoded(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new InvalidRequest([{ path: "", message: "is not UTF-8" }], "the body is not UTF-8");
  return Buffer.from(bytes).toString("utf8");
}

/** RFC 4180, of one line; spreadsheets of some countries part by semicolons. */
function firstCell(row: string): string {
  const quoted = /^\s*"((?:[^"]|"")*)"/.exec(row)?.[1];
  return (quoted === undefined ? (row.split(/[,;\t]/, 1)[0] ?? "") : quoted.replaceAll('""', '"')).trim();
}

/** Throws InvalidRequest, which names places and never a key. */
export function checkKeys(keys: readonly string[]): void {
  const problems: FieldProblem[] = [];
  const first = new Map<string, number>();
  const say = (index: number, message: string): unknown => problems.push({ path: `keys.${index}`, message });
  if (keys.length === 0) problems.push({ path: "keys", message: "must not be empty" });
  if (keys.length > MOST_KEYS) problems.push({ path: "keys", message: `must not be more than ${MOST_KEYS} at once` });
  for (const [index, key] of keys.slice(0, MOST_KEYS).entries()) {
    const known = first.get(key);
    if (known !== undefined) say(index, `is the same as keys.${known}`);
    else if (!isKey(key)) say(index, `must be 1 to ${LONGEST_KEY} printable characters`);
    first.set(key, known ?? index);
  }
  if (problems.length > 0) throw new InvalidRequest(problems.slice(0, MOST_PROBLEMS));
}

const MOST_PROBLEMS = 100;

function isKey(key: string): boolean {
  return key.length > 0 && key.length <= LONGEST_KEY && !/[\p{Cc}\p{Cs}]/u.test(key);
}
