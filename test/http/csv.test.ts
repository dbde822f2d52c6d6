import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvRow, readCsv } from "../../src/http/api/csv.ts";

const cell = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }).filter((text) => text.isWellFormed()),
  fc.constantFrom("=1+1", "'=x", "''+y", "-1", "@a", "\tb", "a\r\nb", 'a"b', ",", " x ", "'plain"),
);

describe("CSV", () => {
  test("what was written is read as it was, and no cell begins as a formula does", () => {
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), (rows) => {
        const text = rows.map(csvRow).join("");
        // Rows of nothing but blanks are passed over, and a mark at the very beginning is the encoding's.
        fc.pre(rows.every((row) => row.some((one) => one.trim() !== "")) && !text.startsWith("\uFEFF"));
        const read = readCsv(Buffer.from(text));
        expect(read.map(({ cells }) => cells)).toEqual(rows);
        for (const row of rows) for (const one of row) expect(csvRow([one]).slice(0, -2)).not.toMatch(/^"?\s*[=+\-@]/);
      }),
      { numRuns: 500 },
    );
  });

  test("numbers stay numbers, and each row knows its line", () => {
    expect(csvRow([-5, 3n, null, true])).toBe("-5,3,,true\r\n");
    expect(readCsv(Buffer.from('a\n\n"b\nc",d\r\ne')).map(({ line }) => line)).toEqual([1, 3, 5]);
  });
});
