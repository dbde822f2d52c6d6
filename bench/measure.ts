import { applying, CONNECTIONS, type Cost, WARM_SECONDS } from "./applying.ts";
import { amountOf, type Names, namesOf } from "./load/notifications.ts";
import type { Generator, Watch } from "./load/open-generator.ts";
import type { Load, LoadResult } from "./load/protocol.ts";
import { UNAPPLIED } from "./outcomes.ts";
import { pause, residentMiB } from "./processes.ts";
import { quantile } from "./statistics.ts";
import type { RunningSubject } from "./subjects/subject.ts";

/** Everything that is measured of one subject in one round. Times in ms; NaN where there is nothing to measure. */
export interface Figures extends Cost {
  readonly acknowledgedPerSecond: number;
  /** With their outcome, as fast as they keep coming; what is acknowledged, where that is the outcome. */
  readonly appliedPerSecond: number;
  readonly loneMs: number;
  readonly latencies: readonly Latency[];
  /** At half of `appliedPerSecond`, which goes on for ever; half of the maximum may be more than is applied. */
  readonly sustained: Latency;
  /** From the acknowledgement to the order's `paid`, at the same rate. */
  readonly paidP50Ms: number;
  readonly paidP99Ms: number;
  /** Under full load, before the overload. */
  readonly peakMiB: number;
  readonly readyMs: number;
  readonly overload: Overload;
  /** Of bodies of 10 kB, of which the bound on bodies lets not all in at once. */
  readonly larger: Overload;
  readonly acknowledged: number;
  /** Acknowledged and not there afterwards: has to be none. */
  readonly lost: number;
  readonly unapplied: number;
}

export interface Latency {
  /** Of the subject's own maximum, or of what it applies. */
  readonly share: number;
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Answered anything but 2xx. */
  readonly refused: number;
}

/** More than it can take. */
export interface Overload {
  readonly acknowledgedPerSecond: number;
  readonly refused: number;
  readonly refusalP99Ms: number;
  readonly withoutRetryAfter: number;
  readonly othersThan503: number;
  /** Acknowledged a second in the three seconds after it, as a share of the maximum before. */
  readonly recovered: number;
  readonly peakMiB: number;
}

/** As many gateways' connections as nobody has. */
const OVERLOAD_CONNECTIONS = 3_000;
const OVERLOAD_TIMES = 10;
const OVERLOAD_REQUESTS = 200_000;
/** Times `LARGER_SECONDS`, about what the generator can hold; a connection has one under way, so no more can be sent. */
const LARGER_RATE = 10_000;
const LARGER_SECONDS = 3;
const LARGER_BYTES = 8_000;
/** At least: in less no batch ends. */
const APPLIED_SECONDS = 1.5;
const NO_OVERLOAD: Overload = {
  acknowledgedPerSecond: Number.NaN,
  refused: Number.NaN,
  refusalP99Ms: Number.NaN,
  withoutRetryAfter: Number.NaN,
  othersThan503: Number.NaN,
  recovered: Number.NaN,
  peakMiB: Number.NaN,
};
const SHARES = [0.25, 0.5, 0.8];
const LONE = 200;
/** Orders that are registered and followed until they are paid, per second. */
const FOLLOWED_PER_SECOND = 20;
const PAID_WITHIN_MS = 5_000;
const SETTLED_WITHIN_MS = 120_000;
/** So many orders are registered for each second of the warm-up, and then as many as it applied and some more, so that they last. */
const [PREPARED_PER_SECOND, PREPARED_BESIDES] = [600, 1.3];
const LOOKED_UP_AT_ONCE = 5_000;
/** More than any subject reaches before its first measurement is known. */
const UNKNOWN_RATE = 20_000;

