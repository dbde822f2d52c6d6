import { collect } from "../payments/collect.ts";
import type { OrderState } from "../payments/state.ts";
import { NOTHING_TAKEN, stockDue, stockTarget } from "../payments/stock.ts";
import type { Rules } from "../pipeline/rules.ts";
import type { JournaledLoad } from "../pipeline/stock-loads.ts";
import type { AuditedInput, AuditedLevel, AuditedOrder, AuditedTaking, AuditView } from "../store/audit.ts";
import type { StockPlace } from "../store/store.ts";
import type { Report } from "./finding.ts";

/** What orders have taken beside what they should have, and beside their movements. */
export async function checkTakings(
  view: AuditView,
  rules: Rules,
  orders: readonly AuditedOrder[],
  expected: ReadonlyMap<string, OrderState>,
  report: Report,
): Promise<void> {
  const takings = collect(await view.takingsOf(orders.map(({ reference }) => reference)), ({ order }) => order);
  const counted = await countedBefore(view, rules, orders, expected);
  for (const { reference, row } of orders) {
    const stock = row?.stock ?? NOTHING_TAKEN;
    const moved = takings.get(reference) ?? [];
    checkSums(reference, stock.taken, moved, report);
    const state = expected.get(reference);
    if (!state || !rules.effects.has("stock")) continue;
    for (const [sku, pieces] of stockDue(stockTarget(state, rules.stockReturns), stock)) {
      if (row?.stock || counted.has(`${reference} ${sku}`))
        report("order_stock", reference, `${pieces} of ${sku} are still to be taken`);
    }
  }
}

function checkSums(
  reference: string,
  taken: ReadonlyMap<string, number | null>,
  moved: readonly AuditedTaking[],
  report: Report,
): void {
  const sums = new Map(moved.map((taking) => [taking.sku, taking.taken]));
  for (const sku of new Set([...taken.keys(), ...sums.keys()])) {
    const [says, sum] = [taken.get(sku) ?? 0, sums.get(sku) ?? 0];
    if (says !== sum)
      report("order_stock", reference, `says that it took ${says} of ${sku}, and its movements took ${sum}`);
  }
}

/**
 * `<order> <sku>` of what was counted before the order came, where the order says nothing of the stock: it should. Where
 * the SKU is younger, or the stock was switched off, nobody can tell.
 */
async function countedBefore(
  view: AuditView,
  rules: Rules,
  orders: readonly AuditedOrder[],
  expected: ReadonlyMap<string, OrderState>,
): Promise<ReadonlySet<string>> {
  const silent = orders.flatMap(({ reference, row }) => {
    const state = expected.get(reference);
    if (!state || !row || row.stock) return [];
    const skus = [...stockTarget(state, rules.stockReturns).keys()];
    return skus.map((sku) => ({ reference, sku, live: state.expectation?.live ?? false, createdAt: row.createdAt }));
  });
  const levels = silent.length === 0 ? [] : await view.levelsAt(distinct(silent));
  const since = new Map(
    levels.map(({ place, level }) => [nameOf(place), level?.createdAt ?? Number.POSITIVE_INFINITY]),
  );
  const counted = silent.filter((one) => (since.get(nameOf(one)) ?? Number.POSITIVE_INFINITY) < one.createdAt);
  return new Set(counted.map(({ reference, sku }) => `${reference} ${sku}`));
}

function distinct(places: readonly StockPlace[]): readonly StockPlace[] {
  return [...new Map(places.map((place) => [nameOf(place), place])).values()];
}

/** Before all others, in the order of the database. */
export const FIRST_PLACE: StockPlace = { live: false, sku: "" };

export function nameOf({ live, sku }: StockPlace): string {
  return `${live ? "live" : "test"}/${sku}`;
}

/** The place that `nameOf` named. */
export function placeOf(name: string): StockPlace {
  return { live: name.startsWith("live/"), sku: name.slice(name.indexOf("/") + 1) };
}

/** A page of levels: each is what its movements come to, and these follow one another. */
export function checkLevels(levels: readonly AuditedLevel[], report: Report): void {
  for (const { place, level, movements } of levels) {
    const tell = (detail: string): void => report("stock_level", nameOf(place), detail);
    if (movements === null) {
      tell("it has a level that nothing moved");
      continue;
    }
    const { count, last, total, wrong, unexplained, lowAt } = movements;
    if (level === null) tell("it has movements and no level");
    else if (level.onHand !== total || level.sequence !== last || level.lowAt !== lowAt)
      tell(`its level is ${level.onHand} after ${level.sequence} movements, and ${last} of them come to ${total}`);
    if (count !== last) tell(`of ${last} movements there are ${count}`);
    if (wrong > 0) tell(`${wrong} movements do not go on from those before them`);
    if (unexplained > 0) tell(`${unexplained} movements came with inputs that are not in the journal`);
  }
}

/** What a page of the journal says was loaded, and is not in the stock so; with where it is to be put. */
export async function lostLoads(
  view: AuditView,
  inputs: readonly AuditedInput[],
  report: Report,
): Promise<readonly LostLoad[]> {
  const loads = inputs.flatMap((input) => {
    const load = input.kind === "stock" ? loadOf(input) : null;
    return load ? [{ input, load }] : [];
  });
  if (loads.length === 0) return [];
  const moved = collect(await view.loadsBy(loads.map(({ input }) => input.id)), ({ input }) => input);
  return loads.flatMap(({ input, load }) => {
    const own = new Map((moved.get(input.id) ?? []).map(({ sku, delta }) => [sku, delta]));
    for (const { sku, delta } of load.items) {
      const stored = own.get(sku);
      if (stored !== delta)
        report("stock_loaded", input.id, `moved ${sku} by ${delta}, and the stock says ${stored ?? "nothing"}`);
    }
    const items = load.items.filter(({ sku }) => !own.has(sku));
    const wrong = load.items.filter(({ sku, delta }) => own.has(sku) && own.get(sku) !== delta);
    return items.length + wrong.length === 0 ? [] : [{ input: input.id, load: { ...load, items }, wrong }];
  });
}

export interface LostLoad {
  readonly input: string;
  /** With what the stock does not say at all. */
  readonly load: JournaledLoad;
  /** What it says otherwise. */
  readonly wrong: JournaledLoad["items"];
}

/** Null where the text is no load: whatever it is, its body is checked by its hash. */
function loadOf({ body }: AuditedInput): JournaledLoad | null {
  try {
    // Proven by its hash: `loadStock` journaled it.
    const load = JSON.parse(Buffer.from(body).toString("utf8")) as JournaledLoad;
    return Array.isArray(load.items) ? load : null;
  } catch {
    return null;
  }
}
