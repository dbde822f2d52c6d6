/** Work that takes the processor is done one after the other, and what waits is bounded. */
export class Turns {
  readonly #limit: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Null, at once, where too many wait already. Rejects as `work` does. */
  run<Result>(work: () => Promise<Result>): Promise<Result> | null {
    if (this.#waiting >= this.#limit) return null;
    this.#waiting += 1;
    const turn = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
