import type { MessagePort, Worker } from "node:worker_threads";
import { StoreError } from "../store.ts";
import type { Rows, Statements } from "./statements.ts";
import type { Answer, Ask } from "./writer-protocol.ts";

interface Asked {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The writing connection, asked from another thread. */
export class WriterClient implements Statements {
  readonly #port: MessagePort | Worker;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;

  constructor(port: MessagePort | Worker) {
    this.#port = port;
    port.on("message", (answer: Answer) => {
      this.#asked.get(answer.id)?.resolve(answer);
      this.#asked.delete(answer.id);
    });
  }

  async query(sql: string, values: readonly unknown[]): Promise<Rows> {
    const answer = await this.#ask("query", sql, values);
    if (answer.kind !== "rows") throw new Error("SQLite's thread answered something else");
    return answer.result;
  }

  async execute(sql: string, values: readonly unknown[]): Promise<number> {
    const answer = await this.#ask("execute", sql, values);
    if (answer.kind !== "changed") throw new Error("SQLite's thread answered something else");
    return answer.rows;
  }

  /** Nothing answers any more. */
  fail(): void {
    for (const { reject } of this.#asked.values()) reject(new StoreError("unavailable", "SQLite's thread has ended"));
    this.#asked.clear();
  }

  async #ask(kind: Ask["kind"], sql: string, values: readonly unknown[]): Promise<Answer> {
    this.#lastId += 1;
    const ask: Ask = { id: this.#lastId, kind, sql, values };
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#asked.set(ask.id, { resolve, reject });
      this.#port.postMessage(ask);
    });
    if (answer.kind === "failed") throw new Error(answer.message, { cause: answer.cause });
    return answer;
  }
}
