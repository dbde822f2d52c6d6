import { givenBack } from "../payments/given-back.ts";
import type { DocumentStore, IssuedDocument, NewDocument } from "../store/documents.ts";
import type { Reader } from "../store/reading.ts";
import type { LoadedOrder } from "../store/store.ts";
import { decodeContent, keyOf } from "./content.ts";
import type {
  CreditNote,
  CreditNotesAnswer,
  DocumentAnswer,
  DocumentRefused,
  DocumentSettings,
  Documents,
  PdfFile,
} from "./documents.ts";
import { type DraftParts, draftCreditNotes, draftInvoice, draftReceipt, type PaidOrder, paidOrder } from "./drafts.ts";
import type { Returned } from "./due-credits.ts";
import { fileNameOf, labelOf } from "./label.ts";
import { Turns } from "./turns.ts";
import type { Write } from "./writer.ts";

export interface IssuerParts {
  readonly store: { readonly read: Reader; readonly documents: DocumentStore };
  readonly settings: Omit<DocumentSettings, "font">;
  readonly write: Write;
  readonly providers: DraftParts["providers"];
  readonly now: () => Date;
}

/** PDFs that may wait to be written; each takes some tens of milliseconds. */
const MAX_WAITING = 50;

/** Issues documents and writes them: outside every transaction that applies notifications, and never on their way. */
export class Issuer implements Documents {
  readonly #parts: IssuerParts;
  readonly #turns = new Turns(MAX_WAITING);

  constructor(parts: IssuerParts) {
    this.#parts = parts;
  }

  async receipt(reference: string): Promise<DocumentAnswer> {
    const issued = await this.#issueOne("receipt", reference, draftReceipt);
    return "reason" in issued ? issued : this.#write(issued);
  }

  async invoice(reference: string): Promise<DocumentAnswer> {
    const issued = await this.#invoiceOf(reference);
    return "reason" in issued ? issued : this.#write(issued);
  }

  async creditNotes(reference: string): Promise<CreditNotesAnswer> {
    const invoice = await this.#invoiceOf(reference);
    if ("reason" in invoice) return invoice;
    const order = await this.#paidOrder(reference);
    if ("reason" in order) return order;
    const returned = await this.#returnedOf(order);
    const { documents } = this.#parts.store;
    const issued = await documents.issue(reference, (known) =>
      draftCreditNotes(order, returned, known, this.#draftParts()),
    );
    return { kind: "list", notes: issued.flatMap(creditNoteOf) };
  }

  async creditNote(reference: string, number: string): Promise<DocumentAnswer> {
    const issued = await this.#parts.store.documents.ofOrder(reference);
    const note = issued.find((document) => document.kind === "credit_note" && labelOf(document) === number);
    if (note) return this.#write(note);
    return refused("not_found", "the order has no credit note of that number; /credit-notes lists them");
  }

  async receiptFor(reference: string): Promise<PdfFile | null> {
    const answer = await this.receipt(reference);
    if (answer.kind === "document") return { fileName: answer.fileName, pdf: answer.pdf };
    if (answer.reason === "unavailable") throw new Error(`the receipt of ${reference}: ${answer.message}`);
    return null;
  }

  async #invoiceOf(reference: string): Promise<IssuedDocument | DocumentRefused> {
    const missing = missingForInvoice(this.#parts.settings);
    return this.#issueOne("invoice", reference, draftInvoice, () =>
      missing.length === 0
        ? null
        : refused("seller_not_configured", `an invoice names its seller: set ${missing.join(", ")}`),
    );
  }

  /** What was issued already needs no order and no settings: it says what it said. */
  async #issueOne(
    kind: "receipt" | "invoice",
    reference: string,
    draft: (order: PaidOrder, parts: DraftParts) => NewDocument,
    mayIssue: () => DocumentRefused | null = () => null,
  ): Promise<IssuedDocument | DocumentRefused> {
    const { documents } = this.#parts.store;
    const key = keyOf(kind, reference);
    const known = (await documents.ofOrder(reference)).find((document) => document.key === key);
    if (known) return known;
    const order = await this.#paidOrder(reference);
    if ("reason" in order) return order;
    const no = mayIssue();
    if (no) return no;
    // Drafted where nobody else issues, so that numbers and dates rise together.
    const issued = await documents.issue(reference, (before) =>
      before.some((other) => other.key === key) ? [] : [draft(order, this.#draftParts())],
    );
    const own = issued.find((other) => other.key === key);
    if (!own) throw new Error(`${key} was issued and is not there`);
    return own;
  }

  async #paidOrder(reference: string): Promise<PaidOrder | DocumentRefused> {
    const order: LoadedOrder | null = await this.#parts.store.read.order(reference);
    if (!order?.record?.state.expectation) return refused("not_found", `order ${reference} is not registered`);
    return paidOrder(order) ?? refused("not_paid", `order ${reference} was never paid in full`);
  }

  /** Refunds by refund, from the payments' facts; of payments of which nothing was given back nothing is loaded. */
  async #returnedOf({ payments }: PaidOrder): Promise<readonly Returned[]> {
    const { read } = this.#parts.store;
    const returned: Returned[] = [];
    for (const payment of payments.filter(({ state }) => state.refunded > 0n)) {
      const loaded = await read.payment(payment.id);
      for (const back of givenBack(loaded?.facts ?? [])) returned.push({ ...back, payment });
    }
    return returned;
  }

  async #write(document: IssuedDocument): Promise<DocumentAnswer> {
    const written = this.#turns.run(() => this.#parts.write(document));
    if (written === null) return refused("unavailable", "too many documents are waiting to be written");
    return { kind: "document", fileName: fileNameOf(document), pdf: await written };
  }

  #draftParts(): DraftParts {
    return { settings: this.#parts.settings, providers: this.#parts.providers, at: this.#parts.now() };
  }
}

function missingForInvoice({ seller }: IssuerParts["settings"]): readonly string[] {
  return [
    ...(seller.name === null ? ["SELLER_NAME"] : []),
    ...(seller.address.length === 0 ? ["SELLER_ADDRESS"] : []),
    ...(seller.taxId === null ? ["SELLER_TAX_ID"] : []),
  ];
}

function creditNoteOf(document: IssuedDocument): readonly CreditNote[] {
  const decoded = decodeContent(document);
  if (decoded.kind !== "credit_note") return [];
  const { invoice, currency, amount } = decoded.content;
  return [{ number: labelOf(document), invoice: invoice.label, currency, amount, issuedAt: document.at }];
}

function refused(reason: DocumentRefused["reason"], message: string): DocumentRefused {
  return { kind: "refused", reason, message };
}
