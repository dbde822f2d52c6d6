import type { Generator } from "./load/open-generator.ts";
import { Outcomes, UNAPPLIED } from "./outcomes.ts";
import { cpuSeconds, pause } from "./processes.ts";
import type { RunningSubject } from "./subjects/subject.ts";

/** As fast as a subject applies, for some seconds: what the measurements beside `npm run bench` are made of. */

/** Made ready for each measurement: more than is applied in its time. */
const REQUESTS_PER_SECOND = 8_000;
const SETTLED_WITHIN_MS = 120_000;

export interface Rate {
  readonly perSecond: number;
  /** Of the service and of the database's processes, for each that was applied. */
  readonly cpuUs: number;
  readonly refused: number;
}

export function told({ perSecond, cpuUs, refused }: Rate): string {
  return `${Math.round(perSecond)} applied/s, ${Math.round(cpuUs)} µs of CPU each${refused > 0 ? `, ${refused} REFUSED` : ""}`;
}

export async function appliedPerSecond(
  subject: RunningSubject,
  generator: Generator,
  { series, seconds }: { readonly series: string; readonly seconds: number },
): Promise<Rate> {
  const settledAtStart = await settled(subject);
  const cpuAtStart = await cpuUsed(subject);
  const outcomes = new Outcomes(() => settled(subject), settledAtStart);
  const result = await generator.run(
    {
      ...{ series, count: REQUESTS_PER_SECOND * seconds, ports: subject.ports, path: subject.path, connections: 256 },
      ...{ rate: null, seconds, allowed: UNAPPLIED },
    },
    outcomes.watch,
  );
  const acknowledged = result.acknowledged.length;
  await until(subject, settledAtStart + acknowledged);
  return {
    perSecond: outcomes.perSecond,
    cpuUs: ((await cpuUsed(subject)) - cpuAtStart) * (1e6 / acknowledged),
    refused: result.sent - acknowledged,
  };
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

async function cpuUsed(subject: RunningSubject): Promise<number> {
  const database = (await subject.databaseCpuSeconds()) ?? 0;
  return subject.pids().reduce((sum, pid) => sum + cpuSeconds(pid), database);
}
