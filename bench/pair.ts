/**
 * `npm run bench:pair -- <folder>`: this checkout and another one, built, each with a service, a database and a generator of its
 * own, as fast as they apply and at the same time. So both have the same moments of the machine: in runs one behind the other
 * these hide a difference of a fifth. Given this same checkout it shows how far to believe it: what then differs from 1 does so
 * by chance.
 *
 * With `--rate` how long each takes to acknowledge so many a second: in turns, as at the same time each would stand in the
 * other's way, and in short ones, so that many of both fall into the same minutes.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { prepare } from "../scripts/prepare.mjs";
import { type Applied, appliedPerSecond, CONNECTIONS, settled, until, WARM_SECONDS } from "./applying.ts";
import type { Generator } from "./load/open-generator.ts";
import { PAIR_USAGE, type PairOptions, readOptions, readPairOptions } from "./options.ts";
import { residentMiB } from "./processes.ts";
import { median, quantile } from "./statistics.ts";
import type { RunningSubject } from "./subjects/subject.ts";
import { withSubject } from "./with-subject.ts";

interface Side {
  readonly subject: RunningSubject;
  readonly generator: Generator;
}

const { folder, database: name, rate, rounds, seconds } = optionsOf(process.argv.slice(2));
const there = resolve(folder);
if (!existsSync(join(there, "dist/main.js"))) refuse(`there is no dist/main.js in ${there}: npm ci && npm run build`);
prepare({ build: true });
const { postgresql } = readOptions([], process.env);
const compare = rate === null ? compareCosts : (ours: Side, theirs: Side) => compareLatencies(ours, theirs, rate);
await withSubject({ name, postgresql }, (ours, oursGenerator) =>
  withSubject({ name, postgresql, root: there }, (theirs, theirsGenerator) =>
    compare({ subject: ours, generator: oursGenerator }, { subject: theirs, generator: theirsGenerator }),
  ),
);

async function compareCosts(ours: Side, theirs: Side): Promise<void> {
  const apply = (series: string): Promise<readonly [Applied, Applied]> =>
    Promise.all([
      appliedPerSecond(ours.subject, ours.generator, { series, seconds }),
      appliedPerSecond(theirs.subject, theirs.generator, { series, seconds }),
    ]);
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

async function compareLatencies(ours: Side, theirs: Side, perSecond: number): Promise<void> {
  const sides = [
    { where: "here", side: ours, p99s: [] as number[] },
    { where: "there", side: theirs, p99s: [] as number[] },
  ];
  const warmSeconds = Math.min(WARM_SECONDS, 2 * seconds);
  for (const { side } of sides) await latenciesMs(side, { series: "warm", perSecond, seconds: warmSeconds });
  for (let round = 1; round <= rounds; round += 1)
    for (const { where, side, p99s } of sides) {
      const latencies = await latenciesMs(side, { series: `r${round}x`, perSecond, seconds });
      const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => quantile(latencies, share));
      p99s.push(p99 ?? Number.NaN);
      console.log(`[${name}] round ${round}, ${where}: p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)} ms`);
    }
  for (const { where, p99s } of sides)
    console.log(
      `[${name}] p99 at ${perSecond}/s, ${where}: ${ms(median(p99s))} ms (${ms(Math.min(...p99s))} to ${ms(Math.max(...p99s))})`,
    );
}

function ms(value: number | undefined): string {
  return (value ?? Number.NaN).toFixed(1);
}

/** From when each was due to its answer. Resolves when all of them have their outcome: the next round begins on nothing that waits. */
async function latenciesMs(
  { subject, generator }: Side,
  { series, perSecond, seconds }: { readonly series: string; readonly perSecond: number; readonly seconds: number },
): Promise<Float64Array> {
  const before = await settled(subject);
  const result = await generator.run({
    ...{ series, count: Math.ceil(perSecond * seconds) + CONNECTIONS, ports: subject.ports, path: subject.path },
    ...{ connections: CONNECTIONS, rate: perSecond, seconds, allowed: null },
  });
  const refused = result.sent - result.acknowledged.length;
  if (refused > 0) console.log(`[${name}] ${refused} of ${result.sent} REFUSED`);
  await until(subject, before + result.acknowledged.length);
  return result.latenciesMs;
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