export interface MeasureParts {
  readonly subject: RunningSubject;
  readonly generator: Generator;
  readonly seconds: number;
  /** What applies is not warmed up, and nothing overloaded. */
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

export async function measure(parts: MeasureParts): Promise<Figures> {
  const { subject, seconds, quick } = parts;
  const phases = new Phases(parts);
  // What applies is warmed up by itself, below.
  const warmSeconds = quick ? seconds : Math.min(WARM_SECONDS, 2 * seconds);
  const warm = await phases.run("warming up", { seconds: warmSeconds, expected: UNKNOWN_RATE });
  if (warm.acknowledged.length === 0) throw new Error(`nothing was acknowledged: ${JSON.stringify(warm.others)}`);
  // A slow subject answers its first requests when the time of sending is over.
  const expected = 1.6 * Math.max(perSecond(warm), warm.acknowledged.length / warmSeconds);
  const lone = await phases.run("a lone request", { seconds, expected, connections: 1, count: LONE });
  const maximum = perSecond(await phases.run("as fast as it acknowledges", { seconds, expected }));
  const usual = { expected, rate: PREPARED_PER_SECOND };
  const warmed = quick ? null : await measureApplied({ ...parts, seconds: warmSeconds }, phases, usual);
  const prepared = Math.max(PREPARED_PER_SECOND, PREPARED_BESIDES * (warmed?.perSecond ?? 0));
  const longEnough = { ...parts, seconds: Math.max(seconds, APPLIED_SECONDS) };
  const applied = await measureApplied(longEnough, phases, { expected, rate: prepared });
  const latencies: Latency[] = [];
  for (const share of SHARES) {
    const rate = share * maximum;
    latencies.push(latencyOf(share, rate, await phases.run(`at ${share * 100} %`, { seconds, expected, rate })));
  }
  const { paidMs, sustained } = await measureSustained(parts, phases, applied.perSecond);
  const peakMiB = peakOf(subject);
  const [overload, larger] = quick ? [NO_OVERLOAD, NO_OVERLOAD] : await measureOverloads(parts, phases, maximum);
  const { readyMs } = await subject.restart();
  return {
    acknowledgedPerSecond: maximum,
    appliedPerSecond: applied.perSecond,
    loneMs: quantile(lone.latenciesMs, 0.5),
    latencies,
    sustained,
    paidP50Ms: quantile(paidMs, 0.5),
    paidP99Ms: quantile(paidMs, 0.99),
    ...applied.cost,
    peakMiB,
    readyMs,
    ...{ overload, larger },
    ...(await phases.lookUp()),
  };
}

interface Phase {
  readonly seconds: number;
  /** The most that may be acknowledged in a second: so many requests are made ready. */
  readonly expected: number;
  readonly rate?: number;
  readonly connections?: number;
  readonly count?: number;
  readonly allowed?: number;
  readonly metadataBytes?: number;
}

/** Runs one load after the other, each on what the last one left settled, and remembers what was promised. */
class Phases {
  readonly #parts: MeasureParts;
  readonly #acknowledged: Names[] = [];
  #series = 0;

  constructor(parts: MeasureParts) {
    this.#parts = parts;
  }

  /** The series of the next load. */
  get next(): string {
    return `p${this.#series}x`;
  }

  async run(name: string, phase: Phase, watch?: Watch): Promise<LoadResult> {
    const { subject, generator, say } = this.#parts;
    const series = this.next;
    this.#series += 1;
    const load: Load = {
      series,
      count: phase.count ?? Math.ceil(phase.seconds * (phase.rate ?? phase.expected)) + CONNECTIONS,
      ports: subject.ports,
      path: subject.path,
      connections: phase.connections ?? CONNECTIONS,
      rate: phase.rate ?? null,
      seconds: phase.seconds,
      allowed: phase.allowed ?? null,
      ...(phase.metadataBytes !== undefined && { metadataBytes: phase.metadataBytes }),
    };
    const result = await generator.run(load, watch);
    for (const index of result.acknowledged) this.#acknowledged.push(namesOf(series, index));
    const others = Object.entries(result.others).map(([word, count]) => `, ${count} ${word}`);
    say(`${name}: ${Math.round(perSecond(result))} acknowledged/s${others.join("")}`);
    await this.#settled();
    return result;
  }

  /** Waits until everything acknowledged has its outcome; what never gets one is told by the look-up. */
  async #settled(): Promise<void> {
    const { applied } = this.#parts.subject;
    const until = performance.now() + SETTLED_WITHIN_MS;
    while (applied !== null && (await applied()) < this.#acknowledged.length && performance.now() < until)
      await pause(20);
  }

