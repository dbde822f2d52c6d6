import type { Lane } from "../session.ts";
import { type LaneLoad, StoreError } from "../store.ts";

/** How many of the journal's units may go first in a row while others wait. */
const JOURNAL_RUN = 4;

interface Job {
  readonly lane: Lane;
  readonly start: () => Promise<void>;
}

export interface WriteQueueOptions {
  /** Units that may wait in each lane; beyond it `busy`. */
  readonly limit: number;
  /** How long a unit may wait for its turn; then `unavailable`. */
  readonly waitMs: number;
}

/**
 * SQLite has one writer: units of work take turns, the journal's first. Between two units the event loop gets a turn too,
 * as the driver works synchronously.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #waiting: Record<Lane, Job[]> = { journal: [], work: [] };
  #running: Lane | null = null;
  #journalRun = 0;
  readonly #idle: (() => void)[] = [];
  #closed = false;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  run<Result>(lane: Lane, work: () => Promise<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(new StoreError("unavailable", "the store is closed"));
    if (this.#waiting[lane].length >= this.#options.limit) {
      return Promise.reject(new StoreError("unavailable", `write queue: ${this.#options.limit} units wait already`));
    }
    return new Promise<Result>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting[lane] = this.#waiting[lane].filter((other) => other !== job);
        reject(new StoreError("unavailable", `write queue: no turn within ${this.#options.waitMs} ms`));
      }, this.#options.waitMs);
      const start = (): Promise<void> => {
        clearTimeout(timer);
        return work().then(resolve, reject);
      };
      const job: Job = { lane, start };
      this.#waiting[lane].push(job);
      this.#next();
    });
  }

  /** Refuses new units and resolves when those that wait are done. */
  close(): Promise<void> {
    this.#closed = true;
    if (this.#running === null) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  load(): readonly LaneLoad[] {
    const { journal, work } = this.#waiting;
    const of = (lane: Lane, waiting: number): LaneLoad => {
      const busy = this.#running === lane ? 1 : 0;
      return { lane, busy, idle: this.#running === null ? 1 : 0, waiting };
    };
    return [of("journal", journal.length), of("work", work.length)];
  }

  #next(): void {
    if (this.#running !== null) return;
    const job = this.#take();
    if (job === undefined) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#running = job.lane;
    void job.start().finally(() => {
      setImmediate(() => {
        this.#running = null;
        this.#next();
      });
    });
  }

  #take(): Job | undefined {
    const { journal, work } = this.#waiting;
    const journalFirst = journal.length > 0 && (this.#journalRun < JOURNAL_RUN || work.length === 0);
    const job = journalFirst ? journal.shift() : (work.shift() ?? journal.shift());
    this.#journalRun = job?.lane === "journal" && work.length > 0 ? this.#journalRun + 1 : 0;
    return job;
  }
}
