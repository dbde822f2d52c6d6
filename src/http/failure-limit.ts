import { networkOf } from "./network.ts";

/**
 * Counts failures by address, never successes: gateways send thousands of true notifications at once after an outage, and
 * none of those may be refused for its number.
 *
 * Beyond `soft` failures a minute a failing request hears 429 instead of 401. Beyond `hard` an address is refused before its
 * body is read, but for `passesPerSecond`, and not at all when something authentic came from it within the day: behind a proxy
 * that was not declared in TRUST_PROXY all senders share one address, and then a flood must not shut the true ones out. A
 * check costs less than a new connection, so the passes cost nothing that the flood does not cost anyway.
 */
export interface FailureLimits {
  readonly soft: number;
  readonly hard: number;
  /** Requests from a shut address that are looked at all the same. */
  readonly passesPerSecond: number;
}

interface Entry {
  /** Failures left, filling up to `hard` again within a minute. */
  tokens: number;
  refilledAt: number;
  /** Passes left within the second that began at `secondAt`. */
  passes: number;
  secondAt: number;
}

const MINUTE_MS = 60_000;
/** A shop may sell nothing for a night. */
const TRUSTED_MS = 86_400_000;
/** The bound of memory: at 200 bytes each some 2 MB. The address that was silent for longest is forgotten first. */
const MAX_ADDRESSES = 10_000;
/** Only who proved itself gets in here, so no flood can push the true senders out. */
const MAX_TRUSTED = 1_000;

export class FailureLimit {
  readonly #limits: FailureLimits;
  readonly #now: () => Date;
  readonly #entries = new Map<string, Entry>();
  /** Address → until when. */
  readonly #trusted = new Map<string, number>();

  constructor(limits: FailureLimits, now: () => Date) {
    this.#limits = limits;
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether to refuse without looking; from a shut address it takes one of the passes. `address` is undefined when its socket is gone. */
  isShut(address: string | undefined): boolean {
    const key = networkOf(address);
    const entry = this.#entries.get(key);
    if (!entry) return false;
    const now = this.#now().getTime();
    const isOpen = this.#refilled(entry, now) >= 1 || (this.#trusted.get(key) ?? Number.NEGATIVE_INFINITY) >= now;
    return !isOpen && !this.#takePass(entry, now);
  }

  /** Counts one failure; true when it is one too many and should be answered 429. */
  fail(address: string | undefined): boolean {
    const now = this.#now().getTime();
    const entry = this.#touch(networkOf(address), now);
    entry.tokens = Math.max(0, this.#refilled(entry, now) - 1);
    entry.refilledAt = now;
    return this.#limits.hard - entry.tokens > this.#limits.soft;
  }

  /** Something authentic came from there. */
  succeed(address: string | undefined): void {
    renew(this.#trusted, networkOf(address), this.#now().getTime() + TRUSTED_MS, MAX_TRUSTED);
  }

  #touch(key: string, now: number): Entry {
    const entry = this.#entries.get(key) ?? {
      tokens: this.#limits.hard,
      refilledAt: now,
      passes: 0,
      secondAt: Number.NEGATIVE_INFINITY,
    };
    renew(this.#entries, key, entry, MAX_ADDRESSES);
    return entry;
  }

  #takePass(entry: Entry, now: number): boolean {
    if (now < entry.secondAt || now - entry.secondAt >= 1_000) {
      entry.passes = this.#limits.passesPerSecond;
      entry.secondAt = now;
    }
    entry.passes -= 1;
    return entry.passes >= 0;
  }

  /** The soft limit is a rate: as many failures as it allows are forgiven each minute. */
  #refilled(entry: Entry, now: number): number {
    const gained = (Math.max(0, now - entry.refilledAt) / MINUTE_MS) * this.#limits.soft;
    return Math.min(this.#limits.hard, entry.tokens + gained);
  }
}

/** Puts the entry at the young end of the map, and drops the oldest one beyond the bound. */
function renew<Value>(entries: Map<string, Value>, key: string, value: Value, bound: number): void {
  entries.delete(key);
  entries.set(key, value);
  const oldest = entries.size > bound ? entries.keys().next() : null;
  if (oldest && !oldest.done) entries.delete(oldest.value);
}
