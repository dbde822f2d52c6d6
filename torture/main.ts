/**
 * `npm run torture`: true gateways' behaviour against true processes, while everything that can break is broken; then
 * whether anything was lost, doubled or wrong. Exit status 1 if so; 3 where something was only late.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepare } from "../scripts/prepare.mjs";
import type { Dialect, Options } from "./options.ts";
import { mutatedBy, readOptions, USAGE } from "./options.ts";
import { caughtBy, countFindings, findingLines, type Mutated, markdown, tableOf, textTable } from "./report.ts";
import { type RunResult, run } from "./run.ts";
import { MUTATIONS } from "./servers/patches.mjs";

const BROKEN = 1;
const LATE = 3;
const CAUGHT_WITHIN_S = 60;

const root = join(import.meta.dirname, "..");

async function main(): Promise<number> {
  const parameters = process.argv.slice(2);
  const options = optionsOf(parameters);
  if (options === null) return 2;
  prepare({ build: true });
  const results = options.minutes > 0 ? await runWhole(options, parameters) : [];
  const mutated = options.allMutations ? await runMutations(options) : [];
  const command = ["npm run torture", ...(parameters.length > 0 ? ["--", ...parameters] : [])].join(" ");
  if (options.report !== null)
    writeFileSync(options.report, markdown(results, mutated, { command, seed: options.seed, at: new Date() }));
  const statuses = [...results.map(statusOf), ...mutated.map(statusOfMutated)];
  return statuses.includes(BROKEN) ? BROKEN : statuses.includes(LATE) ? LATE : 0;
}

function optionsOf(parameters: readonly string[]): Options | null {
  try {
    const options = readOptions(parameters);
    if (options.mutation === null || options.mutation in MUTATIONS) return options;
    throw new Error(`--mutate is one of ${Object.keys(MUTATIONS).join(", ")}`);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return null;
  }
}

async function runWhole(options: Options, parameters: readonly string[]): Promise<readonly RunResult[]> {
  const results: RunResult[] = [];
  for (const dialect of options.databases) results.push(await runOn(dialect, options));
  console.log(`\n${textTable(tableOf(results))}\n`);
  for (const { dialect, findings } of results) {
    if (findings.length > 0) console.log([`${dialect}:`, ...findingLines(findings)].join("\n"));
  }
  console.log(
    `The same again: npm run torture -- ${[...parameters, ...(parameters.includes("--seed") ? [] : ["--seed", options.seed])].join(" ")}`,
  );
  return results;
}

/** Broken on purpose, each has to be seen on each database, and soon. */
async function runMutations(options: Options): Promise<readonly Mutated[]> {
  const mutated: Mutated[] = [];
  for (const mutation of Object.keys(MUTATIONS)) {
    for (const dialect of options.databases) {
      const result = await runOn(dialect, mutatedBy(options, mutation));
      mutated.push({ mutation, result });
    }
  }
  for (const { mutation, result } of mutated) {
    const { dialect, caughtAfter, findings } = result;
    const verdict =
      caughtAfter === null ? "NOT CAUGHT" : `caught after ${Math.round(caughtAfter)} s by ${caughtBy(findings)}`;
    console.log(`${mutation} on ${dialect}: ${verdict}`);
  }
  return mutated;
}

function statusOf({ findings }: RunResult): number {
  const { lost, doubled, wrong, late } = countFindings(findings);
  if (lost + doubled + wrong > 0) return BROKEN;
  return late > 0 ? LATE : 0;
}

function statusOfMutated({ result }: Mutated): number {
  if (result.caughtAfter === null) return BROKEN;
  return result.caughtAfter > CAUGHT_WITHIN_S ? LATE : 0;
}

function runOn(dialect: Dialect, options: Options): Promise<RunResult> {
  return run({ root, dialect, options, say: (line) => console.log(`[${dialect}] ${line}`) });
}

process.exitCode = await main();
