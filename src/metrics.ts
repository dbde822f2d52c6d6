import type { Logger } from "pino";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Alarm, Asked } from "./http/health.ts";
import type { OutboxObserver } from "./outbox/observer.ts";
import type { Observer } from "./pipeline/observer.ts";
import type { OutboxBacklog } from "./store/outbox.ts";
import type { Backlog } from "./store/reading.ts";
import type { LaneLoad } from "./store/store.ts";

/** What the service counts of itself, for Prometheus, and the alarms for /health. Metric names are decided in this file alone. */

export interface Metrics {
  readonly observer: Observer;
  readonly outboxObserver: OutboxObserver;
  /** A few payments were checked against the laws. */
  readonly checked: (sampled: {
    readonly payments: number;
    readonly findings: readonly { readonly law: string; readonly subject: string; readonly detail: string }[];
    readonly seconds: number;
  }) => void;
  readonly alarms: () => readonly Alarm[];
  /** By `<gateway>/<account>`: what its provider's verifier or API answered last. */
  readonly lastAsked: () => ReadonlyMap<string, Asked>;
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface MetricsParts {
  readonly now: () => Date;
  readonly log: Logger;
  /** Null while there is no database to ask. Rejections leave the gauges out. */
  readonly backlog: () => Promise<Backlog | null>;
  readonly depth: () => { readonly journal: number; readonly apply: number } | null;
  /** The same of what is on its way to receivers. */
  readonly outboxBacklog: () => Promise<OutboxBacklog | null>;
  /** Attempts under way. */
  readonly outboxDepth: () => number | null;
  /** How busy the database's lanes are; empty while there is none. */
  readonly load: () => readonly LaneLoad[];
  /** Who listens, by what they listen to. */
  readonly listeners: () => Readonly<Record<"events" | "pages", number>>;
}

/** From a memory write to a stalled disk; senders give up between 5 and 30 s. */
const ACK_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4];
/** From at once to the four days for which an IPN is asked about. */
const APPLY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600, 86_400, 345_600];
const ROWS_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];

