import { parseArgs } from "node:util";

/** Those that are compared with each other stand together, as the machine's speed changes while it measures. */
export const SUBJECTS = [
  "ceiling",
  "sqlite",
  "plain",
  "peer",
  "postgresql",
  "postgresql-2",
  "sqlite-told",
  "postgresql-told",
  "sqlite-orders",
  "postgresql-orders",
  "sqlite-all",
  "postgresql-all",
] as const;

export type SubjectName = (typeof SUBJECTS)[number];

export interface Options {
  /** How often each subject is measured, in turn with the others. */
  readonly rounds: number;
  /** How long each phase of a measurement lasts. */
  readonly seconds: number;
  /** Without a warm-up of what applies, and without an overload. */
  readonly quick: boolean;
  readonly subjects: readonly SubjectName[];
  /** Where the report goes; null where the run is too small to be kept. */
  readonly results: string | null;
  /** A PostgreSQL server on which databases may be made and dropped. */
  readonly postgresql: string;
}

export const USAGE = `npm run bench -- [options]
  --quick              one round of half a second a phase and no overload, in under three minutes: too short to be kept
  --rounds N           rounds, each subject in turn, every second one the other way round (default 3)
  --seconds N          seconds a phase (default 10); with 3 a round of all subjects takes 20 minutes
  --subjects a,b       of ${SUBJECTS.join(", ")} (default all)
  --results FILE       the report (default bench/RESULTS.md; with --quick or --subjects it is only printed)
PostgreSQL: BENCH_DATABASE_URL, else TEST_DATABASE_URL, else 127.0.0.1:5432 as postgres. Databases are made there and dropped.`;

const QUICK = { rounds: 1, seconds: 0.5 };
const FULL = { rounds: 3, seconds: 10 };

/** Throws an Error with a sentence for people. */
export function readOptions(
  parameters: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Options {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      subjects: { type: "string" },
      results: { type: "string" },
    },
  });
  const byDefault = values.quick ? QUICK : FULL;
  const isWhole = !values.quick && values.subjects === undefined;
  return {
    rounds: values.rounds === undefined ? byDefault.rounds : numberOf("rounds", values.rounds, 1, 50),
    quick: values.quick,
    seconds: values.seconds === undefined ? byDefault.seconds : numberOf("seconds", values.seconds, 0.1, 600),
    subjects: values.subjects === undefined ? SUBJECTS : subjectsOf(values.subjects),
    results: values.results ?? (isWhole ? "bench/RESULTS.md" : null),
    postgresql:
      environment.BENCH_DATABASE_URL ??
      environment.TEST_DATABASE_URL ??
      "postgresql://postgres@127.0.0.1:5432/postgres",
  };
}

export interface PairOptions {
  /** The other checkout. */
  readonly folder: string;
  readonly database: "sqlite" | "postgresql";
  /** Notifications a second at which it is measured how long each takes to be acknowledged; null: what each costs. */
  readonly rate: number | null;
  readonly rounds: number;
  readonly seconds: number;
}

export const PAIR_USAGE = `npm run bench:pair -- <folder> [options]
  <folder>             another checkout, built
  --database NAME      sqlite (default) or postgresql
  --rate N             how long each takes to acknowledge N a second, one after the other, instead of what each costs at once
  --rounds N           rounds of both (default 5)
  --seconds N          seconds a round (default 6)`;

/** Throws an Error with a sentence for people. */
export function readPairOptions(parameters: readonly string[]): PairOptions {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      database: { type: "string", default: "sqlite" },
      rate: { type: "string" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "6" },
    },
  });
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) throw new Error("one folder is compared with this one");
  const database = (["sqlite", "postgresql"] as const).find((name) => name === values.database);
  if (database === undefined) throw new Error("--database is sqlite or postgresql");
  return {
    ...{ folder, database },
    rate: values.rate === undefined ? null : numberOf("rate", values.rate, 1, 20_000),
    rounds: numberOf("rounds", values.rounds, 1, 50),
    seconds: numberOf("seconds", values.seconds, 0.1, 600),
  };
}

function numberOf(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= low && value <= high))
    throw new Error(`--${name} is a number from ${low} to ${high}`);
  return value;
}

function subjectsOf(text: string): readonly SubjectName[] {
  return text.split(",").map((name) => {
    const known = SUBJECTS.find((subject) => subject === name);
    if (known === undefined) throw new Error(`--subjects are among ${SUBJECTS.join(", ")}`);
    return known;
  });
}
