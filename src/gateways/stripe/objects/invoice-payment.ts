import * as z from "zod";
import type { CaptureFact, Fact, ObjectRef } from "../../../payments/fact.ts";
import { amountsIn } from "../amount.ts";
import { amount, reference, referenceTo, stated, word } from "../fields.ts";
import { common, refs, type Telling } from "../telling.ts";
import { intentMention } from "./intent.ts";

/**
 * https://docs.stripe.com/api/invoice-payment/object: since 2025-03-31 the only link between an invoice and its payments.
 * A `payment_record` was paid outside of Stripe, which therefore moved nothing.
 */
export const invoicePaymentSchema = z
  .looseObject({
    id: reference,
    status: word,
    currency: z.string(),
    amount_paid: amount.nullish(),
    invoice: referenceTo,
    payment: z.object({ payment_intent: referenceTo, charge: referenceTo }),
  })
  .transform((paid, issues) => {
    const amounts = amountsIn(paid.currency, issues);
    if (amounts === null) return z.NEVER;
    return { ...paid, currency: amounts.currency, amount_paid: amounts.optional("amount_paid", paid.amount_paid) };
  });

export type InvoicePayment = z.output<typeof invoicePaymentSchema>;

/** What an invoice says was paid through an intent or, where it names no intent, a charge. Null: nothing was paid yet. */
export interface InvoiceClaim {
  readonly intent: string | null;
  readonly charge: string | null;
  readonly currency: InvoicePayment["currency"];
  readonly paid: bigint | null;
}

export function invoicePaymentFacts(payment: InvoicePayment, telling: Telling): readonly Fact[] {
  const { payment_intent: intent, charge } = payment.payment;
  const paid = payment.status === "paid" ? payment.amount_paid : null;
  return invoiceClaimFacts(
    { intent, charge, currency: payment.currency, paid },
    telling,
    refs("invoice", payment.invoice),
  );
}

/** The claim on the intent, else on the charge, with the links that lead from it to the invoice. */
export function invoiceClaimFacts(
  claim: InvoiceClaim,
  telling: Telling,
  links: readonly ObjectRef[],
  orders?: CaptureFact["orders"],
): readonly Fact[] {
  const { intent, charge, currency, paid } = claim;
  const more = { links, ...stated({ orders }) };
  const status = paid === null ? undefined : "succeeded";
  const intents = intentMention({ intent, status, currency, claimed: paid }, telling, more);
  if (charge === null) return intents;
  // A charge with an intent only belongs to it: the claim is told once, on the intent.
  const money = intent === null && paid !== null ? { status: "succeeded" as const, currency, amount: paid } : {};
  const capture: CaptureFact = {
    kind: "capture",
    reference: charge,
    ...common(telling),
    ...money,
    joins: refs("intent", intent),
    ...more,
  };
  return [...intents, capture];
}
