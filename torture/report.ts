import type { Finding } from "./checks/finding.ts";
import type { RunResult } from "./run.ts";
import type { Slice } from "./timeline.ts";

/** One service broken on purpose, on one database. */
export interface Mutated {
  readonly mutation: string;
  readonly result: RunResult;
}

/** Lost, doubled, wrong and late of one run. */
export function countFindings(findings: readonly Finding[]): Readonly<Record<Finding["kind"], number>> {
  const of = (kind: Finding["kind"]) => findings.filter((each) => each.kind === kind).length;
  return { lost: of("lost"), doubled: of("doubled"), wrong: of("wrong"), late: of("late") };
}

/** What a reader might take for tried. */
const NOT_ATTACKED = [
  "## What was not tried",
  "",
  "- The audit chain (I13): nothing attacks it here; `paybell check --seal` has tests of its own.",
  "- Emptying old bodies (K13): they are kept for days at least, and a run is shorter.",
  "- I10 at its true pace: endpoints and mail are tried again after seconds here, where a merchant's day has minutes and hours.",
  "- I12: one account is served, so it is only that each fact belongs to the input that told it.",
  "- I14 is bounds on memory, files and connections; processes that die every few seconds say nothing of a slow leak.",
];

type Line = readonly [string, ...(readonly string[])];

/** Name and value of everything that is counted, one column a database. */
export function tableOf(results: readonly RunResult[]): readonly Line[] {
  const row = (name: string, value: (result: RunResult) => string | number): Line => [
    name,
    ...results.map((result) => String(value(result))),
  ];
  const named = (select: (result: RunResult) => ReadonlyMap<string, number>, prefix: string): readonly Line[] => {
    const names = [...new Set(results.flatMap((result) => [...select(result).keys()]))].sort();
    return names.map((name) => row(`${prefix}${name}`, (result) => select(result).get(name) ?? 0));
  };
  return [
    row("database", ({ version }) => version),
    row("processes", ({ processes }) => processes),
    row("seconds", ({ seconds }) => Math.round(seconds)),
    row("stories told", ({ stories }) => stories),
    row("  compared with the reference under fire", ({ comparedUnderFire }) => comparedUnderFire),
    row("looks at the journal under fire", ({ looks }) => looks),
    row("orders registered", ({ tally }) => tally.registered),
    row("canceled, changed, decided, recorded by the shop", ({ tally }) => tally.commands),
    row("notifications", ({ notifications }) => notifications),
    row("sent", ({ tally }) => tally.attempts),
    row("acknowledged", ({ tally }) => tally.acknowledged),
    row("duplicates sent", ({ tally }) => tally.duplicates),
    row("connections lost", ({ tally }) => tally.lost),
    row("torn on purpose", ({ tally }) => tally.torn),
    ...named(({ tally }) => new Map([...tally.refused].map(([status, count]) => [String(status), count])), "answered "),
    row("forgeries sent", ({ forgeries }) => forgeries),
    row("kills", ({ fleet }) => [...fleet.kills.values()].reduce((sum, count) => sum + count, 0)),
    ...named(({ fleet }) => fleet.kills, "  killed at "),
    row("SIGTERM in full flight", ({ fleet }) => fleet.terms),
    row("starts", ({ fleet }) => fleet.starts),
    row("started with a wrong clock", ({ fleet }) => fleet.wrongClocks),
    row("faults", ({ faults }) => [...faults.values()].reduce((sum, count) => sum + count, 0)),
    row("  of these database faults", ({ databaseFaults }) => databaseFaults),
    row("  of these receiver faults", ({ receiverFaults }) => receiverFaults),
    ...named(({ faults }) => faults, "  "),
    row("commits whose answer was cut off", ({ cutCommits }) => cutCommits),
    row("events told", ({ eventsStored }) => eventsStored),
    row("deliveries arrived", ({ arrived }) => arrived.deliveries),
    row("repeated deliveries", ({ arrived }) => arrived.repeatedDeliveries),
    row("deliveries turned away for the sender's clock", ({ arrived }) => arrived.stale),
    row("mails", ({ arrived }) => arrived.mails),
    row("repeated mails", ({ arrived }) => arrived.repeatedMails),
    row("deliveries pulled in by hand", ({ pulledIn }) => pulledIn),
    row("seconds until all was told", ({ settleSeconds }) => Math.round(settleSeconds)),
    row("seconds until quiet", ({ drainSeconds }) => Math.round(drainSeconds)),
    row("of the time somebody waited for a processor", ({ crowded }) =>
      crowded === null ? "unknown" : `${Math.round(crowded * 100)} %`,
    ),
    row("most memory of a process, MiB", ({ most }) => Math.round(most.mebibytes)),
    row("most files and sockets of a process", ({ most }) => most.files),
    row("  of these sockets", ({ most }) => most.sockets),
    row("most database connections at once", ({ most }) => (most.connections === 0 ? "none" : most.connections)),
    row("LOST", ({ findings }) => countFindings(findings).lost),
    row("DOUBLED", ({ findings }) => countFindings(findings).doubled),
    row("WRONG", ({ findings }) => countFindings(findings).wrong),
    row("late", ({ findings }) => countFindings(findings).late),
  ];
}

