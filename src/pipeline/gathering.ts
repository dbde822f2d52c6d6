import { StoreError } from "../store/store.ts";

interface Waiting<Item, Result> {
  readonly item: Item;
  /** Until when its turn has to come. */
  readonly until: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export interface GatheringOptions<Item, Result> {
  /** What it is called where it refuses. */
  readonly name: string;
  /** Of the same key one at most is in a batch, in the order of their coming. */
  readonly keyOf: (item: Item) => string;
  /** All or nothing; one result for each, in the same order. */
  readonly work: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly mostAtOnce: number;
  readonly mostWaiting: number;
  /** Who has waited for so long when a batch ends is refused. */
  readonly waitMs: number;
}

/**
 * What comes while the batch before it is under way is done together, as soon as that has ended: nobody who is alone waits.
 * Where a batch fails, each of it is done alone, and fails alone; but not where it may have been done.
 */
export class Gathering<Item, Result> {
  readonly #options: GatheringOptions<Item, Result>;
  #waiting: readonly Waiting<Item, Result>[] = [];
  #isBusy = false;

  constructor(options: GatheringOptions<Item, Result>) {
    this.#options = options;
  }

  /** Rejects as `work` does; with StoreError `unavailable` where too many wait, or for too long. */
  add(item: Item): Promise<Result> {
    const { name, mostWaiting, waitMs } = this.#options;
    if (this.#waiting.length >= mostWaiting)
      return Promise.reject(new StoreError("unavailable", `${name}: ${mostWaiting} wait already`));
    return new Promise((resolve, reject) => {
      const until = performance.now() + waitMs;
      this.#waiting = [...this.#waiting, { item, until, resolve, reject }];
      if (!this.#isBusy) void this.#empty();
    });
  }

  async #empty(): Promise<void> {
    this.#isBusy = true;
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) await this.#run(batch);
    this.#isBusy = false;
  }

  #next(): readonly Waiting<Item, Result>[] {
    const { name, keyOf, mostAtOnce, waitMs } = this.#options;
    const now = performance.now();
    for (const { until, reject } of this.#waiting)
      if (until < now) reject(new StoreError("unavailable", `${name}: no turn within ${waitMs} ms`));
    const waiting = this.#waiting.filter(({ until }) => until >= now);
    const batch = new Map<string, Waiting<Item, Result>>();
    for (const one of waiting) {
      const key = keyOf(one.item);
      if (batch.size < mostAtOnce && !batch.has(key)) batch.set(key, one);
    }
    const taken = new Set(batch.values());
    this.#waiting = waiting.filter((one) => !taken.has(one));
    return [...taken];
  }

  async #run(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.work(batch.map(({ item }) => item));
      // Proven by `work`: one for each.
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      const mayBeDone = error instanceof StoreError && error.reason === "unknown_commit";
      if (batch.length === 1 || mayBeDone) for (const { reject } of batch) reject(error);
      else await Promise.all(batch.map((one) => this.#run([one])));
    }
  }
}
