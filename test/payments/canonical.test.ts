import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonical } from "../../src/payments/canonical.ts";

describe("one text for one content", () => {
  test("any text is quoted as JSON quotes it, as value and as name", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom('"', "\\", "\u007f", "\ud800", "\n", "é", ""),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(canonical(value)).toBe(JSON.stringify(value));
        expect(canonical(Object.fromEntries([[value, 1]]))).toBe(`{${JSON.stringify(value)}:1}`);
      }),
    );
  });

  test("any JSON is read again from it, and the order of names makes no other", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = canonical(value);
        fc.pre(!text.includes("__proto__"));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonical(reversed(value))).toBe(text);
      }),
    );
  });

  test("an amount is no text and no number, and what is undefined is not there", () => {
    expect(canonical({ b: 1n, a: undefined, A: ["1n", 1, null] })).toBe('{"A":["1n",1,null],"b":1n}');
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, reversed(inner)]),
  );
}
