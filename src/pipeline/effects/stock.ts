import type { OrderState } from "../../payments/state.ts";
import {
  isLow,
  type MovementCause,
  NOTHING_TAKEN,
  type OrderStock,
  type Pieces,
  type StockLevel,
  type StockMovement,
  type StockReturn,
  stockDue,
  stockTarget,
} from "../../payments/stock.ts";
import type { NewEvent, OrderRecord, Transaction } from "../../store/store.ts";
import { newId } from "../ids.ts";
import type { Effect, EffectCause } from "./effect.ts";
import { type EffectResult, NO_EFFECT } from "./result.ts";

/** An order as it was committed last, and as it is now. */
export interface OrderToStock {
  readonly state: OrderState;
  readonly record: Pick<OrderRecord, "state" | "stock" | "createdAt"> | null;
}

export const takeStockOfOrders: Effect = (transaction, _held, { orders, rules, now }) =>
  takeStock(transaction, {
    orders: orders.map(({ state, before }) => ({ state, record: before.record })),
    rules,
    now,
  });

/** Takes from the stock what the changed orders have yet to take, and gives back what they have not. */
export function takeStock(
  transaction: Pick<Transaction, "lockStock">,
  { orders, rules, now }: Pick<EffectCause, "rules" | "now"> & { readonly orders: readonly OrderToStock[] },
): Promise<EffectResult> {
  const due = orders.flatMap((order) => dueOf(order, rules.stockReturns));
  return due.length === 0 ? Promise.resolve(NO_EFFECT) : post(transaction, due, now);
}

interface Due {
  readonly order: OrderToStock;
  readonly stock: OrderStock;
  /** To take; below zero it is given back. */
  readonly pieces: Pieces;
  /** What it would have taken as it was committed last, had anybody looked: with `EFFECTS` without stock nobody did. */
  readonly missed: Pieces;
}

function dueOf(order: OrderToStock, returns: ReadonlySet<StockReturn>): readonly Due[] {
  const stock = order.record?.stock ?? NOTHING_TAKEN;
  const pieces = stockDue(stockTarget(order.state, returns), stock);
  if (pieces.size === 0) return [];
  const missed = order.record?.stock === null ? stockTarget(order.record.state, returns) : new Map<string, number>();
  return [{ order, stock, pieces, missed }];
}

async function post(
  transaction: Pick<Transaction, "lockStock">,
  due: readonly Due[],
  now: Date,
): Promise<EffectResult> {
  const sorted = [...due].sort((a, b) => (a.order.state.reference < b.order.state.reference ? -1 : 1));
  const places = sorted.flatMap(({ order, pieces }) => [...pieces.keys()].map((sku) => placeOf(order, sku)));
  const levels = new Levels(await transaction.lockStock(places));
  const orderStock = new Map(sorted.map((one) => [one.order.state.reference, take(levels, one)]));
  return { rows: { ...levels.rows(), orderStock }, events: levels.events(now) };
}

function placeOf({ state }: OrderToStock, sku: string) {
  return { live: state.expectation?.live ?? false, sku };
}

/** Of a SKU without a level nobody keeps count: what was decided so once stays so for this order. */
function take(levels: Levels, { order, stock, pieces, missed }: Due): OrderStock {
  const { reference, status } = order.state;
  const version = stock.version + 1;
  const taken = new Map(stock.taken);
  for (const [sku, number] of pieces) {
    const place = placeOf(order, sku);
    const level = levels.get(place);
    const isCounted = level !== undefined && !(missed.has(sku) && isYoung(level, order));
    taken.set(sku, isCounted ? (taken.get(sku) ?? 0) + number : null);
    if (isCounted) levels.move(level, -number, { kind: "order", order: reference, version, status });
  }
  return { version, taken };
}

/** What the order took before anybody counted the SKU is not in its level. */
function isYoung(level: StockLevel, { record }: OrderToStock): boolean {
  return record !== null && level.createdAt >= record.createdAt.getTime();
}

/** The levels of one transaction, under their locks. */
export class Levels {
  readonly #before: ReadonlyMap<string, StockLevel>;
  readonly #now: Map<string, StockLevel>;
  readonly #movements: StockMovement[] = [];

  constructor(levels: readonly StockLevel[]) {
    this.#before = new Map(levels.map((level) => [nameOf(level), level]));
    this.#now = new Map(this.#before);
  }

  get(place: { readonly live: boolean; readonly sku: string }): StockLevel | undefined {
    return this.#now.get(nameOf(place));
  }

  move(level: StockLevel, delta: number, cause: MovementCause, lowAt = level.lowAt): void {
    const { live, sku } = level;
    const after = { ...level, onHand: level.onHand + delta, lowAt, sequence: level.sequence + 1 };
    this.#now.set(nameOf(level), after);
    const oversold = cause.kind === "order" && delta < 0 && after.onHand < 0;
    this.#movements.push({ live, sku, sequence: after.sequence, delta, onHand: after.onHand, lowAt, oversold, cause });
  }

  rows() {
    const moved = new Set(this.#movements.map(nameOf));
    const stockLevels = [...this.#now].filter(([name]) => moved.has(name)).map(([, level]) => level);
    return { stockLevels, stockMovements: this.#movements };
  }

  /** Told of levels that are low now and were not: once for each time that they come down. */
  events(now: Date): readonly NewEvent[] {
    return [...this.#now].flatMap(([name, level]) => {
      const before = this.#before.get(name);
      return isLow(level) && !(before && isLow(before)) ? [lowEvent(level, now)] : [];
    });
  }
}

function nameOf({ live, sku }: { readonly live: boolean; readonly sku: string }): string {
  return `${live ? "live" : "test"}/${sku}`;
}

function lowEvent(level: StockLevel, now: Date): NewEvent {
  const { live, sku, sequence, onHand, lowAt } = level;
  return {
    id: newId("evt", now),
    type: "stock.low",
    key: `stock.low:${nameOf(level)}:${sequence}`,
    payment: null,
    order: null,
    sequence,
    live,
    snapshot: JSON.stringify({ stock: { sku, level: onHand, lowAt, live } }),
  };
}