export function textTable(lines: readonly Line[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  "),
    )
    .join("\n");
}

export function markdown(
  results: readonly RunResult[],
  mutated: readonly Mutated[],
  about: { readonly command: string; readonly seed: number; readonly at: Date },
): string {
  return [
    "# What the service went through, and what came of it",
    "",
    `\`${about.command}\`, ${about.at.toISOString().slice(0, 16).replace("T", " ")} UTC. The same stories and faults again: \`--seed ${about.seed}\`.`,
    "",
    ...(results.length === 0 ? [] : [...markdownTable(tableOf(results)), ""]),
    ...results.flatMap((result) => [
      `## ${result.version}`,
      "",
      "Acknowledged a slice of time (bars), kills (k) and other faults (f) in it:",
      "",
      "```",
      ...chart(result.timeline),
      "```",
      "",
      ...(result.hasSmallDisk ? [] : ["No file system could be mounted here, so no disk got full.", ""]),
      ...(result.findings.length === 0
        ? ["Nothing lost, nothing doubled, nothing wrong.", ""]
        : findingLines(result.findings)),
    ]),
    ...mutationSection(mutated),
    ...NOT_ATTACKED,
    "",
  ].join("\n");
}

function markdownTable(lines: readonly Line[]): readonly string[] {
  const [head = "", ...rest] = lines.map(
    (line) => `| ${line.map((cell) => cell.replace(/^ +/, "&nbsp;&nbsp;")).join(" | ")} |`,
  );
  const rule = lines[0]?.map((_, column) => (column === 0 ? " --- " : " ---: ")).join("|");
  return [head, `|${rule}|`, ...rest];
}

function mutationSection(mutated: readonly Mutated[]): readonly string[] {
  if (mutated.length === 0) return [];
  return [
    "## Broken on purpose",
    "",
    "Each run ends at its first finding; the seconds count from its beginning, with the database made and the service started.",
    "",
    "| broken | database | caught by | after | first |",
    "| --- | --- | --- | ---: | --- |",
    ...mutated.map(({ mutation, result }) => {
      const { dialect, caughtAfter, findings } = result;
      const after = caughtAfter === null ? "NOT CAUGHT" : `${Math.round(caughtAfter)} s`;
      const [first] = findings;
      return `| ${mutation} | ${dialect} | ${caughtBy(findings)} | ${after} | ${first?.text.replaceAll("|", "\\|") ?? ""} |`;
    }),
    "",
  ];
}

/** `I1 lost, I3 wrong` */
export function caughtBy(findings: readonly Finding[]): string {
  return [...new Set(findings.map(({ kind, invariant }) => `${invariant} ${kind}`))].sort().join(", ");
}

/** The first of each kind and invariant: thousands of one cause say no more than ten. */
export function findingLines(findings: readonly Finding[], most = 10): readonly string[] {
  const groups = new Map<string, Finding[]>();
  for (const each of findings) {
    const name = `${each.kind}, ${each.invariant}`;
    groups.set(name, [...(groups.get(name) ?? []), each]);
  }
  return [...groups].flatMap(([name, group]) => [
    `- ${name}: ${group.length}`,
    ...group.slice(0, most).map(({ text }) => `  - ${text.replaceAll("\n", " ")}`),
  ]);
}

const HEIGHT = 8;

function chart(timeline: readonly Slice[]): readonly string[] {
  const most = Math.max(1, ...timeline.map(({ acknowledged }) => acknowledged));
  const rows = Array.from({ length: HEIGHT }, (_, index) => HEIGHT - index).map((level) => {
    const bars = timeline
      .map(({ acknowledged }) => (acknowledged * HEIGHT >= (level - 0.5) * most ? "█" : " "))
      .join("");
    return `${(level === HEIGHT ? String(most) : "").padStart(6)} ${bars}`;
  });
  const marks = (letter: string, count: (slice: Slice) => number) =>
    `       ${timeline.map((slice) => (count(slice) === 0 ? " " : count(slice) === 1 ? letter : String(Math.min(9, count(slice))))).join("")}`;
  return [...rows, marks("k", ({ kills }) => kills), marks("f", ({ faults }) => faults)];
}
