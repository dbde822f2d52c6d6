import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ExportFormat, exported } from "../../src/books/export.ts";
import { readCurrency } from "../../src/payments/money.ts";
import type { Posting } from "../../src/store/effect-rows.ts";
import { skipWithout } from "../absent.ts";
import { hledger, hledgerBalances, hledgerIsAbsent } from "./hledger.ts";

const NOON = new Date("2026-01-05T12:00:00Z");

function currency(code: string) {
  return readCurrency(code) ?? expect.fail(`no currency ${code}`);
}

function line(parts: Partial<Posting>): Posting {
  return {
    subject: "pay_1",
    version: 1,
    account: "assets:cash:stripe:default",
    currency: currency("USD"),
    amount: 1999n,
    live: false,
    order: "1001",
    fact: "stripe/evt_1#0",
    input: "ntf_1",
    effectiveAt: new Date("2026-01-04T23:59:59Z"),
    at: NOON,
    ...parts,
  };
}

/** An entry of two lines. */
function entry(parts: Partial<Posting>): readonly Posting[] {
  const first = line(parts);
  return [first, { ...first, account: "assets:receivable", amount: -first.amount }];
}

async function text(format: ExportFormat, postings: readonly Posting[], rows = 1_000): Promise<string> {
  const rest = [...postings];
  const parts: string[] = [];
  for await (const part of exported(format, { live: false, source: async () => rest.splice(0, rows) }))
    parts.push(part);
  return parts.join("");
}

/** Texts as they come from outside: formulas, ends of lines, words of the formats. */
const FORMULAS = [
  ...["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uFF1D1", "\u200B=1", "=cmd|' /C calc'!A0"],
  ...['"=1', "a\n=b", 'x","=HYPERLINK(""http://evil.example"")', "1001"],
];

describe("as CSV", () => {
  test("is a head and a line for each posting, amounts as decimals", async () => {
    expect(await text("csv", entry({}))).toBe(
      [
        "entry,posted,happened,live,account,currency,amount,order,payment,fact,input",
        '"pay_1#1",2026-01-05T12:00:00.000Z,2026-01-04T23:59:59.000Z,false,"assets:cash:stripe:default",USD,19.99,"1001","pay_1","stripe/evt_1#0","ntf_1"',
        '"pay_1#1",2026-01-05T12:00:00.000Z,2026-01-04T23:59:59.000Z,false,"assets:receivable",USD,-19.99,"1001","pay_1","stripe/evt_1#0","ntf_1"',
        "",
      ].join("\r\n"),
    );
  });

  test("of an order has its reference, and no payment", async () => {
    expect(await text("csv", [line({ subject: "order/17", order: "17", fact: null })])).toContain(
      '19.99,"17",,,"ntf_1"\r\n',
    );
  });

  test.each(FORMULAS)("no spreadsheet runs %j as a formula, nor ends the cell in it", async (order) => {
    const csv = await text("csv", [line({ order, subject: `order/${order}` })]);
    const cells = readCsv(csv);
    expect(cells).toHaveLength(2);
    expect(cells[1]).toHaveLength(11);
    for (const cell of cells[1] ?? []) expect(cell).not.toMatch(/^[\s\p{Cc}\p{Cf}]*[=+@\uFF1D]|^-\D|^-?\d+[^\d.T:-]/u);
    expect([order, `'${order}`]).toContain(cells[1]?.[7]);
  });
});

/** RFC 4180, as a spreadsheet reads it. */
function readCsv(csv: string): readonly (readonly string[])[] {
  const lines = [...csv.matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,|\r\n))/g)].map(([, cell = ""]) => cell);
  const rows: string[][] = [[]];
  for (const cell of lines) {
    rows.at(-1)?.push(
      cell
        .replace(/(,|\r\n)$/, "")
        .replace(/^"|"$/g, "")
        .replaceAll('""', '"'),
    );
    if (cell.endsWith("\r\n")) rows.push([]);
  }
  return rows.slice(0, -1);
}

test("an entry that a page cuts in two is one transaction", async () => {
  const postings = [1, 2, 3].flatMap((version) => entry({ version }));
  const whole = await text("journal", postings);
  expect(whole.match(/^2026-01-05=2026-01-04 \*/gm)).toHaveLength(3);
  for (const rows of [1, 2, 3, 5]) expect(await text("journal", postings, rows)).toBe(whole);
});

test("nothing posted is an empty journal, and a CSV of its head alone", async () => {
  expect(await text("journal", [])).toMatch(/^; Test money\./);
  expect(await text("csv", [])).toMatch(/^entry,[a-z,]+\r\n$/);
});

describe("as hledger's journal", () => {
  const absent = hledgerIsAbsent();

  test("is balanced and declared to the last word, whatever the texts in it say", {
    timeout: 60_000,
  }, async (context) => {
    skipWithout(context, absent);
    const texts = fc.sample(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), 50);
    const hostile = [
      "a\n    assets:receivable  1 USD",
      "x; date:2020-01-01, y",
      "[2020-01-01]",
      "a, payment:other",
      "(x) | y",
    ];
    const orders = [...FORMULAS, ...hostile, ...texts];
    const postings = orders.flatMap((order, index) => [
      ...entry({ subject: `order/${order}`, version: index + 1, order, fact: order, input: order }),
      ...entry({ version: index + 1, currency: currency("JPY"), amount: 7n, order }),
      ...entry({ version: index + 1, currency: currency("KWD"), amount: -1n, order }),
    ]);
    const journal = await text("journal", postings);
    hledger(journal, "check", "--strict");
    expect(hledgerBalances(journal)).toEqual({
      "assets:cash:stripe:default JPY": String(7 * orders.length),
      "assets:cash:stripe:default KWD": (-orders.length / 1000).toFixed(3),
      "assets:cash:stripe:default USD": ((1999 * orders.length) / 100).toFixed(2),
      "assets:receivable JPY": String(-7 * orders.length),
      "assets:receivable KWD": (orders.length / 1000).toFixed(3),
      "assets:receivable USD": ((-1999 * orders.length) / 100).toFixed(2),
    });
  });
});
