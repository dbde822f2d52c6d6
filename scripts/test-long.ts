import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { prepare, root } from "./prepare.mjs";

/**
 * `npm run test:long`: what takes minutes (floods, statistics, large fuzzing). Its last result is kept in the repository,
 * written here and nowhere else, so that everybody can see when it ran, on what, and what it found. With arguments for vitest
 * only a part runs, and nothing is written.
 */

const RESULT = "test/long/last-result.md";

/** What vitest's JSON reporter writes, as far as we read it. */
interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly duration?: number | null;
      readonly meta?: { readonly measured?: string };
    }[];
  }[];
}

process.chdir(root);
prepare({ build: true });
const folder = mkdtempSync(join(tmpdir(), "paybell-long-"));
const file = join(folder, "report.json");
const chosen = process.argv.slice(2);
const code = await runVitest();
const report = readReport();
rmSync(folder, { recursive: true, force: true });
if (report && chosen.length === 0) writeFileSync(RESULT, told(report));
process.exitCode = code === 0 && report?.success ? 0 : 1;

function runVitest(): Promise<number | null> {
  const command = ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.long.config.ts", ...chosen];
  const reporters = ["--reporter=verbose", "--reporter=json", `--outputFile.json=${file}`];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...command, ...reporters], { stdio: "inherit" });
    child.on("error", reject).on("close", resolve);
  });
}

function readReport(): Report | null {
  try {
    // Proven: vitest's own reporter wrote it just now, and Report names a part of its documented shape.
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return null;
  }
}

function told(report: Report): string {
  const { numPassedTests, numFailedTests, numPendingTests } = report;
  const rows = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .map(({ fullName, status, duration, meta }) => {
      const seconds = ((duration ?? 0) / 1000).toFixed(1);
      return `| ${cell(fullName)} | ${status} | ${seconds} s | ${cell(meta?.measured ?? "")} |`;
    });
  return [
    "# The long tests' last result",
    "",
    `Written by \`npm run test:long\` on ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC; not to be edited. Node ${process.version}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB.`,
    `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped.`,
    "",
    "| test | result | time | measured |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
