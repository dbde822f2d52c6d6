/** What differs between two states, for people: `captured 1999, should be 2999`; at most `MOST` places. */
const MOST = 6;

export function differences(stored: unknown, expected: unknown): string {
  const found: string[] = [];
  compare("", stored, expected, found);
  const rest = found.length - MOST;
  return `${found.slice(0, MOST).join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
}

function compare(path: string, stored: unknown, expected: unknown, found: string[]): void {
  if (Object.is(stored, expected)) return;
  if (!isObject(stored) || !isObject(expected)) {
    found.push(`${path || "value"} ${show(stored)}, should be ${show(expected)}`);
    return;
  }
  const names = new Set([...Object.keys(stored), ...Object.keys(expected)]);
  for (const name of [...names].sort()) {
    compare(path === "" ? name : `${path}.${name}`, stored[name], expected[name], found);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Buyers' names and e-mails are in states and in no report: texts are shown only where they look like our own words. */
function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string") return /^[\w.:/#-]{1,80}$/.test(value) ? value : "another text";
  if (isObject(value)) return Array.isArray(value) ? `a list of ${value.length}` : "an object";
  return String(value);
}
