import { canonical } from "../payments/canonical.ts";
import type { StockLevel } from "../payments/stock.ts";
import type { Store, Transaction } from "../store/store.ts";
import { Levels } from "./effects/stock.ts";
import { NO_LOCKS, withLocks } from "./locks.ts";
import { NOTHING_WRITTEN } from "./nothing-written.ts";
import { inputOf, storedKey } from "./own-input.ts";

/** A level that is set, or changed by some pieces. `lowAt` absent: as it was. */
export type StockItem = { readonly sku: string; readonly lowAt?: number | null } & (
  | { readonly level: number }
  | { readonly change: number }
);

/** What a person or the merchant's system says of the stock: each SKU once. */
export interface StockLoad {
  /** The merchant's own id of it: the same again is the same load. */
  readonly reference: string;
  readonly live: boolean;
  readonly by: string;
  readonly reason: string;
  readonly items: readonly StockItem[];
}

export type LoadAnswer =
  | { readonly kind: "done"; readonly created: boolean }
  | { readonly kind: "refused"; readonly reason: "already_recorded"; readonly message: string }
  /** All of them, by their place in `items`. Nothing was written. */
  | {
      readonly kind: "invalid";
      readonly problems: readonly { readonly index: number; readonly reason: "unknown_sku" | "out_of_bounds" }[];
    };

export interface StockLoads {
  load(load: StockLoad): Promise<LoadAnswer>;
}

/** More pieces than anybody has, and few enough for any sum of them to be exact. */
export const MAX_PIECES = 1_000_000_000_000;

/** As it is journaled: with what it came to, which depends on who was first. */
export interface JournaledLoad extends Omit<StockLoad, "items"> {
  readonly items: readonly (StockItem & { readonly delta: number })[];
}

/** Journaled before it acts, in the same transaction: levels can be computed again from the journal. */
export function loadStock(
  { store, now }: { readonly store: Store; readonly now: () => Date },
  load: StockLoad,
): Promise<LoadAnswer> {
  const { reference, live, items } = load;
  const key = `stock/${live ? "live" : "test"}/${reference}`;
  const names = items.map(({ sku }) => `${live ? "live" : "test"}/${sku}`);
  return withLocks(store, NO_LOCKS, async (transaction, held): Promise<LoadAnswer> => {
    // Its own key as well: two loads of one reference may name different SKUs.
    held.take("skus", [...names, key]);
    const [known] = await transaction.inputsByKey(storedKey(key));
    if (known) return isSame(known.body, load) ? { kind: "done", created: false } : REFUSED;
    const levels = new Levels(await transaction.lockStock(items.map(({ sku }) => ({ live, sku }))));
    const problems = items.flatMap((item, index) => {
      const reason = problemOf(item, levels.get({ live, sku: item.sku }));
      return reason === null ? [] : [{ index, reason }];
    });
    if (problems.length > 0) return { kind: "invalid", problems };
    await write(
      transaction,
      { ...load, items: items.map((item) => settled(item, levels, live)) },
      { key, levels, now: now() },
    );
    return { kind: "done", created: true };
  });
}

const REFUSED: LoadAnswer = {
  kind: "refused",
  reason: "already_recorded",
  message: "something else was loaded under this reference",
};

function isSame(body: Uint8Array, load: StockLoad): boolean {
  // Proven: only `write` below journals under such a key.
  const { items, ...rest } = JSON.parse(Buffer.from(body).toString("utf8")) as JournaledLoad;
  return canonical({ ...rest, items: items.map(({ delta: _delta, ...item }) => item) }) === canonical(load);
}

function problemOf(item: StockItem, level: StockLevel | undefined): "unknown_sku" | "out_of_bounds" | null {
  if (level === undefined && !("level" in item)) return "unknown_sku";
  const after = (level?.onHand ?? 0) + deltaOf(item, level);
  return Math.abs(after) > MAX_PIECES ? "out_of_bounds" : null;
}

function deltaOf(item: StockItem, level: StockLevel | undefined): number {
  return "level" in item ? item.level - (level?.onHand ?? 0) : item.change;
}

function settled(item: StockItem, levels: Levels, live: boolean): JournaledLoad["items"][number] {
  return { ...item, delta: deltaOf(item, levels.get({ live, sku: item.sku })) };
}

async function write(
  transaction: Transaction,
  load: JournaledLoad,
  { key, levels, now }: { readonly key: string; readonly levels: Levels; readonly now: Date },
): Promise<void> {
  const input = inputOf("stock", key, load, now);
  await transaction.journal([{ ...input, reason: null }]);
  for (const item of load.items) moveLoaded(levels, load, item, { input: input.id, now });
  const { stockLevels, stockMovements } = levels.rows();
  await transaction.write(
    {
      ...NOTHING_WRITTEN,
      effects: { ...NOTHING_WRITTEN.effects, stockLevels, stockMovements },
      events: levels.events(now),
    },
    null,
  );
}

/** Also by no pieces at all: who counted, and found what was thought, is worth knowing. */
export function moveLoaded(
  levels: Levels,
  { live, by, reason }: JournaledLoad,
  { sku, delta, lowAt }: JournaledLoad["items"][number],
  { input, now }: { readonly input: string; readonly now: Date },
): void {
  const level = levels.get({ live, sku }) ?? {
    live,
    sku,
    onHand: 0,
    lowAt: null,
    sequence: 0,
    createdAt: now.getTime(),
  };
  levels.move(level, delta, { kind: "loaded", input, by, reason }, lowAt === undefined ? level.lowAt : lowAt);
}
