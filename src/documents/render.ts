import { amountText, moneyText } from "../payments/money-text.ts";
import type { IssuedDocument } from "../store/documents.ts";
import {
  type Content,
  type CreditNoteContent,
  decodeContent,
  type Heading,
  type InvoiceContent,
  type PaymentLine,
  type ReceiptContent,
  type TaxSum,
} from "./content.ts";
import type { Fonts } from "./fonts.ts";
import { labelOf } from "./label.ts";
import { type Box, GREY, LEFT, RIGHT, Sheet, type TextStyle } from "./sheet.ts";
import { WORDS, type Words } from "./words.ts";

/** An issued document as a PDF: the same bytes each time, as long as the fonts and this version write it. */
export async function renderDocument(document: IssuedDocument, fonts: Fonts): Promise<Uint8Array> {
  const decoded = decodeContent(document);
  const { content } = decoded;
  const words = WORDS[content.language];
  const label = labelOf(document);
  const title = `${words[document.kind]} ${label}`;
  const author = content.seller.name ?? "";
  const sheet = new Sheet({ title, language: content.language, author, at: document.at, fonts });
  const page: Page = { sheet, words, heading: content };
  letterhead(page, words[document.kind], document.live);
  parties(page, [
    [words.number, label],
    [words.date, dateText(document.at.getTime(), content)],
    [words.order, content.order],
    ...more(decoded, words),
  ]);
  await body(page, decoded);
  const footer = (number: number, pages: number) => `${title}  ·  ${words.page} ${number} ${words.of} ${pages}`;
  return sheet.finish(footer, document.live ? null : "TEST");
}

/** What every part of the page needs. */
interface Page {
  readonly sheet: Sheet;
  readonly words: Words;
  readonly heading: Heading;
}

const FULL: Box = { x: LEFT, width: RIGHT - LEFT };
const LEFT_HALF: Box = { x: LEFT, width: 250 };
const RIGHT_HALF: Box = { x: 330, width: RIGHT - 330 };

type Pair = readonly [name: string, value: string];

function more({ kind, content }: Content, words: Words): readonly Pair[] {
  switch (kind) {
    case "receipt":
    case "invoice":
      return [];
    case "credit_note":
      return [
        [words.correctsInvoice, content.invoice.label],
        [words.invoiceDate, dateText(content.invoice.at, content)],
        ...(content.refundedAt === null ? [] : [[words.refundedOn, dateText(content.refundedAt, content)] as const]),
      ];
  }
}

async function body(page: Page, { kind, content }: Content): Promise<void> {
  switch (kind) {
    case "receipt":
      return receiptBody(page, content);
    case "invoice":
      return invoiceBody(page, content);
    case "credit_note":
      return creditNoteBody(page, content);
  }
}

async function receiptBody(page: Page, { payments, paid }: ReceiptContent): Promise<void> {
  await paymentTable(page, payments);
  total(page, page.words.totalPaid, paid);
}

async function invoiceBody(page: Page, content: InvoiceContent): Promise<void> {
  const { words } = page;
  const currency = ` (${content.currency})`;
  const columns: readonly Column[] = [
    { name: words.item, x: LEFT, width: 225 },
    { name: words.quantity, x: 280, width: 45, align: "right" },
    { name: words.taxRate, x: 330, width: 50, align: "right" },
    { name: words.taxIncluded, x: 385, width: 65, align: "right" },
    { name: words.amountIn + currency, x: 455, width: 90, align: "right" },
  ];
  await table(
    page,
    columns,
    content.lines.map((line) => ({
      cells: [
        line.name ?? restName(line, content, words),
        line.quantity === null ? "" : numberText(line.quantity, content),
        rateText(line.taxRate, content),
        line.tax === null ? "" : amount(line.tax, content),
        amount(line.amount, content),
      ],
      below: line.sku ?? "",
    })),
  );
  total(page, words.total, content.total);
  await taxTable(page, content.taxes);
  if (content.payments.length > 0) {
    caption(page, words.payments);
    await paymentTable(page, content.payments);
  }
  note(page, content.note);
}