  async lookUp(): Promise<Pick<Figures, "acknowledged" | "lost" | "unapplied">> {
    const { lookUp } = this.#parts.subject;
    const acknowledged = this.#acknowledged.length;
    if (lookUp === null) return { acknowledged, lost: 0, unapplied: 0 };
    let found = { stored: 0, applied: 0 };
    for (let from = 0; from < acknowledged; from += LOOKED_UP_AT_ONCE) {
      const part = await lookUp(this.#acknowledged.slice(from, from + LOOKED_UP_AT_ONCE));
      found = { stored: found.stored + part.stored, applied: found.applied + part.applied };
    }
    return { acknowledged, lost: acknowledged - found.stored, unapplied: acknowledged - found.applied };
  }
}

/**
 * Sends no more than the subject brings to an end. Where orders are registered before it, `rate` is what it is expected to apply;
 * resolves to what it did.
 */
async function measureApplied(parts: MeasureParts, phases: Phases, { expected, rate }: ExpectedRate) {
  const { subject, seconds } = parts;
  const { prepare } = subject;
  const most = prepare === null ? expected : Math.min(expected, rate);
  await prepare?.(ordersOf(phases.next, Math.ceil(seconds * most) + CONNECTIONS));
  const load = { seconds, expected: most };
  return applying(subject, (watch) =>
    phases.run("as fast as it applies", { ...load, ...(watch && { allowed: UNAPPLIED }) }, watch),
  );
}

interface ExpectedRate {
  /** Acknowledged a second. */
  readonly expected: number;
  /** Applied a second. */
  readonly rate: number;
}

/** What the notifications of a series are for. */
function ordersOf(series: string, count: number): readonly { readonly reference: string; readonly total: number }[] {
  return Array.from({ length: count }, (_, index) => ({
    reference: namesOf(series, index).order,
    total: amountOf(index),
  }));
}

function latencyOf(share: number, rate: number, result: LoadResult): Latency {
  return {
    share,
    rate,
    p50: quantile(result.latenciesMs, 0.5),
    p99: quantile(result.latenciesMs, 0.99),
    p999: quantile(result.latenciesMs, 0.999),
    refused: result.sent - result.acknowledged.length,
  };
}

/**
 * At half of what it applies. Orders are registered, their notifications come with all the others, and each is looked for in the database until it is paid.
 * Which: every so manieth of the series, so that they are spread over its time.
 */
async function measureSustained(parts: MeasureParts, phases: Phases, appliedPerSecond: number) {
  const { seconds, subject } = parts;
  const { orders } = subject;
  const share = 0.5;
  const rate = share * appliedPerSecond;
  const load = { seconds, expected: rate, rate };
  const name = "at half of what it applies";
  if (orders === null) return { paidMs: [], sustained: latencyOf(share, rate, await phases.run(name, load)) };
  const series = phases.next;
  const every = Math.max(1, Math.round(rate / FOLLOWED_PER_SECOND));
  const followed = new Map<number, string>();
  for (let index = every; index < seconds * rate; index += every) followed.set(index, namesOf(series, index).order);
  for (const [index, order] of followed) await orders.register(order, amountOf(index));
  const paidAt = new Map<number, number>();
  // Sending begins when the generator has made everything ready, and that takes seconds.
  let startedAt = Number.POSITIVE_INFINITY;
  const watch: Watch = async () => {
    startedAt = Math.min(startedAt, performance.now());
    return Number.POSITIVE_INFINITY;
  };
  const following = async (): Promise<void> => {
    const open = new Map(followed);
    const isDue = (index: number): boolean => performance.now() - startedAt >= (index / rate) * 1000 - 5;
    while (open.size > 0 && performance.now() - startedAt < seconds * 1000 + PAID_WITHIN_MS) {
      const due = [...open].filter(([index]) => isDue(index));
      const paid = due.length === 0 ? new Set() : await orders.paid(due.map(([, order]) => order));
      for (const [index] of due.filter(([, order]) => paid.has(order))) {
        paidAt.set(index, performance.timeOrigin + performance.now());
        open.delete(index);
      }
      await pause(3);
    }
  };
  const followingAll = following();
  const result = await phases.run(name, load, watch);
  await followingAll;
  const paidMs = [...result.acknowledged].flatMap((index, i) => {
    const at = paidAt.get(index);
    return followed.has(index) ? [(at ?? Number.POSITIVE_INFINITY) - (result.answeredAt[i] ?? 0)] : [];
  });
  return { paidMs, sustained: latencyOf(share, rate, result) };
}

async function measureOverloads(parts: MeasureParts, phases: Phases, maximum: number) {
  const rate = OVERLOAD_TIMES * maximum;
  // As many as the generator can hold ready; the rate is what matters, and beyond some seconds nothing new happens.
  const seconds = Math.min(parts.seconds, OVERLOAD_REQUESTS / rate);
  const overload = await measureOverload(parts, phases, maximum, { name: "at ten times its maximum", seconds, rate });
  const larger = await measureOverload(parts, phases, maximum, {
    ...{ name: "flooded by 10 kB each", seconds: Math.min(parts.seconds, LARGER_SECONDS) },
    ...{ rate: LARGER_RATE, metadataBytes: LARGER_BYTES },
  });
  return [overload, larger] as const;
}

interface Flood {
  readonly name: string;
  readonly seconds: number;
  readonly rate: number;
  readonly metadataBytes?: number;
}

async function measureOverload(
  parts: MeasureParts,
  phases: Phases,
  maximum: number,
  { name, ...flood }: Flood,
): Promise<Overload> {
  const { seconds } = parts;
  const during = await phases.run(name, { ...flood, expected: flood.rate, connections: OVERLOAD_CONNECTIONS });
  const after = await phases.run("and after it", { seconds: Math.min(3, seconds), expected: 1.6 * maximum });
  const { "503": refused = 0, ...others } = during.others;
  return {
    acknowledgedPerSecond: perSecond(during),
    refused,
    refusalP99Ms: quantile(during.refusalsMs, 0.99),
    withoutRetryAfter: during.withoutRetryAfter,
    othersThan503: Object.values(others).reduce((sum, count) => sum + count, 0),
    recovered: perSecond(after) / maximum,
    peakMiB: peakOf(parts.subject),
  };
}

/** The most that one of its processes has had in memory so far. */
function peakOf(subject: RunningSubject): number {
  return Math.max(...subject.pids().map((pid) => residentMiB(pid).peak));
}

function perSecond({ inTime, seconds }: LoadResult): number {
  return inTime / seconds;
}
