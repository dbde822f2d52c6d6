import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readOptions, readPairOptions } from "../../bench/options.ts";
import { median } from "../../bench/statistics.ts";
import { availableDialects } from "../store/databases.ts";

const [, postgresql] = await availableDialects();

/** A third of a second a phase: nobody reads its figures, but everything that the long run does is done. */
function bench(subjects: string): { readonly status: number | null; readonly report: string; readonly output: string } {
  const folder = mkdtempSync(join(tmpdir(), "paybell-bench-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "results.md");
  const command = ["bench/main.ts", "--rounds", "1", "--seconds", "0.3", "--subjects", subjects, "--results", file];
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", ...command], { encoding: "utf8" });
  return { status, report: status === 0 ? readFileSync(file, "utf8") : "", output: stdout + stderr };
}

/** One of each kind: each more costs a quarter of a minute. */
const subjects = postgresql?.skip ? "ceiling,sqlite-all" : "ceiling,sqlite-all,plain";

test(`the benchmark runs, finds everything it was promised, and writes its report (${subjects})`, {
  timeout: 300_000,
}, () => {
  const { status, report, output } = bench(subjects);
  expect(status, output).toBe(0);
  expect(report).toMatch(/Paybell, SQLite, registered orders and all that follows +█+ [\d,]+ acknowledged\/s/);
  expect(report).toMatch(/\| Paybell, SQLite, registered orders and all that follows \| [\d,]+ \| 0 \| 0 \|/);
  expect(output).toMatch(/sqlite-all\] at ten times its maximum: /);
});

test.each([
  [[], 1.5, /\[sqlite\] CPU of a notification, here by there: \d\.\d\d \(\d\.\d\d to \d\.\d\d\)/],
  [["--rate", "200"], 0.5, /\[sqlite\] p99 at 200\/s, there: \d+\.\d ms \(\d+\.\d to \d+\.\d\)/],
])("this checkout beside another one %j", { timeout: 120_000 }, (options, seconds, told) => {
  const command = ["--import", "tsx", "bench/pair.ts", ".", "--rounds", "1", "--seconds", String(seconds), ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toMatch(told);
});

test("a median of an even number of rounds is neither the better nor the worse one", () => {
  expect([[3, 1], [9, 1, 2], [4, 1, 2, 9], [7], []].map(median)).toEqual([2, 2, 3, 7, Number.NaN]);
});

test("a quick run and a run of some subjects leave the kept results alone", () => {
  expect(readOptions([], {}).results).toBe("bench/RESULTS.md");
  expect(readOptions(["--quick"], {}).results).toBeNull();
  expect(readOptions(["--subjects", "ceiling"], {}).results).toBeNull();
  expect(() => readOptions(["--subjects", "nobody"], {})).toThrow("--subjects are among");
});

test("what is compared is named once, and each wrong option is said", () => {
  const byDefault = { folder: "../other", database: "sqlite", rate: null, rounds: 5, seconds: 6 };
  expect(readPairOptions(["../other"])).toEqual(byDefault);
  expect(readPairOptions(["../other", "--rate", "1200"])).toEqual({ ...byDefault, rate: 1_200 });
  expect(() => readPairOptions([])).toThrow("one folder");
  expect(() => readPairOptions(["a", "b"])).toThrow("one folder");
  expect(() => readPairOptions(["a", "--database", "mysql"])).toThrow("--database is");
  expect(() => readPairOptions(["a", "--rate", "fast"])).toThrow("--rate is a number from 1 to 20000");
  expect(() => readPairOptions(["a", "--rounds", "0"])).toThrow("--rounds is a number from 1 to 50");
});
