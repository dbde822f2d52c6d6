import { describe, expect, test } from "vitest";
import { compareKeys, compareTold } from "../../torture/checks/licenses.ts";
import type { Happening } from "../../torture/model/model.ts";
import { goodsOf } from "../../torture/stories/licenses.ts";
import type { Story } from "../../torture/stories/story.ts";

/** The checks have to find what is broken: here are keys that no sound service leaves. */

const CAPTURE = "paypal/default/test/capture/C1";
const PAID: Happening = { what: "captured", payment: CAPTURE, capture: "C1", purchase: "C1", amount: 1000 };
const REFUNDED: Happening = { what: "refunded", payment: CAPTURE, refund: "R1", amount: 1000 };

/** One of the orders that sell two keys. */
const reference = Array.from({ length: 200 }, (_, index) => `order-${index}`).find(
  (each) => goodsOf(orderOf(each))?.units === 2,
);

function orderOf(name: string): Story["order"] {
  return {
    ...{ reference: name, total: 1000, mode: "exact", isRecurring: false, isRegistered: true, registers: "any_time" },
    ...{ expiresAt: null, email: null, neverCount: [], currency: "USD" },
  };
}

const story = (...happenings: readonly Happening[]): Story => ({
  ...{ name: "a sale", happenings, messages: [] },
  order: orderOf(reference ?? ""),
});

const key = (unit: number, more: object = {}) => ({
  ...{ key: `K-${unit}`, pool: "torture", order: reference, sku: "KEY", unit, revoked_at: null },
  ...more,
});
const kinds = (findings: readonly { readonly kind: string; readonly invariant: string }[]) =>
  findings.map(({ kind, invariant }) => `${kind} ${invariant}`);

describe("keys", () => {
  test.each([
    ["two for two units", [key(1), key(2)], [PAID], []],
    ["one is missing", [key(1)], [PAID], ["lost I2"]],
    ["one does not hold", [key(1), key(2, { revoked_at: 1 })], [PAID], ["lost I2"]],
    ["one too many", [key(1), key(2), key(3)], [PAID], ["doubled I2"]],
    ["two for one unit", [key(1), key(1)], [PAID], ["doubled I2"]],
    ["they hold after the refund", [key(1), key(2)], [PAID, REFUNDED], ["wrong I3"]],
    ["none holds after the refund", [key(1, { revoked_at: 1 })], [PAID, REFUNDED], []],
    ["another order's do not matter", [key(1), key(2), key(1, { order: "other" })], [PAID], []],
  ] as const)("%s", (_what, given, happenings, found) => {
    expect(kinds(compareKeys(story(...happenings), given))).toEqual(found);
  });

  test("a key that was told to another order is found", () => {
    const told = (order: string) => ({ order, snapshot: JSON.stringify({ order: { licenses: [{ key: "K-1" }] } }) });
    expect(compareTold([key(1)], [told(reference ?? "")])).toEqual([]);
    expect(kinds(compareTold([key(1)], [told(reference ?? ""), told("other")]))).toEqual(["doubled I2"]);
  });
});
