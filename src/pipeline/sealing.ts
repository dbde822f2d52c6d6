import type { SealMark, Store } from "../store/store.ts";

export interface SealingParts {
  readonly store: Pick<Store, "seal">;
  readonly now: () => Date;
}

/** So many seals at once, then whoever else writes has its turn: 1,000 inputs a second at a sweep each ten seconds. */
const SEALS = 20;
/** Each has its row for ever. */
const EVERY_MS = 60 * 1000;

/** Seals the journal behind those who write to it: once a minute, and at each sweep while it lags. */
export class Sealing {
  readonly #parts: SealingParts;
  #mark: SealMark | null = null;
  #dueAt = 0;

  constructor(parts: SealingParts) {
    this.#parts = parts;
  }

  /** Rejects with a StoreError, and then goes on from there the next time. */
  async sweep(): Promise<void> {
    const { store, now } = this.#parts;
    const at = now().getTime();
    if (at < this.#dueAt) return;
    for (let seals = 0; seals < SEALS; seals += 1) {
      const { sealed, mark } = await store.seal(this.#mark);
      this.#mark = mark;
      if (sealed > 0) continue;
      // Whom it waits for has ended by the next sweep.
      if (mark === null) this.#dueAt = at + EVERY_MS;
      return;
    }
  }
}
