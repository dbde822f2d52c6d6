import { cpus, totalmem } from "node:os";
import type { Figures } from "./measure.ts";
import type { SubjectName } from "./options.ts";
import { median } from "./statistics.ts";
import { ALL_SUBJECTS } from "./subjects/all.ts";

/** What was measured, as tables and a chart; medians over the rounds, with the lowest and the highest in brackets. */

export interface Round {
  readonly subject: SubjectName;
  readonly figures: Figures;
}

export interface Circumstances {
  readonly command: string;
  readonly seconds: number;
  readonly rounds: number;
  readonly at: Date;
  readonly postgresql: string;
  /** Load averages of one minute before and after the run. */
  readonly load: readonly [number, number];
}

type Pick1 = (figures: Figures) => number;

const BAR = 40;

/** Names of the subjects measured, in the table's order. */
function subjectsIn(rounds: readonly Round[]): readonly SubjectName[] {
  return [...new Set(rounds.map(({ subject }) => subject))];
}

function figuresOf(rounds: readonly Round[], subject: SubjectName, pick: Pick1): readonly number[] {
  return rounds.filter((round) => round.subject === subject).map(({ figures }) => pick(figures));
}

function middle(rounds: readonly Round[], subject: SubjectName, pick: Pick1): number {
  return median(figuresOf(rounds, subject, pick).filter((value) => !Number.isNaN(value)));
}

/** `1,234 (1,200–1,300)`; `–` where there is nothing to measure. */
function cell(rounds: readonly Round[], subject: SubjectName, pick: Pick1, digits = 0): string {
  const values = figuresOf(rounds, subject, pick).filter((value) => !Number.isNaN(value));
  if (values.length === 0) return "–";
  const text = (value: number): string => number(value, digits);
  const spread = values.length > 1 ? ` (${text(Math.min(...values))}–${text(Math.max(...values))})` : "";
  return `${text(median(values))}${spread}`;
}

