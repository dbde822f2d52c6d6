import * as z from "zod";
import { type Currency, type Money, parseDecimal, readCurrency } from "../../payments/money.ts";

/** The small parts that PayPal's resources are made of, read into domain values. What cannot be read exactly is an issue, never a guess. */

/** Ids become parts of API addresses and of object keys, so nothing that could be a path passes. */
export const reference = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, "is not an id");

/** v2: `{"currency_code":"USD","value":"19.99"}`. */
export const moneyV2 = z
  .object({ currency_code: z.string(), value: z.string() })
  .transform((money, context) => readMoney(money.currency_code, money.value, context));

/** v1 amounts: `{"currency":"USD","total":"19.99"}`, negative in refunds and reversals of the oldest kind. */
export const totalV1 = z
  .object({ currency: z.string(), total: z.string() })
  .transform((money, context) => readMoney(money.currency, money.total, context));

/** v1 fees: `{"currency":"USD","value":"0.88"}`. */
export const valueV1 = z
  .object({ currency: z.string(), value: z.string() })
  .transform((money, context) => readMoney(money.currency, money.value, context));

function readMoney(code: string, digits: string, context: z.core.ParsePayload<unknown>): Money {
  const currency = readCurrency(code);
  const amount = currency === null ? null : parseDecimal(digits, currency);
  if (currency !== null && amount !== null) return { amount, currency };
  context.issues.push({ code: "custom", input: context.value, message: "is no amount of money" });
  return z.NEVER;
}

/**
 * RFC 3339 to ms since 1970, null where it is absent or no time: PayPal's simulator sends `2018-19-12T22:20:32.000Z`. Nothing is
 * lost by that as long as another clock of the same event can be read.
 */
export const time = z
  .string()
  .nullish()
  .transform((text) => {
    if (!text || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)$/.test(text)) return null;
    const at = Date.parse(text);
    return Number.isNaN(at) ? null : at;
  });

/**
 * Text that a merchant or a buyer wrote, as a reference: null where there is none, or none that a database can hold (NUL,
 * half of a surrogate pair) or anybody would have meant (over 200 characters).
 */
export const freeText = z
  .string()
  .nullish()
  .transform((text) => {
    const trimmed = text?.trim() ?? "";
    return trimmed === "" || trimmed.length > 200 || /[\0\p{Cs}]/u.test(trimmed) ? null : trimmed;
  });

export const links = z
  .array(z.object({ href: z.string(), rel: z.string() }))
  .max(50)
  .catch([])
  .default([]);

export type Links = z.output<typeof links>;

/** The id at the end of a link's path, where the path ends in `<collection>/<id>`: `captures/2GG…`; null where there is none. */
export function linked(from: Links, rel: string, collection: string): string | null {
  for (const link of from) {
    const match = link.rel === rel ? /\/([a-z-]{1,30})\/([A-Za-z0-9_-]{1,100})$/.exec(link.href) : null;
    if (match?.[1] === collection && match[2]) return match[2];
  }
  return null;
}

/** v2's payee. Lower case, as accounts' receivers are; ASCII's rules, whatever the machine's locale. */
export const payee = z
  .object({ email_address: freeText, merchant_id: freeText })
  .nullish()
  .transform((told) => [told?.email_address, told?.merchant_id].flatMap((name) => (name ? [name.toLowerCase()] : [])));

/** `known` of a status in upper case; an unknown one is an issue, because a status that is not understood moves no money. */
export function status<Known extends string>(known: Readonly<Record<string, Known>>) {
  return z.string().transform((text, context): Known => {
    const word = text.toUpperCase();
    const found = Object.hasOwn(known, word) ? known[word] : undefined;
    if (found !== undefined) return found;
    context.issues.push({ code: "custom", input: text, message: "is an unknown status" });
    return z.NEVER;
  });
}

/** A reversal is told once it is so, at times without a status; only one that came to nothing says so. */
export const reversalStatus = z
  .string()
  .nullish()
  .transform((word) => (/^(FAILED|CANCELL?ED)$/.test(word?.toUpperCase() ?? "") ? "failed" : "succeeded"));

/** The amount if it is told in `currency`; null otherwise, because amounts of different currencies have nothing in common. */
export function amountIn(currency: Currency, money: Money | null | undefined): bigint | null {
  return money && money.currency === currency ? money.amount : null;
}

/** Refunds of v1 are told as negative amounts, those of v2 as positive ones. */
export function positive(money: Money): Money {
  return money.amount < 0n ? { ...money, amount: -money.amount } : money;
}