export function createMetrics(parts: MetricsParts): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "paybell_" });
  const alarms = new AlarmLog(parts.now);
  const lastAsked = new Map<string, Asked>();
  collectQueues(registry, parts);
  const observer = createObserver(registry, { ...parts, alarms, lastAsked });
  return {
    observer,
    outboxObserver: createOutboxObserver(registry, observer),
    checked: createChecked(registry, observer),
    alarms: () => alarms.list(),
    lastAsked: () => lastAsked,
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

interface Memory extends Pick<MetricsParts, "now" | "log"> {
  readonly alarms: AlarmLog;
  readonly lastAsked: Map<string, Asked>;
}

function createObserver(registry: Registry, { now, log, alarms, lastAsked }: Memory): Observer {
  const registers = [registry];
  const acknowledged = new Counter({
    name: "paybell_notifications_acknowledged_total",
    help: "Notifications answered 2xx",
    labelNames: ["gateway", "result"],
    registers,
  });
  const ackSeconds = new Histogram({
    name: "paybell_ack_seconds",
    help: "From arrival to the answer, of notifications answered 2xx",
    labelNames: ["gateway"],
    buckets: ACK_BUCKETS,
    registers,
  });
  const refused = new Counter({
    name: "paybell_notifications_refused_total",
    help: "Requests refused or not stored, by reason",
    labelNames: ["gateway", "reason"],
    registers,
  });
  const settled = new Counter({
    name: "paybell_inputs_settled_total",
    help: "Inputs by outcome (or waiting state) and reason",
    labelNames: ["gateway", "outcome", "reason"],
    registers,
  });
  const applySeconds = new Histogram({
    name: "paybell_apply_seconds",
    help: "From receipt to an outcome",
    labelNames: ["gateway", "outcome"],
    buckets: APPLY_BUCKETS,
    registers,
  });
  const commitSeconds = new Histogram({
    name: "paybell_commit_seconds",
    help: "Duration of one commit",
    labelNames: ["kind"],
    buckets: ACK_BUCKETS,
    registers,
  });
  const commitRows = new Histogram({
    name: "paybell_commit_rows",
    help: "Inputs in one commit",
    labelNames: ["kind"],
    buckets: ROWS_BUCKETS,
    registers,
  });
  const askSeconds = new Histogram({
    name: "paybell_ask_seconds",
    help: "Questions to a provider's verifier or API",
    labelNames: ["gateway", "answer"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const alarmed = new Counter({
    name: "paybell_alarms_total",
    help: "What a person should hear of",
    labelNames: ["kind", "gateway"],
    registers,
  });
  return {
    acknowledged(gateway, result, seconds) {
      acknowledged.inc({ gateway, result });
      ackSeconds.observe({ gateway }, seconds);
    },
    refused: (gateway, reason) => refused.inc({ gateway, reason }),
    settled(gateway, outcome, reason, seconds) {
      settled.inc({ gateway, outcome, reason: reason ?? "" });
      applySeconds.observe({ gateway, outcome }, seconds);
    },
    committed(kind, rows, seconds) {
      commitSeconds.observe({ kind }, seconds);
      commitRows.observe({ kind }, rows);
    },
    asked({ gateway, account }, answer, seconds) {
      askSeconds.observe({ gateway, answer }, seconds);
      lastAsked.set(`${gateway}/${account}`, { answer, at: now() });
    },
    alarm(kind, about) {
      alarmed.inc({ kind, gateway: about.gateway });
      alarms.add(kind, about.gateway);
      log.error({ event: "alarm", alarm: kind, ...about }, `alarm: ${kind}`);
    },
  };
}

function createOutboxObserver(registry: Registry, observer: Observer): OutboxObserver {
  const registers = [registry];
  const attempts = new Counter({
    name: "paybell_delivery_attempts_total",
    help: "Attempts to tell a receiver of an event, by result and reason",
    labelNames: ["kind", "result", "reason"],
    registers,
  });
  const seconds = new Histogram({
    name: "paybell_delivery_seconds",
    help: "Duration of one attempt",
    labelNames: ["kind", "result"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
    registers,
  });
  return {
    attempted(kind, result, reason, took) {
      attempts.inc({ kind, result, reason: reason ?? "" });
      seconds.observe({ kind, result }, took);
    },
    alarm: (kind, { receiver, detail }) => observer.alarm(kind, { gateway: "-", input: receiver, detail }),
  };
}

function createChecked(registry: Registry, observer: Observer): Metrics["checked"] {
  const registers = [registry];
  const payments = new Counter({
    name: "paybell_checked_payments_total",
    help: "Payments that were folded again from their facts and compared, while the service ran",
    registers,
  });
  const seconds = new Counter({ name: "paybell_check_seconds_total", help: "Time that this took", registers });
  const violations = new Counter({
    name: "paybell_check_violations_total",
    help: "What was found broken by it, by law; see `paybell check`",
    labelNames: ["law"],
    registers,
  });
  return (sampled) => {
    payments.inc(sampled.payments);
    seconds.inc(sampled.seconds);
    for (const { law, subject, detail } of sampled.findings) {
      violations.inc({ law });
      observer.alarm("law_broken", { gateway: "-", input: null, detail: `${law} ${subject}: ${detail}` });
    }
  };
}

function collectOutbox(registry: Registry, parts: MetricsParts): void {
  const ask = () => parts.outboxBacklog().catch(() => null);
  const waiting = { name: "paybell_backlog_deliveries", help: "Deliveries that wait, by kind", labelNames: ["kind"] };
  const age = {
    name: "paybell_backlog_deliveries_age_seconds",
    help: "Age of the oldest waiting delivery, by kind",
    labelNames: ["kind"],
  };
  const failing = {
    name: "paybell_receivers_failing",
    help: "Receivers that are told nothing any more, or that failed when they were told last",
    labelNames: ["kind", "state"],
  };
  const sums = async (
    of: (one: OutboxBacklog["waiting"][number]) => number,
    join: (a: number, b: number) => number,
  ) => {
    const byKind = new Map<string, number>();
    for (const one of (await ask())?.waiting ?? []) byKind.set(one.kind, join(byKind.get(one.kind) ?? 0, of(one)));
    return [...byKind].map(([kind, value]): [Record<string, string>, number] => [{ kind }, value]);
  };
  gauge(registry, waiting, () =>
    sums(
      ({ count }) => count,
      (a, b) => a + b,
    ),
  );
  gauge(registry, age, () => sums(({ oldest }) => secondsSince(oldest, parts.now()), Math.max));
  gauge(registry, failing, async () => {
    const counts = new Map<string, [Record<string, string>, number]>();
    for (const { kind, state } of (await ask())?.failing ?? []) {
      const [, count] = counts.get(`${kind} ${state}`) ?? [{}, 0];
      counts.set(`${kind} ${state}`, [{ kind, state }, count + 1]);
    }
    return [...counts.values()];
  });
}

/** Gauges that are asked for when somebody looks. */
function collectQueues(registry: Registry, parts: MetricsParts): void {
  const registers = [registry];
  const memory = new Gauge({
    name: "paybell_queue_depth",
    help: "Inputs waiting in memory",
    labelNames: ["queue"],
    registers,
    collect() {
      const depth = parts.depth();
      memory.set({ queue: "journal" }, depth?.journal ?? 0);
      memory.set({ queue: "apply" }, depth?.apply ?? 0);
    },
  });
  gauge(registry, { name: "paybell_deliveries_under_way", help: "Attempts under way", labelNames: [] }, async () => [
    [{}, parts.outboxDepth() ?? 0],
  ]);
  collectOutbox(registry, parts);
  const pool = {
    name: "paybell_database_pool",
    help: "Connections (on SQLite: the writer) busy and idle, and the work that waits for one",
    labelNames: ["lane", "state"],
  };
  gauge(registry, pool, async () =>
    parts.load().flatMap(({ lane, busy, idle, waiting }) => [
      [{ lane, state: "busy" }, busy],
      [{ lane, state: "idle" }, idle],
      [{ lane, state: "waiting" }, waiting],
    ]),
  );
  const streams = { name: "paybell_open_streams", help: "Open event streams and buyers' pages", labelNames: ["kind"] };
  gauge(registry, streams, async () => Object.entries(parts.listeners()).map(([kind, open]) => [{ kind }, open]));
  const ask = () => parts.backlog().catch(() => null);
  const inputs = {
    name: "paybell_backlog_inputs",
    help: "Inputs stored without an outcome, by state",
    labelNames: ["state"],
  };
  gauge(registry, inputs, async () => ((await ask())?.waiting ?? []).map(({ state, count }) => [{ state }, count]));
  const age = {
    name: "paybell_backlog_age_seconds",
    help: "Age of the oldest waiting input, by state",
    labelNames: ["state"],
  };
  gauge(registry, age, async () =>
    ((await ask())?.waiting ?? []).map(({ state, oldest }) => [{ state }, secondsSince(oldest, parts.now())]),
  );
  const lastHeard = {
    name: "paybell_last_notification_timestamp_seconds",
    help: "When the gateway was last heard of",
    labelNames: ["gateway", "account"],
  };
  gauge(registry, lastHeard, async () => newestOf(await ask()));
}

type Labels = Readonly<Record<string, string>>;

function gauge(
  registry: Registry,
  about: { readonly name: string; readonly help: string; readonly labelNames: string[] },
  read: () => Promise<readonly (readonly [Labels, number])[]>,
): void {
  const metric = new Gauge({
    ...about,
    registers: [registry],
    async collect() {
      const values = await read();
      metric.reset();
      for (const [labels, value] of values) metric.set({ ...labels }, value);
    },
  });
}

function secondsSince(earlier: Date, now: Date): number {
  return Math.max(0, (now.getTime() - earlier.getTime()) / 1000);
}

function newestOf(backlog: Backlog | null): readonly (readonly [Labels, number])[] {
  const newest = new Map<string, readonly [Labels, number]>();
  for (const { gateway, account, last } of backlog?.heard ?? []) {
    const key = `${gateway}/${account}`;
    const seconds = last.getTime() / 1000;
    if (seconds > (newest.get(key)?.[1] ?? 0)) newest.set(key, [{ gateway, account }, seconds]);
  }
  return [...newest.values()];
}

/** Kinds and gateways are closed lists, so this stays small. */
class AlarmLog {
  readonly #alarms = new Map<string, Alarm>();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  add(kind: string, gateway: string): void {
    const key = `${kind}/${gateway}`;
    this.#alarms.set(key, { kind, gateway, count: (this.#alarms.get(key)?.count ?? 0) + 1, last: this.#now() });
  }

  list(): readonly Alarm[] {
    return [...this.#alarms.values()];
  }
}
