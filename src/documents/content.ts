import * as z from "zod";
import { readCurrency } from "../payments/money.ts";
import type { DocumentKind, IssuedDocument } from "../store/documents.ts";
import { LANGUAGES } from "./words.ts";

/** What a document says, frozen as JSON when it is issued: everything that is printed but for its number and date. */

const amount = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);
const time = z.number().int();
const optionalText = z.string().nullable();
const currency = z.string().transform((text, context) => {
  const code = readCurrency(text);
  if (code !== null) return code;
  context.addIssue({ code: "custom", message: "is no currency" });
  return z.NEVER;
});

const heading = {
  language: z.enum(LANGUAGES),
  timeZone: z.string(),
  order: z.string(),
  currency,
  seller: z.object({
    name: optionalText,
    address: z.array(z.string()),
    taxId: optionalText,
    email: optionalText,
    website: optionalText,
  }),
  customer: z
    .object({
      name: optionalText,
      company: optionalText,
      address: z.array(z.string()),
      taxId: optionalText,
      email: optionalText,
    })
    .nullable(),
};

const payment = z.object({
  /** The provider's time of the money, ms since 1970 UTC; null where it told none. */
  at: time.nullable(),
  /** As a buyer knows it; null for money from outside. */
  provider: optionalText,
  reference: z.string(),
  amount,
});

/** What is taxed at one rate; null where none was told. `net` + `tax` = `gross`. */
const taxSum = z.object({ rate: optionalText, net: amount, tax: amount, gross: amount });

const receipt = z.object({ ...heading, payments: z.array(payment), paid: amount });

const invoice = z.object({
  ...heading,
  /** `name` is null for what the lines leave of the total. */
  lines: z.array(
    z.object({
      sku: optionalText,
      name: optionalText,
      quantity: z.number().nullable(),
      amount,
      taxRate: optionalText,
      tax: amount.nullable(),
    }),
  ),
  total: amount,
  /** Empty where no line tells a tax. */
  taxes: z.array(taxSum),
  payments: z.array(payment),
  paid: amount,
  note: z.array(z.string()),
});

const creditNote = z.object({
  ...heading,
  invoice: z.object({ label: z.string(), at: time }),
  amount,
  /** Null where only a sum was told, and no refund. */
  refundedAt: time.nullable(),
  provider: optionalText,
  reference: z.string(),
  taxes: z.array(taxSum),
  note: z.array(z.string()),
});

export type ReceiptContent = z.infer<typeof receipt>;
export type InvoiceContent = z.infer<typeof invoice>;
export type CreditNoteContent = z.infer<typeof creditNote>;
export type Heading = Pick<ReceiptContent, keyof typeof heading>;
export type PaymentLine = z.infer<typeof payment>;
export type TaxSum = z.infer<typeof taxSum>;

export type Content =
  | { readonly kind: "receipt"; readonly content: ReceiptContent }
  | { readonly kind: "invoice"; readonly content: InvoiceContent }
  | { readonly kind: "credit_note"; readonly content: CreditNoteContent };

export function encodeContent(content: ReceiptContent | InvoiceContent | CreditNoteContent): string {
  return JSON.stringify(content, (_name, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

/** Throws for what `encodeContent` did not write. */
export function decodeContent({ kind, body }: Pick<IssuedDocument, "kind" | "body">): Content {
  const value: unknown = JSON.parse(body);
  switch (kind) {
    case "receipt":
      return { kind, content: receipt.parse(value) };
    case "invoice":
      return { kind, content: invoice.parse(value) };
    case "credit_note":
      return { kind, content: creditNote.parse(value) };
  }
}

/** An order has one receipt and one invoice; a refund has one credit note, whichever message told of it first. */
export function keyOf(kind: Exclude<DocumentKind, "credit_note">, order: string): string {
  return `${kind}:${order}`;
}
