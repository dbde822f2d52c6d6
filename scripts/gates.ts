import { spawn } from "node:child_process";

/** One check that `npm test` and CI run alike; everything about it is in its own configuration file. */
export interface Gate {
  readonly name: string;
  /** Run by node itself, from the repository's root. */
  readonly command: readonly string[];
}

export const GATES: readonly Gate[] = [
  { name: "types", command: ["node_modules/typescript/bin/tsc", "-p", "."] },
  {
    name: "format and lint",
    command: ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "--max-diagnostics=50", "."],
  },
  {
    name: "boundaries",
    command: [
      "node_modules/dependency-cruiser/bin/dependency-cruise.mjs",
      "--config",
      ".dependency-cruiser.cjs",
      "src",
      "demo",
      "bench",
    ],
  },
  { name: "dead code", command: ["node_modules/knip/bin/knip.js", "--no-progress", "--treat-config-hints-as-errors"] },
];

export interface GateResult {
  readonly name: string;
  readonly passed: boolean;
  readonly output: string;
  readonly seconds: number;
}

/** Runs one gate over the tree at `folder`; its output is kept for when it fails. */
export function runGate(gate: Gate, folder: string): Promise<GateResult> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, gate.command, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      const output = Buffer.concat(chunks).toString();
      resolve({ name: gate.name, passed: code === 0, output, seconds: (performance.now() - startedAt) / 1000 });
    });
  });
}

/** All gates, two at a time (what two cores bear), each told as it ends. */
export async function runGates(folder: string, tell: (result: GateResult) => void): Promise<readonly GateResult[]> {
  const waiting = [...GATES];
  const results: GateResult[] = [];
  const worker = async (): Promise<void> => {
    for (let gate = waiting.shift(); gate; gate = waiting.shift()) {
      const result = await runGate(gate, folder);
      tell(result);
      results.push(result);
    }
  };
  await Promise.all([worker(), worker()]);
  return results;
}
