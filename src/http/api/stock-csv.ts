import type { StockLevel } from "../../payments/stock.ts";
import type { StockItem } from "../../pipeline/stock-loads.ts";
import type { FieldProblem } from "../errors.ts";
import { InvalidRequest } from "./answer.ts";
import { type CsvLine, csvRow, readCsv } from "./csv.ts";
import { itemToChange, itemToSet } from "./stock-schemas.ts";

/** Levels as CSV: what is exported can be imported again. */

const COLUMNS = ["sku", "level", "change", "lowAt"] as const;
type Column = (typeof COLUMNS)[number];

/** Each becomes a movement in one transaction. */
const MAX_ROWS = 5_000;
/** So many are told; a file with more is another file's. */
const MAX_PROBLEMS = 100;

export const LEVELS_HEADER = "sku,level,lowAt\r\n";

export function levelRow({ sku, onHand, lowAt }: StockLevel): string {
  return csvRow([sku, onHand, lowAt]);
}

export interface ImportedItem {
  readonly line: number;
  readonly item: StockItem;
}

/** All rows, or an InvalidRequest with what is wrong of each line. An empty `lowAt` leaves the threshold as it is, `-` takes it away. */
export function readItems(bytes: Uint8Array): readonly ImportedItem[] {
  const [header, ...lines] = readCsv(bytes);
  const columns = columnsOf(header);
  if (lines.length > MAX_ROWS) throw invalid([{ path: "", message: `has more than ${MAX_ROWS} rows` }]);
  if (lines.length === 0) throw invalid([{ path: "", message: "has no rows" }]);
  const problems: FieldProblem[] = [];
  const seen = new Map<string, number>();
  const items = lines.flatMap((line) => {
    const read = readItem(line, columns);
    if ("problems" in read) problems.push(...read.problems);
    const sku = "item" in read ? read.item.sku : null;
    const first = sku === null ? undefined : seen.get(sku);
    if (first !== undefined)
      problems.push({ path: `line ${line.line}`, message: `names the SKU of line ${first} again` });
    if (sku !== null && first === undefined) seen.set(sku, line.line);
    return "item" in read ? [{ line: line.line, item: read.item }] : [];
  });
  if (problems.length > 0) throw invalid(problems);
  return items;
}

export function invalid(problems: readonly FieldProblem[]): InvalidRequest {
  return new InvalidRequest(problems.slice(0, MAX_PROBLEMS), "nothing was imported");
}

function columnsOf(header: CsvLine | undefined): readonly Column[] {
  const names = header?.cells.map((name) => name.trim()) ?? [];
  const columns = names.flatMap((name) => COLUMNS.find((column) => column === name) ?? []);
  const isKnown = columns.length === names.length && new Set(columns).size === names.length;
  const hasNumber = columns.includes("level") !== columns.includes("change");
  if (isKnown && hasNumber && columns.includes("sku")) return columns;
  const message = "must name the columns sku, and level or change; lowAt may follow";
  throw invalid([{ path: `line ${header?.line ?? 1}`, message }]);
}

function readItem(
  { line, cells }: CsvLine,
  columns: readonly Column[],
): { readonly item: StockItem } | { readonly problems: readonly FieldProblem[] } {
  if (cells.length > columns.length)
    return { problems: [{ path: `line ${line}`, message: `has ${cells.length} cells of ${columns.length}` }] };
  const row: Record<string, string | number | null> = {};
  columns.forEach((column, i) => {
    const text = cells[i]?.trim() ?? "";
    if (column === "sku") row[column] = text;
    else if (column !== "lowAt") row[column] = numberOf(text);
    else if (text !== "") row[column] = text === "-" ? null : numberOf(text);
  });
  const parsed = (columns.includes("level") ? itemToSet : itemToChange).safeParse(row);
  if (parsed.success) return { item: parsed.data };
  const problems = parsed.error.issues.map((issue) => ({
    path: `line ${line}`,
    message: `${issue.path.join(".")} ${issue.message}`.trim(),
  }));
  return { problems };
}

/** Digits as people write them; anything else stays text, which the schema refuses. */
function numberOf(text: string): number | string {
  return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : text;
}
