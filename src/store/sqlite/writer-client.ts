import type { MessagePort, Worker } from "node:worker_threads";
import { StoreError } from "../store.ts";
import { Outgoing } from "./outgoing.ts";
import type { Rows, SharedWriter, Turn } from "./statements.ts";
import type { Answer, Ask, Order } from "./writer-protocol.ts";

interface Asked {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

type Kind = "query" | "execute";

/** The writing connection, asked from another thread. */
export class WriterClient implements SharedWriter {
  readonly #outgoing: Outgoing<Ask | Order>;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;

  constructor(port: MessagePort | Worker) {
    this.#outgoing = new Outgoing(port);
    port.on("message", (answers: readonly Answer[]) => {
      for (const answer of answers) {
        this.#asked.get(answer.id)?.resolve(answer);
        this.#asked.delete(answer.id);
      }
    });
  }

  query(sql: string, values: readonly unknown[]): Promise<Rows> {
    return this.#query(null, sql, values);
  }

  execute(sql: string, values: readonly unknown[]): Promise<number> {
    return this.#execute(null, sql, values);
  }

  async open(): Promise<Turn> {
    const answer = await this.#ask((id) => ({ id, kind: "open" }));
    if (answer.kind !== "opened") throw unexpected();
    const turn = answer.id;
    return {
      version: answer.version,
      begin: (version) => this.#begin(turn, version),
      query: (sql, values) => this.#query(turn, sql, values),
      execute: (sql, values) => this.#execute(turn, sql, values),
      close: () => this.#outgoing.add({ kind: "end", turn }),
    };
  }

  /** Nothing answers any more. */
  fail(): void {
    for (const { reject } of this.#asked.values()) reject(new StoreError("unavailable", "SQLite's thread has ended"));
    this.#asked.clear();
  }

  async #begin(turn: number, version: string | null): Promise<boolean> {
    const answer = await this.#ask((id) => ({ id, kind: "begin", turn, version }));
    if (answer.kind !== "begun") throw unexpected();
    return answer.isCurrent;
  }

  async #query(turn: number | null, sql: string, values: readonly unknown[]): Promise<Rows> {
    const answer = await this.#run("query", turn, sql, values);
    if (answer.kind !== "rows") throw unexpected();
    return answer.result;
  }

  async #execute(turn: number | null, sql: string, values: readonly unknown[]): Promise<number> {
    const answer = await this.#run("execute", turn, sql, values);
    if (answer.kind !== "changed") throw unexpected();
    return answer.rows;
  }

  #run(kind: Kind, turn: number | null, sql: string, values: readonly unknown[]): Promise<Answer> {
    return this.#ask((id) => ({ id, kind, turn, sql, values }), values.flatMap(ownMemory));
  }

  async #ask(askOf: (id: number) => Ask, given: readonly ArrayBuffer[] = []): Promise<Answer> {
    this.#lastId += 1;
    const ask = askOf(this.#lastId);
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#asked.set(ask.id, { resolve, reject });
      this.#outgoing.add(ask, given);
    });
    if (answer.kind !== "failed") return answer;
    const { reason, message, cause } = answer;
    throw reason === null ? new Error(message, { cause }) : new StoreError(reason, message, { cause });
  }
}

/** Of bytes that have theirs to themselves: others share a piece with their neighbours, and are copied. */
function ownMemory(value: unknown): readonly ArrayBuffer[] {
  if (!(value instanceof Uint8Array && value.buffer instanceof ArrayBuffer)) return [];
  return value.byteLength === value.buffer.byteLength ? [value.buffer] : [];
}

function unexpected(): Error {
  return new Error("SQLite's thread answered something else");
}
