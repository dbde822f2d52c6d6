import { once } from "node:events";
import { extname } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { Connection, type Opening } from "./connection.ts";
import type { Statements } from "./statements.ts";
import { WriterClient } from "./writer-client.ts";
import type { Order } from "./writer-protocol.ts";

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
export function openWriter(opening: Opening, isThreaded: boolean): Writer {
  return isThreaded ? startThread(opening) : openHere(opening);
}

function openHere(opening: Opening): Writer {
  const statements = new Connection(opening);
  return { statements, share: () => null, close: () => statements.close() };
}

function startThread(opening: Opening): Writer {
  const worker = new Worker(new URL(`./writer-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: opening,
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
