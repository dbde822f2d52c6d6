import { expect, test } from "vitest";
import type { Expectation } from "../../src/payments/state.ts";
import type { OutsidePayment } from "../../src/pipeline/pipeline.ts";
import type { OrderGoods } from "../../src/store/goods.ts";
import { openStore } from "../../src/store/open.ts";
import type { EventView, Store } from "../../src/store/store.ts";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { eventually } from "../end-to-end/server.ts";
import { EXPECTED } from "./purchase.ts";
import { type Running, run } from "./running.ts";

const TEST_POOL = { pool: "pro", live: false };

function sells(quantity: number, more: Partial<Expectation> = {}): Expectation {
  const line = { sku: "PRO", name: "Tea timer", quantity, amount: 1999n, taxRate: null, tax: null, license: "pro" };
  return { ...EXPECTED, payments: "several", lines: [line], ...more };
}

function money(reference: string, amount: bigint): OutsidePayment {
  const method = amount < 0n ? "correction" : "cash";
  return { reference, method, currency: "USD", amount, at: new Date(), by: "ann", reason: "test" };
}

const keys = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);

async function order(running: Running, reference: string, quantity: number): Promise<void> {
  await running.commands.register(reference, sells(quantity));
  await running.commands.recordPayment(reference, money("paid", 1999n));
}

const given = ({ licenses }: OrderGoods) => licenses.map(({ key, isRevoked }) => (isRevoked ? `(${key})` : key));
const missing = ({ waits }: OrderGoods) => waits.reduce((sum, wait) => sum + wait.missing, 0);

async function told(store: Store, reference: string, type: string): Promise<readonly EventView[]> {
  const events = await store.read.eventsOf({ order: reference, payments: [] });
  return events.filter((event) => event.type === type);
}

const orderIn = ({ snapshot }: EventView) => JSON.parse(snapshot).order;

