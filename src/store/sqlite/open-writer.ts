import { once } from "node:events";
import { extname } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { driver } from "./driver.ts";
import { type Statements, WriterClient } from "./writer-client.ts";
import type { Order, WriterData } from "./writer-protocol.ts";

export interface Writer {
  readonly statements: Statements;
  /** A port through which another thread can ask for statements, for `WriterClient`; null where there is no thread. */
  share(): MessagePort | null;
  close(): Promise<void>;
}

/**
 * In a thread of its own, because the driver works synchronously: a statement, and above all the sync of a commit, would hold
 * up everything else, requests first of all. In this thread where a thread would cost more than it saves: commands and tests.
 */
export function openWriter(file: WriterData, isThreaded: boolean): Promise<Writer> {
  return isThreaded ? Promise.resolve(startThread(file)) : openHere(file);
}

async function openHere({ url, pragmas }: WriterData): Promise<Writer> {
  const statements = await driver(url, pragmas).connect();
  return { statements, share: () => null, close: () => statements.dispose() };
}

function startThread(file: WriterData): Writer {
  const worker = new Worker(new URL(`./writer-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: file,
    // A quarter of what it would take: it keeps nothing.
    resourceLimits: { maxYoungGenerationSizeMb: 12 },
    name: "sqlite",
  });
  const statements = new WriterClient(worker);
  // Of an error of its own nobody is told here: it ends the process, as it would without the thread.
  const ended = once(worker, "exit").then(() => statements.fail());
  const order = (message: Order, ...transfer: readonly MessagePort[]): void =>
    worker.postMessage(message, [...transfer]);
  return {
    statements,
    share: () => {
      const { port1, port2 } = new MessageChannel();
      order({ kind: "serve", port: port1 }, port1);
      return port2;
    },
    close: () => {
      order({ kind: "close" });
      return ended;
    },
  };
}
