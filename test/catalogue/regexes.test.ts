import { expect, test } from "vitest";
import { type Allowed, expectQuick } from "../quick.ts";
import { pumps, regexesOfSource, search } from "./regexes.ts";

const REGEXES = regexesOfSource();

/** Expressions that only ever see a text whose length was checked before, by that length. */
const SHORT: ReadonlyMap<string, number> = new Map([
  // paypal-ipn/postback.ts: the verifier's word, of 64 bytes at most.
  ["^[ \\t\\r\\n]+|[ \\t\\r\\n]+$", 64],
]);

const ALLOWED: Allowed = { looks: 300, bytes: 32_768 };

test("there are regular expressions to look at, and one that explodes is found", async () => {
  expect(REGEXES.length).toBeGreaterThan(40);
  const exploding = { where: "here", regex: /^(a+)+$/ };
  const searchAll = async (): Promise<void> => {
    for (const text of pumps(exploding, 26)) await expectQuick(() => search(exploding, text), ALLOWED);
  };
  await expect(searchAll()).rejects.toThrow("to be less than");
});

test.each(REGEXES)("no text of 32 KiB keeps the expression at $where busy", async (one) => {
  for (const text of pumps(one, SHORT.get(one.regex.source) ?? ALLOWED.bytes))
    await expectQuick(() => search(one, text), ALLOWED, JSON.stringify(text.slice(0, 40)));
});
