import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { greeted, oneLine, wordsOf } from "../../../src/outbox/mail/words.ts";
import { type Currency, formatDecimal, MAX_AMOUNT, readCurrency } from "../../../src/payments/money.ts";

function currency(code: string): Currency {
  const found = readCurrency(code);
  if (found === null) throw new Error(`${code} is no currency`);
  return found;
}

/** ICU's versions differ in their spaces and apostrophes. */
const said = (locale: string, amount: bigint, code: string) =>
  wordsOf(locale, locale).money(amount, currency(code)).replace(/\s/g, " ").replaceAll("’", "'");

describe("money", () => {
  test.each([
    ["en", 1999n, "USD", "$19.99"],
    ["en", 5n, "EUR", "€0.05"],
    ["en", -1999n, "USD", "-$19.99"],
    ["de", 123_450n, "EUR", "1.234,50 €"],
    ["de-AT", 1999n, "EUR", "€ 19,99"],
    ["de-CH", 123_450n, "CHF", "CHF 1'234.50"],
    ["en", 500n, "JPY", "¥500"],
    ["ja", 500n, "JPY", "￥500"],
    ["en", 1_005n, "KWD", "KWD 1.005"],
    ["en", 1999n, "HUF", "HUF 19.99"],
    ["de", 1999n, "IDR", "19,99 IDR"],
    ["en", 9_007_199_254_740_993n, "USD", "$90,071,992,547,409.93"],
    ["en", 123_456_789_012_345_678_901n, "KWD", "KWD 123,456,789,012,345,678.901"],
  ])("in %s %s minor units of %s are written %s", (locale, amount, code, text) => {
    expect(said(locale, amount, code)).toBe(text);
  });

  test("of any amount and any number of decimals keeps each digit", () => {
    const amounts = fc.bigInt({ min: 0n, max: MAX_AMOUNT * 1_000n });
    fc.assert(
      fc.property(amounts, fc.constantFrom("USD", "JPY", "KWD", "HUF", "ISK", "TND"), (amount, code) => {
        const digits = said("en", amount, code).replace(/[^\d.]/g, "");
        expect(digits).toBe(formatDecimal(amount, currency(code)));
      }),
    );
  });
});

test("days and times are said in the language, in UTC", () => {
  const at = Date.UTC(2026, 10, 26, 23, 30);
  expect(wordsOf("en", "en").day(at)).toBe("November 26, 2026");
  expect(wordsOf("de", "de").day(at)).toBe("26. November 2026");
  expect(wordsOf("en", "en").time(at).replace(/\s/g, " ")).toBe("November 26, 2026 at 11:30 PM UTC");
  expect(wordsOf("de", "de-AT").time(at)).toContain("23:30");
});

describe("what somebody typed", () => {
  test("becomes one line without control characters, however it was meant", () => {
    expect(oneLine("Tea\r\nBcc: everybody@example.com\u0000")).toBe("Tea  Bcc: everybody@example.com");
    expect(oneLine("safe\u202Eexe.pdf\u2028next")).toBe("safe exe.pdf next");
    expect(oneLine(`${"é".repeat(10)}`, 4)).toBe("éééé");
    fc.assert(
      fc.property(fc.uint16Array({ maxLength: 100 }), (codes) => {
        expect(oneLine(String.fromCharCode(...codes))).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e]/u);
      }),
    );
  });

  test.each(["Ann Müller", "Dr. O'Hara-Smith", "李明", "José"])("%s is a name to be greeted by", (name) => {
    expect(greeted(name)).toBe(name);
  });

  test.each(["visit evil.example now", "https://evil.example", "www evil", "pay@evil.example", "<b>Ann</b>", " ", ""])(
    "%j is none",
    (name) => {
      expect(greeted(name)).toBeNull();
    },
  );
});
