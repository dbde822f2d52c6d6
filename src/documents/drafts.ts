import { atLeastZero, sum } from "../payments/arithmetic.ts";
import { withoutPeriods } from "../payments/hold.ts";
import type { Expectation, OrderState } from "../payments/state.ts";
import { portion } from "../payments/tax.ts";
import type { IssuedDocument, NewDocument } from "../store/documents.ts";
import type { LoadedOrder, PaymentRecord } from "../store/store.ts";
import {
  type CreditNoteContent,
  decodeContent,
  encodeContent,
  type Heading,
  type InvoiceContent,
  keyOf,
  type PaymentLine,
  type ReceiptContent,
  type TaxSum,
} from "./content.ts";
import type { DocumentSettings } from "./documents.ts";
import { type Credit, dueCredits, type Returned } from "./due-credits.ts";
import { labelOf } from "./label.ts";
import { languageOf } from "./words.ts";

/** What documents are to say, worked out from an order as it is when they are issued. Pure. */

/** An order that is or was paid in full, and the payments that pay it, oldest money first. */
export interface PaidOrder {
  readonly state: OrderState;
  readonly expectation: Expectation;
  readonly payments: readonly PaymentRecord[];
}

export interface DraftParts {
  readonly settings: Omit<DocumentSettings, "font">;
  /** Provider id → as a buyer knows it. */
  readonly providers: ReadonlyMap<string, string>;
  readonly at: Date;
}

/** Null where it never was paid in full; whatever became of it since. */
export function paidOrder(order: LoadedOrder): PaidOrder | null {
  const state = order.record?.state;
  if (!state?.expectation || !state.milestones.some(({ type }) => type === "order.paid")) return null;
  const counting = new Set(state.payments.filter(({ counts }) => counts).map(({ id }) => id));
  const counted = order.payments.filter(({ id }) => counting.has(id));
  return { state, expectation: state.expectation, payments: withoutPeriods(state.expectation, counted) };
}

export function draftReceipt(order: PaidOrder, parts: DraftParts): NewDocument {
  const payments = paymentLines(order, parts);
  const content: ReceiptContent = { ...headingOf(order, parts), payments, paid: paidBy(payments) };
  return newDocument("receipt", keyOf("receipt", order.state.reference), order, parts, content);
}

export function draftInvoice(order: PaidOrder, parts: DraftParts): NewDocument {
  const lines = linesOf(order.expectation);
  const payments = paymentLines(order, parts);
  const content: InvoiceContent = {
    ...headingOf(order, parts),
    lines,
    total: order.expectation.total,
    taxes: taxesOf(lines),
    payments,
    paid: paidBy(payments),
    note: [...parts.settings.note],
  };
  return newDocument("invoice", keyOf("invoice", order.state.reference), order, parts, content);
}

/**
 * A credit note for each refund that has none. What may be credited in all is what the invoice says less what the merchant
 * keeps: giving back what was paid too much corrects no invoice.
 */
export function draftCreditNotes(
  order: PaidOrder,
  returned: readonly Returned[],
  issued: readonly IssuedDocument[],
  parts: DraftParts,
): readonly NewDocument[] {
  const invoice = issued.find(({ key }) => key === keyOf("invoice", order.state.reference));
  const billed = invoice && decodeContent(invoice);
  if (!invoice || billed?.kind !== "invoice") return [];
  const { total, taxes } = billed.content;
  const credited = new Map(issued.flatMap(creditOf));
  const before = sum([...credited.values()]);
  const kept = atLeastZero(order.state.paid - order.state.refunded);
  let creditedSoFar = before;
  return dueCredits(returned, credited, atLeastZero(total - kept) - before).map((credit) => {
    const content: CreditNoteContent = {
      ...headingOf(order, parts),
      currency: billed.content.currency,
      invoice: { label: labelOf(invoice), at: invoice.at.getTime() },
      amount: credit.amount,
      refundedAt: credit.at,
      provider: parts.providers.get(credit.payment.state.scope.provider) ?? null,
      reference: credit.payment.state.reference,
      taxes: taxesIn(credit, creditedSoFar, total, taxes),
      note: [...parts.settings.note],
    };
    creditedSoFar += credit.amount;
    return newDocument("credit_note", `credit_note:${credit.key}`, order, parts, content);
  });
}

function creditOf(document: IssuedDocument): readonly (readonly [string, bigint])[] {
  const decoded = decodeContent(document);
  if (decoded.kind !== "credit_note") return [];
  return [[document.key.slice("credit_note:".length), decoded.content.amount]];
}

/** Each rate's part of the invoice; rounded so that the parts of all credit notes add up to the invoice's own. */
function taxesIn(
  { amount }: Credit,
  before: bigint,
  total: bigint,
  taxes: readonly TaxSum[],
): CreditNoteContent["taxes"] {
  const part = (whole: bigint) => portion(whole, before + amount, total) - portion(whole, before, total);
  return taxes
    .filter(({ gross, tax }) => gross >= 0n && tax >= 0n)
    .map(({ rate, gross, tax }) => ({ rate, gross: part(gross), tax: part(tax), net: part(gross) - part(tax) }));
}

function newDocument(
  kind: NewDocument["kind"],
  key: string,
  { state, expectation }: PaidOrder,
  { at }: DraftParts,
  content: ReceiptContent | InvoiceContent | CreditNoteContent,
): NewDocument {
  return { kind, live: expectation.live, key, order: state.reference, at, body: encodeContent(content) };
}

function headingOf({ state, expectation }: PaidOrder, { settings }: DraftParts): Heading {
  const { timeZone, seller } = settings;
  const { currency, customer } = expectation;
  const language = languageOf(customer?.locale ?? null) ?? settings.language;
  return {
    ...{ language, timeZone, order: state.reference, currency },
    seller: { ...seller, address: [...seller.address] },
    customer: customer && { ...customer, address: [...customer.address] },
  };
}

function paymentLines({ payments }: PaidOrder, { providers }: DraftParts): PaymentLine[] {
  return payments
    .filter(({ state }) => state.captured > 0n)
    .map(({ state }) => ({
      at: state.ever.paidAt,
      provider: providers.get(state.scope.provider) ?? null,
      reference: state.reference,
      amount: state.captured,
    }));
}

function paidBy(payments: readonly PaymentLine[]): bigint {
  return sum(payments.map(({ amount }) => amount));
}

/** The order's lines, and one more for what they leave of the total (or take from it, as a discount does). */
function linesOf({ lines, total }: Expectation): InvoiceContent["lines"] {
  const rest = total - sum(lines.map(({ amount }) => amount));
  const other = { sku: null, name: null, quantity: null, amount: rest, taxRate: null, tax: null };
  return [...lines, ...(rest !== 0n || lines.length === 0 ? [other] : [])];
}

/** Per rate, the highest first; where no line tells a tax there is nothing to sum. */
function taxesOf(lines: InvoiceContent["lines"]): InvoiceContent["taxes"] {
  if (lines.every(({ tax }) => tax === null)) return [];
  const sums = new Map<string | null, { gross: bigint; tax: bigint }>();
  for (const { taxRate, amount, tax } of lines) {
    const known = sums.get(taxRate) ?? { gross: 0n, tax: 0n };
    sums.set(taxRate, { gross: known.gross + amount, tax: known.tax + (tax ?? 0n) });
  }
  return [...sums]
    .sort(([left], [right]) => Number(right ?? -1) - Number(left ?? -1))
    .map(([rate, { gross, tax }]) => ({ rate, gross, tax, net: gross - tax }));
}
