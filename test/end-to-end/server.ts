import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectNoCanary } from "./canaries.ts";

/** The built service as a process of its own, as an operator runs it; everything is seen from outside. */
export interface Server {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** GET or send JSON with the API token; the parsed answer. */
  api(path: string, init?: { readonly method?: string; readonly body?: unknown }): Promise<ApiAnswer>;
  /** What it printed so far. */
  output(): string;
  /** SIGSTOP and SIGCONT: it has no time for anybody meanwhile. */
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** The same command once more, on the same data. */
  restart(): Promise<void>;
}

export interface ApiAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field, and a wrong field is a red test.
  readonly body: any;
}

export const API_TOKEN = "end-to-end-token-of-the-tests-0123456789";
export const STRIPE_SECRET = "whsec_end_to_end_0123456789abcdefghij";
export const PAYPAL_WEBHOOK_ID = "5EE57EE7WEBHOOK01";
export const PAYPAL_RECEIVER = "seller@shop.example";

const MAIN = join(import.meta.dirname, "../../dist/main.js");

export async function startServer(options: {
  readonly databaseUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Server> {
  if (!existsSync(MAIN)) throw new Error("dist/main.js is missing: run `npm run build` first");
  const dataDir = mkdtempSync(join(tmpdir(), "paybell-e2e-"));
  const port = await freePort();
  const env = {
    PATH: process.env.PATH ?? "",
    HOST: "127.0.0.1",
    PORT: String(port),
    DATA_DIR: dataDir,
    DATABASE_URL: options.databaseUrl ?? `file:${join(dataDir, "paybell.db")}`,
    API_TOKEN,
    STRIPE_WEBHOOK_SECRET: STRIPE_SECRET,
    PAYPAL_WEBHOOK_ID,
    PAYPAL_RECEIVER,
    ...options.env,
  };
  let running = await launch(env, port);
  const earlier: string[] = [];
  const secrets = Object.fromEntries(Object.entries(env).filter(([name]) => /_(SECRET|TOKEN|ID)$/.test(name)));
  /** Everything it told anybody who needs no token. */
  const expectSilence = () => {
    expectNoCanary("the server's output", [...earlier, ...running.output].join(""), secrets);
  };
  const expectSilentProbes = async () => {
    for (const path of ["/health", "/health/ready", "/metrics"]) {
      const text = await fetch(`http://127.0.0.1:${port}${path}`).then(
        (answer) => answer.text(),
        () => "",
      );
      expectNoCanary(path, text, secrets);
    }
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    dataDir,
    api: (path, init) => callApi(`http://127.0.0.1:${port}${path}`, init),
    output: () => running.output.join(""),
    signal: (signal) => void running.child.kill(signal),
    stop: async (signal = "SIGTERM") => {
      await expectSilentProbes();
      const code = await end(running.child, signal);
      expectSilence();
      if (signal !== "SIGKILL") rmSync(dataDir, { recursive: true, force: true });
      return code;
    },
    restart: async () => {
      await end(running.child, "SIGKILL");
      earlier.push(...running.output);
      running = await launch(env, port);
    },
  };
}

async function launch(env: Readonly<Record<string, string>>, port: number) {
  const child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "pipe"] });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  const output: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${output.join("")}`);
    const ready = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null);
    return ready?.status === 200;
  }, 30_000).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw new Error(`not ready:\n${output.join("")}`, { cause: error });
  });
  return { child, output };
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once("exit", (code) => resolve(code));
    child.kill(signal);
  });
}

async function callApi(
  url: string,
  init: { readonly method?: string; readonly body?: unknown } = {},
): Promise<ApiAnswer> {
  const response = await fetch(url, {
    method: init.method ?? (init.body === undefined ? "GET" : "POST"),
    headers: {
      authorization: `Bearer ${API_TOKEN}`,
      ...(init.body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
  const text = await response.text();
  // An error names fields and reasons, never what was sent.
  if (response.status >= 400) expectNoCanary(`the answer to ${url}`, text, { API_TOKEN });
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

/** Asks until it is so; rejects after `ms` with the last answer or error. */
export async function eventually<Value>(ask: () => Promise<Value>, ms = 10_000): Promise<NonNullable<Value>> {
  const until = Date.now() + ms;
  while (true) {
    const value = await ask();
    if (value) return value;
    if (Date.now() > until) throw new Error(`not so after ${ms} ms: ${String(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Attempts until one took less than `ms`, eight at most: a machine may be late for what else it does, the product may not always be. */
export async function onceWithin(ms: number, attempt: (round: number) => Promise<void>): Promise<void> {
  const took: number[] = [];
  while (took.length < 8) {
    const began = performance.now();
    await attempt(took.length);
    took.push(performance.now() - began);
    if ((took.at(-1) ?? 0) < ms) return;
  }
  throw new Error(`not once within ${ms} ms: ${took.map(Math.round).join(", ")}`);
}
