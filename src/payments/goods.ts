import type { Download, Expectation, OrderLine, OrderState } from "./state.ts";

/** What an order's state makes of the goods that are handed out by us: downloads and license keys. */

/** `paused`: nothing new is handed out, and what was is not taken back: a dispute, a review, a part that is still to be paid. */
export type Entitlement = "granted" | "paused" | "withdrawn";

export function entitlementOf({ status, fulfillable, paid, lost }: OrderState): Entitlement {
  if (fulfillable) return "granted";
  switch (status) {
    case "refunded":
    case "charged_back":
    case "canceled":
    case "expired":
    case "unregistered":
      return "withdrawn";
    // What was paid once and is there no more: it failed later, or turned out to be for something else.
    case "open":
      return paid === 0n ? "withdrawn" : "paused";
    case "partially_refunded":
      return lost > 0n ? "withdrawn" : "paused";
    case "partially_paid":
    case "paid":
    case "overpaid":
    case "disputed":
      return "paused";
  }
}

export interface LicenseLine extends OrderLine {
  readonly license: string;
}

export interface DownloadLine extends OrderLine {
  readonly download: Download;
}

export function licenseLines(expectation: Expectation | null | undefined): readonly LicenseLine[] {
  return expectation?.lines.filter((line): line is LicenseLine => line.license !== undefined) ?? [];
}

export function downloadLines(expectation: Expectation | null | undefined): readonly DownloadLine[] {
  return expectation?.lines.filter((line): line is DownloadLine => line.download !== undefined) ?? [];
}

/** A unit that was given a key. */
export interface GivenLicense {
  readonly pool: string;
  readonly sku: string;
  /** From 1 within the order, pool and SKU. */
  readonly unit: number;
  readonly isRevoked: boolean;
}

/** A unit that is to be given one. */
export interface LicenseUnit {
  readonly pool: string;
  readonly sku: string;
  readonly unit: number;
}

/** What changes of an order's keys. */
export interface LicensePlan<Given extends GivenLicense> {
  /** All that hold then, without those that are wanted. */
  readonly valid: readonly Given[];
  readonly revoked: readonly Given[];
  readonly restored: readonly Given[];
  /** In the order of the lines, then by unit. */
  readonly wanted: readonly LicenseUnit[];
}

/**
 * From the order's state alone: a key that was given stays its unit's for ever, and is valid as long as the money is there
 * and the order has that unit; so a refund that fails restores what it revoked.
 */
export function planLicenses<Given extends GivenLicense>(
  state: OrderState,
  given: readonly Given[],
): LicensePlan<Given> {
  const entitlement = entitlementOf(state);
  const lines = licenseLines(state.expectation);
  const units = new Map(lines.map(({ license, sku, quantity }) => [nameOf(license, sku), quantity]));
  const isValid = ({ pool, sku, unit }: Given): boolean =>
    entitlement !== "withdrawn" && unit <= (units.get(nameOf(pool, sku)) ?? 0);
  const known = new Set(given.map(({ pool, sku, unit }) => `${nameOf(pool, sku)}/${unit}`));
  return {
    valid: given.filter(isValid),
    revoked: given.filter((license) => !license.isRevoked && !isValid(license)),
    restored: given.filter((license) => license.isRevoked && isValid(license)),
    wanted: entitlement === "granted" ? lines.flatMap(unitsOf).filter((unit) => !known.has(unitName(unit))) : [],
  };
}

function unitsOf({ license, sku, quantity }: LicenseLine): readonly LicenseUnit[] {
  return Array.from({ length: quantity }, (_, index) => ({ pool: license, sku, unit: index + 1 }));
}

function unitName({ pool, sku, unit }: LicenseUnit): string {
  return `${nameOf(pool, sku)}/${unit}`;
}

/** Neither a pool nor a SKU has control characters. */
function nameOf(pool: string, sku: string): string {
  return `${pool}\n${sku}`;
}

/** How a link stands: what the buyer is told, and what the merchant sees. */
export type DownloadStatus = "unpaid" | "ready" | "paused" | "revoked" | "expired" | "used_up";

/** `grant`: null while it was never granted. */
export function downloadStatus(
  state: OrderState,
  grant: { readonly expiresAt: Date; readonly count: number; readonly allowed: number } | null,
  now: Date,
): DownloadStatus {
  const entitlement = entitlementOf(state);
  if (grant === null) return entitlement === "granted" ? "paused" : "unpaid";
  if (entitlement === "withdrawn") return "revoked";
  if (entitlement === "paused") return "paused";
  if (grant.expiresAt <= now) return "expired";
  return grant.count >= grant.allowed ? "used_up" : "ready";
}
