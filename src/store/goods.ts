import type { GivenLicense } from "../payments/goods.ts";

/** The port to what is handed out: license keys by unit, and how downloads were used. */

/** Test orders are given keys of their own. */
export interface Pool {
  readonly pool: string;
  readonly live: boolean;
}

export interface GivenKey extends GivenLicense, Pool {
  readonly seq: bigint;
  readonly order: string;
  readonly key: string;
  readonly givenAt: Date;
  readonly revokedAt: Date | null;
}

export interface FreeKey {
  readonly seq: bigint;
  readonly key: string;
}

/** Units of an order that have no key yet. */
export interface LicenseWait extends Pool {
  /** Who came to wait first has the lowest. */
  readonly seq: bigint;
  readonly order: string;
  readonly sku: string;
  /** 0: it waits no more, or not now; it keeps its place. */
  readonly missing: number;
  readonly since: Date;
}

export interface DownloadGrant {
  readonly order: string;
  readonly sku: string;
  readonly grantedAt: Date;
  readonly expiresAt: Date;
  readonly allowed: number;
  readonly count: number;
  readonly lastUsedAt: Date | null;
  readonly renewals: number;
}

/** What one order was given. */
export interface OrderGoods {
  readonly licenses: readonly GivenKey[];
  readonly waits: readonly LicenseWait[];
  readonly downloads: readonly DownloadGrant[];
}

export interface PoolCounts extends Pool {
  readonly loaded: number;
  readonly free: number;
  readonly given: number;
  /** Of the given ones. */
  readonly revoked: number;
  /** Units that wait for a key. */
  readonly waiting: number;
}

export interface GoodsTransaction {
  licensesOf(orders: readonly string[]): Promise<Omit<OrderGoods, "downloads">>;
  downloadsOf(orders: readonly string[]): Promise<OrderGoods["downloads"]>;
  /** How often each pool was loaded, and the wait whose turn it is. */
  pools(pools: readonly Pool[]): Promise<readonly (Pool & { readonly loads: number; readonly next: bigint | null })[]>;
  /** Free keys, those loaded first, that nobody else can take until this transaction ends. */
  freeKeys(pool: Pool, limit: number): Promise<readonly FreeKey[]>;
  /** Which of the fingerprints were loaded already, into whatever pool. */
  knownKeys(fingerprints: readonly string[]): Promise<ReadonlySet<string>>;
  /** Rejects as `conflict` where one of them was loaded meanwhile. */
  loadKeys(
    pool: Pool,
    input: string,
    keys: readonly { readonly key: string; readonly fingerprint: string }[],
  ): Promise<void>;
  /** Grants anew: counts begin again. */
  renew(renewed: readonly Pick<DownloadGrant, "order" | "sku" | "expiresAt" | "allowed">[]): Promise<void>;
}

export interface GoodsStore {
  ofOrder(order: string): Promise<OrderGoods>;
  /** By name; at most 1,000. */
  pools(): Promise<readonly PoolCounts[]>;
  /** Orders that wait in a pool in which there are keys, who waits longest first. */
  waiting(limit: number): Promise<readonly string[]>;
  /**
   * Counts a download that begins now; one that goes on with what was counted before is free, within bounds. False where it
   * was not to be had any more.
   */
  useDownload(use: {
    readonly order: string;
    readonly sku: string;
    readonly isResumed: boolean;
    readonly now: Date;
  }): Promise<boolean>;
}
