import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { FromGenerator, Load, LoadResult, ToGenerator } from "./protocol.ts";

/** The generator seen from the bench: it has a process of its own, so that neither waits for the other's event loop. */
export interface Generator {
  run(load: Load, watch?: Watch): Promise<LoadResult>;
  close(): void;
}

/** Called some times a second while the load runs, never twice at once; what it returns is how many may be sent. */
export type Watch = (acknowledged: number) => Promise<number>;

const WATCH_MS = 50;

export async function openGenerator(): Promise<Generator> {
  const child = fork(join(import.meta.dirname, "generator.ts"), {
    execArgv: ["--import", "tsx", "--max-old-space-size=6000"],
    serialization: "advanced",
  });
  child.once("exit", (code) => {
    if (code !== 0 && code !== null) throw new Error(`the load generator ended with ${code}`);
  });
  await next(child, "ready");
  return {
    async run(load, watch) {
      tell(child, { kind: "prepare", load });
      await next(child, "prepared");
      tell(child, { kind: "run" });
      const done = next(child, "done");
      if (watch) await watching(child, watch, done);
      const message = await done;
      if (message.kind !== "done") throw new Error("the generator did not say what came back");
      return message.result;
    },
    close: () => child.disconnect(),
  };
}

async function watching(child: ChildProcess, watch: Watch, done: Promise<unknown>): Promise<void> {
  let acknowledged = 0;
  let isDone = false;
  const onMessage = (message: FromGenerator): void => {
    if (message.kind === "progress") acknowledged = message.acknowledged;
  };
  child.on("message", onMessage);
  void done.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    const upTo = await watch(acknowledged);
    if (!isDone) tell(child, { kind: "allow", upTo });
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, WATCH_MS))]);
  }
  child.off("message", onMessage);
}

function tell(child: ChildProcess, message: ToGenerator): void {
  child.send(message);
}

function next(child: ChildProcess, kind: FromGenerator["kind"]): Promise<FromGenerator> {
  return new Promise((resolve) => {
    const onMessage = (message: FromGenerator): void => {
      if (message.kind !== kind) return;
      child.off("message", onMessage);
      resolve(message);
    };
    child.on("message", onMessage);
  });
}
