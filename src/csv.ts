/** Cells of comma-separated values (RFC 4180) that any spreadsheet opens, and that none runs. */

/**
 * What a spreadsheet would take for a formula begins with one of these, also in their wide forms, or after characters that it
 * drops. https://owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/u;

/** Text from outside: always quoted, so that no character in it ends the cell; an apostrophe before a formula makes it text. */
export function csvText(text: string | null): string {
  if (text === null || text === "") return "";
  return `"${isHarmful(text) ? "'" : ""}${text.replaceAll('"', '""')}"`;
}

/** The text as it was before `csvText` made it harmless. */
export function textOfCell(cell: string): string {
  return cell.startsWith("'") && isHarmful(cell.slice(1)) ? cell.slice(1) : cell;
}

/** Also what would be taken for one that was made harmless already. */
function isHarmful(text: string): boolean {
  return FORMULA.test(text.replace(/^'+/, ""));
}
