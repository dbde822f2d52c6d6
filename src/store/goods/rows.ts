import { type RawBoolean, type RawInteger, type RawTime, readOptionalTime, readTime } from "../columns.ts";
import type { DownloadGrant, GivenKey, LicenseWait, OrderGoods } from "../goods.ts";

/** What orders were given, as its tables hold it. `among` is a condition on `"order"`. */

/** Asks with one statement, or for none. */
export type Ask = <Row>(during: string, sql: (among: string) => string) => Promise<readonly Row[]>;

export async function readLicenses(ask: Ask): Promise<Omit<OrderGoods, "downloads">> {
  const keys = await ask<KeyRow>(
    "goods.keys",
    (among) => `select seq, pool, live, key, "order", sku, unit, given_at, revoked_at from license_keys
      where ${among} order by "order", pool, sku, unit`,
  );
  const waits = await ask<WaitRow>(
    "goods.waits",
    (among) => `select seq, "order", pool, sku, live, missing, since from license_waits where ${among} order by seq`,
  );
  return { licenses: keys.map(readKey), waits: waits.map(readWait) };
}

export async function readDownloads(ask: Ask): Promise<OrderGoods["downloads"]> {
  const rows = await ask<GrantRow>(
    "goods.downloads",
    (among) => `select "order", sku, granted_at, expires_at, allowed, count, last_used_at, renewals from downloads
      where ${among} order by "order", sku`,
  );
  return rows.map(readGrant);
}

interface KeyRow {
  readonly seq: RawInteger;
  readonly pool: string;
  readonly live: RawBoolean;
  readonly key: string;
  readonly order: string;
  readonly sku: string;
  readonly unit: RawInteger;
  readonly given_at: RawTime;
  readonly revoked_at: RawTime | null;
}

function readKey({ pool, key, order, sku, ...row }: KeyRow): GivenKey {
  return {
    ...{ pool, key, order, sku },
    seq: BigInt(row.seq),
    live: Boolean(row.live),
    unit: Number(row.unit),
    givenAt: readTime(row.given_at),
    revokedAt: readOptionalTime(row.revoked_at),
    isRevoked: row.revoked_at !== null,
  };
}

interface WaitRow {
  readonly seq: RawInteger;
  readonly order: string;
  readonly pool: string;
  readonly sku: string;
  readonly live: RawBoolean;
  readonly missing: RawInteger;
  readonly since: RawTime;
}

function readWait({ order, pool, sku, ...row }: WaitRow): LicenseWait {
  return {
    ...{ order, pool, sku },
    seq: BigInt(row.seq),
    live: Boolean(row.live),
    missing: Number(row.missing),
    since: readTime(row.since),
  };
}

interface GrantRow {
  readonly order: string;
  readonly sku: string;
  readonly granted_at: RawTime;
  readonly expires_at: RawTime;
  readonly allowed: RawInteger;
  readonly count: RawInteger;
  readonly last_used_at: RawTime | null;
  readonly renewals: RawInteger;
}

function readGrant({ order, sku, ...row }: GrantRow): DownloadGrant {
  return {
    ...{ order, sku },
    grantedAt: readTime(row.granted_at),
    expiresAt: readTime(row.expires_at),
    allowed: Number(row.allowed),
    count: Number(row.count),
    lastUsedAt: readOptionalTime(row.last_used_at),
    renewals: Number(row.renewals),
  };
}
