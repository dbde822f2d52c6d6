import type { Watch } from "./load/open-generator.ts";

/** Some batches, so that none waits for notifications; of more it would be a flood, in which acknowledging goes first. */
export const UNAPPLIED = 800;

interface Seen {
  /** Milliseconds. */
  readonly at: number;
  readonly settled: number;
}

/** What gets its outcome while a load runs that may have `UNAPPLIED` without one: what is sustained, however long it lasts. */
export class Outcomes {
  readonly #settled: () => Promise<number>;
  readonly #before: number;
  /** The first look, and each that found more than the one before: right behind a batch, wherever in it the looks fall. */
  readonly #seen: Seen[] = [];

  /** `before`: of how many `settled` tells when the load begins. */
  constructor(settled: () => Promise<number>, before: number) {
    this.#settled = settled;
    this.#before = before;
  }

  readonly watch: Watch = async () => {
    const settled = (await this.#settled()) - this.#before;
    if (settled > (this.#seen.at(-1)?.settled ?? -1)) this.#seen.push({ at: performance.now(), settled });
    return settled + UNAPPLIED;
  };

  /**
   * From when the way was full (as many have come to its end as may be on it), or in a load too short for that from its beginning,
   * to the last that was seen. Throws where nothing was.
   */
  get perSecond(): number {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (first === undefined || last === undefined || first === last)
      throw new Error("nothing was applied in all of a load");
    const full = this.#seen.find(({ settled }) => settled >= UNAPPLIED);
    const from = full === undefined || full === last ? first : full;
    return ((last.settled - from.settled) / (last.at - from.at)) * 1000;
  }
}
