import { describe, expect, test } from "vitest";
import { migrate } from "../../../src/store/migrate.ts";
import type { DialectName } from "../databases.ts";
import { expectationOf, minutesAfterNoon, orderOf, write } from "../rows.ts";
import { freshStore } from "./fresh-store.ts";

export function operationsContract(dialect: DialectName): void {
  describe("operations", () => {
    const fresh = freshStore(dialect);

    test("says which database it is, and answers a ping", async () => {
      expect(fresh.store.dialect).toBe(dialect);
      await fresh.store.ping();
    });

    test("migrating again does nothing, at once", async () => {
      expect(await migrate(fresh.url)).toMatchObject({ dialect, applied: [] });
    });

    test("overdue are orders whose deadline passed while they could still be paid", async () => {
      const order = (
        reference: string,
        expiresIn: number | null,
        status: "open" | "partially_paid" | "paid" = "open",
      ) => ({
        state: orderOf(reference, {
          status,
          expectation: expectationOf({ expiresAt: expiresIn === null ? null : minutesAfterNoon(expiresIn).getTime() }),
        }),
        sequence: 1,
        stock: null,
      });
      await write(fresh.store, {
        orders: [
          order("late", 2),
          order("latest", 1, "partially_paid"),
          order("paid", 1, "paid"),
          order("never", null),
          order("later", 60),
        ],
      });
      expect(await fresh.store.overdueOrders(minutesAfterNoon(10), 10)).toEqual(["latest", "late"]);
      expect(await fresh.store.overdueOrders(minutesAfterNoon(10), 1)).toEqual(["latest"]);
      expect(await fresh.store.overdueOrders(minutesAfterNoon(0), 10)).toEqual([]);
      await write(fresh.store, { orders: [order("late", 2, "paid")] });
      expect(await fresh.store.overdueOrders(minutesAfterNoon(10), 10)).toEqual(["latest"]);
    });

    test("the first token is taken once, however many try at once", async () => {
      const tries = await Promise.all(["h1", "h2", "h3", "h4"].map((hash) => fresh.store.tokens.putFirst(hash)));
      expect(tries.filter(Boolean)).toHaveLength(1);
      const known = await Promise.all(["h1", "h2", "h3", "h4"].map((hash) => fresh.store.tokens.has(hash)));
      expect(known).toEqual(tries);
    });

    test("a new token replaces all others", async () => {
      await fresh.store.tokens.replaceAll("h9");
      expect(await fresh.store.tokens.has("h9")).toBe(true);
      expect(await fresh.store.tokens.has("h1")).toBe(false);
      expect(await fresh.store.tokens.putFirst("h10")).toBe(false);
    });
  });
}
