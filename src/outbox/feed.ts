import type { Logger } from "pino";
import type { EventPosition, PlacedEvent, Reader } from "../store/reading.ts";
import { isAfter } from "./event-place.ts";

/**
 * Follows the events as they are committed, by this process or by another, for everybody in this process who listens: one
 * query for all of them, and none while nobody does. What came lately is kept in memory; who lags behind that reads the table
 * until it has caught up, so nobody is waited for and nobody misses anything.
 */

export interface FeedParts {
  /** Throws a StoreError while the database could not be reached yet. */
  readonly read: () => Pick<Reader, "events" | "newestEvent">;
  readonly log: Logger;
}

export interface FeedBounds {
  /** How long another process's commit may stay unseen. */
  readonly pollMs: number;
  /** Between two looks, however much is committed. After our own commit older transactions may still be under way: look soon again. */
  readonly gapMs: number;
  readonly keptEvents: number;
  /** Of the kept events' snapshots, in characters. */
  readonly keptSize: number;
}

/** Half a second is at once for a person; a thousand events are minutes of a busy shop. */
export const FEED_BOUNDS: FeedBounds = { pollMs: 500, gapMs: 25, keptEvents: 1_000, keptSize: 16 << 20 };

const PAGE = 100;

/** The events after `from`, without a gap, as far as they are known. */
interface Kept {
  from: EventPosition | null;
  readonly events: PlacedEvent[];
  size: number;
}

/** One listener's place. `close` it, or the feed follows for nobody. */
export interface Reading {
  /** The place after the last event that `next` returned. */
  readonly place: EventPosition | null;
  /** The next events, at most 100: at once where there are some, else as soon as there are. Empty once `signal` aborts. */
  next(signal: AbortSignal): Promise<readonly PlacedEvent[]>;
  close(): void;
}

export class Feed {
  readonly #parts: FeedParts;
  readonly #bounds: FeedBounds;
  #kept: Kept | null = null;
  #readings = 0;
  #following: Promise<void> | null = null;
  #isAway = false;
  #wasWoken = false;
  #wake: () => void = () => {};
  /** Those who wait for more. */
  readonly #waiting = new Set<() => void>();

  constructor(parts: FeedParts, bounds: FeedBounds) {
    this.#parts = parts;
    this.#bounds = bounds;
  }

  /** How many listen. */
  get readings(): number {
    return this.#readings;
  }

  /** Something was committed here: look now. */
  wake(): void {
    this.#wasWoken = true;
    this.#wake();
  }

  /** `after` null: from the beginning; `"now"`: what comes from now on. Rejects with the store's error. */
  async open(after: EventPosition | null | "now"): Promise<Reading> {
    const start = after === "now" ? await this.#parts.read().newestEvent() : after;
    return this.#reading(start);
  }

  /** Resolves when the follower has ended, once everybody has closed. */
  async idle(): Promise<void> {
    await this.#following;
  }

  #reading(start: EventPosition | null): Reading {
    let place = start;
    let isOpen = true;
    this.#readings += 1;
    return {
      get place() {
        return place;
      },
      next: async (signal) => {
        const found = await this.#next(place, signal);
        place = found.place;
        return found.events;
      },
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#readings -= 1;
        if (this.#readings === 0) this.#wake();
      },
    };
  }

  async #next(after: EventPosition | null, signal: AbortSignal): Promise<Found> {
    let place = after;
    while (!signal.aborted) {
      const kept = this.#kept;
      const found = kept === null || isAfter(kept.from, place) ? await this.#catchUp(place) : keptAfter(kept, place);
      if (found.events.length > 0) return found;
      place = found.place;
      // What the table holds is known now; whatever follows comes through the follower.
      if (this.#kept === null) this.#follow(place);
      if (!isAfter(this.#kept?.from ?? null, place)) await this.#grown(place, signal);
    }
    return { events: [], place };
  }

  /** From the table; where it holds nothing more, what is kept begins no earlier, so its beginning is as good a place. */
  async #catchUp(place: EventPosition | null): Promise<Found> {
    const from = this.#kept?.from ?? null;
    try {
      const { rows, end } = await this.#parts.read().events({ after: place, limit: PAGE });
      this.#isAway = false;
      if (rows.length > 0) return { events: rows, place: end };
      return { events: [], place: isAfter(from, place) ? from : place };
    } catch (error) {
      this.#tellAway(error);
      await sleep(this.#bounds.pollMs);
      return { events: [], place };
    }
  }

  #follow(from: EventPosition | null): void {
    this.#kept = { from, events: [], size: 0 };
    this.#following = this.#run();
  }

  async #run(): Promise<void> {
    const { gapMs, pollMs } = this.#bounds;
    let pauseMs = 0;
    while (this.#readings > 0) {
      const woken = this.#wasWoken;
      this.#wasWoken = false;
      const grew = await this.#poll();
      await sleep(gapMs);
      pauseMs = grew || woken ? 0 : Math.min(pauseMs * 2 + gapMs, pollMs);
      await this.#pause(pauseMs);
    }
    this.#kept = null;
  }

  /** Whether there was something new. */
  async #poll(): Promise<boolean> {
    const kept = this.#kept;
    if (kept === null) return false;
    try {
      const after = kept.events.at(-1)?.place ?? kept.from;
      const { rows } = await this.#parts.read().events({ after, limit: PAGE });
      this.#isAway = false;
      if (rows.length === 0) return false;
      this.#keep(kept, rows);
      for (const tell of this.#waiting) tell();
      return true;
    } catch (error) {
      this.#tellAway(error);
      return false;
    }
  }

  #keep(kept: Kept, rows: readonly PlacedEvent[]): void {
    kept.events.push(...rows);
    for (const { snapshot } of rows) kept.size += snapshot.length;
    while (kept.events.length > this.#bounds.keptEvents || kept.size > this.#bounds.keptSize) {
      const gone = kept.events.shift();
      if (gone === undefined) return;
      kept.from = gone.place;
      kept.size -= gone.snapshot.length;
    }
  }

  /** Until something follows the place, or the signal aborts, or the follower has been away for a moment. */
  #grown(place: EventPosition | null, signal: AbortSignal): Promise<void> {
    if (signal.aborted || isAfter(this.#kept?.events.at(-1)?.place ?? null, place)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done);
    });
  }

  /** Once an outage, not once a poll. */
  #tellAway(error: unknown): void {
    if (!this.#isAway) this.#parts.log.warn({ err: error }, "the feed could not read events; it tries again");
    this.#isAway = true;
  }

  /** Ends early when something is committed here, or the last one has closed. */
  #pause(ms: number): Promise<void> {
    if (ms === 0 || this.#wasWoken || this.#readings === 0) return Promise.resolve();
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

interface Found {
  readonly events: readonly PlacedEvent[];
  readonly place: EventPosition | null;
}

function keptAfter(kept: Kept, place: EventPosition | null): Found {
  const first = firstAfter(kept.events, place);
  const events = kept.events.slice(first, first + PAGE);
  return { events, place: events.at(-1)?.place ?? place };
}

/** By halving: listeners ask for the end of a list of a thousand, each at every event. */
function firstAfter(events: readonly PlacedEvent[], place: EventPosition | null): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAfter(events[middle]?.place ?? null, place)) high = middle;
    else low = middle + 1;
  }
  return low;
}
