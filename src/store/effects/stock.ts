import type { StockLevel, StockMovement } from "../../payments/stock.ts";
import { type RawBoolean, type RawInteger, type RawTime, readTime } from "../columns.ts";
import type { Columns, Dialect } from "../dialect.ts";
import { jsonRows, type Row } from "../json-rows.ts";
import type { Session } from "../session.ts";
import { statement, type Upsert, upsert, type WriteContext } from "../upsert.ts";

export const LEVEL_COLUMNS = "l.live, l.sku, l.on_hand, l.low_at, l.sequence, l.created_at";

export interface LevelRow {
  readonly live: RawBoolean;
  readonly sku: string;
  readonly on_hand: RawInteger;
  readonly low_at: RawInteger | null;
  readonly sequence: RawInteger;
  readonly created_at: RawTime;
}

export function readLevel(row: LevelRow): StockLevel {
  return {
    live: Boolean(row.live),
    sku: row.sku,
    onHand: Number(row.on_hand),
    lowAt: row.low_at === null ? null : Number(row.low_at),
    sequence: Number(row.sequence),
    createdAt: readTime(row.created_at).getTime(),
  };
}

const PLACE_COLUMNS = { live: "boolean", sku: "text" } as const;

/**
 * Locks the levels of those SKUs that have one, in one order always, and reads them: SKUs of which nobody keeps count cost
 * this one statement. Who makes a level waits for the name as well.
 */
export async function lockLevels(
  session: Session,
  dialect: Dialect,
  places: readonly { readonly live: boolean; readonly sku: string }[],
): Promise<readonly StockLevel[]> {
  if (places.length === 0) return [];
  const rows = await session.query<LevelRow>(
    "lockStock",
    `select ${LEVEL_COLUMNS} from ${dialect.rows(1, PLACE_COLUMNS)} join stock_levels l on l.live = r.live and l.sku = r.sku
     order by l.live, l.sku ${dialect.forUpdate("l")}`,
    jsonRows(
      dialect,
      "stock_levels",
      PLACE_COLUMNS,
      places.map(({ live, sku }) => ({ live, sku })),
    ),
  );
  return rows.map(readLevel);
}

const LEVELS: Upsert = {
  table: "stock_levels",
  columns: {
    ...{ live: "boolean", sku: "text", on_hand: "bigint", low_at: "bigint", sequence: "integer" },
    ...{ created_at: "time", changed_at: "time" },
  },
  key: ["live", "sku"],
  over: ["on_hand", "low_at", "sequence", "changed_at"],
};

export function writeStockLevels(context: WriteContext, levels: readonly StockLevel[]): Promise<void> {
  const rows = levels.map(({ live, sku, onHand, lowAt, sequence, createdAt }) => ({
    live,
    sku,
    on_hand: onHand,
    low_at: lowAt,
    sequence,
    created_at: new Date(createdAt),
    changed_at: context.now,
  }));
  return upsert(context, LEVELS, rows);
}

const MOVEMENT_COLUMNS: Columns = {
  ...{ live: "boolean", sku: "text", sequence: "integer", delta: "bigint", on_hand: "bigint", low_at: "bigint" },
  ...{
    oversold: "boolean",
    order: "text",
    version: "integer",
    input: "text",
    reason: "text",
    actor: "text",
    at: "time",
  },
};

/** A number that is taken is a `conflict`: somebody moved the SKU, or the order its goods, meanwhile. */
export function writeStockMovements(context: WriteContext, movements: readonly StockMovement[]): Promise<void> {
  const names = Object.keys(MOVEMENT_COLUMNS).map((name) => `"${name}"`);
  return statement(
    context,
    "stock_movements",
    MOVEMENT_COLUMNS,
    movements.map((movement) => movementRow(movement, context.now)),
    (source) =>
      `insert into stock_movements (${names.join(", ")}) select ${names.map((name) => `r.${name}`).join(", ")}
       from ${source} order by r.live, r.sku, r.sequence`,
  );
}

function movementRow({ live, sku, sequence, delta, onHand, lowAt, oversold, cause }: StockMovement, at: Date): Row {
  const common = { live, sku, sequence, delta, on_hand: onHand, low_at: lowAt, oversold, at };
  return cause.kind === "order"
    ? { order: cause.order, version: cause.version, input: null, reason: cause.status, actor: null, ...common }
    : { order: null, version: null, input: cause.input, reason: cause.reason, actor: cause.by, ...common };
}
