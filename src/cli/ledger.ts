import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type ExportFormat, exported, FORMATS } from "../books/export.ts";
import { type TrialBalance, trialBalance } from "../books/trial-balance.ts";
import { formatDecimal } from "../payments/money.ts";
import type { Audit } from "../store/audit.ts";
import { FAILED, readFlags, withDatabase } from "./opening.ts";

const now = (): Date => new Date();

/** Lines read at once: each page is one committed moment. */
const PAGE = 1_000;

/** `paybell ledger`: 0 each currency sums to zero, 1 one does not, 2 it could not be done. Beside a running server. */
export async function ledgerCommand(args: readonly string[]): Promise<number> {
  const files = new Map<ExportFormat, string>();
  const period: { since?: Date; until: Date } = { until: now() };
  const flags = readFlags(args, ["json", "live", "test"], {
    ...Object.fromEntries(FORMATS.map((format) => [format, (file: string) => files.set(format, file)])),
    since: (text) => {
      period.since = readTime("since", text);
    },
    until: (text) => {
      period.until = readTime("until", text);
    },
  });
  if (flags === null) return FAILED;
  return withDatabase({ writing: false, now }, async ({ accounts, audit }) => {
    const byDefault = accounts.some((account) => account.live);
    const live = flags.has("live") || (byDefault && !flags.has("test"));
    const sums = await audit.snapshot((view) => view.ledgerSums(period.until));
    const balance = trialBalance(sums.filter((sum) => sum.live === live));
    process.stdout.write(flags.has("json") ? asJson(balance) : asText(balance, live));
    for (const [format, file] of files) await writeExport(audit, format, file, { live, ...period });
    return balance.totals.every((total) => total.balance === 0n) ? 0 : 1;
  });
}

/** A day is its beginning, UTC. */
function readTime(name: string, text: string): Date {
  const time = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(time.getTime()))
    throw new Error(`--${name} takes an ISO 8601 time, such as 2026-01-31 or 2026-01-31T12:00:00Z`);
  return time;
}

async function writeExport(
  audit: Audit,
  format: ExportFormat,
  file: string,
  request: { readonly live: boolean; readonly since?: Date; readonly until: Date },
): Promise<void> {
  const text = exported(format, {
    live: request.live,
    source: (after) => audit.snapshot((view) => view.postings(after, { ...request, limit: PAGE })),
  });
  await pipeline(Readable.from(text, { objectMode: false }), createWriteStream(file));
  process.stderr.write(`paybell: wrote ${file}\n`);
}

function asText({ accounts, totals }: TrialBalance, live: boolean): string {
  if (accounts.length === 0) return `Nothing of ${live ? "live" : "test"} money is posted.\n`;
  const width = Math.max(...accounts.map(({ account }) => account.length));
  const line = (name: string, { balance, currency }: TrialBalance["totals"][number]): string =>
    `${name.padEnd(width)}  ${formatDecimal(balance, currency).padStart(16)} ${currency}\n`;
  return [
    `${live ? "Live" : "Test"} money: debits less credits.\n\n`,
    ...accounts.map((account) => line(account.account, account)),
    "\n",
    ...totals.map((total) => line("total", total)),
  ].join("");
}

/** Amounts as strings of digits, in minor units: exact in any reader. */
function asJson({ accounts, totals }: TrialBalance): string {
  const text = (_name: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);
  return `${JSON.stringify({ accounts, totals }, text)}\n`;
}
