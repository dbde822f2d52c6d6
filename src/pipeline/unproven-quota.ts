import type { Store } from "../store/store.ts";

/**
 * Anybody can post an IPN, so what is stored before it is proven is bounded: in all, from one address, and in rate.
 * Beyond the bounds PayPal is told 503 and comes again later; an inventor of IPNs gets tired.
 */
export interface QuotaBounds {
  readonly waiting: number;
  readonly waitingFromSource: number;
  readonly perMinuteFromSource: number;
  /** Addresses remembered; the oldest are forgotten first. */
  readonly sources: number;
}

interface Meter {
  tokens: number;
  at: number;
}

export class UnprovenQuota {
  readonly #count: Store["countUnproven"];
  readonly #bounds: QuotaBounds;
  readonly #now: () => Date;
  readonly #meters = new Map<string, Meter>();
  readonly #counted = new Map<string, { readonly at: number; readonly admitted: boolean }>();
  /** Until when all are refused without counting again. */
  #fullUntil = Number.NEGATIVE_INFINITY;

  constructor(count: Store["countUnproven"], bounds: QuotaBounds, now: () => Date) {
    this.#count = count;
    this.#bounds = bounds;
    this.#now = now;
  }

  async admits(source: string): Promise<boolean> {
    const now = this.#now().getTime();
    return this.#inRate(source, now) && (await this.#hasSpace(source, now));
  }

  /** A bucket that holds and refills `perMinuteFromSource` a minute. */
  #inRate(source: string, now: number): boolean {
    const full = this.#bounds.perMinuteFromSource;
    const known = this.#meters.get(source) ?? { tokens: full, at: now };
    const tokens = Math.min(full, known.tokens + (Math.max(0, now - known.at) / 60_000) * full);
    remember(this.#meters, source, { tokens: Math.max(0, tokens - 1), at: now }, this.#bounds.sources);
    return tokens >= 1;
  }

  /**
   * Counted in the database, so that all processes share the bound; asked at most once a second for one address, and for all of
   * them while there is no room: a flood from a thousand addresses would otherwise be a thousand counts of all that waits.
   */
  async #hasSpace(source: string, now: number): Promise<boolean> {
    const recent = this.#counted.get(source);
    if (recent && now - recent.at < 1_000) return recent.admitted;
    if (now < this.#fullUntil) return false;
    // Where the count can't be had, the journal can't either: that answers 503, with a better reason.
    const { total, fromSource } = await this.#count(source).catch(() => ({ total: 0, fromSource: 0 }));
    if (total >= this.#bounds.waiting) this.#fullUntil = now + 1_000;
    const admitted = total < this.#bounds.waiting && fromSource < this.#bounds.waitingFromSource;
    remember(this.#counted, source, { at: now, admitted }, this.#bounds.sources);
    return admitted;
  }
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value, limit: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}
