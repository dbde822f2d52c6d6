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
   * Once the load is over: from when the way was full (as many have come to its end as may be on it) to the last that was seen.
   * A load too short for that is measured from its beginning until all of it has its outcome, which `drained` waits for. Throws
   * where nothing has one even then.
   */
  async perSecond(drained: () => Promise<void>): Promise<number> {
    const full = this.#seen.find(({ settled }) => settled >= UNAPPLIED);
    const sustained = between(full, this.#seen.at(-1));
    await drained();
    if (sustained !== null) return sustained;
    await this.watch(0);
    const all = between(this.#seen[0], this.#seen.at(-1));
    if (all === null) throw new Error("nothing was applied of all of a load");
    return all;
  }
}

/** What got its outcome in a second; null where nothing did. */
function between(from: Seen | undefined, to: Seen | undefined): number | null {
  if (from === undefined || to === undefined || from === to) return null;
  return ((to.settled - from.settled) / (to.at - from.at)) * 1000;
}
