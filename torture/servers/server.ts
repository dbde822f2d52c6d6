import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

/** One place where a server runs: a port, and the process that serves it now, if one does. */
export interface Plan {
  readonly step: string | null;
  /** It dies when it reaches the step for the so manieth time. */
  readonly count: number;
  readonly clockMs: number;
}

export const NO_PLAN: Plan = { step: null, count: 0, clockMs: 0 };

export interface ServerOptions {
  /** The file to start, of a service built for the torture. */
  readonly program: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  /** Texts that must never be printed. */
  readonly canaries: readonly string[];
  /** `step`: the armed step that it says it died at; null where it was killed from outside, ended, or broke. */
  readonly onExit: (end: {
    readonly step: string | null;
    readonly expected: boolean;
    readonly tail: string;
    /** What it said at last beside its log: why it ends, if it says so. */
    readonly complaint: string;
    readonly code: number | null;
  }) => void;
  readonly onServing: () => void;
  readonly onLeak: (canary: string, line: string) => void;
  readonly onDefect: (line: string) => void;
}

const PRELOAD = join(import.meta.dirname, "preload.mjs");
/** How the edge calls what it answers with 500. */
const DEFECT = "a request failed unexpectedly";
const TAIL_CHARACTERS = 4_000;

export class ServerSlot {
  readonly port: number;
  readonly #options: ServerOptions;
  #child: ChildProcess | null = null;
  #expectsEnd = false;
  #isServing = false;
  #tail = "";
  #line = "";
  #complaint = "";

  constructor(options: ServerOptions) {
    this.#options = options;
    this.port = options.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The process that runs now: another one after each start. */
  get processId(): number | null {
    return this.#child?.pid ?? null;
  }

  /** What it printed at last. */
  get tail(): string {
    return this.#tail;
  }

  start(plan: Plan): void {
    if (this.#child) return;
    const { program, env, port } = this.#options;
    const child = spawn(process.execPath, ["--import", PRELOAD, program], {
      env: {
        ...env,
        PATH: process.env.PATH ?? "",
        HOST: "127.0.0.1",
        PORT: String(port),
        PAYBELL_TORTURE: JSON.stringify(plan),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.#expectsEnd = false;
    this.#isServing = false;
    this.#tail = "";
    this.#line = "";
    this.#complaint = "";
    child.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-TAIL_CHARACTERS);
      this.#read(chunk);
    });
    child.once("close", (code) => this.#ended(code));
  }

  /** False where nothing runs. */
  signal(name: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): boolean {
    if (!this.#child) return false;
    if (name === "SIGKILL" || name === "SIGTERM") this.#expectsEnd = true;
    return this.#child.kill(name);
  }

  /** In order, or after `ms` by force. */
  async stop(ms: number): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    this.signal("SIGCONT");
    this.signal("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), ms);
    await ended;
    clearTimeout(timer);
  }

  #read(chunk: Buffer): void {
    const text = chunk.toString();
    // A canary may be cut in two by the chunk's end.
    const seen = this.#tail.slice(-200) + text;
    for (const canary of this.#options.canaries) {
      const at = seen.indexOf(canary);
      if (at >= 0) this.#options.onLeak(canary, seen.slice(Math.max(0, at - 200), at + 100));
    }
    this.#tellDefects(text);
    if (!this.#isServing && seen.includes('"event":"started"')) {
      this.#isServing = true;
      this.#options.onServing();
    }
    this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
  }

  /** Line by line, whatever the chunks. */
  #tellDefects(text: string): void {
    const lines = (this.#line + text).split("\n");
    this.#line = (lines.pop() ?? "").slice(-TAIL_CHARACTERS);
    for (const line of lines) if (line.includes(DEFECT)) this.#options.onDefect(line.slice(0, 1_000));
  }

  #ended(code: number | null): void {
    // Its last word is on stderr; in the tail more of its log may have come after it.
    const step = /TORTURE died at (\w+)/.exec(this.#complaint)?.[1] ?? null;
    this.#child = null;
    this.#isServing = false;
    const [tail, complaint] = [this.#tail, this.#complaint];
    this.#options.onExit({ step, expected: this.#expectsEnd || step !== null, tail, complaint, code });
  }
}
