import { spawnSync } from "node:child_process";

/** The accounting tool that reads our journal: Debian's package `hledger`. */

/** Why the export can't be shown to it, or null. With PAYBELL_REQUIRE_HLEDGER=1 its absence is an error instead. */
export function hledgerIsAbsent(): string | null {
  if (spawnSync("hledger", ["--version"]).status === 0) return null;
  const reason = "there is no hledger (apt-get install hledger)";
  if (process.env.PAYBELL_REQUIRE_HLEDGER === "1") throw new Error(reason);
  return reason;
}

/** Runs it over a journal; throws with its own words where it finds a mistake. */
export function hledger(journal: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("hledger", ["--file", "-", ...args], {
    input: journal,
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C.UTF-8" },
    timeout: 60_000,
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`hledger ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** What it makes of each account: `assets:receivable USD` → `-19.99`. Accounts that hold nothing are left out. */
export function hledgerBalances(journal: string): Readonly<Record<string, string>> {
  const [, ...lines] = hledger(journal, "balance", "--flat", "--no-total", "--layout=bare", "--output-format=csv")
    .trim()
    .split("\n");
  return Object.fromEntries(
    lines
      .map((line) => line.split(",").map((cell) => cell.replaceAll('"', "")))
      .map(([account, currency, amount]) => [`${account} ${currency}`, amount ?? ""]),
  );
}
