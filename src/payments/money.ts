/**
 * Money is a whole number of minor units (cents) and an ISO 4217 currency. It never passes through a float:
 * decimals are read from their digits, and what cannot be read exactly is refused (null), never rounded.
 */

/** An ISO 4217 alphabetic code, upper case, as `readCurrency` returned it. */
export type Currency = string & { readonly __currency: unique symbol };

export interface Money {
  /** Minor units; may be negative only where the text says so. */
  readonly amount: bigint;
  readonly currency: Currency;
}

/**
 * The bound of one amount, in minor units: sums of thousands of such stay exact in a JSON number's 2^53 in practice,
 * and no merchant is paid 10 trillion dollars at once.
 */
export const MAX_AMOUNT = 1_000_000_000_000_000n;

/** ISO 4217, list one: active codes with two decimals, and BGN, in which refunds may still come. https://www.iso.org/iso-4217-currency-codes.html */
const TWO_DECIMALS =
  "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";
const NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
const THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND";

const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...TWO_DECIMALS.split(" ").map((code) => [code, 2] as const),
  ...NO_DECIMALS.split(" ").map((code) => [code, 0] as const),
  ...THREE_DECIMALS.split(" ").map((code) => [code, 3] as const),
]);

/** The currency named by `text` in any case, or null when ISO 4217 has none of that name. ASCII only, so no locale can change it. */
export function readCurrency(text: string): Currency | null {
  if (!/^[A-Za-z]{3}$/.test(text)) return null;
  const code = text.toUpperCase();
  // Proven: the table's keys are exactly the currencies.
  return EXPONENTS.has(code) ? (code as Currency) : null;
}

/** How many decimals ISO 4217 gives the currency: 0, 2 or 3. */
export function exponentOf(currency: Currency): number {
  return EXPONENTS.get(currency) ?? 2;
}

/**
 * Reads a decimal such as `19.99`, `10`, `-5.00` into minor units; null when the text is anything else: empty, `1,000.00`,
 * `1e3`, `0x10`, more than the currency's decimals (unless they are zeros), or beyond MAX_AMOUNT.
 */
export function parseDecimal(text: string, currency: Currency): bigint | null {
  const match = /^(-?)(\d{1,16})(?:\.(\d{1,8}))?$/.exec(text);
  if (!match) return null;
  const [, sign, whole = "", fraction = ""] = match;
  const exponent = exponentOf(currency);
  if (/[1-9]/.test(fraction.slice(exponent))) return null;
  const digits = BigInt(whole + fraction.slice(0, exponent).padEnd(exponent, "0"));
  return bounded(sign === "-" ? -digits : digits);
}

/** Reads a whole number of minor units told as a JSON number or a string of digits; null when it is not one, or out of bounds. */
export function parseMinor(value: number | string): bigint | null {
  if (typeof value === "number") return Number.isSafeInteger(value) ? bounded(BigInt(value)) : null;
  return /^-?\d{1,16}$/.test(value) ? bounded(BigInt(value)) : null;
}

/** The inverse of parseDecimal: `1999n` USD is `19.99`, `5n` KWD is `0.005`. */
export function formatDecimal(amount: bigint, currency: Currency): string {
  const exponent = exponentOf(currency);
  const digits = (amount < 0n ? -amount : amount).toString().padStart(exponent + 1, "0");
  const sign = amount < 0n ? "-" : "";
  if (exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

function bounded(amount: bigint): bigint | null {
  return amount >= -MAX_AMOUNT && amount <= MAX_AMOUNT ? amount : null;
}
