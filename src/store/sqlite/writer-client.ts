import type { MessagePort, Worker } from "node:worker_threads";
import type { SqlDriverAdapter } from "@prisma/driver-adapter-utils";
import { StoreError } from "../store.ts";
import type { Answer, Ask } from "./writer-protocol.ts";

/** The writing connection, wherever it lives. Statements run in the order in which they are asked for. */
export type Statements = Pick<SqlDriverAdapter, "queryRaw" | "executeRaw">;

interface Asked {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The same, asked from another thread. */
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

  async queryRaw(statement: Ask["statement"]): ReturnType<Statements["queryRaw"]> {
    const answer = await this.#ask("query", statement);
    if (answer.kind !== "rows") throw new Error("SQLite's thread answered something else");
    return answer.result;
  }

  async executeRaw(statement: Ask["statement"]): Promise<number> {
    const answer = await this.#ask("execute", statement);
    if (answer.kind !== "changed") throw new Error("SQLite's thread answered something else");
    return answer.rows;
  }

  /** Nothing answers any more. */
  fail(): void {
    for (const { reject } of this.#asked.values()) reject(new StoreError("unavailable", "SQLite's thread has ended"));
    this.#asked.clear();
  }

  async #ask(kind: Ask["kind"], statement: Ask["statement"]): Promise<Answer> {
    this.#lastId += 1;
    const ask: Ask = { id: this.#lastId, kind, statement };
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#asked.set(ask.id, { resolve, reject });
      this.#port.postMessage(ask);
    });
    if (answer.kind === "failed") throw new Error(answer.message, { cause: answer.cause });
    return answer;
  }
}
