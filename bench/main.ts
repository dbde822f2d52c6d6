/**
 * `npm run bench`: how fast Paybell is beside what one would take instead, on the same machine in the same run. Exit status 1
 * if anything that was acknowledged is not there afterwards.
 */
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { prepare } from "../scripts/prepare.mjs";
import { measure } from "./measure.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { type Round, report } from "./report.ts";
import { ROOT, withSubject } from "./with-subject.ts";

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === null) return 2;
  prepare({ build: true });
  if (options.subjects.includes("peer")) installPeer();
  const before = loadavg()[0] ?? 0;
  const rounds = await runRounds(options);
  const text = report(rounds, {
    command: ["npm run bench", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" "),
    seconds: options.seconds,
    rounds: options.rounds,
    at: new Date(),
    postgresql: await serverOf(options.postgresql),
    load: [before, loadavg()[0] ?? 0],
  });
  console.log(`\n${text}`);
  if (options.results !== null) writeFileSync(options.results, fileOf(text));
  return rounds.every(({ figures }) => figures.lost === 0 && figures.unapplied === 0) ? 0 : 1;
}

function optionsOf(parameters: readonly string[]): Options | null {
  try {
    return readOptions(parameters, process.env);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return null;
  }
}

/** What only the comparison needs stays out of Paybell's own dependencies. */
function installPeer(): void {
  const folder = join(ROOT, "bench");
  if (existsSync(join(folder, "node_modules/@supabase/stripe-sync-engine"))) return;
  console.log("Installing the peer into bench/node_modules …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder, stdio: "inherit" });
  if (status !== 0) throw new Error("npm ci failed in bench/; without it: --subjects ceiling,sqlite,postgresql");
}

async function runRounds(options: Options): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  for (let number = 1; number <= options.rounds; number += 1) {
    // There and back: a machine that becomes slower, or quicker, does so for all alike.
    for (const subject of number % 2 === 1 ? options.subjects : options.subjects.toReversed()) {
      const progress = `round ${number} of ${options.rounds}, ${subject}`;
      const say = (line: string): void => console.log(`[${progress}] ${line}`);
      rounds.push({
        subject,
        figures: await withSubject({ name: subject, postgresql: options.postgresql }, (running, generator) =>
          measure({ subject: running, generator, seconds: options.seconds, quick: options.quick, say }),
        ),
      });
    }
  }
  return rounds;
}

/** Its version, and the settings that its figures depend on most: without autovacuum a table that grows is read by way of what is dead in it. */
async function serverOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; cleaned: string; buffers: string }>(
      `select current_setting('server_version') as version, current_setting('autovacuum') as cleaned,
         current_setting('shared_buffers') as buffers`,
    );
    const [{ version = "", cleaned, buffers } = {}] = rows;
    return `PostgreSQL ${version.split(" ")[0]} (autovacuum ${cleaned}, shared_buffers ${buffers})`;
  } catch {
    return "no PostgreSQL";
  } finally {
    await client.end().catch(() => undefined);
  }
}

function fileOf(text: string): string {
  return [
    "# What the benchmark measured",
    "",
    "Written by `npm run bench`, not to be edited. Where the time goes, what was measured besides, and why a mark is missed: [READING.md](READING.md).",
    "",
    text,
  ].join("\n");
}

process.exitCode = await main();
