import type { Generator, Watch } from "./load/open-generator.ts";
import type { Load, LoadResult } from "./load/protocol.ts";
import { Outcomes, UNAPPLIED } from "./outcomes.ts";
import { cpuSeconds, pause } from "./processes.ts";
import type { RunningSubject } from "./subjects/subject.ts";

/** As fast as a subject applies: what it brings to its end while no more come than that, and what each costs it. */

/** Of the generator, where it is no flood. */
export const CONNECTIONS = 256;
/** A process does half of what it does after some seconds, as V8 compiles beside it. */
export const WARM_SECONDS = 6;
/** Made ready for each measurement: more than is applied in its time. */
const REQUESTS_PER_SECOND = 8_000;
const SETTLED_WITHIN_MS = 120_000;

/** For each notification of a load. NaN where there is nothing to measure. */
export interface Cost {
  /** Microseconds of CPU. */
  readonly serviceCpuUs: number;
  readonly databaseCpuUs: number;
  readonly bytesPerNotification: number;
}

export interface Applied {
  /** What is acknowledged, where that is the outcome. */
  readonly perSecond: number;
  readonly cost: Cost;
  readonly refused: number;
}

/** Runs a load in which never more than `UNAPPLIED` wait for their outcome, if it obeys what it is given to watch; ends when all have theirs. */
export async function applying(
  subject: RunningSubject,
  run: (watch: Watch | undefined) => Promise<LoadResult>,
): Promise<Applied> {
  const { applied } = subject;
  const before = { costs: await costsOf(subject), settled: await settled(subject) };
  const outcomes = applied && new Outcomes(applied, before.settled);
  const result = await run(outcomes?.watch);
  const acknowledged = result.acknowledged.length;
  const sustained = await outcomes?.perSecond(() => until(subject, before.settled + acknowledged));
  return {
    perSecond: sustained ?? result.inTime / result.seconds,
    cost: costBetween(before.costs, await costsOf(subject), acknowledged),
    refused: result.sent - acknowledged,
  };
}

/** As fast as it applies. */
export function appliedPerSecond(
  subject: RunningSubject,
  generator: Generator,
  { series, seconds }: { readonly series: string; readonly seconds: number },
): Promise<Applied> {
  const load: Load = {
    ...{ series, count: REQUESTS_PER_SECOND * seconds, ports: subject.ports, path: subject.path },
    ...{ connections: CONNECTIONS, rate: null, seconds, allowed: UNAPPLIED },
  };
  return applying(subject, (watch) => generator.run(load, watch));
}

export function told({ perSecond, cost, refused }: Applied): string {
  const cpuUs = cost.serviceCpuUs + (cost.databaseCpuUs || 0);
  return `${Math.round(perSecond)} applied/s, ${Math.round(cpuUs)} µs of CPU each${refused > 0 ? `, ${refused} REFUSED` : ""}`;
}

/** Waits for so many outcomes; a service that never gets there is a failure, not a long run. */
export async function until(subject: RunningSubject, count: number, giveUpMs = SETTLED_WITHIN_MS): Promise<void> {
  const began = performance.now();
  while ((await settled(subject)) < count) {
    if (performance.now() - began > giveUpMs)
      throw new Error(
        `${count - (await settled(subject))} of ${count} notifications have no outcome after ${giveUpMs} ms`,
      );
    await pause(20);
  }
}

export async function settled(subject: RunningSubject): Promise<number> {
  return (await subject.applied?.()) ?? 0;
}

interface Costs {
  readonly serviceSeconds: number;
  readonly databaseSeconds: number | null;
  readonly bytes: number | null;
}

async function costsOf(subject: RunningSubject): Promise<Costs> {
  return {
    serviceSeconds: subject.pids().reduce((sum, pid) => sum + cpuSeconds(pid), 0),
    databaseSeconds: await subject.databaseCpuSeconds(),
    bytes: await subject.bytesWritten(),
  };
}

function costBetween(before: Costs, after: Costs, count: number): Cost {
  const each = (from: number | null, to: number | null): number =>
    from === null || to === null ? Number.NaN : (to - from) / count;
  return {
    serviceCpuUs: 1e6 * each(before.serviceSeconds, after.serviceSeconds),
    databaseCpuUs: 1e6 * each(before.databaseSeconds, after.databaseSeconds),
    bytesPerNotification: each(before.bytes, after.bytes),
  };
}
