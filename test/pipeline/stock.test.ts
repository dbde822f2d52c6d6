import { expect, test } from "vitest";
import type { Expectation, OrderLine } from "../../src/payments/state.ts";
import type { StockItem } from "../../src/pipeline/stock-loads.ts";
import type { Store } from "../../src/store/store.ts";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { stripeEvent } from "../end-to-end/senders.ts";
import { eventually } from "../end-to-end/server.ts";
import { withRunning } from "./on-database.ts";
import { EXPECTED, history, line, send, settled, shuffled } from "./purchase.ts";
import { type Running, run } from "./running.ts";

const now = (): Date => new Date();

function ordering(...lines: readonly OrderLine[]): Expectation {
  return { ...EXPECTED, lines };
}

let loads = 0;
function load(running: Running, ...items: readonly StockItem[]) {
  loads += 1;
  return running.stock.load({ reference: `load ${loads}`, live: false, by: "ann", reason: "counted", items });
}

const levelOf = async (store: Store, sku: string) =>
  (await store.read.stockLevel({ live: false, sku }))?.onHand ?? null;

/** The first steps of a purchase: the money came. */
const paid = (order: string): readonly string[] => history(order).slice(1, 3);

function refund(order: string, amount: number, status = "succeeded"): string {
  const object = { id: `re_${order}_${amount}`, object: "refund", amount, charge: `ch_${order}`, currency: "usd" };
  return stripeEvent({
    id: `evt_${order}_${amount}_${status}`,
    type: status === "failed" ? "refund.failed" : "refund.created",
    object: { ...object, payment_intent: `pi_${order}`, status },
    created: Math.floor(Date.now() / 1000) - (status === "failed" ? 10 : 20),
  });
}

async function tell(store: Store, running: Running, ...bodies: readonly string[]): Promise<void> {
  for (const body of bodies) await send(running, body);
  await settled(store);
}

