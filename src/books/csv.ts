import { csvText } from "../csv.ts";
import { readSubject } from "../payments/ledger.ts";
import { formatDecimal } from "../payments/money.ts";
import type { Posting } from "../store/effect-rows.ts";

/** The ledger as comma-separated values. */

const COLUMNS = "entry,posted,happened,live,account,currency,amount,order,payment,fact,input";

export const CSV_HEAD = `${COLUMNS}\r\n`;

/** A line for each posting. Amounts are decimals, a debit positive. */
export function csvLine({
  subject,
  version,
  at,
  effectiveAt,
  live,
  account,
  currency,
  amount,
  ...cause
}: Posting): string {
  const { order, payment } = readSubject(subject);
  const cells = [
    csvText(`${subject}#${version}`),
    ...[at.toISOString(), effectiveAt.toISOString(), String(live)],
    ...[csvText(account), currency, formatDecimal(amount, currency)],
    ...[csvText(order ?? cause.order), csvText(payment), csvText(cause.fact), csvText(cause.input)],
  ];
  return `${cells.join(",")}\r\n`;
}
