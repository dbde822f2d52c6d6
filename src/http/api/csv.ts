import { isUtf8 } from "node:buffer";
import { csvText, textOfCell } from "../../csv.ts";
import { InvalidRequest } from "./answer.ts";

/** Whole rows of CSV, written as `csvText` has it, and read strictly. */

export const CSV_TYPE = "text/csv; charset=utf-8";

export type Cell = string | number | bigint | boolean | null;

/** One row with its end. `readCsv` reads what was written. */
export function csvRow(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(cell: Cell): string {
  return cell === null || typeof cell === "string" ? csvText(cell) : cell.toString();
}

export interface CsvLine {
  /** From 1, as an editor counts. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** All rows that are not blank, the header among them. Throws an InvalidRequest at the first place that is no CSV. */
export function readCsv(bytes: Uint8Array): readonly CsvLine[] {
  const text = decodeUtf8(bytes);
  const rows: CsvLine[] = [];
  let cells: string[] = [];
  let line = 1;
  let began = 1;
  let at = 0;
  while (at < text.length) {
    const cell = readCell(text, at, line);
    cells.push(textOfCell(cell.text));
    line += cell.breaks;
    at = cell.end;
    if (text[at] === ",") {
      at += 1;
      // A comma at the very end begins one more cell.
      if (at < text.length) continue;
      cells.push("");
    }
    at += text.startsWith("\r\n", at) ? 2 : 1;
    if (cells.some((one) => one.trim() !== "")) rows.push({ line: began, cells });
    cells = [];
    line += 1;
    began = line;
  }
  return rows;
}

function decodeUtf8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new InvalidRequest([{ path: "", message: "is not UTF-8" }], "the CSV is not UTF-8");
  // The mark that spreadsheets put in front is dropped by the decoder.
  return new TextDecoder().decode(bytes);
}

const PLAIN_END = /[,\r\n]/g;

/** The cell that begins at `at`; it ends before a comma, a line's end, or the text's. */
function readCell(text: string, at: number, line: number): { text: string; end: number; breaks: number } {
  if (text[at] !== '"') {
    PLAIN_END.lastIndex = at;
    const end = PLAIN_END.exec(text)?.index ?? text.length;
    return { text: text.slice(at, end), end, breaks: 0 };
  }
  let end = at + 1;
  for (;;) {
    end = text.indexOf('"', end);
    if (end < 0) throw notCsv(line, "a quote is not closed");
    if (text[end + 1] !== '"') break;
    end += 2;
  }
  const next = text[end + 1];
  if (next !== undefined && !",\r\n".includes(next)) throw notCsv(line, "something follows a closing quote");
  const inner = text.slice(at + 1, end);
  return { text: inner.replaceAll('""', '"'), end: end + 1, breaks: inner.split("\n").length - 1 };
}

function notCsv(line: number, message: string): InvalidRequest {
  return new InvalidRequest([{ path: `line ${line}`, message }], "the CSV can't be read");
}
