import type { Currency } from "../payments/money.ts";
import type { Language } from "./words.ts";

/** Receipts, invoices and credit notes: what the API and the mails ask for. */

export interface PdfFile {
  /** ASCII letters, digits, `-` and `.` only. */
  readonly fileName: string;
  readonly pdf: Uint8Array;
}

/** `reason` is the API's error word. */
export interface DocumentRefused {
  readonly kind: "refused";
  readonly reason: "not_found" | "not_paid" | "seller_not_configured" | "unavailable";
  readonly message: string;
}

export type DocumentAnswer = ({ readonly kind: "document" } & PdfFile) | DocumentRefused;

/** One credit note of an order. */
export interface CreditNote {
  /** `C-000001` */
  readonly number: string;
  /** The invoice that it corrects: `I-000001`. */
  readonly invoice: string;
  readonly currency: Currency;
  /** What was given back, minor units. */
  readonly amount: bigint;
  readonly issuedAt: Date;
}

export type CreditNotesAnswer = { readonly kind: "list"; readonly notes: readonly CreditNote[] } | DocumentRefused;

/**
 * Each document is issued when it is asked for first, with the next number of its series, and says the same ever after. All
 * of these reject with the store's error.
 */
export interface Documents {
  receipt(reference: string): Promise<DocumentAnswer>;
  invoice(reference: string): Promise<DocumentAnswer>;
  /** Issues a credit note for each refund that has none, and before it the invoice if there is none yet. */
  creditNotes(reference: string): Promise<CreditNotesAnswer>;
  /** `number`: `C-000001`; only what was issued. */
  creditNote(reference: string, number: string): Promise<DocumentAnswer>;
  /** For mails: the receipt, or null where none may be issued (the order was never paid in full). Rejects when too many wait. */
  receiptFor(reference: string): Promise<PdfFile | null>;
}

/** Who sells. What is null or empty was not configured; an invoice needs name, address and tax id. */
export interface Seller {
  readonly name: string | null;
  readonly address: readonly string[];
  readonly taxId: string | null;
  readonly email: string | null;
  readonly website: string | null;
}

export interface DocumentSettings {
  readonly seller: Seller;
  readonly language: Language;
  /** IANA name: in which days begin. */
  readonly timeZone: string;
  /** Printed below invoices and credit notes. */
  readonly note: readonly string[];
  /** A TrueType or OpenType file to write with instead of the built-in fonts; null: those. */
  readonly font: string | null;
}
