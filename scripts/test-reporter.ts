import { writeFileSync } from "node:fs";
import type { Reporter, TestModule, TestRunEndReason } from "vitest/node";

/** What `npm test` needs to know of a run of the tests, to say in its last lines what ran where and what didn't. */
export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly test: string; readonly why: string | null }[];
  /** Passed tests whose name, or whose group's name, names the database. */
  readonly onSqlite: number;
  readonly onPostgresql: number;
}

/** Writes a TestReport to the file named by PAYBELL_TEST_REPORT; does nothing without it. */
export class TestReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    const file = process.env.PAYBELL_TEST_REPORT;
    if (file === undefined) return;
    writeFileSync(file, JSON.stringify(summarize(modules, errors.length, reason)));
  }
}

function summarize(modules: readonly TestModule[], unhandledErrors: number, reason: TestRunEndReason): TestReport {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === "passed");
  const failed = tests.filter((test) => test.result().state === "failed").length;
  const broken = modules.filter((module) => module.errors().length > 0).length + unhandledErrors;
  return {
    passed: passed.length,
    // A run that ended badly never counts as nothing failed.
    failed: Math.max(failed + broken, reason === "passed" ? 0 : 1),
    skipped: tests
      .filter((test) => test.result().state === "skipped")
      .map((test) => ({ test: `${test.module.relativeModuleId}: ${test.fullName}`, why: reasonOf(test.result()) })),
    onSqlite: passed.filter((test) => /\bsqlite\b/i.test(test.fullName)).length,
    onPostgresql: passed.filter((test) => /\bpostgres(ql)?\b/i.test(test.fullName)).length,
  };
}

/** `context.skip("why")` leaves a note; a skip without one is told as such. */
function reasonOf(result: object): string | null {
  return "note" in result && typeof result.note === "string" && result.note !== "" ? result.note : null;
}
