import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { includedTax, portion, readTaxRate } from "../../src/payments/tax.ts";

test.each([
  ["19", "19"],
  ["19.00", "19"],
  ["7.70", "7.7"],
  ["8.875", "8.875"],
  ["0", "0"],
  ["0.0001", "0.0001"],
  ["100", "100"],
])("the rate %s is read as %s", (text, rate) => {
  expect(readTaxRate(text)).toBe(rate);
});

test.each([
  "",
  "19%",
  "-1",
  "+1",
  "1e1",
  "019",
  "100.01",
  "101",
  "1000",
  "7.77777",
  "7,7",
  ".5",
  "5.",
  " 5",
  "NaN",
  "٥",
])("%j is no rate", (text) => {
  expect(readTaxRate(text)).toBeNull();
});

describe("the tax that is included in an amount", () => {
  test.each([
    [11_900n, "19", 1_900n],
    [1_999n, "19", 319n],
    [1_999n, "7", 131n],
    [1_077n, "7.7", 77n],
    [0n, "19", 0n],
    [1_999n, "0", 0n],
    // 1 × 100 ÷ 200 is a half, and a half is rounded up.
    [1n, "100", 1n],
    [1_000_000_000_000_000n, "19", 159_663_865_546_218n],
  ])("%s at %s per cent is %s", (amount, rate, tax) => {
    expect(includedTax(amount, rate)).toBe(tax);
  });

  test("is at most half a minor unit from the exact one, and never more than the amount", () => {
    const amounts = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: 1_000_000 }), (amount, tenThousandths) => {
        const rate = readTaxRate(
          `${Math.floor(tenThousandths / 10_000)}.${String(tenThousandths % 10_000).padStart(4, "0")}`,
        );
        const tax = includedTax(amount, rate ?? "");
        const share = BigInt(tenThousandths);
        const off = 2n * (tax * (1_000_000n + share) - amount * share);
        expect(off <= 1_000_000n + share && off > -(1_000_000n + share)).toBe(true);
        expect(tax <= amount).toBe(true);
      }),
    );
  });
});

test("a portion is rounded half up", () => {
  expect([portion(5n, 1n, 2n), portion(5n, 1n, 3n), portion(7n, 1n, 2n), portion(4n, 2n, 4n)]).toEqual([
    3n,
    2n,
    4n,
    2n,
  ]);
});
