/** What documents say, in each language. */

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

/** `de-AT` → `de`; null for a language that documents are not written in. */
export function languageOf(locale: string | null): Language | null {
  const [spoken] = (locale ?? "").split("-");
  return LANGUAGES.find((language) => language === spoken) ?? null;
}

const EN = {
  receipt: "Receipt",
  invoice: "Invoice",
  credit_note: "Credit note",
  test: "Test: no money was moved",
  number: "Number",
  date: "Date",
  order: "Order",
  billedTo: "To",
  taxId: "Tax ID",
  sellerTaxId: "Tax ID",
  item: "Item",
  quantity: "Qty",
  taxRate: "Tax rate",
  taxIncluded: "Tax incl.",
  amountIn: "Amount",
  wholeOrder: "Order",
  notItemized: "Other items",
  discount: "Discount",
  total: "Total",
  totalPaid: "Total paid",
  totalCredited: "Credited",
  paid: "Paid",
  net: "Net",
  tax: "Tax",
  gross: "Gross",
  noRate: "not told",
  payments: "Payments",
  paidOn: "Paid on",
  paidBy: "By",
  reference: "Reference",
  outside: "Direct payment",
  correctsInvoice: "Corrects invoice",
  invoiceDate: "Invoice date",
  refundedOn: "Refunded on",
  refundOf: "Refund for order",
  taxShare: "Tax in proportion to the invoice",
  page: "Page",
  of: "of",
};

export type Words = typeof EN;

const DE: Words = {
  receipt: "Zahlungsbeleg",
  invoice: "Rechnung",
  credit_note: "Rechnungskorrektur",
  test: "Test: es floss kein Geld",
  number: "Nummer",
  date: "Datum",
  order: "Bestellung",
  billedTo: "An",
  taxId: "USt-IdNr.",
  sellerTaxId: "Steuernummer/USt-IdNr.",
  item: "Position",
  quantity: "Menge",
  taxRate: "Steuersatz",
  taxIncluded: "enth. Steuer",
  amountIn: "Betrag",
  wholeOrder: "Bestellung",
  notItemized: "Sonstiges",
  discount: "Nachlass",
  total: "Gesamtbetrag",
  totalPaid: "Bezahlt",
  totalCredited: "Gutgeschrieben",
  paid: "Bezahlt",
  net: "Netto",
  tax: "Steuer",
  gross: "Brutto",
  noRate: "ohne Angabe",
  payments: "Zahlungen",
  paidOn: "Bezahlt am",
  paidBy: "Über",
  reference: "Referenz",
  outside: "Direktzahlung",
  correctsInvoice: "Zu Rechnung",
  invoiceDate: "Rechnungsdatum",
  refundedOn: "Erstattet am",
  refundOf: "Erstattung zu Bestellung",
  taxShare: "Steuer im Verhältnis zur Rechnung",
  page: "Seite",
  of: "von",
};

export const WORDS: Readonly<Record<Language, Words>> = { en: EN, de: DE };