function restName(line: { readonly amount: bigint }, content: InvoiceContent, words: Words): string {
  if (content.lines.length === 1) return `${words.wholeOrder} ${content.order}`;
  return line.amount < 0n ? words.discount : words.notItemized;
}

async function creditNoteBody(page: Page, content: CreditNoteContent): Promise<void> {
  const { words } = page;
  const columns: readonly Column[] = [
    { name: words.item, x: LEFT, width: 400 },
    { name: `${words.amountIn} (${content.currency})`, x: 455, width: 90, align: "right" },
  ];
  const by = `${content.provider ?? words.outside} · ${content.reference}`;
  await table(page, columns, [
    { cells: [`${words.refundOf} ${content.order}`, amount(content.amount, content)], below: by },
  ]);
  total(page, words.totalCredited, content.amount);
  if (content.taxes.length > 0) caption(page, words.taxShare);
  await taxTable(page, content.taxes);
  note(page, content.note);
}

function letterhead({ sheet, words, heading }: Page, title: string, live: boolean): void {
  const { seller } = heading;
  const top = sheet.y;
  sheet.y += sheet.text(seller.name ?? "", LEFT_HALF, { size: 12, bold: true });
  const lines = [
    ...seller.address,
    ...(seller.taxId === null ? [] : [`${words.sellerTaxId}: ${seller.taxId}`]),
    ...[seller.email, seller.website].filter((line) => line !== null),
  ];
  for (const line of lines) sheet.y += sheet.text(line, LEFT_HALF, { size: 8.5, color: GREY });
  const bottom = sheet.y;
  sheet.y = top;
  sheet.y += sheet.text(title, RIGHT_HALF, { size: 20, bold: true, align: "right" });
  if (!live) sheet.y += sheet.text(words.test, RIGHT_HALF, { bold: true, color: "#cc0000", align: "right" });
  sheet.y = Math.max(bottom, sheet.y) + 28;
}

/** The buyer on the left, what the document is about on the right. */
function parties({ sheet, words, heading }: Page, pairs: readonly Pair[]): void {
  const top = sheet.y;
  const { customer } = heading;
  const lines = [customer?.company, customer?.name, ...(customer?.address ?? []), customer?.email].filter(
    (line) => line !== null && line !== undefined,
  );
  const taxId = customer?.taxId ? [`${words.taxId}: ${customer.taxId}`] : [];
  if (lines.length + taxId.length > 0) sheet.y += sheet.text(words.billedTo, LEFT_HALF, { size: 8, color: GREY });
  for (const line of [...lines, ...taxId]) sheet.y += sheet.text(line, LEFT_HALF, { size: 10 });
  const bottom = sheet.y;
  sheet.y = top;
  for (const [name, value] of pairs) {
    sheet.text(name, { x: RIGHT_HALF.x, width: 90 }, { color: GREY });
    sheet.y += sheet.text(value, { x: RIGHT_HALF.x + 95, width: RIGHT_HALF.width - 95 }, { align: "right" }) + 2;
  }
  sheet.y = Math.max(bottom, sheet.y) + 24;
}

interface Column extends Box {
  readonly name: string;
  readonly align?: "right";
}

interface Row {
  /** One for each column; the first is wrapped, the others are kept on one line. */
  readonly cells: readonly string[];
  /** Small, under the first cell. */
  readonly below: string;
}

const HEAD_HEIGHT = 20;
const SMALL: TextStyle = { size: 7.5, color: GREY };

/** Rows with a head that is repeated on every page. */
async function table(page: Page, columns: readonly Column[], rows: readonly Row[]): Promise<void> {
  const { sheet } = page;
  const [first] = columns;
  if (first === undefined) return;
  sheet.need(HEAD_HEIGHT + 30);
  head(sheet, columns);
  for (const { cells, below } of rows) {
    const height =
      Math.max(sheet.heightOf(cells[0] ?? "", first.width), 13) + sheet.heightOf(below, first.width, SMALL) + 9;
    if (!sheet.hasRoomFor(height)) {
      sheet.newPage();
      head(sheet, columns);
    }
    const top = sheet.y;
    sheet.y += 4;
    // In the order in which it is read, so that it is copied in that order too.
    const taken = sheet.text(cells[0] ?? "", first);
    for (const [index, column] of columns.entries()) if (index > 0) sheet.fitted(cells[index] ?? "", column, column);
    sheet.y += taken;
    sheet.text(below, first, SMALL);
    sheet.y = top + height;
    sheet.rule();
    await sheet.breathe();
  }
}

