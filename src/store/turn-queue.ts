import { StoreError } from "./store.ts";

interface Job {
  readonly start: () => Promise<void>;
}

export interface TurnQueueOptions {
  /** For errors: whose turn it is that did not come. */
  readonly name: string;
  /** Units that may wait; beyond it `unavailable`. */
  readonly limit: number;
  /** How long a unit may wait for its turn; then `unavailable`. */
  readonly waitMs: number;
  /** Told whenever another number waits, or it begins or ends to be busy. */
  readonly onChange?: (load: QueueLoad) => void;
}

export interface QueueLoad {
  /** 0 or 1. */
  readonly busy: number;
  readonly waiting: number;
}

/** Units of work take turns. Between two of them the event loop gets one too, as the driver works synchronously. */
export class TurnQueue {
  readonly #options: TurnQueueOptions;
  readonly #waiting: Job[] = [];
  #isBusy = false;
  readonly #idle: (() => void)[] = [];
  #isClosed = false;

  constructor(options: TurnQueueOptions) {
    this.#options = options;
  }

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const { name, limit, waitMs } = this.#options;
    if (this.#isClosed) return Promise.reject(new StoreError("unavailable", "the store is closed"));
    if (this.#waiting.length >= limit)
      return Promise.reject(new StoreError("unavailable", `${name}: ${limit} units wait already`));
    return new Promise<Result>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(job), 1);
        this.#changed();
        reject(new StoreError("unavailable", `${name}: no turn within ${waitMs} ms`));
      }, waitMs);
      const start = (): Promise<void> => {
        clearTimeout(timer);
        return work().then(resolve, reject);
      };
      const job: Job = { start };
      this.#waiting.push(job);
      this.#next();
    });
  }

  /** Refuses new units and resolves when those that wait are done. */
  close(): Promise<void> {
    this.#isClosed = true;
    if (!this.#isBusy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  load(): QueueLoad {
    return { busy: this.#isBusy ? 1 : 0, waiting: this.#waiting.length };
  }

  #next(): void {
    if (!this.#isBusy) this.#begin(this.#waiting.shift());
    this.#changed();
  }

  #begin(job: Job | undefined): void {
    if (job === undefined) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#isBusy = true;
    void job.start().finally(() => {
      setImmediate(() => {
        this.#isBusy = false;
        this.#next();
      });
    });
  }

  #changed(): void {
    this.#options.onChange?.(this.load());
  }
}
