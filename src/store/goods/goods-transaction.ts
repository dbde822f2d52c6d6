import type { RawBoolean, RawInteger } from "../columns.ts";
import type { Columns, Dialect } from "../dialect.ts";
import type { GoodsTransaction, Pool } from "../goods.ts";
import { jsonRows, storable } from "../json-rows.ts";
import type { Session } from "../session.ts";
import { StoreError } from "../store.ts";
import { statement } from "../upsert.ts";
import { type Ask, readDownloads, readLicenses } from "./rows.ts";

export function goodsTransactionOn(session: Session, dialect: Dialect, now: () => Date): GoodsTransaction {
  const among = (orders: readonly string[]): Ask => {
    const list = dialect.list(orders.map((order) => storable("order", order)));
    return async (during, sql) =>
      orders.length === 0 ? [] : session.query(during, sql(dialect.among('"order"', 1)), list);
  };
  return {
    licensesOf: (orders) => readLicenses(among(orders)),
    downloadsOf: (orders) => readDownloads(among(orders)),
    pools: (pools) => readPools(session, dialect, pools),
    freeKeys: async ({ pool, live }, limit) => {
      const rows = await session.query<{ seq: RawInteger; key: string }>(
        "goods.free",
        `select seq, key from license_keys where pool = $1 and live = $2 and "order" is null
         order by seq limit $3 ${dialect.forUpdate()} ${dialect.skipLocked}`,
        storable("pool", pool),
        live,
        limit,
      );
      return rows.map(({ seq, key }) => ({ seq: BigInt(seq), key })).sort((a, b) => (a.seq < b.seq ? -1 : 1));
    },
    knownKeys: async (fingerprints) => {
      const rows = await session.query<{ fingerprint: string }>(
        "goods.known",
        `select fingerprint from license_keys where ${dialect.among("fingerprint", 1)}`,
        dialect.list(fingerprints),
      );
      return new Set(rows.map(({ fingerprint }) => fingerprint));
    },
    loadKeys: (pool, input, keys) => loadKeys(session, dialect, now, { ...pool, input, keys }),
    renew: (renewed) =>
      statement({ session, dialect, now: now() }, "downloads", RENEWED, renewed.map(renewedRow), renewDownloads),
  };
}

const RENEWED: Columns = { order: "text", sku: "text", expires_at: "time", allowed: "integer" };

function renewedRow({ order, sku, expiresAt, allowed }: Parameters<GoodsTransaction["renew"]>[0][number]) {
  return { order, sku, expires_at: expiresAt, allowed };
}

function renewDownloads(source: string): string {
  return `update downloads set expires_at = r.expires_at, allowed = r.allowed, count = 0, resumed = 0, counted_at = null,
    renewals = renewals + 1 from ${source} where downloads."order" = r."order" and downloads.sku = r.sku`;
}

const POOL_COLUMNS: Columns = { pool: "text", live: "boolean" };

async function readPools(
  session: Session,
  dialect: Dialect,
  pools: readonly Pool[],
): ReturnType<GoodsTransaction["pools"]> {
  if (pools.length === 0) return [];
  const rows = await session.query<{ pool: string; live: RawBoolean; loads: RawInteger; next: RawInteger | null }>(
    "goods.pools",
    `select r.pool, r.live, coalesce(p.loads, 0) as loads,
       (select min(w.seq) from license_waits w where w.pool = r.pool and w.live = r.live and w.missing > 0) as next
     from ${dialect.rows(1, POOL_COLUMNS)} left join license_pools p on p.pool = r.pool and p.live = r.live`,
    jsonRows(
      dialect,
      "license_pools",
      POOL_COLUMNS,
      pools.map(({ pool, live }) => ({ pool, live })),
    ),
  );
  return rows.map(({ pool, live, loads, next }) => ({
    pool,
    live: Boolean(live),
    loads: Number(loads),
    next: next === null ? null : BigInt(next),
  }));
}

const KEY_COLUMNS: Columns = {
  ...{ place: "integer", pool: "text", live: "boolean", fingerprint: "text", key: "text", input: "text" },
};

/** Numbered in the order given, so that they are handed out in it. */
async function loadKeys(
  session: Session,
  dialect: Dialect,
  now: () => Date,
  load: Pool & {
    readonly input: string;
    readonly keys: readonly { readonly key: string; readonly fingerprint: string }[];
  },
): Promise<void> {
  const { pool, live, input, keys } = load;
  const rows = keys.map(({ key, fingerprint }, place) => ({ place, pool, live, fingerprint, key, input }));
  const names = Object.keys(KEY_COLUMNS).filter((name) => name !== "place");
  const inserted = await session.execute(
    "goods.load",
    `insert into license_keys (${names.join(", ")}) select ${names.map((name) => `r.${name}`).join(", ")}
     from ${dialect.rows(1, KEY_COLUMNS)} ${dialect.beforeConflict} order by r.place on conflict (fingerprint) do nothing`,
    jsonRows(dialect, "license_keys", KEY_COLUMNS, rows),
  );
  if (inserted !== keys.length) throw new StoreError("conflict", "goods.load: a key was loaded meanwhile");
  await statement(
    { session, dialect, now: now() },
    "license_pools",
    { ...POOL_COLUMNS, loaded: "bigint" },
    [{ pool, live, loaded: keys.length }],
    (source) => `insert into license_pools (pool, live, loads, loaded) select r.pool, r.live, 1, r.loaded from ${source}
      ${dialect.beforeConflict} on conflict (pool, live) do update
      set loads = license_pools.loads + 1, loaded = license_pools.loaded + excluded.loaded`,
  );
}
