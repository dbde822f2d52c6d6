import type { Feed, Reading } from "./feed.ts";
import type { OrderWithGoods } from "./order-goods.ts";

/**
 * Orders that somebody has before his eyes. An order is read again when an event is about it, once for all who watch it, and
 * now and then besides: what the merchant changes, and a deadline that passes, is told by no event.
 */

export interface OrderWatchParts {
  readonly feed: Feed;
  /** Rejects with the store's error. */
  readonly read: (reference: string) => Promise<OrderWithGoods | null>;
}

export interface OrderWatchBounds {
  readonly pollMs: number;
  readonly perOrder: number;
}

/** Of one order: more than a family and its devices need. */
export const ORDER_WATCH_BOUNDS: OrderWatchBounds = { pollMs: 60_000, perOrder: 20 };

type Listener = (order: OrderWithGoods) => void;

interface Watched {
  readonly listeners: Set<Listener>;
  readonly timer: NodeJS.Timeout;
  isReading: boolean;
  /** Something was told while it was being read. */
  isStale: boolean;
}

export class OrderWatch {
  readonly #parts: OrderWatchParts;
  readonly #bounds: OrderWatchBounds;
  readonly #watched = new Map<string, Watched>();
  #following: { readonly opened: Promise<Reading>; readonly end: AbortController } | null = null;

  constructor(parts: OrderWatchParts, bounds: OrderWatchBounds) {
    this.#parts = parts;
    this.#bounds = bounds;
  }

  /**
   * Whatever changes after this resolved is told to the listener; what stops it, to be called once. Null when too many watch
   * this order already. Rejects with the store's error.
   */
  async watch(reference: string, listener: Listener): Promise<(() => void) | null> {
    const watched = this.#watched.get(reference) ?? this.#add(reference);
    if (watched.listeners.size >= this.#bounds.perOrder) return null;
    watched.listeners.add(listener);
    const stop = (): void => this.#forget(reference, watched, listener);
    try {
      await this.#follow();
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  #add(reference: string): Watched {
    const timer = setInterval(() => this.#refresh(reference), this.#bounds.pollMs);
    const watched: Watched = { listeners: new Set(), timer, isReading: false, isStale: false };
    this.#watched.set(reference, watched);
    return watched;
  }

  #forget(reference: string, watched: Watched, listener: Listener): void {
    watched.listeners.delete(listener);
    if (watched.listeners.size > 0) return;
    clearInterval(watched.timer);
    this.#watched.delete(reference);
    if (this.#watched.size === 0) this.#unfollow();
  }

  /** One reading of the feed for all that are watched; resolves when it is open. */
  async #follow(): Promise<void> {
    if (this.#following === null) {
      const following = { opened: this.#parts.feed.open("now"), end: new AbortController() };
      this.#following = following;
      following.opened.then(
        (reading) => this.#tell(reading, following.end.signal),
        () => {
          // Whoever watches next tries again.
          if (this.#following === following) this.#following = null;
        },
      );
    }
    await this.#following.opened;
  }

  #unfollow(): void {
    this.#following?.end.abort();
    this.#following = null;
  }

  async #tell(reading: Reading, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const events = await reading.next(signal);
      for (const order of new Set(events.map((event) => event.order))) if (order !== null) this.#refresh(order);
    }
    reading.close();
  }

  #refresh(reference: string): void {
    const watched = this.#watched.get(reference);
    if (watched === undefined) return;
    watched.isStale = true;
    if (!watched.isReading) void this.#read(reference, watched);
  }

  /** Once at a time; again where something was told meanwhile, which this reading may have missed. */
  async #read(reference: string, watched: Watched): Promise<void> {
    watched.isReading = true;
    while (watched.isStale && watched.listeners.size > 0) {
      watched.isStale = false;
      // While the database is away the page shows what was; the next poll tries again.
      const order = await this.#parts.read(reference).catch(() => null);
      if (order !== null) for (const listener of watched.listeners) listener(order);
    }
    watched.isReading = false;
  }
}
