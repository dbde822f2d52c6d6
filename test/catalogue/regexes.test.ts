import { expect, test } from "vitest";
import { pumps, quickest, regexesOfSource } from "./regexes.ts";

const REGEXES = regexesOfSource();

/** Expressions that only ever see a text whose length was checked before, by that length. */
const SHORT: ReadonlyMap<string, number> = new Map([
  // paypal-ipn/postback.ts: the verifier's word, of 64 bytes at most.
  ["^[ \\t\\r\\n]+|[ \\t\\r\\n]+$", 64],
]);

test("there are regular expressions to look at, and the search finds one that explodes", () => {
  expect(REGEXES.length).toBeGreaterThan(40);
  const exploding = { where: "here", regex: /^(a+)+$/ };
  expect(pumps(exploding, 26).some((text) => quickest(exploding, text) > 10)).toBe(true);
});

test.each(REGEXES)("no text of 32 KiB keeps the expression at $where busy", ({ where, regex }) => {
  for (const text of pumps({ where, regex }, SHORT.get(regex.source) ?? 32_768)) {
    expect(quickest({ where, regex }, text), JSON.stringify(text.slice(0, 40))).toBeLessThan(10);
  }
});
