import type { AuditedLevel, AuditedLoad, AuditedTaking } from "../audit.ts";
import type { RawBoolean, RawInteger, RawTime } from "../columns.ts";
import type { Dialect } from "../dialect.ts";
import { readLevel } from "../effects/stock.ts";
import { jsonRows, storable } from "../json-rows.ts";
import type { Session } from "../session.ts";
import type { StockPlace } from "../store.ts";
import type { Among } from "./among.ts";

/** The stock as the auditor sees it: sums are the database's, so that a page needs the memory of its rows alone. */

interface RawTaking {
  readonly order: string;
  readonly sku: string;
  readonly live: RawBoolean;
  readonly taken: RawInteger;
  readonly version: RawInteger;
}

export async function takingsOf(among: Among, orders: readonly string[]): Promise<readonly AuditedTaking[]> {
  const rows = await among<RawTaking>(
    "takingsOf",
    (is) => `select "order", sku, live, cast(-sum(delta) as bigint) as taken, max(version) as version
      from stock_movements where ${is('"order"')} group by "order", sku, live order by "order", sku, live`,
    orders,
  );
  return rows.map((row) => ({
    ...{ order: row.order, sku: row.sku, live: Boolean(row.live) },
    taken: Number(row.taken),
    version: Number(row.version),
  }));
}

export async function loadsBy(among: Among, inputs: readonly string[]): Promise<readonly AuditedLoad[]> {
  const rows = await among<{ input: string; sku: string; delta: RawInteger }>(
    "loadsBy",
    (is) => `select input, sku, delta from stock_movements where ${is("input")}`,
    inputs,
  );
  return rows.map((row) => ({ ...row, delta: Number(row.delta) }));
}

/** Every SKU has one movement with the number 1: an index tells them without reading the others. */
export async function levels(
  session: Session,
  dialect: Dialect,
  { live, sku }: StockPlace,
  limit: number,
): Promise<readonly AuditedLevel[]> {
  const source = (table: string, condition: string): string =>
    `select * from (select live, sku from ${table} where (live, sku) > ($1, $2) ${condition} order by live, sku limit $3) as ${table}_page`;
  const places = await session.query<{ live: RawBoolean; sku: string }>(
    "audit.levels",
    `select live, sku from (${source("stock_levels", "")} union ${source("stock_movements", "and sequence = 1")}) as named
     order by live, sku limit $3`,
    live,
    storable("sku", sku),
    limit,
  );
  return levelsAt(
    session,
    dialect,
    places.map((place) => ({ live: Boolean(place.live), sku: place.sku })),
  );
}

interface RawLevel {
  readonly live: RawBoolean;
  readonly sku: string;
  readonly on_hand: RawInteger | null;
  readonly low_at: RawInteger | null;
  readonly sequence: RawInteger;
  readonly created_at: RawTime;
  readonly count: RawInteger | null;
  readonly last: RawInteger;
  readonly total: RawInteger;
  readonly wrong: RawInteger;
  readonly unexplained: RawInteger;
  readonly last_low_at: RawInteger | null;
}

const PLACE_COLUMNS = { live: "boolean", sku: "text" } as const;

export async function levelsAt(
  session: Session,
  dialect: Dialect,
  places: readonly StockPlace[],
): Promise<readonly AuditedLevel[]> {
  if (places.length === 0) return [];
  const rows = await session.query<RawLevel>(
    "audit.levelsAt",
    `with places as (select live, sku from ${dialect.rows(1, PLACE_COLUMNS)}),
     counted as (
       select m.*, cast(sum(m.delta) over so_far as bigint) as reached, max(m.sequence) over (partition by m.live, m.sku) as newest
       from places p join stock_movements m on m.live = p.live and m.sku = p.sku
       window so_far as (partition by m.live, m.sku order by m.sequence)
     ),
     sums as (
       select live, sku, count(*) as count, max(sequence) as last, cast(sum(delta) as bigint) as total,
         sum(case when on_hand = reached then 0 else 1 end) as wrong,
         sum(case when input is not null and not exists (select 1 from inputs i where i.id = counted.input) then 1 else 0 end) as unexplained,
         max(case when sequence = newest then low_at end) as last_low_at
       from counted group by live, sku
     )
     select p.live, p.sku, l.on_hand, l.low_at, l.sequence, l.created_at,
       s.count, s.last, s.total, s.wrong, s.unexplained, s.last_low_at
     from places p left join stock_levels l on l.live = p.live and l.sku = p.sku
       left join sums s on s.live = p.live and s.sku = p.sku order by p.live, p.sku`,
    jsonRows(
      dialect,
      "places",
      PLACE_COLUMNS,
      places.map(({ live, sku }) => ({ live, sku })),
    ),
  );
  return rows.map(readAuditedLevel);
}

function readAuditedLevel(row: RawLevel): AuditedLevel {
  const { on_hand, count } = row;
  return {
    place: { live: Boolean(row.live), sku: row.sku },
    level: on_hand === null ? null : readLevel({ ...row, on_hand }),
    movements:
      count === null
        ? null
        : {
            count: Number(count),
            last: Number(row.last),
            total: Number(row.total),
            wrong: Number(row.wrong),
            unexplained: Number(row.unexplained),
            lowAt: row.last_low_at === null ? null : Number(row.last_low_at),
          },
  };
}

/** Numbers first below zero, so that none meets one that is still in use. */
export async function recountStock(session: Session, { live, sku }: StockPlace): Promise<void> {
  const run = (during: string, sql: string): Promise<number> =>
    session.execute(`repair.${during}`, sql, live, storable("sku", sku));
  const counted = `select sequence as old, row_number() over (order by sequence) as number,
    cast(sum(delta) over (order by sequence) as bigint) as reached from stock_movements where live = $1 and sku = $2`;
  await run(
    "stockNumbers",
    `update stock_movements set sequence = -c.number, on_hand = c.reached from (${counted}) as c
     where live = $1 and sku = $2 and sequence = c.old`,
  );
  await run(
    "stockOrder",
    "update stock_movements set sequence = -sequence where live = $1 and sku = $2 and sequence < 0",
  );
  const newest = "where m.live = $1 and m.sku = $2 order by m.sequence desc limit 1";
  await run(
    "stockLevel",
    `insert into stock_levels (live, sku, on_hand, low_at, sequence, created_at, changed_at)
     select m.live, m.sku, m.on_hand, m.low_at, m.sequence,
       (select f.at from stock_movements f where f.live = $1 and f.sku = $2 and f.sequence = 1), m.at
     from stock_movements m ${newest}
     on conflict (live, sku) do update set on_hand = excluded.on_hand, low_at = excluded.low_at, sequence = excluded.sequence`,
  );
}
