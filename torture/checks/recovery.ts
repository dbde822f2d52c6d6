import { execFile } from "node:child_process";
import { join } from "node:path";
import { type Finding, finding } from "./finding.ts";

/** I15, by the operator's own commands: processes of their own, beside the running service. */

const WITHIN_MS = 600_000;
const COMMANDS = ["check", "rebuild"] as const;

export async function checkRecovery(parts: {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Told what each command says. */
  readonly say: (line: string) => void;
}): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const command of COMMANDS) {
    const { code, output } = await run(parts, command);
    const summary = output.trim().split("\n")[0] ?? "";
    parts.say(`paybell ${command}: ${code === 0 ? summary : `exit status ${code}`}`);
    if (code !== 0)
      findings.push(finding("wrong", "I15", `paybell ${command} ends with ${code}: ${output.slice(0, 2_000)}`));
  }
  return findings;
}

function run(
  { root, env }: { readonly root: string; readonly env: Readonly<Record<string, string>> },
  command: string,
): Promise<{ readonly code: number | string; readonly output: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...env, PATH: process.env.PATH ?? "" }, timeout: WITHIN_MS, maxBuffer: 64 << 20 };
    execFile(process.execPath, [join(root, "dist/paybell.js"), command, "--quiet"], options, (error, out, err) =>
      resolve({ code: error === null ? 0 : (error.code ?? String(error.signal)), output: `${out}${err}` }),
    );
  });
}
