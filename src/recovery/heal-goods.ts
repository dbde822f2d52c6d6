import type { EffectName } from "../payments/effect-name.ts";
import { downloadLines, entitlementOf, type LicenseUnit, licenseLines, planLicenses } from "../payments/goods.ts";
import type { OrderState } from "../payments/state.ts";
import { grantOf } from "../pipeline/effects/downloads.ts";
import type { Repair } from "../store/audit.ts";
import type { EffectRows } from "../store/effect-rows.ts";

/**
 * What orders are owed, or were left with, beside what their states say. Which key a unit gets is decided by the service
 * alone, in the order of its commits: here units only come to wait, and what was given stays given.
 */
export async function goodsToHeal(
  repair: Repair,
  states: readonly OrderState[],
  effects: ReadonlySet<EffectName>,
  now: Date,
): Promise<Partial<EffectRows>> {
  const references = states.map(({ reference }) => reference);
  return {
    ...(effects.has("licenses") && (await licenseRows(repair, states, references, now))),
    ...(effects.has("downloads") && {
      downloads: states
        .filter((state) => entitlementOf(state) === "granted")
        .flatMap((state) => downloadLines(state.expectation).map((line) => grantOf(state.reference, line, now))),
    }),
  };
}

async function licenseRows(
  repair: Repair,
  states: readonly OrderState[],
  references: readonly string[],
  now: Date,
): Promise<Pick<EffectRows, "licensesChanged" | "licenseWaits">> {
  const { licenses, waits } = await repair.licensesOf(references);
  const plans = states.map((state) => ({
    state,
    plan: planLicenses(
      state,
      licenses.filter(({ order }) => order === state.reference),
    ),
  }));
  return {
    licensesChanged: plans.flatMap(({ plan: { revoked, restored } }) => [
      ...revoked.map(({ seq }) => ({ seq, revokedAt: now })),
      ...restored.map(({ seq }) => ({ seq, revokedAt: null })),
    ]),
    licenseWaits: [
      ...waits.filter(({ missing }) => missing > 0).map((wait) => ({ ...wait, missing: 0 })),
      ...plans
        .flatMap(({ state, plan: { wanted } }) => waitsOf(state, wanted, now))
        .filter(({ missing }) => missing > 0),
    ],
  };
}

function waitsOf(
  { reference: order, expectation }: OrderState,
  wanted: readonly LicenseUnit[],
  since: Date,
): EffectRows["licenseWaits"] {
  return licenseLines(expectation).map(({ license: pool, sku }) => ({
    ...{ order, pool, sku, since, live: expectation?.live ?? false },
    missing: wanted.filter((unit) => unit.pool === pool && unit.sku === sku).length,
  }));
}
