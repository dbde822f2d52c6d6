/**
 * How much of something scarce may be under way at once, in all and from one network: bytes of bodies, open streams. What is
 * announced counts, not what has come, so that nobody is refused in the middle.
 */
export interface Bounds {
  readonly total: number;
  readonly perNetwork: number;
}

export class Budget {
  readonly #bounds: Bounds;
  /** Network → what it has under way; only those that have some. */
  readonly #byNetwork = new Map<string, number>();
  #total = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get total(): number {
    return this.#total;
  }

  /** What gives it back, to be called once; null when there is no room. */
  take(network: string, amount: number): (() => void) | null {
    const own = (this.#byNetwork.get(network) ?? 0) + amount;
    if (own > this.#bounds.perNetwork || this.#total + amount > this.#bounds.total) return null;
    this.#byNetwork.set(network, own);
    this.#total += amount;
    return () => this.#giveBack(network, amount);
  }

  #giveBack(network: string, amount: number): void {
    const left = (this.#byNetwork.get(network) ?? 0) - amount;
    if (left > 0) this.#byNetwork.set(network, left);
    else this.#byNetwork.delete(network);
    this.#total -= amount;
  }
}
