import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { constants } from "node:os";
import { join } from "node:path";

/** A subject's process, as an operator starts it; its log goes where it costs the disk nothing. */
export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** From starting it to its first answer on `readyPath`. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 20_000;
const LAST_WORDS = 4_000;

export async function startServer(options: {
  /** The checkout it belongs to: whatever is measured of it gets the options that its `npm start` gives to Node. */
  readonly root: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  readonly readyPath: string;
}): Promise<ServerProcess> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...startOptions(options.root), ...options.command], {
    env: { PATH: process.env.PATH ?? "", HOST: "127.0.0.1", PORT: String(options.port), ...options.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  let lastWords = "";
  child.stderr.on("data", (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-LAST_WORDS);
  });
  while (!(await answers(`http://127.0.0.1:${options.port}${options.readyPath}`))) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${lastWords}`);
    if (performance.now() - startedAt > READY_WITHIN_MS) throw new Error(`the server was not ready:\n${lastWords}`);
    await pause(5);
  }
  return {
    pid: child.pid ?? 0,
    port: options.port,
    readyMs: performance.now() - startedAt,
    stop: async () => {
      await end(child);
      process.off("exit", kill);
    },
  };
}

function startOptions(root: string): readonly string[] {
  const text = readFileSync(join(root, "package.json"), "utf8");
  const { scripts } = JSON.parse(text) as { readonly scripts: { readonly start: string } }; // Proven: our own has one.
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => null);
  return answer?.status === 200;
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
    child.once("exit", () => {
      clearTimeout(late);
      resolve();
    });
    child.kill(constants.signals.SIGTERM);
  });
}

/** User and system time that a process has used; 0 for one that is gone, or where there is no /proc. */
export function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    // The 14th and 15th field, in hundredths of a second: proc_pid_stat(5).
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** The most memory that a process has held, and what it holds now, in MiB. */
export function residentMiB(pid: number): { readonly peak: number; readonly now: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
    return { peak: kibibytes("VmHWM") / 1024, now: kibibytes("VmRSS") / 1024 };
  } catch {
    return { peak: 0, now: 0 };
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
    server.once("error", reject);
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
