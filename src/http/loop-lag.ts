/** How late the event loop is: who is answered by a loop that lags has given up before, and comes again for nothing. */

const EVERY_MS = 100;
/** An answer takes several turns, and may take four seconds in all. */
const LATE_MS = 1_000;

/** By a timer of its own: Node's histogram of delays sees none of a turn that is long. */
export class LoopLag {
  readonly #timer: NodeJS.Timeout;
  #lagMs = 0;

  constructor() {
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      // One long turn is no overload: half of what counts is what came before.
      this.#lagMs = (this.#lagMs + Math.max(0, now - last - EVERY_MS)) / 2;
      last = now;
    }, EVERY_MS).unref();
  }

  get isLate(): boolean {
    return this.#lagMs > LATE_MS;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
