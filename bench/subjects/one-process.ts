import { join } from "node:path";
import type { BenchDatabase } from "../database.ts";
import { STRIPE_SECRET } from "../load/notifications.ts";
import { freePort, startServer } from "../processes.ts";
import type { RunningSubject } from "./subject.ts";

/** A subject that is one process of the bench's own, whose answer is its last word; it keeps nothing. */
export async function startOneProcess(options: {
  readonly root: string;
  /** In bench/servers. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  readonly path: string;
  readonly readyPath: string;
}): Promise<RunningSubject> {
  const port = await freePort();
  const start = () =>
    startServer({
      root: options.root,
      command: ["--import", "tsx", join(options.root, "bench/servers", options.file)],
      env: { STRIPE_WEBHOOK_SECRET: STRIPE_SECRET, ...options.env },
      port,
      readyPath: options.readyPath,
    });
  let server = await start();
  return {
    ports: [port],
    pids: () => [server.pid],
    path: options.path,
    async restart() {
      await server.stop();
      server = await start();
      return server;
    },
    applied: null,
    lookUp: null,
    orders: null,
    prepare: null,
    ask: () => Promise.reject(new Error("it has no API")),
    execute: () => Promise.reject(new Error("it keeps nothing")),
    databaseCpuSeconds: async () => null,
    bytesWritten: async () => null,
    stop: () => server.stop(),
  };
}

/** The same with a database of its own, which is dropped with it. */
export function onDatabase(
  server: RunningSubject,
  database: BenchDatabase,
  lookUp: NonNullable<RunningSubject["lookUp"]>,
): RunningSubject {
  return {
    ...server,
    lookUp,
    execute: database.execute,
    databaseCpuSeconds: database.cpuSeconds,
    bytesWritten: () => database.bytesWritten([]),
    stop: async () => {
      await server.stop();
      await database.drop();
    },
  };
}
