import { once } from "node:events";
import { extname } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { QueueLoad } from "../turn-queue.ts";
import { Connection, type Opening } from "./connection.ts";
import type { SharedWriter } from "./statements.ts";
import { Writer } from "./writer.ts";
import { WriterClient } from "./writer-client.ts";
import type { Order, WriterData } from "./writer-protocol.ts";

export interface OpenWriter {
  readonly writer: SharedWriter;
  /** Of those who take turns, in whatever thread. */
  load(): QueueLoad;
  /** A port through which another thread can ask for statements, for `WriterClient`; null where there is no thread. */
  share(): MessagePort | null;
  /** After the turns that wait. */
  close(): Promise<void>;
}

/**
 * In a thread of its own, because the driver works synchronously: a statement, and above all the sync of a commit, would hold
 * up everything else, requests first of all. In this thread where a thread would cost more than it saves: commands and tests.
 */
export function openWriter(opening: Opening, isThreaded: boolean): OpenWriter {
  return isThreaded ? startThread(opening) : openHere(opening);
}

function openHere(opening: Opening): OpenWriter {
  const writer = new Writer(new Connection(opening));
  return { writer, load: () => writer.load(), share: () => null, close: () => writer.close() };
}

function startThread(opening: Opening): OpenWriter {
  const load = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const counters = new Int32Array(load);
  const worker = new Worker(new URL(`./writer-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: { opening, load } satisfies WriterData,
    // A quarter of what it would take: it keeps nothing.
    resourceLimits: { maxYoungGenerationSizeMb: 12 },
    name: "sqlite",
  });
  const writer = new WriterClient(worker);
  // Of an error of its own nobody is told here: it ends the process, as it would without the thread.
  const ended = once(worker, "exit").then(() => writer.fail());
  const order = (message: Order, ...transfer: readonly MessagePort[]): void =>
    worker.postMessage([message], [...transfer]);
  return {
    writer,
    load: () => ({ busy: Atomics.load(counters, 0), waiting: Atomics.load(counters, 1) }),
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
