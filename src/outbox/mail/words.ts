import type { Currency } from "../../payments/money.ts";
import { moneyText } from "../../payments/money-text.ts";

/** How money, days and people's own words are written in a mail. */
export interface Words {
  /** The language of the templates: a folder's name. */
  readonly language: string;
  /** `$1,234.50`, `1.234,50 €`: exact, with the currency's own decimals. */
  money(amount: bigint, currency: Currency): string;
  /** `November 26, 2026`, in UTC. `at` is ms since 1970. */
  day(at: number): string;
  /** `November 26, 2026 at 2:05 PM UTC` */
  time(at: number): string;
}

/** `locale` may be narrower than the language (`de-AT` for the templates `de`); a BCP 47 tag. */
export function wordsOf(language: string, locale: string): Words {
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
  const time = new Intl.DateTimeFormat(locale, {
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
    timeZone: "UTC",
    timeZoneName: "short",
  });
  return {
    language,
    money: (amount, currency) => moneyText(amount, currency, locale),
    day: (at) => day.format(at),
    time: (at) => time.format(at),
  };
}

/** Control characters, line and paragraph ends, marks that turn the direction of reading, halves of pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** What somebody typed, as one line of at most `max` characters. */
export function oneLine(text: string, max = 300): string {
  return [...text.slice(0, max * 2).replace(UNPRINTABLE, " ")].slice(0, max).join("").trim();
}

/** A buyer's name to be greeted by; null where it looks like a message to somebody else: mail programs make links of addresses. */
export function greeted(name: string | null): string | null {
  if (name === null) return null;
  const line = oneLine(name, 80);
  return line === "" || /[@/\\<>]|\bwww\b|\p{L}\.\p{L}{2}/iu.test(line) ? null : line;
}
