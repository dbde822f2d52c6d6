import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Connection, type Opening } from "./connection.ts";
import type { Answer, Ask, Order } from "./writer-protocol.ts";

/** The thread that holds the writing connection: one statement after the other, in the order in which they are asked for. */

// Proven by `openWriter`, who starts this file as a thread and with these.
const parent = parentPort as MessagePort;
const connection = new Connection(workerData as Opening);
const ports: MessagePort[] = [];

serve(parent);

function serve(port: MessagePort): void {
  ports.push(port);
  port.on("message", (message: Ask | Order) => {
    switch (message.kind) {
      case "serve":
        return serve(message.port);
      case "close":
        return void close();
      default:
        return void answer(message).then((said) => port.postMessage(said));
    }
  });
}

/** Without its ports the thread has nothing left to do, and ends. */
async function close(): Promise<void> {
  await connection.close().catch(() => undefined);
  for (const port of ports) port.close();
}

async function answer(ask: Ask): Promise<Answer> {
  const { id } = ask;
  try {
    return await run(ask);
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : { message: String(error), cause: null };
    return { id, kind: "failed", message, cause };
  }
}

async function run({ id, kind, sql, values }: Ask): Promise<Answer> {
  switch (kind) {
    case "query":
      return { id, kind: "rows", result: await connection.query(sql, values) };
    case "execute":
      return { id, kind: "changed", rows: await connection.execute(sql, values) };
  }
}
