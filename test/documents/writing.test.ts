import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { encodeContent, type InvoiceContent } from "../../src/documents/content.ts";
import { openFonts } from "../../src/documents/fonts.ts";
import { printable } from "../../src/documents/printable.ts";
import { renderDocument } from "../../src/documents/render.ts";
import { openWriter } from "../../src/documents/writer.ts";
import { readCurrency } from "../../src/payments/money.ts";
import { readPdf } from "./pdf-text.ts";

const EUR = readCurrency("EUR");

function fontsOf(file: string | null) {
  const answer = openFonts(file);
  if (!answer.ok) throw new Error(answer.problem);
  return answer.fonts;
}

function invoiceOf(parts: Partial<InvoiceContent>) {
  if (EUR === null) throw new Error("EUR is a currency");
  const content: InvoiceContent = {
    ...{ language: "en", timeZone: "UTC", order: "1001", currency: EUR, customer: null, lines: [], total: 100n },
    seller: { name: "Teehaus", address: [], taxId: null, email: null, website: null },
    ...{ taxes: [], payments: [], paid: 100n, note: [] },
    ...parts,
  };
  const at = new Date("2026-11-26T23:30:00Z");
  return { kind: "invoice", live: true, number: 7, key: "k", order: "1001", at, body: encodeContent(content) } as const;
}

const textOf = async (parts: Partial<InvoiceContent>) =>
  (await readPdf(await renderDocument(invoiceOf(parts), fontsOf(null)))).text;

test("the built-in fonts have the letters of Latin, Greek and Cyrillic, and the signs of money", () => {
  const letters =
    "ÀÉÎÕÜßæœøłŁőŐűşŞğĞİıŽžĐđÞþŒāčėģķļņšūżźćńśĂăȘșȚț ΆΈΉΊΌΎΏΐΰϊϋάέ АБВЯабвяЁёЇїЄєҐґЎўЉљЊњЋћЂђЏџЃѓЌќ €£¥–—„“”‘’«»…·×№";
  const { regular, bold } = fontsOf(null);
  for (const font of [regular, bold]) {
    const missing = [...letters].filter((letter) => !font.hasGlyphForCodePoint(letter.codePointAt(0) ?? 0));
    expect(missing).toEqual([]);
  }
});

test("a currency whose sign the font lacks is named by its code", async () => {
  const rupee = readCurrency("INR");
  if (rupee === null) throw new Error("INR is a currency");
  expect(await textOf({ currency: rupee, total: 123_456n })).toContain("Total 1,234.56 INR");
});

test("another font is taken, and what is none is refused without its name", () => {
  const other = createRequire(import.meta.url).resolve(
    "@expo-google-fonts/open-sans/400Regular_Italic/OpenSans_400Regular_Italic.ttf",
  );
  expect(fontsOf(other).regular.postscriptName).toBe("OpenSans-Italic");
  for (const file of ["/nowhere/font.ttf", import.meta.filename]) {
    expect(openFonts(file)).toEqual({
      ok: false,
      problem: expect.stringMatching(/^DOCUMENT_FONT: there is no readable/),
    });
  }
});

test("nothing invisible is printed, and nothing that turns what follows", () => {
  expect(printable("An\u202en\u200b \u2066x\u2069\ufeff\u0007y\u2028z\u202f€")).toBe("Ann x y z\u00a0€");
  expect(printable("e\u0301")).toBe("é");
});

test("the same content is the same bytes, and another is not", async () => {
  const write = (order: string) => renderDocument(invoiceOf({ order }), fontsOf(null));
  const [first, again, other] = await Promise.all([write("1"), write("1"), write("2")]);
  expect(Buffer.compare(first, again)).toBe(0);
  expect(Buffer.compare(first, other)).not.toBe(0);
});

test("a day is one of the seller's time zone", async () => {
  expect(await textOf({ timeZone: "UTC" })).toContain("Date November 26, 2026");
  expect(await textOf({ timeZone: "Europe/Berlin", language: "de" })).toContain("Datum 27. November 2026");
});

test("a long name is wrapped, also where it has no space, and the largest amount stays in one piece", async () => {
  const amount = 1_000_000_000_000_000n;
  const line = { sku: "A", quantity: 1_000_000, amount, taxRate: "8.875", tax: amount };
  const words = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");
  const text = await textOf({
    lines: [
      { ...line, name: words },
      { ...line, name: "w".repeat(300) },
    ],
    total: amount,
  });
  expect(text).toContain(words);
  expect(text.replaceAll(" ", "")).toContain("w".repeat(300));
  expect(text).toContain("1,000,000 8.875 % 10,000,000,000,000.00 10,000,000,000,000.00");
  expect(text).toContain("Total €10,000,000,000,000.00");
});

test("a font that the configuration names and nobody can read is told before the first document", async () => {
  expect(await openWriter("/nowhere/to-be-found.ttf")).toEqual({
    ok: false,
    problem: expect.stringContaining("DOCUMENT_FONT"),
  });
});
