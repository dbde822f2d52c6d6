import type { RawBoolean, RawInteger } from "../columns.ts";
import type { Dialect } from "../dialect.ts";
import type { GoodsStore, PoolCounts } from "../goods.ts";
import { storable } from "../json-rows.ts";
import type { Database, Session } from "../session.ts";
import { type Ask, readDownloads, readLicenses } from "./rows.ts";

/** A download that was counted may be gone on with for so long, so often: what is more is somebody else's. */
const RESUMED_FOR_MS = 24 * 60 * 60 * 1000;
const MOST_RESUMED = 200;

const MOST_POOLS = 1_000;

/** `write`: one statement, retried. */
export function goodsOf(
  database: Database,
  write: <Result>(work: (session: Session) => Promise<Result>) => Promise<Result>,
): GoodsStore {
  const { reads, dialect } = database;
  return {
    ofOrder: async (order) => {
      const ask: Ask = (during, sql) => reads.query(during, sql('"order" = $1'), storable("order", order));
      return { ...(await readLicenses(ask)), downloads: await readDownloads(ask) };
    },
    pools: () => countPools(database),
    waiting: async (limit) => {
      const rows = await reads.query<{ order: string }>(
        "goods.waiting",
        `select w."order", min(w.seq) as place from license_waits w where w.missing > 0 and exists
           (select 1 from license_keys k where k.pool = w.pool and k.live = w.live and k."order" is null)
         group by w."order" order by place limit $1`,
        limit,
      );
      return rows.map(({ order }) => order);
    },
    useDownload: (use) => write((session) => useDownload(session, dialect, use)),
  };
}

async function useDownload(
  session: Session,
  dialect: Dialect,
  { order, sku, isResumed, now }: Parameters<GoodsStore["useDownload"]>[0],
): Promise<boolean> {
  const free = `$4 and counted_at > ${dialect.timeParameter(5)} and resumed < ${MOST_RESUMED}`;
  const changed = await session.execute(
    "goods.use",
    `update downloads set last_used_at = ${dialect.timeParameter(3)},
       count = case when ${free} then count else count + 1 end,
       resumed = case when ${free} then resumed + 1 else 0 end,
       counted_at = case when ${free} then counted_at else ${dialect.timeParameter(3)} end
     where "order" = $1 and sku = $2 and expires_at > ${dialect.timeParameter(3)} and (count < allowed or (${free}))`,
    storable("order", order),
    storable("sku", sku),
    dialect.time(now),
    isResumed,
    dialect.time(new Date(now.getTime() - RESUMED_FOR_MS)),
  );
  return changed === 1;
}

/** What was given is what was loaded and is not free: the given ones alone are counted one by one. */
async function countPools({ reads }: Database): Promise<readonly PoolCounts[]> {
  const rows = await reads.query<{
    pool: string;
    live: RawBoolean;
    loaded: RawInteger;
    free: RawInteger;
    revoked: RawInteger;
    waiting: RawInteger;
  }>(
    "goods.counts",
    `select n.pool, n.live, coalesce(p.loaded, 0) as loaded,
       (select count(*) from license_keys k where k.pool = n.pool and k.live = n.live and k."order" is null) as free,
       (select count(*) from license_keys k where k.pool = n.pool and k.live = n.live and k.revoked_at is not null) as revoked,
       (select coalesce(sum(w.missing), 0) from license_waits w where w.pool = n.pool and w.live = n.live and w.missing > 0) as waiting
     from (select pool, live from license_pools union select pool, live from license_waits where missing > 0) n
     left join license_pools p on p.pool = n.pool and p.live = n.live order by n.pool, n.live limit ${MOST_POOLS}`,
  );
  return rows.map(({ pool, live, ...row }) => {
    const [loaded, free] = [Number(row.loaded), Number(row.free)];
    const counts = { loaded, free, given: loaded - free, revoked: Number(row.revoked), waiting: Number(row.waiting) };
    return { pool, live: Boolean(live), ...counts };
  });
}
