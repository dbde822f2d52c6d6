import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { StoreError } from "../store.ts";
import { Connection } from "./connection.ts";
import { Outgoing } from "./outgoing.ts";
import type { Turn } from "./statements.ts";
import { Writer } from "./writer.ts";
import type { Answer, Ask, Order, WriterData } from "./writer-protocol.ts";

/** The thread that holds the writing connection: one statement after the other, in the order in which they are asked for. */

// Proven by `openWriter`, who starts this file as a thread and with these.
const parent = parentPort as MessagePort;
const { opening, load } = workerData as WriterData;
const counters = new Int32Array(load);
const writer = new Writer(new Connection(opening), ({ busy, waiting }) => {
  Atomics.store(counters, 0, busy);
  Atomics.store(counters, 1, waiting);
});
const ports: MessagePort[] = [];

function serve(port: MessagePort): void {
  const turns = new OpenTurns();
  const answers = new Outgoing<Answer>(port);
  ports.push(port);
  port.on("message", (messages: readonly (Ask | Order)[]) => {
    for (const message of messages) obey(message, turns, answers);
  });
  port.on("close", () => turns.close());
}

function obey(message: Ask | Order, turns: OpenTurns, answers: Outgoing<Answer>): void {
  switch (message.kind) {
    case "serve":
      serve(message.port);
      break;
    case "close":
      void close();
      break;
    case "end":
      turns.end(message.turn);
      break;
    default:
      void answer(message, turns).then((said) => answers.add(said));
  }
}

/** Those of one port: a thread that is gone gives nothing back. */
class OpenTurns {
  readonly #turns = new Map<number, Turn>();
  #isClosed = false;

  add(id: number, turn: Turn): void {
    if (this.#isClosed) turn.close();
    else this.#turns.set(id, turn);
  }

  get(id: number): Turn {
    const turn = this.#turns.get(id);
    if (turn === undefined) throw new StoreError("unavailable", "the turn to write has ended");
    return turn;
  }

  end(id: number): void {
    this.#turns.get(id)?.close();
    this.#turns.delete(id);
  }

  close(): void {
    this.#isClosed = true;
    for (const id of this.#turns.keys()) this.end(id);
  }
}

/** Without its ports the thread has nothing left to do, and ends. */
async function close(): Promise<void> {
  await writer.close().catch(() => undefined);
  for (const port of ports) port.close();
}

async function answer(ask: Ask, turns: OpenTurns): Promise<Answer> {
  const { id } = ask;
  try {
    return await run(ask, turns);
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : { message: String(error), cause: null };
    return { id, kind: "failed", reason: error instanceof StoreError ? error.reason : null, message, cause };
  }
}

async function run(ask: Ask, turns: OpenTurns): Promise<Answer> {
  const { id } = ask;
  if (ask.kind === "open") {
    const turn = await writer.open();
    turns.add(id, turn);
    return { id, kind: "opened", version: turn.version };
  }
  if (ask.kind === "begin") return { id, kind: "begun", isCurrent: await turns.get(ask.turn).begin(ask.version) };
  const statements = ask.turn === null ? writer : turns.get(ask.turn);
  return ask.kind === "query"
    ? { id, kind: "rows", result: await statements.query(ask.sql, ask.values) }
    : { id, kind: "changed", rows: await statements.execute(ask.sql, ask.values) };
}

serve(parent);
