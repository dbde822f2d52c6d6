import { parseArgs } from "node:util";
import { type Config, loadConfig } from "../config/config.ts";
import type { AccountConfig } from "../gateways/account.ts";
import { knownTestAccounts } from "../start/first-run.ts";
import { openAudit } from "../store/audit/open-audit.ts";
import type { Audit } from "../store/audit.ts";

/** What every command begins with: options, configuration, the database. */

export const FAILED = 2;

export interface Opened {
  readonly config: Config;
  /** As configured; where nothing is, those that the service made for itself. */
  readonly accounts: readonly AccountConfig[];
  readonly audit: Audit;
}

/** Reads flags, and hands over the value of each option in `valued`; an unknown one is told, with null. */
export function readFlags<Name extends string>(
  args: readonly string[],
  names: readonly Name[],
  valued: Readonly<Record<string, (value: string) => void>> = {},
): ReadonlySet<Name> | null {
  try {
    const options = Object.fromEntries([
      ...names.map((name) => [name, { type: "boolean" as const }] as const),
      ...Object.keys(valued).map((name) => [name, { type: "string" as const }] as const),
    ]);
    const { values }: { readonly values: Readonly<Record<string, unknown>> } = parseArgs({
      args: [...args],
      options,
      strict: true,
    });
    for (const [name, take] of Object.entries(valued)) {
      const value = values[name];
      if (typeof value === "string") take(value);
    }
    return new Set(names.filter((name) => values[name] === true));
  } catch (error) {
    process.stderr.write(`paybell: ${messageOf(error)}\n`);
    return null;
  }
}

/** Runs with the database open; what prevents it is told, and is status 2. */
export async function withDatabase(
  options: { readonly writing: boolean; readonly now: () => Date },
  work: (opened: Opened) => Promise<number>,
): Promise<number> {
  const answer = loadConfig();
  if (!answer.ok) {
    process.stderr.write(
      `paybell: the configuration is wrong:\n${answer.problems.map((one) => `  - ${one}\n`).join("")}`,
    );
    return FAILED;
  }
  const { config } = answer;
  try {
    const accounts = config.accounts.length > 0 ? config.accounts : knownTestAccounts(config.dataDir);
    const audit = await openAudit({ url: config.databaseUrl, ...options });
    try {
      return await work({ config, accounts, audit });
    } finally {
      await audit.close();
    }
  } catch (error) {
    process.stderr.write(`paybell: ${messageOf(error)}\n`);
    return FAILED;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
