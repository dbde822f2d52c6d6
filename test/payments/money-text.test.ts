import { expect, test } from "vitest";
import { readCurrency } from "../../src/payments/money.ts";
import { amountText, moneyText } from "../../src/payments/money-text.ts";

function currency(code: string) {
  const read = readCurrency(code);
  if (read === null) throw new Error(`${code} is a currency`);
  return read;
}

test.each([
  [1999n, "EUR", "en", "€19.99"],
  [1999n, "EUR", "de", "19,99\u00a0€"],
  [-500n, "USD", "en", "-$5.00"],
  [1999n, "JPY", "en", "¥1,999"],
  [5n, "KWD", "en", "KWD\u00a00.005"],
  [1_234_567n, "JOD", "de", "1.234,567\u00a0JOD"],
  [100n, "IQD", "de", "0,100\u00a0IQD"],
  [0n, "EUR", "de", "0,00\u00a0€"],
])("%s minor units of %s are in %s %s", (amount, code, language, text) => {
  expect(moneyText(amount, currency(code), language)).toBe(text);
});

test("an amount that no float holds is shown to its last digit", () => {
  expect(amountText(9_007_199_254_740_993n, currency("USD"), "en")).toBe("90,071,992,547,409.93");
  expect(amountText(9_007_199_254_740_993n, currency("KWD"), "de")).toBe("9.007.199.254.740,993");
});
