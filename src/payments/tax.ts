/**
 * Tax that is included in a price, exact: from the digits of the rate, never through a float. Rounded half up to whole minor
 * units, once for each line, as the sum per rate must be the sum of what the lines say.
 */

/** A percentage such as `19`, `7.7` or `8.875`; at most 100, with at most four decimals. */
const RATE = /^(0|[1-9]\d{0,2})(?:\.(\d{1,4}))?$/;

/** The rate as everybody writes it (`19.00` is `19`), so that equal rates are equal texts; null when it is none. */
export function readTaxRate(text: string): string | null {
  const match = RATE.exec(text);
  if (!match) return null;
  const [, whole = "", fraction = ""] = match;
  const decimals = fraction.replace(/0{1,4}$/, "");
  if (Number(whole) > 100 || (whole === "100" && decimals !== "")) return null;
  return decimals === "" ? whole : `${whole}.${decimals}`;
}

/** The tax in `amount` (minor units, not negative) at a rate as `readTaxRate` returned it: amount × rate ÷ (100 + rate). */
export function includedTax(amount: bigint, rate: string): bigint {
  const [whole = "", decimals = ""] = rate.split(".");
  const parts = BigInt(whole + decimals);
  return portion(amount, parts, 100n * 10n ** BigInt(decimals.length) + parts);
}

/** `amount` × `share` ÷ `of`, rounded half up. None may be negative, and `of` is not 0. */
export function portion(amount: bigint, share: bigint, of: bigint): bigint {
  return (2n * amount * share + of) / (2n * of);
}