describeOnEachDatabase("stock", (open) => {
  test("a paid order takes its lines, a part given back nothing, all given back everything, a failed refund takes them again", async () => {
    await withRunning(open, async ({ store, running, findings }) => {
      await load(running, { sku: "TEA", level: 10 }, { sku: "CUP", level: 5 });
      await running.commands.register("s1", ordering(line("TEA", 2), line("CUP", 1), line("TEA", 1)));
      expect(await levelOf(store, "TEA")).toBe(10);
      await tell(store, running, ...paid("s1"));
      expect([await levelOf(store, "TEA"), await levelOf(store, "CUP")]).toEqual([7, 4]);
      await tell(store, running, refund("s1", 500));
      expect(await levelOf(store, "TEA")).toBe(7);
      await tell(store, running, refund("s1", 1499));
      expect([await levelOf(store, "TEA"), await levelOf(store, "CUP")]).toEqual([10, 5]);
      await tell(store, running, refund("s1", 1499, "failed"));
      expect([await levelOf(store, "TEA"), await levelOf(store, "CUP")]).toEqual([7, 4]);
      const movements = await store.read.stockMovementsOf("s1");
      expect(movements.map(({ sku, delta, cause }) => [sku, delta, cause])).toMatchObject([
        ["CUP", -1, { kind: "order", version: 1, status: "paid" }],
        ["TEA", -3, { version: 1, status: "paid" }],
        ["CUP", 1, { version: 2, status: "refunded" }],
        ["TEA", 3, { version: 2, status: "refunded" }],
        ["CUP", -1, { version: 3, status: "partially_refunded" }],
        ["TEA", -3, { version: 3, status: "partially_refunded" }],
      ]);
      expect(await findings()).toEqual([]);
    });
  });

  test("what is sold beyond the level is marked, and what comes down to its threshold is told, once each time", async () => {
    await withRunning(open, async ({ store, running, findings }) => {
      await load(running, { sku: "TEA", level: 3, lowAt: 1 });
      for (const order of ["o1", "o2", "o3"]) {
        await running.commands.register(order, ordering(line("TEA", 2)));
        await tell(store, running, ...paid(order));
      }
      expect(await levelOf(store, "TEA")).toBe(-3);
      const { rows } = await store.read.stockMovements({ live: false, sku: "TEA" }, { limit: 10, cursor: null });
      expect(rows.map(({ delta, onHand, oversold }) => [delta, onHand, oversold])).toEqual([
        [-2, -3, true],
        [-2, -1, true],
        [-2, 1, false],
        [3, 3, false],
      ]);
      await load(running, { sku: "TEA", change: 20 });
      await load(running, { sku: "TEA", change: -17 });
      const told = async () => (await store.read.events({ after: null, limit: 100, types: ["stock.low"] })).rows;
      // PostgreSQL shows them when nothing can come before them any more.
      await eventually(async () => (await told()).length >= 2);
      expect((await told()).map(({ snapshot, sequence, live }) => [JSON.parse(snapshot), sequence, live])).toEqual([
        [{ stock: { sku: "TEA", level: 1, lowAt: 1, live: false } }, 2, false],
        [{ stock: { sku: "TEA", level: 0, lowAt: 1, live: false } }, 6, false],
      ]);
      expect(await findings()).toEqual([]);
    });
  });

  test("SKUs that nobody counts are not moved, and an order that took some before they were counted never moves them", async () => {
    await withRunning(open, async ({ store, running, findings }) => {
      await load(running, { sku: "TEA", level: 10 });
      await running.commands.register("u1", ordering(line("TEA", 1), line("PDF", 1), line("__proto__", 1)));
      await tell(store, running, ...paid("u1"));
      await load(running, { sku: "PDF", level: 100 });
      await tell(store, running, refund("u1", 1999));
      expect([await levelOf(store, "TEA"), await levelOf(store, "PDF")]).toEqual([10, 100]);
      await running.commands.register("u2", ordering(line("PDF", 4)));
      await tell(store, running, ...paid("u2"));
      expect(await levelOf(store, "PDF")).toBe(96);
      expect(await findings()).toEqual([]);
    });
  });

  test("a canceled order gives back, a changed one takes the difference, and money from outside counts as any", async () => {
    await withRunning(open, async ({ store, running, findings }) => {
      await load(running, { sku: "TEA", level: 10 }, { sku: "CUP", level: 10 });
      await running.commands.register("c1", ordering(line("TEA", 4)));
      await running.commands.recordPayment("c1", {
        ...{ reference: "bank-1", method: "bank_transfer", currency: "USD", amount: 1999n, at: now(), by: "ann" },
        reason: "statement",
      });
      expect(await levelOf(store, "TEA")).toBe(6);
      await running.commands.change("c1", { version: 1, expectation: { lines: [line("TEA", 1), line("CUP", 2)] } });
      expect([await levelOf(store, "TEA"), await levelOf(store, "CUP")]).toEqual([9, 8]);
      await running.commands.cancel("c1", null);
      expect([await levelOf(store, "TEA"), await levelOf(store, "CUP")]).toEqual([10, 10]);
      expect(await findings()).toEqual([]);
    });
  });

  test("the same load again is the same, another one under its reference is refused, and two at once are one", async () => {
    await withRunning(open, async ({ store, running, findings }) => {
      const one = { reference: "delivery 7", live: false, by: "ann", reason: "delivered" };
      await load(running, { sku: "TEA", level: 1 });
      const items = [{ sku: "TEA", change: 5 }];
      const answers = await Promise.all([1, 2, 3, 4].map(() => running.stock.load({ ...one, items })));
      expect(answers.filter((answer) => answer.kind === "done" && answer.created)).toHaveLength(1);
      expect(await levelOf(store, "TEA")).toBe(6);
      const other = await running.stock.load({ ...one, items: [{ sku: "CUP", level: 5 }] });
      expect(other).toMatchObject({ kind: "refused", reason: "already_recorded" });
      const bad = await running.stock.load({
        ...{ ...one, reference: "delivery 8" },
        items: [
          { sku: "TEA", change: 1 },
          { sku: "NONE", change: 1 },
        ],
      });
      expect(bad).toEqual({ kind: "invalid", problems: [{ index: 1, reason: "unknown_sku" }] });
      expect(await levelOf(store, "TEA")).toBe(6);
      expect(await findings()).toEqual([]);
    });
  });

  test("what names no SKU asks nothing of the stock, and what nobody counts asks once", async () => {
    await withRunning(open, async ({ store }) => {
      let asked = 0;
      const counting = (work: Parameters<Store["transaction"]>[0]) =>
        store.transaction((transaction) =>
          work({
            ...transaction,
            lockStock: (places) => {
              asked += 1;
              return transaction.lockStock(places);
            },
          }),
        );
      // Proven: it returns what the store does.
      const watched = run({ ...store, transaction: counting as Store["transaction"] });
      const asking = async (work: () => Promise<unknown>) => {
        const before = asked;
        await work();
        return asked - before;
      };
      expect(await asking(() => watched.commands.register("a1", ordering()))).toBe(0);
      expect(await asking(() => tell(store, watched, ...paid("a1")))).toBe(0);
      expect(await asking(() => watched.commands.register("a2", ordering(line("PDF", 1), line("SERVICE", 1))))).toBe(0);
      expect(await asking(() => tell(store, watched, ...paid("a2")))).toBe(1);
      expect(await asking(() => tell(store, watched, ...paid("a2"), refund("a2", 500), refund("a2", 1499)))).toBe(0);
      await watched.stop(5_000);
    });
  });

  test("test orders have levels of their own", async () => {
    await withRunning(open, async ({ store, running }) => {
      await load(running, { sku: "TEA", level: 10 });
      await running.stock.load({
        reference: "live",
        live: true,
        by: "a",
        reason: "b",
        items: [{ sku: "TEA", level: 10 }],
      });
      await running.commands.register("t1", ordering(line("TEA", 4)));
      await tell(store, running, ...paid("t1"));
      expect(await levelOf(store, "TEA")).toBe(6);
      expect((await store.read.stockLevel({ live: true, sku: "TEA" }))?.onHand).toBe(10);
    });
  });

  test("registering, paying, refunding and loading at once end in the same level, in any order and however often told", async () => {
    await withRunning(open, async ({ store, running, findings }) => {
      await load(running, { sku: "TEA", level: 100 }, { sku: "CUP", level: 100 });
      for (let seed = 1; seed <= 6; seed++) {
        const orders = [1, 2, 3, 4].map((n) => `race${seed}n${n}`);
        const steps: (() => Promise<unknown>)[] = orders.flatMap((order, n) => {
          const bodies = [...history(order), ...(n % 2 === 0 ? [refund(order, 1499)] : [])];
          const lines = n === 3 ? [line("CUP", 1), line("TEA", 1)] : [line("TEA", 1), line("CUP", 2)];
          return [
            () => running.commands.register(order, ordering(...lines)),
            ...[...bodies, ...bodies].map((body) => () => send(running, body)),
          ];
        });
        steps.push(() => load(running, { sku: "CUP", change: 1 }, { sku: "TEA", change: 1 }));
        await Promise.all(shuffled(steps, seed).map((step) => step()));
        await settled(store);
        // Two of four are given back whole.
        expect([await levelOf(store, "TEA"), await levelOf(store, "CUP")]).toEqual([100 - seed, 100 - seed * 2]);
      }
      expect(await findings()).toEqual([]);
    });
  }, 60_000);
});
