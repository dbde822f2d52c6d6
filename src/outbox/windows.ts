/** How many deliveries to one receiver are under way in this process, and how many may be. */
interface Window {
  underWay: number;
  size: number;
}

export interface WindowBounds {
  /** For a receiver of which nothing is known. */
  readonly first: number;
  readonly largest: number;
  /** In all; but each receiver that is idle may be given one beyond it. */
  readonly total: number;
}

/**
 * As many at once as a receiver has shown to bear: one more with each that it takes, one at a time after it failed. So one
 * that hangs holds few of the places that all share.
 */
export class Windows {
  readonly #bounds: WindowBounds;
  readonly #windows = new Map<string, Window>();
  #underWay = 0;

  constructor(bounds: WindowBounds) {
    this.#bounds = bounds;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** What `claim` asks for. */
  get room(): { room: number; rooms: ReadonlyMap<string, { room: number; isIdle: boolean }>; limit: number } {
    const rooms = new Map(
      [...this.#windows].map(([receiver, { underWay, size }]) => [
        receiver,
        { room: Math.max(0, size - underWay), isIdle: underWay === 0 },
      ]),
    );
    return { room: this.#bounds.first, rooms, limit: Math.max(0, this.#bounds.total - this.#underWay) };
  }

  begin(receiver: string): void {
    const window = this.#windows.get(receiver) ?? { underWay: 0, size: this.#bounds.first };
    window.underWay += 1;
    this.#underWay += 1;
    this.#windows.set(receiver, window);
  }

  /** `went` is null for what told nothing of the receiver. */
  end(receiver: string, went: "well" | "badly" | null): void {
    const window = this.#windows.get(receiver);
    if (window === undefined) return;
    window.underWay -= 1;
    this.#underWay -= 1;
    if (went === "well") window.size = Math.min(window.size + 1, this.#bounds.largest);
    if (went === "badly") window.size = 1;
    // What is as it was before it was known need not be remembered.
    if (window.underWay === 0 && window.size === this.#bounds.first) this.#windows.delete(receiver);
  }
}
