/**
 * `npm run bench:pair -- <folder>`: this checkout and another one, built, each with a service, a database and a generator of its
 * own, as fast as they apply and at the same time. So both have the same moments of the machine: in runs one behind the other
 * these hide a difference of a fifth. Given this same checkout it shows how far to believe it: what then differs from 1 does so
 * by chance.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { prepare } from "../scripts/prepare.mjs";
import { type Applied, appliedPerSecond } from "./applying.ts";
import type { Generator } from "./load/open-generator.ts";
import { PAIR_USAGE, type PairOptions, readOptions, readPairOptions } from "./options.ts";
import { residentMiB } from "./processes.ts";
import { median } from "./statistics.ts";
import type { RunningSubject } from "./subjects/subject.ts";
import { withSubject } from "./with-subject.ts";

interface Side {
  readonly subject: RunningSubject;
  readonly generator: Generator;
}

const { folder, database: name, rounds, seconds } = optionsOf(process.argv.slice(2));
const there = resolve(folder);
if (!existsSync(join(there, "dist/main.js"))) refuse(`there is no dist/main.js in ${there}: npm ci && npm run build`);
prepare({ build: true });
const { postgresql } = readOptions([], process.env);
await withSubject({ name, postgresql }, (ours, oursGenerator) =>
  withSubject({ name, postgresql, root: there }, (theirs, theirsGenerator) =>
    compare({ subject: ours, generator: oursGenerator }, { subject: theirs, generator: theirsGenerator }),
  ),
);

async function compare(ours: Side, theirs: Side): Promise<void> {
  const apply = (series: string): Promise<readonly [Applied, Applied]> =>
    Promise.all([
      appliedPerSecond(ours.subject, ours.generator, { series, seconds }),
      appliedPerSecond(theirs.subject, theirs.generator, { series, seconds }),
    ]);
  // A process does half of what it does after some seconds, as V8 compiles beside it.
  await apply("warm");
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const [here, other] = await apply(`r${round}x`);
    const ratio = cpuUs(here) / cpuUs(other);
    ratios.push(ratio);
    console.log(`[${name}] round ${round}: ${costs(here)} here, ${costs(other)} there: ${ratio.toFixed(2)}`);
  }
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  console.log(`[${name}] CPU of a notification, here by there: ${median(ratios).toFixed(2)} (${spread})`);
  console.log(`[${name}] the most memory: ${peakMiB(ours)} MiB here, ${peakMiB(theirs)} there`);
}

/** The service's and the database's. */
function cpuUs({ cost }: Applied): number {
  return cost.serviceCpuUs + (cost.databaseCpuUs || 0);
}

function costs(applied: Applied): string {
  return `${Math.round(cpuUs(applied))} µs at ${Math.round(applied.perSecond)}/s`;
}

function peakMiB({ subject }: Side): number {
  return Math.round(Math.max(...subject.pids().map((pid) => residentMiB(pid).peak)));
}

function optionsOf(parameters: readonly string[]): PairOptions {
  try {
    return readPairOptions(parameters);
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : String(error)}\n\n${PAIR_USAGE}`);
  }
}

function refuse(reason: string): never {
  console.error(reason);
  process.exit(2);
}
