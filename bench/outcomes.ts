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
  /** One for each look that found more than the one before: right behind a batch, wherever in it the looks fall. */
  readonly #seen: Seen[] = [];

  /** `before`: of how many `settled` tells when the load begins. */
  constructor(settled: () => Promise<number>, before: number) {
    this.#settled = settled;
    this.#before = before;
  }

  readonly watch: Watch = async () => {
    const settled = (await this.#settled()) - this.#before;
    if (settled > (this.#seen.at(-1)?.settled ?? 0)) this.#seen.push({ at: performance.now(), settled });
    return settled + UNAPPLIED;
  };

  /**
   * A second, from when the way was full (as many have come to its end as may be on it) to the last look. The first of a load
   * take that way alone, which in a second of load were a tenth of it. NaN where nothing was seen to change.
   */
  get perSecond(): number {
    const last = this.#seen.at(-1);
    const filled = this.#seen.find(({ settled }) => settled >= Math.min(UNAPPLIED, (last?.settled ?? 0) / 2));
    if (filled === undefined || last === undefined || filled === last) return Number.NaN;
    return ((last.settled - filled.settled) / (last.at - filled.at)) * 1000;
  }
}
