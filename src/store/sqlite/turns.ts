import type { Lane } from "../session.ts";
import type { LaneLoad } from "../store.ts";
import { WriteQueue } from "./write-queue.ts";

const QUEUE = { limit: 1_000, waitMs: 10_000 };

/**
 * Who may use the writing connection when. What is not the journal's is alone among its kind, from its first read to its end.
 * The journal waits only for what is being written: it adds rows that nobody else has read, so it may come in between.
 */
export class Turns {
  readonly #work = new WriteQueue(QUEUE);
  readonly #writer = new WriteQueue(QUEUE);

  write<Result>(lane: Lane, work: () => Promise<Result>): Promise<Result> {
    const writing = (): Promise<Result> => this.#writer.run(lane, work);
    return lane === "journal" ? writing() : this.exclusively(writing);
  }

  /** For work that reads first, and takes the writer when it comes to writing. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#work.run("work", work);
  }

  /** Resolves when it is this work's turn to write, with what gives the turn back. */
  takeWriter(): Promise<() => void> {
    return new Promise((resolve, reject) => {
      this.#writer.run("work", () => new Promise<void>((giveBack) => resolve(giveBack))).catch(reject);
    });
  }

  load(): readonly LaneLoad[] {
    const [journal] = this.#writer.load();
    const [, work] = this.#work.load();
    return [journal, work].flatMap((lane) => lane ?? []);
  }

  async close(): Promise<void> {
    await this.#work.close();
    await this.#writer.close();
  }
}
