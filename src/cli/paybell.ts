#!/usr/bin/env node
import { checkCommand } from "./check.ts";
import { forgetCommand } from "./forget.ts";
import { ledgerCommand } from "./ledger.ts";
import { mailPreviewCommand } from "./mail-preview.ts";
import { rebuildCommand } from "./rebuild.ts";
import { USAGE } from "./usage.ts";

/** The operator's commands. Each answers with its exit status: 0 all is well, 1 something is not, 2 it could not be done. */

const COMMANDS: ReadonlyMap<string, (args: readonly string[]) => Promise<number>> = new Map([
  ["check", checkCommand],
  ["rebuild", rebuildCommand],
  ["forget", forgetCommand],
  ["ledger", ledgerCommand],
  ["mail-preview", mailPreviewCommand],
]);

process.exitCode = await main(process.argv.slice(2));

async function main([name = "help", ...args]: readonly string[]): Promise<number> {
  const command = COMMANDS.get(name);
  if (command && !args.includes("--help")) return command(args);
  const asked = command !== undefined || name === "help" || name === "--help";
  (asked ? process.stdout : process.stderr).write(USAGE);
  return asked ? 0 : 2;
}