describeOnEachDatabase("license keys", (open) => {
  const withStore = async (work: (store: Store, url: string) => Promise<void>): Promise<void> => {
    const database = await open();
    const store = await openStore({ url: database.url, now: () => new Date() });
    try {
      await work(store, database.url);
    } finally {
      await store.close();
      await database.drop();
    }
  };
  const withRunning = (work: (running: Running, store: Store) => Promise<void>) =>
    withStore(async (store) => {
      const running = run(store);
      try {
        await work(running, store);
      } finally {
        await running.stop(5_000);
      }
    });

  test("each paid unit is given a key in the transaction that tells it is paid, and the event carries them", () =>
    withRunning(async (running, store) => {
      await running.goods.loadLicenses(TEST_POOL, keys("A", 3));
      await running.commands.register("1", sells(2));
      expect(given(await store.goods.ofOrder("1"))).toEqual([]);
      await running.commands.recordPayment("1", money("paid", 1999n));
      expect(given(await store.goods.ofOrder("1"))).toEqual(["A-1", "A-2"]);
      const [paid] = await told(store, "1", "order.paid");
      expect(paid && orderIn(paid).licenses.map(({ key }: { key: string }) => key)).toEqual(["A-1", "A-2"]);
      expect(await store.goods.pools()).toMatchObject([{ loaded: 3, free: 1, given: 2, revoked: 0, waiting: 0 }]);
    }));

  test("an empty pool refuses nothing: who waits longest is given first, and nobody who comes later passes", () =>
    withRunning(async (running, store) => {
      await order(running, "first", 2);
      await order(running, "second", 1);
      expect([missing(await store.goods.ofOrder("first")), missing(await store.goods.ofOrder("second"))]).toEqual([
        2, 1,
      ]);
      // The list has only what nothing can precede any more.
      const exhausted = await eventually(async () => {
        const { rows } = await store.read.events({ after: null, limit: 100, types: ["license.exhausted"] });
        return rows.length > 0 && rows;
      });
      expect(exhausted).toHaveLength(1);
      await running.goods.loadLicenses(TEST_POOL, keys("B", 1));
      await order(running, "third", 1);
      expect(given(await store.goods.ofOrder("first"))).toEqual(["B-1"]);
      expect(await told(store, "first", "order.goods_ready")).toEqual([]);
      await running.goods.loadLicenses(TEST_POOL, keys("C", 9));
      const ends = await Promise.all(["first", "second", "third"].map((one) => store.goods.ofOrder(one)));
      expect(ends.map(given)).toEqual([["B-1", "C-1"], ["C-2"], ["C-3"]]);
      expect(ends.map(missing)).toEqual([0, 0, 0]);
      const [ready, ...more] = await told(store, "first", "order.goods_ready");
      expect(more).toEqual([]);
      expect(ready && orderIn(ready).licenses).toHaveLength(2);
    }));

  test("what is given back is taken back, and restored where the money comes again: the same key, never another's", () =>
    withRunning(async (running, store) => {
      await running.goods.loadLicenses(TEST_POOL, keys("D", 5));
      await order(running, "1", 2);
      await running.commands.recordPayment("1", money("back", -1999n));
      expect(given(await store.goods.ofOrder("1"))).toEqual(["(D-1)", "(D-2)"]);
      await order(running, "2", 1);
      expect(given(await store.goods.ofOrder("2"))).toEqual(["D-3"]);
      const [revoked] = await told(store, "1", "license.revoked");
      expect(revoked && orderIn(revoked).licenses.map(({ key }: { key: string }) => key)).toEqual(["D-1", "D-2"]);
      await running.commands.recordPayment("1", money("again", 1999n));
      expect(given(await store.goods.ofOrder("1"))).toEqual(["D-1", "D-2"]);
      expect(await told(store, "1", "license.restored")).toHaveLength(1);
    }));

  test("a changed order is given more, or keeps what it still has", () =>
    withRunning(async (running, store) => {
      await running.goods.loadLicenses(TEST_POOL, keys("E", 5));
      await order(running, "1", 2);
      const change = async (lines: Expectation["lines"]) => {
        const version = (await store.read.order("1"))?.record?.state.version ?? 0;
        await running.commands.change("1", { version, expectation: { lines } });
        return given(await store.goods.ofOrder("1"));
      };
      expect(await change(sells(3).lines)).toEqual(["E-1", "E-2", "E-3"]);
      expect(await change(sells(1).lines)).toEqual(["E-1", "(E-2)", "(E-3)"]);
      expect(await change([])).toEqual(["(E-1)", "(E-2)", "(E-3)"]);
      expect(await change(sells(4).lines)).toEqual(["E-1", "E-2", "E-3", "E-4"]);
    }));

  test("test orders and live ones have pools of their own", () =>
    withRunning(async (running, store) => {
      await running.goods.loadLicenses({ ...TEST_POOL, live: true }, keys("L", 2));
      await order(running, "1", 1);
      expect(given(await store.goods.ofOrder("1"))).toEqual([]);
      expect(await store.goods.pools()).toMatchObject([
        { live: false, loaded: 0, waiting: 1 },
        { live: true, free: 2, waiting: 0 },
      ]);
    }));

  test("the same list again is no news, and a list with one known key is refused whole, without naming it", () =>
    withRunning(async (running, store) => {
      const list = keys("F", 4);
      expect(await running.goods.loadLicenses(TEST_POOL, list)).toMatchObject({ kind: "done", created: true });
      expect(await running.goods.loadLicenses(TEST_POOL, list)).toMatchObject({ kind: "done", created: false });
      const answer = await running.goods.loadLicenses({ pool: "other", live: false }, ["G-1", "F-2"]);
      expect(answer).toMatchObject({ kind: "refused", reason: "already_loaded" });
      expect(JSON.stringify(answer)).not.toContain("F-2");
      expect(await store.goods.pools()).toMatchObject([{ pool: "pro", loaded: 4 }]);
      const inputs = await store.read.inputs({ kind: "supply" }, { limit: 100, cursor: null });
      expect(inputs.rows).toHaveLength(1);
    }));

  test("several processes at once give no key twice and leave none unused", { timeout: 60_000 }, () =>
    withStore(async (store, url) => {
      // SQLite has one process: there two pipelines share its store.
      const second = store.dialect === "postgresql" ? await openStore({ url, now: () => new Date() }) : store;
      const running = [run(store), run(second)] as const;
      try {
        await running[0].goods.loadLicenses(TEST_POOL, keys("H", 30));
        const references = Array.from({ length: 30 }, (_, index) => `many-${index}`);
        const side = (index: number) => (index % 2 === 0 ? running[0] : running[1]);
        const loads = () => running[1].goods.loadLicenses(TEST_POOL, keys("I", 30));
        await Promise.all([...references.map((reference, index) => order(side(index), reference, 2)), loads()]);
        const goodsOf = () => Promise.all(references.map((reference) => store.goods.ofOrder(reference)));
        // What came to wait while keys were on their way in is made up for by the sweep.
        await eventually(async () => (await goodsOf()).every((one) => missing(one) === 0), 40_000);
        const goods = await goodsOf();
        expect(goods.map(missing).filter((count) => count > 0)).toEqual([]);
        const all = goods.flatMap(given);
        expect(all).toHaveLength(60);
        expect(new Set(all).size).toBe(60);
      } finally {
        await Promise.all(running.map((one) => one.stop(5_000)));
        if (second !== store) await second.close();
      }
    }),
  );
});
