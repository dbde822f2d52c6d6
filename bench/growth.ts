/**
 * `npm run bench:growth -- [rows] [sqlite|postgresql]`: what a journal that has grown costs. Paybell applies for some seconds on an empty database;
 * then rows are made in it by SQL, copies of one notification and its payment with ids of their own; then it applies again, and
 * its lists and figures are asked for. At last rows that wait are made, and drained while new ones come. Beside each rate stand
 * the microseconds of CPU that a notification took: on a machine that does other things these are what can be compared.
 */
import { prepare } from "../scripts/prepare.mjs";
import { appliedPerSecond, settled, told, until } from "./applying.ts";
import { namesOf } from "./load/notifications.ts";
import type { Generator } from "./load/open-generator.ts";
import { readOptions } from "./options.ts";
import { residentMiB } from "./processes.ts";
import { median, quantile } from "./statistics.ts";
import type { RunningSubject } from "./subjects/subject.ts";
import { withSubject } from "./with-subject.ts";

const SECONDS = 10;
const ROWS_AT_ONCE = 250_000;
const BACKLOG_SHARE = 10;
/** While the backlog drains. */
const NEW_PER_SECOND = 100;
const DRAINED_WITHIN_MS = 3_600_000;

const rows = Number(process.argv[2] ?? 1_000_000);
prepare({ build: true });
const { postgresql } = readOptions([], process.env);
for (const name of (["sqlite", "postgresql"] as const).filter((one) => (process.argv[3] ?? one) === one))
  await withSubject({ name, postgresql }, (subject, generator) => grow(name, subject, generator));

async function grow(name: "sqlite" | "postgresql", subject: RunningSubject, generator: Generator): Promise<void> {
  const say = (line: string): void => console.log(`[${name}] ${line}`);
  await appliedPerSecond(subject, generator, { series: "warm", seconds: SECONDS });
  const before = await appliedPerSecond(subject, generator, { series: "small", seconds: SECONDS });
  say(`on a small database: ${told(before)}`);
  const { readyMs } = await subject.restart(async () => {
    for (let from = 0; from < rows; from += ROWS_AT_ONCE)
      await insert(name, subject, { from, to: Math.min(rows, from + ROWS_AT_ONCE), state: "applied" });
    await subject.execute(name === "postgresql" ? "vacuum analyze" : "analyze");
    say(`${rows} rows made`);
  });
  say(`ready ${readyMs.toFixed(0)} ms after its start`);
  for (const path of [
    "/v1/notifications?limit=100",
    "/v1/notifications?limit=100&outcome=applied",
    "/v1/notifications?limit=100&gateway=stripe",
    "/v1/payments?limit=100",
    "/v1/payments?limit=100&status=paid",
    "/v1/orders?limit=100",
    "/health",
    "/metrics",
  ])
    say(`${path}: ${(await askingMs(subject, path)).toFixed(1)} ms`);
  await appliedPerSecond(subject, generator, { series: "warm2", seconds: SECONDS });
  const after = await appliedPerSecond(subject, generator, { series: "large", seconds: SECONDS });
  say(`on ${rows} rows: ${told(after)}, ${(after.perSecond / before.perSecond).toFixed(2)} of before`);
  await drain(name, subject, generator, say);
  say(`peak ${Math.round(Math.max(...subject.pids().map((pid) => residentMiB(pid).peak)))} MiB`);
}

/** The median of twenty, each after the other. */
async function askingMs(subject: RunningSubject, path: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    const began = performance.now();
    await subject.ask(path);
    times.push(performance.now() - began);
  }
  return median(times);
}

async function drain(
  name: "sqlite" | "postgresql",
  subject: RunningSubject,
  generator: Generator,
  say: (line: string) => void,
): Promise<void> {
  const count = Math.ceil(rows / BACKLOG_SHARE);
  const before = await settled(subject);
  await subject.restart(() => insert(name, subject, { from: rows, to: rows + count, state: "received" }));
  const began = performance.now();
  let drainedAt: number | null = null;
  // Beside the new ones, which are few: what has an outcome is nearly all of the backlog.
  const draining = until(subject, before + count, DRAINED_WITHIN_MS).then(() => {
    drainedAt = performance.now();
  });
  const latencies: number[] = [];
  for (let round = 0; drainedAt === null || round === 0; round += 1) {
    const result = await generator.run({
      ...{ series: `new${round}x`, count: NEW_PER_SECOND * SECONDS + 1, ports: subject.ports, path: subject.path },
      ...{ connections: 64, rate: NEW_PER_SECOND, seconds: SECONDS, allowed: null },
    });
    if (drainedAt === null || round === 0) latencies.push(...result.latenciesMs);
    if (result.sent > result.acknowledged.length) say(`${result.sent - result.acknowledged.length} new ones REFUSED`);
  }
  await draining;
  const seconds = ((drainedAt ?? performance.now()) - began) / 1000;
  say(`${count} that waited applied ${seconds.toFixed(1)} s after the start: ${Math.round(count / seconds)}/s`);
  say(`new ones meanwhile acknowledged with p99 ${quantile(latencies, 0.99).toFixed(1)} ms`);
}

/** Copies of the first notification that was applied, each with an event, a payment and an order of its own. */
async function insert(
  name: "sqlite" | "postgresql",
  subject: RunningSubject,
  { from, to, state }: { readonly from: number; readonly to: number; readonly state: "applied" | "received" },
): Promise<void> {
  const isPostgresql = name === "postgresql";
  const own = namesOf("warm", 0).event.slice("evt_".length);
  const other = isPostgresql ? "'grow' || lpad(n::text, 20, '0')" : "'grow' || printf('%020d', n)";
  const numbers = isPostgresql
    ? `generate_series(${from}, ${to - 1}) as n`
    : `(with recursive t(n) as (select ${from} union all select n + 1 from t where n < ${to - 1}) select n from t)`;
  const body = isPostgresql
    ? `convert_to(replace(convert_from(i.body, 'UTF8'), '${own}', ${other}), 'UTF8')`
    : `cast(replace(cast(i.body as text), '${own}', ${other}) as blob)`;
  const hash = isPostgresql ? "md5(n::text) || md5((-n)::text)" : "lower(hex(randomblob(32)))";
  const waits = state === "received";
  const due = isPostgresql ? "clock_timestamp()" : "cast(unixepoch('subsec') * 1000 as integer)";
  // By way of indexes: the tables are larger with each time.
  const copied = `i.gateway = 'stripe' and i.account = 'default' and i.key = 'evt_${own}'`;
  await subject.execute(
    `insert into inputs (id, kind, gateway, account, key, body_hash, body, headers, query, received_at, state, type, live, payment, due_at, attempts, repeats, settled_at)
     select 'ntf_' || ${other}, kind, gateway, account, 'evt_' || ${other}, ${hash}, ${body}, headers, query, received_at, '${state}',
       ${waits ? "null, null, null" : `type, live, 'pay_' || ${other}`}, ${waits ? due : "null"}, 1, 0, ${waits ? "null" : "settled_at"}
     from inputs i, ${numbers} where ${copied}`,
  );
  if (waits) return;
  await subject.execute(
    `insert into payments (id, provider, account, live, gateways, reference, status, sequence, created_at, changed_at, state)
     select 'pay_' || ${other}, provider, account, live, gateways, 'pi_' || ${other}, status, sequence, created_at, changed_at, replace(state, '${own}', ${other})
     from payments p, ${numbers} where p.id = (select i.payment from inputs i where ${copied})`,
  );
}
