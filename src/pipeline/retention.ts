import type { JournalPlace, Store } from "../store/store.ts";

export interface RetentionParts {
  readonly store: Pick<Store, "emptyBodies">;
  readonly now: () => Date;
  /** How long bodies are kept; null is for ever. */
  readonly keepMs: number | null;
}

/** Rows that one commit may write anew. */
const PAGE = 500;
/** So many pages at once, then whoever else writes has its turn: 1,000 rows a second at a sweep each ten seconds. */
const PAGES = 20;
/** What settled late, when its hold was lifted for example, lies behind: once a day all is looked at again. */
const PASS_EVERY_MS = 24 * 60 * 60 * 1000;

/** Empties bodies that are old enough, a bounded piece at a time, going on where it stopped. */
export class Retention {
  readonly #parts: RetentionParts;
  /** Null: at the beginning. */
  #after: JournalPlace | null = null;
  #beganAt: number | null = null;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** How many it emptied; rejects with a StoreError, and then goes on from there the next time. */
  async sweep(): Promise<number> {
    const { store, now, keepMs } = this.#parts;
    if (keepMs === null) return 0;
    const at = now().getTime();
    if (this.#beganAt === null || at - this.#beganAt >= PASS_EVERY_MS) {
      this.#after = null;
      this.#beganAt = at;
    }
    let emptied = 0;
    for (let page = 0; page < PAGES; page += 1) {
      const done = await store.emptyBodies({ before: new Date(at - keepMs), after: this.#after, limit: PAGE });
      emptied += done.emptied;
      if (done.next === null) break;
      this.#after = done.next;
    }
    return emptied;
  }
}
