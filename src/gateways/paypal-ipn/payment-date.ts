/**
 * The times of an IPN: `15:23:54 Apr 15, 2005 PDT`. PayPal documents PST and PDT; other abbreviations have been seen where
 * an account's zone is another, and the simulator writes `Sun May 24 2015 15:04:11 GMT-0700 (PDT)`. NOTES.md, "The clock".
 */

/** Hours from UTC. An abbreviation that means several zones (IST, CST in China) has PayPal's American reading or none. */
const ZONES: ReadonlyMap<string, number> = new Map([
  ["PST", -8],
  ["PDT", -7],
  ["MST", -7],
  ["MDT", -6],
  ["CST", -6],
  ["CDT", -5],
  ["EST", -5],
  ["EDT", -4],
  ["AKST", -9],
  ["AKDT", -8],
  ["HST", -10],
  ["UTC", 0],
  ["GMT", 0],
  ["Z", 0],
  ["WET", 0],
  ["WEST", 1],
  ["BST", 1],
  ["CET", 1],
  ["CEST", 2],
  ["EET", 2],
  ["EEST", 3],
  ["MSK", 3],
  ["JST", 9],
  ["AWST", 8],
  ["AEST", 10],
  ["AEDT", 11],
  ["NZST", 12],
  ["NZDT", 13],
]);

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const CLASSIC = /^(\d{1,2}):(\d{2}):(\d{2}) ([A-Za-z]{3,4})\.? (\d{1,2}), (\d{4}) ([A-Za-z]{1,4})$/;
const SIMULATOR =
  /^[A-Za-z]{3} ([A-Za-z]{3}) (\d{1,2}) (\d{4}) (\d{1,2}):(\d{2}):(\d{2}) GMT([+-])(\d{2})(\d{2})(?: \([A-Za-z ]{1,40}\))?$/;

/** Milliseconds since 1970 UTC, or null where the text is no such time (`N/A`, an unknown zone, a 31st of February). */
export function parsePaymentDate(text: string): number | null {
  if (text.length > 80) return null;
  return parseClassic(text.trim()) ?? parseSimulator(text.trim());
}

function parseClassic(text: string): number | null {
  const match = CLASSIC.exec(text);
  if (!match) return null;
  const [, hour = "", minute = "", second = "", month = "", day = "", year = "", zone = ""] = match;
  const offset = ZONES.get(zone.toUpperCase());
  return offset === undefined ? null : instant({ year, month, day, hour, minute, second }, offset * 60);
}

function parseSimulator(text: string): number | null {
  const match = SIMULATOR.exec(text);
  if (!match) return null;
  const [, month = "", day = "", year = "", hour = "", minute = "", second = "", sign, hours = "", minutes = ""] =
    match;
  const offset = Number(hours) * 60 + Number(minutes);
  return instant({ year, month, day, hour, minute, second }, sign === "-" ? -offset : offset);
}

type Written = Readonly<Record<"year" | "month" | "day" | "hour" | "minute" | "second", string>>;

function instant({ year, month, day, hour, minute, second }: Written, offsetMinutes: number): number | null {
  const monthIndex = MONTHS.indexOf(month.slice(0, 3).toLowerCase());
  if (monthIndex === -1 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const midnight = Date.UTC(Number(year), monthIndex, Number(day));
  const written = new Date(midnight);
  if (written.getUTCMonth() !== monthIndex || written.getUTCDate() !== Number(day)) return null;
  const minutes = Number(hour) * 60 + Number(minute) - offsetMinutes;
  return midnight + (minutes * 60 + Number(second)) * 1000;
}
