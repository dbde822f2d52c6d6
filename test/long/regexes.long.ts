import { expect, test } from "vitest";
import { pumps, quickest, regexesOfSource } from "../catalogue/regexes.ts";
import { measured } from "./measured.ts";

test("no text of a megabyte keeps an expression busy for longer than reading it takes", (context) => {
  let slowest = { ms: 0, where: "" };
  const found = regexesOfSource().filter(({ regex }) => regex.source !== "^[ \\t\\r\\n]+|[ \\t\\r\\n]+$");
  for (const one of found) {
    for (const text of pumps(one, 1_048_576)) {
      const ms = quickest(one, text);
      if (ms > slowest.ms) slowest = { ms, where: one.where };
    }
  }
  measured(context, `${found.length} expressions, slowest ${slowest.ms.toFixed(1)} ms at ${slowest.where}`);
  // Linear ones that replace something in every character take some 20 ms; a quadratic one takes hours.
  expect(slowest.ms).toBeLessThan(100);
});
