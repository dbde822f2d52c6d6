import * as z from "zod";
import type { AttemptStatus, Fact, InvoiceFact } from "../../../payments/fact.ts";
import { amountsIn } from "../amount.ts";
import { amount, inMs, reference, referenceTo, seconds, stated, text, word } from "../fields.ts";
import { common, refs, type Telling } from "../telling.ts";
import { intentMention } from "./intent.ts";
import { invoiceClaimFacts, invoicePaymentFacts, invoicePaymentSchema } from "./invoice-payment.ts";

const subscriptionDetails = z.looseObject({ subscription: referenceTo, metadata: z.unknown() }).nullish();

const lineSchema = z.looseObject({ period: z.object({ start: seconds, end: seconds }).nullish() });

/**
 * https://docs.stripe.com/api/invoices/object. Before 2025-03-31 it names `payment_intent`, `charge` and `subscription`;
 * since then `parent.subscription_details.subscription`, and its payments only where they are expanded.
 */
export const invoiceSchema = z
  .looseObject({
    id: reference,
    status: word,
    currency: z.string(),
    amount_paid: amount,
    paid_out_of_band: z.boolean().nullish(),
    payment_intent: referenceTo,
    charge: referenceTo,
    subscription: referenceTo,
    subscription_details: z.looseObject({ metadata: z.unknown() }).nullish(),
    parent: z.looseObject({ subscription_details: subscriptionDetails }).nullish(),
    payments: z.object({ data: z.array(invoicePaymentSchema) }).nullish(),
    customer: referenceTo.catch(null),
    customer_email: text,
    customer_name: text,
    billing_reason: word.catch(null),
    attempt_count: z.int().nonnegative().max(10_000).nullish().catch(null),
    next_payment_attempt: seconds.nullish().catch(null),
    status_transitions: z.looseObject({ paid_at: seconds.nullish() }).nullish().catch(null),
    lines: z
      .object({ data: z.array(lineSchema) })
      .nullish()
      .catch(null),
  })
  .transform((invoice, issues) => {
    const amounts = amountsIn(invoice.currency, issues);
    if (amounts === null) return z.NEVER;
    return {
      ...invoice,
      currency: amounts.currency,
      amount_paid: amounts.required("amount_paid", invoice.amount_paid),
    };
  });

export type Invoice = z.output<typeof invoiceSchema>;

const STATUSES: ReadonlyMap<string, NonNullable<InvoiceFact["status"]>> = new Map([
  ["open", "open"],
  ["paid", "paid"],
  ["void", "void"],
  ["uncollectible", "uncollectible"],
]);

/** The invoice, and what it says of the payments that it names. */
export function invoiceFacts(invoice: Invoice, telling: Telling): readonly Fact[] {
  const fact = invoiceFact(invoice, telling);
  const links = refs("invoice", invoice.id);
  return [
    fact,
    ...attemptFacts(invoice, telling, links),
    ...invoiceClaimFacts(namedClaim(invoice), telling, links, fact.orders),
    ...(invoice.payments?.data ?? []).flatMap((payment) =>
      invoicePaymentFacts({ ...payment, invoice: payment.invoice ?? invoice.id }, telling),
    ),
  ];
}

function invoiceFact(invoice: Invoice, telling: Telling): InvoiceFact {
  const parent = invoice.parent?.subscription_details;
  const paidAt = inMs(invoice.status_transitions?.paid_at);
  const aside = {
    object: invoice,
    metadata: [parent?.metadata, invoice.subscription_details?.metadata],
    buyer: { id: invoice.customer, email: invoice.customer_email, name: invoice.customer_name },
  };
  return {
    kind: "invoice",
    reference: invoice.id,
    ...common(telling, aside),
    ...stated({
      status: invoiceStatus(invoice, telling),
      currency: invoice.currency,
      // Paid in cash or by a transfer outside of Stripe: no payment at Stripe explains it, so it is not compared with any.
      amount: invoice.paid_out_of_band === true ? null : invoice.amount_paid,
      ...periodOf(invoice),
      renews: RENEWS.get(invoice.billing_reason ?? ""),
      attempts: invoice.attempt_count,
      paidAt: paidAt === null ? null : Math.min(paidAt, telling.at),
      retryAt: inMs(invoice.next_payment_attempt),
    }),
    joins: [],
    links: refs("subscription", invoice.subscription ?? parent?.subscription ?? null),
  };
}

/** https://docs.stripe.com/api/invoices/object#invoice_object-billing_reason; what is not here does not say. */
const RENEWS: ReadonlyMap<string, boolean> = new Map([
  ["subscription_cycle", true],
  ["subscription_create", false],
  ["subscription_update", false],
  ["subscription_threshold", false],
  ["manual", false],
]);

/** The line whose period ends last: an invoice's own `period_…` is about the usage before, and prorations end earlier. */
function periodOf({ lines }: Invoice): Pick<Partial<InvoiceFact>, "periodStart" | "periodEnd"> {
  const periods = (lines?.data ?? []).flatMap(({ period }) => period ?? []);
  const [last] = periods.sort((one, other) => other.end - one.end || other.start - one.start);
  return last ? { periodStart: last.start * 1000, periodEnd: last.end * 1000 } : {};
}

/** A failed attempt leaves the invoice `open`; only the event's type tells. A draft says nothing yet. */
function invoiceStatus(invoice: Invoice, telling: Telling): InvoiceFact["status"] {
  if (telling.type === "invoice.payment_failed" && invoice.status === "open") return "failed";
  return STATUSES.get(invoice.status ?? "");
}

/** The payment that an older invoice names. Several partial payments have no such name, so their sum is never put on one. */
function namedClaim(invoice: Invoice) {
  const isPaidHere = invoice.status === "paid" && invoice.paid_out_of_band !== true && invoice.amount_paid > 0n;
  return {
    intent: invoice.payment_intent,
    charge: invoice.charge,
    currency: invoice.currency,
    paid: isPaidHere ? invoice.amount_paid : null,
  };
}

const ATTEMPTS: ReadonlyMap<string, AttemptStatus> = new Map([
  ["invoice.payment_failed", "failed"],
  ["invoice.payment_action_required", "requires_action"],
]);

/** How the attempt went, for those who subscribe to invoices only. */
function attemptFacts(invoice: Invoice, telling: Telling, links: InvoiceFact["links"]): readonly Fact[] {
  const status = invoice.status === "paid" ? undefined : ATTEMPTS.get(telling.type);
  if (status === undefined) return [];
  return intentMention({ intent: invoice.payment_intent, status }, telling, { links });
}
