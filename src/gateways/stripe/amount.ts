import { type Currency, parseMinor, readCurrency } from "../../payments/money.ts";

/**
 * Stripe counts most currencies in ISO 4217's minor units, and three otherwise (https://docs.stripe.com/currencies):
 * ISK and UGX have no decimals, yet Stripe keeps sending two (always 00); MGA has two, and Stripe sends none.
 */
const HUNDREDFOLD: ReadonlySet<string> = new Set(["ISK", "UGX"]);
const HUNDREDTH: ReadonlySet<string> = new Set(["MGA"]);

/** Where a schema reports what it could not read: the field's name, never its value. */
export interface Issues {
  addIssue(issue: { readonly code: "custom"; readonly path: string[]; readonly message: string }): void;
}

/** Reads the amounts of one Stripe object. What can't be read exactly is reported, and 0 or null stand in its place. */
export interface AmountReader {
  readonly currency: Currency;
  required(field: string, value: number): bigint;
  optional(field: string, value: number | null | undefined): bigint | null;
}

/** A reader for amounts in `currency`; null (and an issue) where ISO 4217 has no such currency. */
export function amountsIn(currency: string, issues: Issues): AmountReader | null {
  const iso = readCurrency(currency);
  if (iso === null) {
    issues.addIssue({ code: "custom", path: ["currency"], message: "not an ISO 4217 currency" });
    return null;
  }
  const required = (field: string, value: number): bigint => {
    const amount = toIsoMinor(value, iso);
    if (amount === null)
      issues.addIssue({ code: "custom", path: [field], message: "not a whole number of minor units" });
    return amount ?? 0n;
  };
  return {
    currency: iso,
    required,
    optional: (field, value) => (value === null || value === undefined ? null : required(field, value)),
  };
}

/** Stripe's number of smallest units in ISO minor units; null when it isn't a whole number of them, or out of bounds. */
export function toIsoMinor(value: number, currency: Currency): bigint | null {
  const amount = parseMinor(value);
  if (amount === null) return null;
  if (HUNDREDTH.has(currency)) return parseMinor(String(amount * 100n));
  if (!HUNDREDFOLD.has(currency)) return amount;
  return amount % 100n === 0n ? amount / 100n : null;
}
