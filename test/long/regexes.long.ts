import { expect, test } from "vitest";
import { pumps, regexesOfSource, search } from "../catalogue/regexes.ts";
import { quickestMs } from "../quick.ts";
import { measured } from "./measured.ts";

test("no text of a megabyte keeps an expression busy for longer than reading it takes", async (context) => {
  let slowest = { ms: 0, where: "" };
  const found = regexesOfSource().filter(({ regex }) => regex.source !== "^[ \\t\\r\\n]+|[ \\t\\r\\n]+$");
  for (const one of found) {
    for (const text of pumps(one, 1_048_576)) {
      const ms = await quickestMs(() => search(one, text), 10);
      if (ms > slowest.ms) slowest = { ms, where: one.where };
    }
  }
  measured(context, `${found.length} expressions, slowest ${slowest.ms.toFixed(1)} ms at ${slowest.where}`);
  // Linear ones that replace something in every character take some 20 ms; a quadratic one takes hours.
  expect(slowest.ms).toBeLessThan(100);
});
