import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCurrency } from "../../src/payments/money.ts";
import type { OrderState, OrderStatus } from "../../src/payments/state.ts";
import {
  decodeOrderStock,
  encodeOrderStock,
  NOTHING_TAKEN,
  type OrderStock,
  type StockReturn,
  stockDue,
  stockTarget,
} from "../../src/payments/stock.ts";

const usd = readCurrency("USD");
if (usd === null) throw new Error("USD is a currency");

const BOTH: ReadonlySet<StockReturn> = new Set(["canceled", "refunded"]);

function order(
  status: OrderStatus,
  parts: { paid?: bigint; lines?: readonly (readonly [string, number])[] } = {},
): OrderState {
  const { paid = 1000n, lines = [["TEA", 2]] } = parts;
  const amounts = { refunded: 0n, lost: 0n, due: 0n, fulfillable: false, payments: [], milestones: [], version: 1 };
  const terms = {
    payments: "exact",
    recurring: false,
    live: false,
    customer: null,
    expiresAt: null,
    returnUrl: null,
  } as const;
  return {
    ...{ reference: "o", status, paid, ...amounts },
    expectation:
      status === "unregistered"
        ? null
        : {
            ...{ currency: usd as NonNullable<typeof usd>, total: 1000n, ...terms },
            lines: lines.map(([sku, quantity]) => ({ sku, name: sku, quantity, amount: 0n, taxRate: null, tax: null })),
          },
  };
}

describe("what an order takes from the stock", () => {
  test.each<[OrderStatus, number]>([
    ["unregistered", 0],
    ["open", 0],
    ["partially_paid", 0],
    ["expired", 0],
    ["paid", 2],
    ["overpaid", 2],
    ["partially_refunded", 2],
    ["disputed", 2],
    ["charged_back", 2],
    ["refunded", 0],
    ["canceled", 0],
  ])("%s: %i of two", (status, pieces) => {
    expect(stockTarget(order(status), BOTH).get("TEA") ?? 0).toBe(pieces);
  });

  test("nothing comes back where that was not configured, and nothing went out that was not paid in full", () => {
    expect(stockTarget(order("refunded"), new Set()).get("TEA")).toBe(2);
    expect(stockTarget(order("canceled"), new Set<StockReturn>(["refunded"])).get("TEA")).toBe(2);
    expect(stockTarget(order("canceled", { paid: 0n }), new Set()).size).toBe(0);
    expect(stockTarget(order("disputed", { paid: 999n }), BOTH).size).toBe(0);
  });

  test("lines of one SKU are summed", () => {
    const lines = [
      ["A", 1],
      ["B", 2],
      ["A", 3],
    ] as const;
    expect([...stockTarget(order("paid", { lines }), BOTH)]).toEqual([
      ["A", 4],
      ["B", 2],
    ]);
  });
});

const sku = fc.constantFrom("A", "B", "__proto__", 'a,"b"', "ü");
const pieces = fc.dictionary(sku, fc.integer({ min: 1, max: 9 })).map((record) => new Map(Object.entries(record)));

describe("what an order has yet to take", () => {
  test("by any way, with any stops, it comes to its last target, and never moves what is not counted for it", () => {
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1 }), fc.subarray(["A", "B", "ü"]), (targets, uncounted) => {
        let stock: OrderStock = { version: 0, taken: new Map(uncounted.map((name) => [name, null])) };
        const moved = new Map<string, number>();
        for (const target of targets) {
          const due = stockDue(target, stock);
          for (const [name, number] of due) moved.set(name, (moved.get(name) ?? 0) + number);
          const taken = new Map(stock.taken);
          for (const [name, number] of due) taken.set(name, (taken.get(name) ?? 0) + number);
          stock = { version: stock.version + 1, taken };
          expect(stockDue(target, stock).size).toBe(0);
        }
        const last = targets.at(-1) ?? new Map();
        for (const name of ["A", "B", "__proto__", "ü"])
          expect(moved.get(name) ?? 0).toBe(uncounted.includes(name) ? 0 : (last.get(name) ?? 0));
      }),
    );
  });

  test("is read back as it was written", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(sku, fc.option(fc.integer()))), fc.nat(), (entries, version) => {
        const stock = { version, taken: new Map(entries) };
        expect(decodeOrderStock(encodeOrderStock(stock))).toEqual(stock);
      }),
    );
    expect(decodeOrderStock(encodeOrderStock(NOTHING_TAKEN))).toEqual(NOTHING_TAKEN);
  });
});
