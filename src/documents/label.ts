import type { DocumentKind, IssuedDocument } from "../store/documents.ts";

const LETTERS: Readonly<Record<DocumentKind, string>> = { receipt: "R", invoice: "I", credit_note: "C" };

/** The number as it is printed: `I-000017`, of a test order `TEST-I-000017`. The same in every language. */
export function labelOf({ kind, live, number }: Pick<IssuedDocument, "kind" | "live" | "number">): string {
  return `${live ? "" : "TEST-"}${LETTERS[kind]}-${String(number).padStart(6, "0")}`;
}

/** `invoice-I-000017.pdf` */
export function fileNameOf(document: Pick<IssuedDocument, "kind" | "live" | "number">): string {
  return `${document.kind.replace("_", "-")}-${labelOf(document)}.pdf`;
}
