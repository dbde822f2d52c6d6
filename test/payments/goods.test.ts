import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SAMPLE_ORDER } from "../../src/outbox/mail/samples.ts";
import { downloadStatus, entitlementOf, type GivenLicense, planLicenses } from "../../src/payments/goods.ts";
import type { OrderState, OrderStatus } from "../../src/payments/state.ts";

const STATUSES: readonly OrderStatus[] = [
  ...["unregistered", "open", "partially_paid", "paid", "overpaid", "partially_refunded"],
  ...["refunded", "disputed", "charged_back", "canceled", "expired"],
] as readonly OrderStatus[];

const line = (sku: string, quantity: number, license: string) => ({
  ...{ sku, name: sku, quantity, amount: 0n, taxRate: null, tax: null, license },
});

/** Any state that the fold could come to, and some that it could not. */
const states = fc
  .record({
    status: fc.constantFrom(...STATUSES),
    fulfillable: fc.boolean(),
    paid: fc.constantFrom(0n, 100n),
    lost: fc.constantFrom(0n, 50n),
    lines: fc.uniqueArray(
      fc.tuple(fc.constantFrom("A", "B", "C"), fc.integer({ min: 1, max: 4 }), fc.constantFrom("x", "y")),
      { selector: ([sku]) => sku },
    ),
  })
  .map(({ lines, ...rest }): OrderState => {
    const { expectation } = SAMPLE_ORDER;
    if (expectation === null) throw new Error("the sample is registered");
    return { ...SAMPLE_ORDER, ...rest, expectation: { ...expectation, lines: lines.map((one) => line(...one)) } };
  });

/** Gives what is wanted, as far as `keys` goes, as the effect does. */
function step(given: readonly GivenLicense[], state: OrderState, keys: number): readonly GivenLicense[] {
  const { revoked, restored, wanted } = planLicenses(state, given);
  const changed = given.map((one) => {
    if (revoked.includes(one)) return { ...one, isRevoked: true };
    return restored.includes(one) ? { ...one, isRevoked: false } : one;
  });
  return [...changed, ...wanted.slice(0, keys).map((unit) => ({ ...unit, isRevoked: false }))];
}

const name = ({ pool, sku, unit }: GivenLicense) => `${pool}/${sku}/${unit}`;

describe("license keys", () => {
  const histories = fc.array(fc.tuple(states, fc.nat(6)), { minLength: 1, maxLength: 8 });

  test("no unit is given two keys, and none is ever taken from its unit", () => {
    fc.assert(
      fc.property(histories, (history) => {
        let given: readonly GivenLicense[] = [];
        for (const [state, keys] of history) {
          const after = step(given, state, keys);
          expect(after.slice(0, given.length).map(name)).toEqual(given.map(name));
          expect(new Set(after.map(name)).size).toBe(after.length);
          given = after;
        }
      }),
    );
  });

  test("which keys hold says the newest state alone, whatever came before", () => {
    fc.assert(
      fc.property(histories, states, (history, last) => {
        const given = history.reduce<readonly GivenLicense[]>((all, [state, keys]) => step(all, state, keys), []);
        const end = step(given, last, 0);
        const valid = end.filter(({ isRevoked }) => !isRevoked);
        if (entitlementOf(last) === "withdrawn") expect(valid).toEqual([]);
        for (const { pool, sku, unit } of valid) {
          const own = last.expectation?.lines.find((one) => one.sku === sku && one.license === pool);
          expect(unit).toBeLessThanOrEqual(own?.quantity ?? 0);
        }
        const { wanted, revoked, restored } = planLicenses(last, end);
        expect([revoked, restored]).toEqual([[], []]);
        const units = last.expectation?.lines.reduce((sum, one) => sum + one.quantity, 0) ?? 0;
        if (entitlementOf(last) === "granted") expect(valid.length + wanted.length).toBe(units);
        else expect(wanted).toEqual([]);
      }),
    );
  });
});

describe("downloads", () => {
  const NOW = new Date("2026-11-26T12:00:00Z");
  const grant = { expiresAt: new Date("2026-12-26T12:00:00Z"), count: 0, allowed: 2 };
  const state = (more: Partial<OrderState>): OrderState => ({ ...SAMPLE_ORDER, fulfillable: true, ...more });

  test.each([
    ["ready", "of a paid order", {}, grant],
    ["expired", "from their end on", {}, { ...grant, expiresAt: NOW }],
    ["used_up", "after so many", {}, { ...grant, count: 2 }],
    ["paused", "in a dispute", { fulfillable: false, status: "disputed" }, grant],
    ["paused", "in review", { fulfillable: false, status: "paid" }, grant],
    ["revoked", "refunded", { fulfillable: false, status: "refunded" }, grant],
    ["revoked", "charged back", { fulfillable: false, status: "charged_back" }, { ...grant, count: 2 }],
    ["revoked", "lost in part", { fulfillable: false, status: "partially_refunded", lost: 5n }, grant],
    ["revoked", "of money that is gone", { fulfillable: false, status: "open", paid: 0n }, grant],
    ["unpaid", "before", { fulfillable: false, status: "open", paid: 0n }, null],
    ["unpaid", "after a part", { fulfillable: false, status: "partially_paid" }, null],
  ] as const)("are %s: %s", (status, _what, more, known) => {
    expect(downloadStatus(state(more), known, NOW)).toBe(status);
  });
});
