import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { STEPS } from "../../torture/servers/patches.mjs";
import { testNames } from "./test-names.ts";

const STATES = new Set(["shown", "partly", "not yet"]);

interface Line {
  readonly id: string;
  readonly state: string;
  readonly text: string;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
  /** What the torture does: steps at which it kills, `anywhere`, and faults by their names. */
  readonly torture: readonly string[];
}

const lines: readonly Line[] = readFileSync(join(import.meta.dirname, "README.md"), "utf8")
  .split("\n")
  .map((line) => line.replace(/^\| | \|$/g, "").split(" | "))
  .filter(([id = ""]) => /^[FA]\d\d$/.test(id))
  .map(lineOf);

function lineOf([id = "", , state = "", text = ""]: readonly string[]): Line {
  const tests = [...text.matchAll(/`([\w./-]+\.ts): ([^`]+)`/g)].map(([, file = "", name = ""]) => ({ file, name }));
  const torture = [...text.matchAll(/`torture: ([^`]+)`/g)].map(([, name = ""]) => name);
  return { id, state, text, tests, torture };
}

function ids(letter: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${String(index + 1).padStart(2, "0")}`);
}

/** How often each, on all databases, by the table that the last long run left. */
function doneByTorture(): ReadonlyMap<string, number> {
  const result = readFileSync(join(import.meta.dirname, "../../torture/last-result.md"), "utf8");
  const rows = [...result.matchAll(/^\| &nbsp;&nbsp;(?:killed at )?([^|]+?) \| ([\d |]+) \|$/gm)];
  return new Map(rows.map(([, name = "", counts = ""]) => [name, sum(counts.split("|").map(Number))]));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}

describe("the catalogue", () => {
  test("has a line for each fault and each attack, in their order", () => {
    expect(lines.map(({ id }) => id)).toEqual([...ids("F", 52), ...ids("A", 36)]);
  });

  test("says of each what shows it, or what is missing", () => {
    for (const { id, state, text, tests, torture } of lines) {
      expect([...STATES], id).toContain(state);
      if (state === "shown") expect(tests.length + torture.length, id).toBeGreaterThan(0);
      if (state !== "shown")
        expect(text.replace(/`[^`]*`/g, "").trim().length, `${id} has no reason`).toBeGreaterThan(10);
      // A code span that is no test's would look like one.
      expect(text.match(/`[^`]*\.ts[^`]*`/g)?.length ?? 0, id).toBe(tests.length);
    }
  });

  test("names no test that does not exist", () => {
    const names = testNames();
    const missing = lines.flatMap(({ id, tests }) =>
      tests.filter(({ file, name }) => !names.get(file)?.has(name)).map(({ file, name }) => `${id}: ${file}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test("names no step of the torture that does not exist, or at which its last long run did nothing", () => {
    const named = lines.flatMap(({ torture }) => torture);
    expect(named.length).toBeGreaterThan(5);
    const done = doneByTorture();
    for (const name of named) {
      if (/^K\d/.test(name)) expect(Object.keys(STEPS)).toContain(name);
      expect(done.get(name), name).toBeGreaterThan(0);
    }
  });
});
