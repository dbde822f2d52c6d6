import { parseArgs } from "node:util";

export type Dialect = "sqlite" | "postgresql";

export interface Options {
  /** How long the faults last, on each database. */
  readonly minutes: number;
  readonly seed: number;
  readonly databases: readonly Dialect[];
  /** Servers on one PostgreSQL; SQLite has one. */
  readonly processes: number;
  /** Notifications a second, about. */
  readonly rate: number;
  readonly report: string | null;
  readonly mutation: string | null;
  readonly allMutations: boolean;
}

const SHORT = { minutes: 0.4, seed: 20_260_105 };
/** How long a mutated service is tortured at the most. */
const MUTATED_MINUTES = 1.5;
/** No mutation needs more to be seen, and each takes its time to start. */
const MUTATED_PROCESSES = 2;

export const USAGE = `npm run torture -- [options]
  --minutes N            how long faults are injected, on each database (default 2)
  --seed N               the same stories and faults again (default: by chance, and printed)
  --database NAME        sqlite, postgresql or both (default both)
  --processes 1..4       servers on one PostgreSQL (default 3)
  --rate N               notifications a second (default 40)
  --report FILE          writes a report in Markdown
  --short                ${SHORT.minutes * 60} seconds of faults on each database with a fixed seed, as CI runs it
  --mutate NAME          breaks the service on purpose, to see it caught: drop-conflict-clause, answer-before-commit, apply-by-arrival
  --mutations            afterwards each of these in turn, each until it is caught; with --minutes 0 nothing else

Exit status: 1 where anything was lost, doubled or wrong, or a mutation not caught; 3 where something only took longer than it
ought to, which a crowded machine may be to blame for.`;

/** The same run, but of a service that is broken. */
export function mutatedBy(options: Options, mutation: string): Options {
  const processes = Math.min(options.processes, MUTATED_PROCESSES);
  return { ...options, mutation, processes, minutes: MUTATED_MINUTES, seed: SHORT.seed };
}

/** Throws an Error with a sentence for people. */
export function readOptions(parameters: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      minutes: { type: "string" },
      seed: { type: "string" },
      database: { type: "string", default: "both" },
      processes: { type: "string", default: "3" },
      rate: { type: "string", default: "40" },
      report: { type: "string" },
      short: { type: "boolean", default: false },
      mutate: { type: "string" },
      mutations: { type: "boolean", default: false },
    },
  });
  const isMutated = values.mutate !== undefined;
  const ofMutated = { ...SHORT, minutes: MUTATED_MINUTES };
  const byDefault = isMutated
    ? ofMutated
    : values.short
      ? SHORT
      : { minutes: 2, seed: Math.floor(Math.random() * 2 ** 31) };
  return {
    minutes: values.minutes === undefined ? byDefault.minutes : numberOf("minutes", values.minutes, 0, 1_440),
    seed: values.seed === undefined ? byDefault.seed : numberOf("seed", values.seed, 0, 2 ** 31),
    databases: databasesOf(values.database),
    processes: numberOf("processes", values.processes, 1, 4),
    rate: numberOf("rate", values.rate, 1, 1_000),
    report: values.report ?? null,
    mutation: values.mutate ?? null,
    allMutations: values.mutations,
  };
}

function numberOf(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= low && value <= high))
    throw new Error(`--${name} is a number from ${low} to ${high}`);
  return value;
}

function databasesOf(text: string): readonly Dialect[] {
  if (text === "both") return ["sqlite", "postgresql"];
  if (text === "sqlite" || text === "postgresql") return [text];
  throw new Error("--database is sqlite, postgresql or both");
}
