import type { OrderState } from "../payments/state.ts";
import { NOTHING_TAKEN, type OrderStock } from "../payments/stock.ts";
import { Levels, takeStock } from "../pipeline/effects/stock.ts";
import { NOTHING_WRITTEN } from "../pipeline/nothing-written.ts";
import type { Rules } from "../pipeline/rules.ts";
import { moveLoaded } from "../pipeline/stock-loads.ts";
import type { Audit, AuditedOrder, AuditedTaking, Repair } from "../store/audit.ts";
import type { StockPlace } from "../store/store.ts";
import { type LostLoad, nameOf } from "./check-stock.ts";

/** Writes a level by its movements, under the locks of who moves it. */
export function recount({ audit }: { readonly audit: Audit }, place: StockPlace): Promise<void> {
  return audit.repair(async (repair) => {
    await repair.lock([`skus:${nameOf(place)}`]);
    await repair.lockStock([place]);
    await repair.recountStock(place);
  });
}

/** What was loaded, as the journal has it: what the stock says otherwise is written over, what it does not say is moved. */
export function restoreLoad(
  { audit, now }: { readonly audit: Audit; readonly now: () => Date },
  { input, load, wrong }: LostLoad,
): Promise<void> {
  const placesOf = (items: LostLoad["wrong"]) => items.map(({ sku }) => ({ live: load.live, sku }));
  const places = placesOf(load.items);
  return audit.repair(async (repair) => {
    await repair.lock([...places, ...placesOf(wrong)].map((place) => `skus:${nameOf(place)}`));
    await repair.lockStock(placesOf(wrong));
    for (const item of wrong) await repair.correctLoad(input, item);
    for (const place of placesOf(wrong)) await repair.recountStock(place);
    const levels = new Levels(await repair.lockStock(places));
    for (const item of load.items) moveLoaded(levels, load, item, { input, now: now() });
    await repair.write({
      ...NOTHING_WRITTEN,
      effects: { ...NOTHING_WRITTEN.effects, ...levels.rows() },
      events: levels.events(now()),
    });
  });
}

/**
 * What the orders have yet to take, under their locks: they have taken what their movements say, and never move what was
 * decided not to be counted for them.
 */
export async function healTakings(
  { rules, now }: { readonly rules: Rules; readonly now: () => Date },
  repair: Repair,
  orders: readonly AuditedOrder[],
  expected: ReadonlyMap<string, OrderState>,
) {
  const takings = await repair.takingsOf(orders.map(({ reference }) => reference));
  const stocks = new Map(
    orders.map((order) => [
      order.reference,
      takenBy(
        order,
        takings.filter((one) => one.order === order.reference),
      ),
    ]),
  );
  const due = orders.flatMap(({ reference, row }) => {
    const state = expected.get(reference);
    if (!state || !rules.effects.has("stock")) return [];
    const stock = stocks.get(reference) ?? null;
    const record = row && { state: row.state ?? state, stock, createdAt: new Date(row.createdAt) };
    return [{ state, record }];
  });
  const { rows, events } = await takeStock(repair, { orders: due, rules, now: now() });
  const stockOf = (reference: string): OrderStock | null =>
    rows.orderStock?.get(reference) ?? stocks.get(reference) ?? null;
  return { effects: { ...NOTHING_WRITTEN.effects, ...rows }, events, stockOf };
}

function takenBy({ row }: AuditedOrder, takings: readonly AuditedTaking[]): OrderStock | null {
  const known = row?.stock ?? null;
  if (known === null && takings.length === 0) return null;
  const never = [...(known ?? NOTHING_TAKEN).taken].filter(([, pieces]) => pieces === null);
  const taken = new Map([...never, ...takings.map(({ sku, taken: pieces }) => [sku, pieces] as const)]);
  return { version: Math.max(known?.version ?? 0, ...takings.map(({ version }) => version)), taken };
}
