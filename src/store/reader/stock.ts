import type { MovementCause, StockLevel } from "../../payments/stock.ts";
import { type RawBoolean, type RawInteger, type RawTime, readTime } from "../columns.ts";
import { LEVEL_COLUMNS, type LevelRow, readLevel } from "../effects/stock.ts";
import { storable } from "../json-rows.ts";
import type { StockFilter, StockMovementView } from "../reading.ts";
import type { Database } from "../session.ts";
import type { Page, PageRequest, StockPlace } from "../store.ts";
import { pageOf, readCursor, rowsFor } from "./cursor.ts";

/** More movements of one order nobody looks through. */
const MAX_OF_ORDER = 1_000;

/** By SKU. */
export async function listLevels(
  database: Database,
  { live, low }: StockFilter,
  page: PageRequest,
): Promise<Page<StockLevel>> {
  const after = readCursor(page.cursor)?.id ?? "";
  const condition = low === true ? "and l.low_at is not null and l.on_hand <= l.low_at" : "";
  const rows = await database.reads.query<LevelRow>(
    "stockLevels",
    `select ${LEVEL_COLUMNS} from stock_levels l where l.live = $1 and l.sku > $2 ${condition} order by l.sku limit $3`,
    live,
    storable("cursor", after),
    rowsFor(page),
  );
  return pageOf(page, rows, ({ sku }) => ({ at: 0, id: sku }), readLevel);
}

export async function findLevel(database: Database, { live, sku }: StockPlace): Promise<StockLevel | null> {
  const [row] = await database.reads.query<LevelRow>(
    "stockLevel",
    `select ${LEVEL_COLUMNS} from stock_levels l where l.live = $1 and l.sku = $2`,
    live,
    storable("sku", sku),
  );
  return row === undefined ? null : readLevel(row);
}

const MOVEMENT_COLUMNS =
  'm.live, m.sku, m.sequence, m.delta, m.on_hand, m.low_at, m.oversold, m."order", m.version, m.input, m.reason, m.actor, m.at';

interface MovementRow {
  readonly live: RawBoolean;
  readonly sku: string;
  readonly sequence: RawInteger;
  readonly delta: RawInteger;
  readonly on_hand: RawInteger;
  readonly low_at: RawInteger | null;
  readonly oversold: RawBoolean;
  readonly order: string | null;
  readonly version: RawInteger | null;
  readonly input: string | null;
  readonly reason: string;
  readonly actor: string | null;
  readonly at: RawTime;
}

/** Newest first. */
export async function listMovements(
  database: Database,
  { live, sku }: StockPlace,
  page: PageRequest,
): Promise<Page<StockMovementView>> {
  const before = readCursor(page.cursor)?.at ?? Number.MAX_SAFE_INTEGER;
  const rows = await database.reads.query<MovementRow>(
    "stockMovements",
    `select ${MOVEMENT_COLUMNS} from stock_movements m where m.live = $1 and m.sku = $2 and m.sequence < $3
     order by m.sequence desc limit $4`,
    live,
    storable("sku", sku),
    Math.min(before, MAX_SEQUENCE),
    rowsFor(page),
  );
  return pageOf(page, rows, ({ sequence }) => ({ at: Number(sequence), id: "" }), readMovement);
}

/** What the column holds. */
const MAX_SEQUENCE = 2_147_483_647;

/** Oldest first. */
export async function movementsOf(database: Database, order: string): Promise<readonly StockMovementView[]> {
  const rows = await database.reads.query<MovementRow>(
    "stockMovementsOf",
    `select ${MOVEMENT_COLUMNS} from stock_movements m where m."order" = $1 order by m.version, m.sku limit $2`,
    storable("order", order),
    MAX_OF_ORDER,
  );
  return rows.map(readMovement);
}

function readMovement(row: MovementRow): StockMovementView {
  return {
    live: Boolean(row.live),
    sku: row.sku,
    sequence: Number(row.sequence),
    delta: Number(row.delta),
    onHand: Number(row.on_hand),
    lowAt: row.low_at === null ? null : Number(row.low_at),
    oversold: Boolean(row.oversold),
    cause: causeOf(row),
    at: readTime(row.at),
  };
}

function causeOf({ order, version, input, reason, actor }: MovementRow): MovementCause {
  if (order !== null) return { kind: "order", order, version: Number(version), status: reason };
  return { kind: "loaded", input: input ?? "", by: actor ?? "", reason };
}
