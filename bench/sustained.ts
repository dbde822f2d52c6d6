/**
 * `npm run bench:sustained -- [minutes] [sqlite|postgresql]`: as fast as it applies, for so long (default ten minutes). What half
 * a minute applied, and what memory the service has then and has had at most: neither may grow or fall with time.
 */
import { prepare } from "../scripts/prepare.mjs";
import { appliedPerSecond, told } from "./applying.ts";
import type { Generator } from "./load/open-generator.ts";
import { readOptions } from "./options.ts";
import { residentMiB } from "./processes.ts";
import type { RunningSubject } from "./subjects/subject.ts";
import { withSubject } from "./with-subject.ts";

const SECONDS = 30;

const minutes = Number(process.argv[2] ?? 10);
prepare({ build: true });
const { postgresql } = readOptions([], process.env);
for (const name of (["sqlite", "postgresql"] as const).filter((one) => (process.argv[3] ?? one) === one))
  await withSubject({ name, postgresql }, (subject, generator) => sustain(name, subject, generator));

async function sustain(name: string, subject: RunningSubject, generator: Generator): Promise<void> {
  for (let round = 1; round * SECONDS <= minutes * 60; round += 1) {
    const rate = await appliedPerSecond(subject, generator, { series: `s${round}x`, seconds: SECONDS });
    const memory = subject.pids().map(residentMiB);
    const now = Math.round(Math.max(...memory.map((each) => each.now)));
    const peak = Math.round(Math.max(...memory.map((each) => each.peak)));
    console.log(`[${name}] ${(round * SECONDS) / 60} min: ${told(rate)}; ${now} MiB, ${peak} at most`);
  }
}