function number(value: number, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : "∞";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

interface Column {
  readonly title: string;
  readonly pick: Pick1;
  readonly digits?: number;
}

function table(rounds: readonly Round[], columns: readonly Column[]): readonly string[] {
  const rows = subjectsIn(rounds).map((subject) => {
    const cells = columns.map(({ pick, digits }) => cell(rounds, subject, pick, digits));
    return `| ${[ALL_SUBJECTS[subject].title, ...cells].join(" | ")} |`;
  });
  return [
    `| | ${columns.map(({ title }) => title).join(" | ")} |`,
    `| --- |${" --- |".repeat(columns.length)}`,
    ...rows,
  ];
}

const THROUGHPUT: readonly Column[] = [
  { title: "acknowledged/s", pick: (figures) => figures.acknowledgedPerSecond },
  { title: "applied/s", pick: (figures) => figures.appliedPerSecond },
  { title: "service µs each", pick: (figures) => figures.serviceCpuUs },
  { title: "database µs each", pick: (figures) => figures.databaseCpuUs },
  { title: "written, kB each", pick: (figures) => figures.bytesPerNotification / 1000, digits: 1 },
  { title: "peak MiB", pick: (figures) => figures.peakMiB },
  { title: "start to ready, ms", pick: (figures) => figures.readyMs },
];

const AT = (index: number, name: "p50" | "p99" | "p999"): Pick1 => {
  return (figures) => figures.latencies[index]?.[name] ?? Number.NaN;
};

const LATENCY: readonly Column[] = [
  { title: "lone request", pick: (figures) => figures.loneMs, digits: 2 },
  ...[0, 1, 2].flatMap((index) =>
    (["p50", "p99", "p999"] as const).map((name) => ({
      title: `${name} at ${[25, 50, 80][index]} %`,
      pick: AT(index, name),
      digits: 1,
    })),
  ),
  ...(["p50", "p99", "p999"] as const).map((name) => ({
    title: `${name} at half of what it applies`,
    pick: ({ sustained }: Figures) => sustained[name],
    digits: 1,
  })),
  { title: "ack to paid p50", pick: (figures) => figures.paidP50Ms, digits: 0 },
  { title: "ack to paid p99", pick: (figures) => figures.paidP99Ms, digits: 0 },
];

function flood(name: "overload" | "larger"): readonly Column[] {
  return [
    { title: "acknowledged/s during it", pick: (figures) => figures[name].acknowledgedPerSecond },
    { title: "503", pick: (figures) => figures[name].refused },
    { title: "their p99, ms", pick: (figures) => figures[name].refusalP99Ms },
    { title: "without Retry-After", pick: (figures) => figures[name].withoutRetryAfter },
    { title: "other failures", pick: (figures) => figures[name].othersThan503 },
    { title: "rate after it, % of before", pick: (figures) => 100 * figures[name].recovered },
    { title: "peak MiB", pick: (figures) => figures[name].peakMiB },
  ];
}

const KEPT: readonly Column[] = [
  { title: "acknowledged in all", pick: (figures) => figures.acknowledged },
  { title: "not stored", pick: (figures) => figures.lost },
  { title: "not applied", pick: (figures) => figures.unapplied },
];

/** Bars of the acknowledged (█) and of the applied (▒) a second. */
function chart(rounds: readonly Round[]): readonly string[] {
  const subjects = subjectsIn(rounds);
  const longest = Math.max(...subjects.map((subject) => middle(rounds, subject, (one) => one.acknowledgedPerSecond)));
  const width = Math.max(...subjects.map((subject) => ALL_SUBJECTS[subject].title.length));
  const bar = (value: number, sign: string): string => sign.repeat(Math.max(1, Math.round((value / longest) * BAR)));
  return subjects.flatMap((subject) => {
    const acknowledged = middle(rounds, subject, (one) => one.acknowledgedPerSecond);
    const applied = middle(rounds, subject, (one) => one.appliedPerSecond);
    const title = ALL_SUBJECTS[subject].title.padEnd(width);
    const lines = [`${title} ${bar(acknowledged, "█")} ${number(acknowledged, 0)} acknowledged/s`];
    if (subject !== "ceiling") lines.push(`${" ".repeat(width)} ${bar(applied, "▒")} ${number(applied, 0)} applied/s`);
    return lines;
  });
}

interface Mark {
  readonly what: string;
  readonly mark: string;
  readonly value: number;
  readonly reached: boolean;
  readonly digits?: number;
  /** What stands in its way where it is missed. */
  readonly bound: string | null;
}

/** What stands in the way of marks; where each was seen is in READING.md. */
const BOUNDS = {
  ceiling:
    "processors: the ceiling has two of them for itself and the generator, Paybell shares them with what applies and with its database",
  cpu: "processors: twice a million µs, by what a notification costs the service, the database and its sender (some 90 µs), is the most that two of them apply; on SQLite one is idle for a fifth of the time besides; no place stands out in the profiles",
  waits:
    "the hour: what it is compared with waits for its database one question at a time and hardly needs a processor, so it is twice as quick where the disk is quick; Paybell waits for few commits and needs the processors",
  lone: "the sync of a commit, and the way to it and back through another thread, or another process and its own",
  tail: "bursts, in which batches, commits and V8's own threads want both processors at once, and on SQLite its one writing connection, for which the journal waits while a batch is committed and the log is copied into the file; with applying all but stopped half of it was left there",
  paid: "processors: applying has the lowest priority of all that wants one, so that acknowledging goes first",
  memory:
    "three V8 heaps (two on PostgreSQL) where the ceiling has one, and the program's file (57 to 65 MiB); smaller heaps cost 7 to 13 % more CPU",
  start: "loading and compiling the program, which takes twice as long in a slow hour",
} as const;

/** What it should come to; only where what is compared was measured. */
function marks(rounds: readonly Round[]): readonly Mark[] {
  const of = (subject: SubjectName, pick: Pick1): number => middle(rounds, subject, pick);
  const atLeast = (what: string, value: number, mark: number, bound: string | null = null): Mark => ({
    ...{ what, value, mark: `≥ ${mark}`, reached: value >= mark, digits: 2, bound },
  });
  const atMost = (what: string, value: number, mark: number, more: Partial<Mark> = {}): Mark => ({
    ...{ what, value, mark: `≤ ${mark}`, reached: value <= mark, bound: null, ...more },
  });
  const acks: Pick1 = (figures) => figures.acknowledgedPerSecond;
  const applied: Pick1 = (figures) => figures.appliedPerSecond;
  const ceiling = of("ceiling", acks);
  const both = (["sqlite", "postgresql"] as const).flatMap((subject) => {
    const title = subject === "sqlite" ? "SQLite" : "PostgreSQL";
    return [
      atLeast(
        `${title}: acknowledged against the ceiling`,
        of(subject, acks) / ceiling,
        subject === "sqlite" ? 0.8 : 0.7,
        BOUNDS.ceiling,
      ),
      atLeast(`${title}: applied against the ceiling`, of(subject, applied) / ceiling, 0.4, BOUNDS.cpu),
      atLeast(`${title}: applied against the plain way`, of(subject, applied) / of("plain", applied), 8, BOUNDS.waits),
      atLeast(`${title}: acknowledged against the peer`, of(subject, acks) / of("peer", acks), 3, BOUNDS.waits),
      atMost(
        `${title}: a lone request, ms above the ceiling's`,
        of(subject, (one) => one.loneMs) - of("ceiling", (one) => one.loneMs),
        3,
        { digits: 2, bound: BOUNDS.lone },
      ),
      atMost(
        `${title}: p99 of acknowledging at half of what it applies, ms`,
        of(subject, ({ sustained }) => sustained.p99),
        25,
        { digits: 1, bound: BOUNDS.tail },
      ),
      atMost(`${title}: the same at half of what it acknowledges, ms`, of(subject, AT(1, "p99")), 25, {
        digits: 1,
        bound: BOUNDS.tail,
      }),
      atMost(
        `${title}: p99 from acknowledged to paid at half of what it applies, ms`,
        of(subject, (one) => one.paidP99Ms),
        100,
        { bound: BOUNDS.paid },
      ),
      atMost(
        `${title}: peak memory under full load, MiB`,
        of(subject, (one) => one.peakMiB),
        256,
        { bound: BOUNDS.memory },
      ),
      atMost(
        `${title}: start to ready, ms`,
        of(subject, (one) => one.readyMs),
        1_000,
        { bound: BOUNDS.start },
      ),
      atMost(
        `${title}: lost`,
        of(subject, (one) => one.lost),
        0,
      ),
    ];
  });
  const told = (["sqlite", "postgresql"] as const).map((subject) =>
    atLeast(
      `${subject === "sqlite" ? "SQLite" : "PostgreSQL"}: applied with an endpoint and mail, of that without`,
      of(`${subject}-told`, applied) / of(subject, applied),
      0.75,
    ),
  );
  const all = (["sqlite", "postgresql"] as const).map((subject) =>
    atLeast(
      `${subject === "sqlite" ? "SQLite" : "PostgreSQL"}: applied of registered orders with all that follows, of that without`,
      of(`${subject}-all`, applied) / of(`${subject}-orders`, applied),
      0.6,
    ),
  );
  return [...both, ...told, ...all].filter(({ value }) => !Number.isNaN(value));
}

function marksTable(rounds: readonly Round[]): readonly string[] {
  return [
    "| what | mark | measured | |",
    "| --- | --- | --- | --- |",
    ...marks(rounds).map(
      ({ what, mark, value, reached, digits = 0 }) =>
        `| ${what} | ${mark} | ${number(value, digits)} | ${reached ? "reached" : "missed"} |`,
    ),
  ];
}

/** Each bound once, with all that it keeps from their marks. */
function missed(rounds: readonly Round[]): readonly string[] {
  const missing = marks(rounds).filter(({ reached }) => !reached);
  if (missing.length === 0) return [];
  const bounds = [...new Set(missing.map(({ bound }) => bound))];
  const lines = bounds.map((bound) => {
    const told = missing
      .filter((mark) => mark.bound === bound)
      .map(({ what, mark, value, digits = 0 }) => `${what} (${number(value, digits)}, ${mark})`);
    return `- ${told.join("; ")}: ${bound ?? "not known"}.`;
  });
  return ["What is missed, by how much, and what stands in its way:", "", ...lines, ""];
}

/** For the terminal, and the generated half of RESULTS.md. */
export function report(rounds: readonly Round[], about: Circumstances): string {
  const hours = about.at.toISOString().slice(0, 16).replace("T", " ");
  return [
    `\`${about.command}\` on ${hours} UTC: ${about.rounds} rounds, ${about.seconds} s a phase. Node ${process.version}, ${about.postgresql}, ${cpus().length} cores shared with database and generator, ${Math.round(totalmem() / 2 ** 30)} GB; load average ${about.load[0].toFixed(1)} before, ${about.load[1].toFixed(1)} after. Medians, and in brackets the lowest and the highest round.`,
    "",
    "```",
    ...chart(rounds),
    "```",
    "",
    ...marksTable(rounds),
    "",
    ...missed(rounds),
    "Throughput and cost; CPU and bytes are those of a fully applied notification:",
    "",
    ...table(rounds, THROUGHPUT),
    "",
    "Milliseconds from when a request was due to its answer, at shares of the subject's own maximum; `ack to paid` at half of what it applies:",
    "",
    ...table(rounds, LATENCY),
    "",
    "At ten times the maximum, over 3,000 connections:",
    "",
    ...table(rounds, flood("overload")),
    "",
    "The same with 10,000 a second of 10 kB each, and what it acknowledged of 2 kB after it (whoever is refused hears so a second after he came):",
    "",
    ...table(rounds, flood("larger")),
    "",
    "Every acknowledged id, looked up afterwards:",
    "",
    ...table(rounds, KEPT),
    "",
  ].join("\n");
}
