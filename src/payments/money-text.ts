import { type Currency, exponentOf, formatDecimal } from "./money.ts";

/**
 * Money as people read it. The digits are worked out from whole minor units and handed to Intl as text, which it takes exactly;
 * the number of decimals is ISO 4217's, as CLDR has opinions of its own (it shows no fils of a Jordanian dinar).
 */

/** `1999n` EUR: `€19.99` for `en`, `19,99 €` for `de`. `language`: a BCP 47 tag. */
export function moneyText(amount: bigint, currency: Currency, language: string): string {
  return formatterOf(language, currency, "currency").format(digitsOf(amount, currency));
}

/** The same without the currency, for columns that name it in their head. */
export function amountText(amount: bigint, currency: Currency, language: string): string {
  return formatterOf(language, currency, "decimal").format(digitsOf(amount, currency));
}

/** Proven: `formatDecimal` writes nothing but a sign, digits and a point. */
function digitsOf(amount: bigint, currency: Currency): `${number}` {
  return formatDecimal(amount, currency) as `${number}`;
}

/** As many as there are currencies and languages: making one takes longer than using it. */
const formatters = new Map<string, Intl.NumberFormat>();

function formatterOf(language: string, currency: Currency, style: "currency" | "decimal"): Intl.NumberFormat {
  const name = `${language}/${currency}/${style}`;
  const digits = exponentOf(currency);
  const made =
    formatters.get(name) ??
    new Intl.NumberFormat(language, { style, currency, minimumFractionDigits: digits, maximumFractionDigits: digits });
  formatters.set(name, made);
  return made;
}
