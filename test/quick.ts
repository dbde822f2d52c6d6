import { expect } from "vitest";

/** How long work may take, told by what the machine does just now: as `looks` at each of `bytes` bytes, one after the other. */
export interface Allowed {
  readonly looks: number;
  readonly bytes: number;
}

/** What a look takes where nothing else goes on; work within that needs no measuring of the machine. */
const LOOK_NS = 1;
const TIMES = 5;

/** Fails where the quickest of several runs takes longer: a bound on what the work does, and not on what else the machine does. */
export async function expectQuick(work: () => unknown, { looks, bytes }: Allowed, what?: string): Promise<void> {
  const usualMs = (looks * bytes * LOOK_NS) / 1e6;
  const tookMs = await quickestMs(work, usualMs);
  if (tookMs >= usualMs) expect(tookMs, what).toBeLessThan(looks * lookMs(bytes));
}

/** Of some runs; the first that takes less than `enoughMs` is the last. */
export async function quickestMs(work: () => unknown, enoughMs: number): Promise<number> {
  let quickest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < TIMES && quickest >= enoughMs; n += 1) quickest = Math.min(quickest, await milliseconds(work));
  return quickest;
}

/** Of processor or clock, whichever says less: one tells what others did meanwhile, the other is coarse. */
async function milliseconds(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return Math.min(performance.now() - startedAt, (user + system) / 1_000);
}

function lookMs(length: number): number {
  const bytes = new Uint8Array(length).fill(97);
  let sum = 0;
  let quickest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < TIMES; n += 1) {
    const startedAt = performance.now();
    for (let at = 0; at < bytes.length; at += 1) sum = (sum * 31 + (bytes[at] ?? 0)) | 0;
    quickest = Math.min(quickest, performance.now() - startedAt);
  }
  // Used, so that no compiler leaves the loop out.
  return Number.isNaN(sum) ? 0 : quickest;
}
