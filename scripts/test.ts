/**
 * `npm test`: makes what is missing, runs all gates and all tests, and says at the end what ran where and what did not, and why.
 * `npm run check` is the gates alone (`--gates-only`). Further arguments go to vitest, to run a part of the tests.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type GateResult, runGates } from "./gates.ts";
import { prepare, root } from "./prepare.mjs";
import type { TestReport } from "./test-reporter.ts";

type Postgresql =
  | { readonly kind: "there"; readonly url: string; readonly version: string }
  | { readonly kind: "absent"; readonly why: string };

const LOCAL_POSTGRESQL = "postgresql://postgres@127.0.0.1:5432/postgres";

/** Debian's, where the tests in a browser look for it. */
const CHROMIUM = "/usr/bin/chromium";

const NO_VECTORS = "PAYBELL_VECTORS is not set";

const gatesOnly = process.argv.includes("--gates-only");
const vitestArguments = process.argv.slice(2).filter((argument) => argument !== "--gates-only");

process.chdir(root);
prepare({ build: false });
const gates = vitestArguments.length === 0 ? [...(await runGates(root, tellGate))] : [];
if (!gatesOnly) gates.push(build());
const gatesPassed = gates.every((gate) => gate.passed);
process.exitCode = gatesOnly ? Number(!gatesPassed) : await runTests();

/** The tests from end to end start the built service: an old build would prove nothing. */
function build(): GateResult {
  const startedAt = performance.now();
  const output = tryToBuild();
  const seconds = (performance.now() - startedAt) / 1000;
  const result = { name: "build", passed: output === null, output: output ?? "", seconds };
  tellGate(result);
  return result;
}

/** What went wrong, or null. */
function tryToBuild(): string | null {
  try {
    prepare({ build: true });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function runTests(): Promise<number> {
  const postgresql = await findPostgresql();
  const report = await vitest(postgresql);
  tellEnd(report, postgresql);
  const explained = report.skipped.every((skipped) => reasonOf(skipped, postgresql) !== null);
  const required = process.env.TEST_DATABASE_URL === undefined || postgresql.kind === "there";
  return gatesPassed && report.failed === 0 && report.passed > 0 && explained && required ? 0 : 1;
}

/** The database named by TEST_DATABASE_URL, or one that answers on the usual port of this machine. */
async function findPostgresql(): Promise<Postgresql> {
  const url = process.env.TEST_DATABASE_URL ?? LOCAL_POSTGRESQL;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>("show server_version");
    return { kind: "there", url, version: rows[0]?.server_version ?? "unknown" };
  } catch (error) {
    const where =
      process.env.TEST_DATABASE_URL === undefined
        ? "none answers on 127.0.0.1:5432"
        : "TEST_DATABASE_URL leads nowhere";
    return { kind: "absent", why: `${where} (${error instanceof Error ? error.message : String(error)})` };
  } finally {
    await client.end().catch(() => undefined);
  }
}

function vitest(postgresql: Postgresql): Promise<TestReport> {
  const folder = mkdtempSync(join(tmpdir(), "paybell-test-"));
  const file = join(folder, "report.json");
  const { TEST_DATABASE_URL: _, ...environment } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...vitestArguments], {
      stdio: "inherit",
      env: {
        ...environment,
        ...(postgresql.kind === "there" ? { TEST_DATABASE_URL: postgresql.url } : {}),
        PAYBELL_TEST_REPORT: file,
      },
    });
    child.on("error", reject);
    child.on("close", () => {
      resolve(readReport(file));
      rmSync(folder, { recursive: true, force: true });
    });
  });
}

/** No report means that vitest itself broke: one failure. */
function readReport(file: string): TestReport {
  try {
    // Proven by test-reporter.ts, which writes nothing else.
    return JSON.parse(readFileSync(file, "utf8")) as TestReport;
  } catch {
    return { passed: 0, failed: 1, skipped: [], onSqlite: 0, onPostgresql: 0 };
  }
}

function tellGate(gate: GateResult): void {
  console.log(`${gate.passed ? "✓" : "✗"} ${gate.name} (${gate.seconds.toFixed(1)} s)`);
  if (!gate.passed) console.log(gate.output);
}

function tellEnd(report: TestReport, postgresql: Postgresql): void {
  const vectors = process.env.PAYBELL_VECTORS;
  const failedGates = gates.filter((gate) => !gate.passed).map((gate) => gate.name);
  console.log("");
  console.log(`Gates: ${tellGates(failedGates)}.`);
  console.log(`SQLite: ${tellRun(report.onSqlite)}.`);
  console.log(
    postgresql.kind === "there"
      ? `PostgreSQL ${postgresql.version}: ${tellRun(report.onPostgresql)}.`
      : `PostgreSQL: skipped, ${postgresql.why}.`,
  );
  console.log(`Published vectors: ${vectors === undefined ? `skipped, ${NO_VECTORS}` : "ran"}.`);
  console.log(`Browser: ${existsSync(CHROMIUM) ? "there" : `skipped, there is no ${CHROMIUM}`}.`);
  console.log(`hledger: ${hasHledger() ? "there" : "skipped, it is not installed"}.`);
  tellSkipped(report, postgresql);
  console.log(
    `${report.passed} passed, ${report.failed + failedGates.length} failed, ${report.skipped.length} skipped`,
  );
}

/** The accounting tool that reads the ledger's export. */
function hasHledger(): boolean {
  return spawnSync("hledger", ["--version"]).status === 0;
}

function tellRun(tests: number): string {
  return tests === 0 ? "no test of this part names it" : `ran, ${tests} tests name it`;
}

/** One line a reason: the same reason often skips hundreds. */
function tellSkipped(report: TestReport, postgresql: Postgresql): void {
  const byReason = new Map<string, string[]>();
  for (const skipped of report.skipped) {
    const reason = reasonOf(skipped, postgresql) ?? "WITHOUT A REASON, which is a failure";
    byReason.set(reason, [...(byReason.get(reason) ?? []), skipped.test]);
  }
  for (const [reason, tests] of byReason) {
    const others = tests.length > 3 ? ` and ${tests.length - 3} more` : "";
    console.log(`Skipped: ${reason}:\n  ${tests.slice(0, 3).join("\n  ")}${others}`);
  }
}

/** The test's own word, else what its name says that it needs and this machine lacks. Null: nobody knows. */
function reasonOf({ test, why }: TestReport["skipped"][number], postgresql: Postgresql): string | null {
  if (why !== null) return why;
  if (/postgres/i.test(test) && postgresql.kind === "absent") return postgresql.why;
  if (test.includes("PAYBELL_VECTORS") && process.env.PAYBELL_VECTORS === undefined) return NO_VECTORS;
  return vitestArguments.length > 0 ? "not among the tests asked for" : null;
}

function tellGates(failed: readonly string[]): string {
  if (failed.length > 0) return `FAILED: ${failed.join(", ")}`;
  return vitestArguments.length > 0
    ? "the build passed, the others were not run for a part of the tests"
    : "all passed";
}
