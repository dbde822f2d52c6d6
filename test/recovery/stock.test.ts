import { describe, expect, test } from "vitest";
import type { StockItem } from "../../src/pipeline/stock-loads.ts";
import { loadStock } from "../../src/pipeline/stock-loads.ts";
import { line } from "../pipeline/purchase.ts";
import { availableDialects } from "../store/databases.ts";
import { type Bench, broken, withHistories } from "./bench.ts";

const load = ({ store }: Bench, reference: string, ...items: readonly StockItem[]) =>
  loadStock({ store, now: () => new Date() }, { reference, live: false, by: "ann", reason: "counted", items });

const level = async ({ store }: Bench) => (await store.read.stockLevel({ live: false, sku: "TEA" }))?.onHand;

/** What somebody does to the stock, and the laws that find it. */
const TAMPERINGS: readonly (readonly [string, string, readonly string[]])[] = [
  ["a level", "update stock_levels set on_hand = 99", ["stock_level"]],
  ["a threshold", "update stock_levels set low_at = 9", ["stock_level"]],
  ["a level's number", "update stock_levels set sequence = 1", ["stock_level"]],
  ["a level that is gone", "delete from stock_levels", ["stock_level"]],
  ["a movement", "update stock_movements set delta = -9 where delta = -2", ["order_stock", "stock_level"]],
  [
    "an order's movement that is gone",
    `delete from stock_movements where "order" = 'a1'`,
    ["order_stock", "stock_level"],
  ],
  ["a load that is gone", "delete from stock_movements where delta = 10", ["stock_level", "stock_loaded"]],
  ["a load's pieces", "update stock_movements set delta = 11 where delta = 10", ["stock_level", "stock_loaded"]],
  ["what an order says that it took", "update orders set stock = null where reference = 'a1'", ["order_stock"]],
];

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`the stock, checked on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("what somebody changes is found; a rebuild puts it right by movements, orders and the journal", async () => {
      await withHistories(dialect, [], async (bench) => {
        await load(bench, "first", { sku: "TEA", level: 10, lowAt: 2 });
        await bench.deliver("a1", [line("TEA", 2)]);
        await bench.deliver("a2", [line("TEA", 1)]);
        expect(await level(bench)).toBe(7);
        expect((await bench.check()).findings.kept).toEqual([]);
        for (const [what, sql, laws] of TAMPERINGS) {
          await bench.tamper.run(sql);
          expect.soft(broken(await bench.check()), what).toEqual(laws);
          const { remaining } = await bench.rebuild({ apply: true });
          expect.soft(remaining.kept, what).toEqual([]);
          expect.soft(await level(bench), what).toBe(7);
          expect.soft((await bench.check()).findings.kept, what).toEqual([]);
        }
      });
    }, 120_000);
  });
}