function head(sheet: Sheet, columns: readonly Column[]): void {
  sheet.band(HEAD_HEIGHT, "#f0f0f0");
  sheet.y += 5;
  for (const column of columns) sheet.fitted(column.name, column, { ...column, size: 8, bold: true });
  sheet.y += HEAD_HEIGHT - 5;
}

function total({ sheet, heading }: Page, name: string, sum: bigint): void {
  // Fonts seldom have the signs of all currencies: the built-in ones lack that of the rupee.
  const money = moneyText(sum, heading.currency, heading.language);
  sheet.need(40);
  sheet.y += 10;
  const style: TextStyle = { size: 12, bold: true, align: "right" };
  sheet.fitted(name, { x: LEFT, width: 330 }, style);
  sheet.fitted(
    sheet.canWrite(money) ? money : `${amount(sum, heading)} ${heading.currency}`,
    { x: 395, width: RIGHT - 395 },
    style,
  );
  sheet.y += 26;
}

async function taxTable(page: Page, taxes: readonly TaxSum[]): Promise<void> {
  const { words, heading } = page;
  if (taxes.length === 0) return;
  const columns: readonly Column[] = [
    { name: words.taxRate, x: LEFT, width: 160 },
    { name: words.net, x: 225, width: 100, align: "right" },
    { name: words.tax, x: 335, width: 100, align: "right" },
    { name: words.gross, x: 445, width: 100, align: "right" },
  ];
  await table(
    page,
    columns,
    taxes.map(({ rate, net, tax, gross }) => ({
      cells: [
        rate === null ? words.noRate : rateText(rate, heading),
        ...[net, tax, gross].map((each) => amount(each, heading)),
      ],
      below: "",
    })),
  );
  page.sheet.y += 14;
}

function paymentTable(page: Page, payments: readonly PaymentLine[]): Promise<void> {
  const { words, heading } = page;
  const columns: readonly Column[] = [
    { name: words.reference, x: LEFT, width: 200 },
    { name: words.paidOn, x: 260, width: 100 },
    { name: words.paidBy, x: 365, width: 85 },
    { name: `${words.amountIn} (${heading.currency})`, x: 455, width: 90, align: "right" },
  ];
  const rows = payments.map((payment) => ({
    cells: [
      payment.reference,
      payment.at === null ? "" : dateText(payment.at, heading),
      payment.provider ?? words.outside,
      amount(payment.amount, heading),
    ],
    below: "",
  }));
  return table(page, columns, rows);
}

function caption({ sheet }: Page, text: string): void {
  sheet.need(60);
  sheet.y += 6;
  sheet.y += sheet.text(text, FULL, { size: 10, bold: true }) + 4;
}

function note({ sheet }: Page, lines: readonly string[]): void {
  if (lines.length > 0) sheet.y += 18;
  for (const line of lines) {
    sheet.need(sheet.heightOf(line, FULL.width, { size: 8.5 }));
    sheet.y += sheet.text(line, FULL, { size: 8.5, color: GREY });
  }
}

function amount(value: bigint, { currency, language }: Heading): string {
  return amountText(value, currency, language);
}

function numberText(value: number, { language }: Heading): string {
  return new Intl.NumberFormat(language).format(value);
}

/** `7.7` → `7.7 %` or `7,7 %`: its digits as they are, as a rate may have four decimals. */
function rateText(rate: string | null, { language }: Heading): string {
  if (rate === null) return "";
  const digits = new Intl.NumberFormat(language, { maximumFractionDigits: 4 });
  // Proven: `readTaxRate` let nothing pass but digits and a point.
  return `${digits.format(rate as `${number}`)}\u00a0%`;
}

function dateText(at: number, { language, timeZone }: Heading): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone }).format(at);
}
