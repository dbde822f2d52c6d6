import * as z from "zod";
import type { AttemptStatus, Fact, SessionFact } from "../../../payments/fact.ts";
import { amountsIn } from "../amount.ts";
import { amount, reference, referenceTo, stated, text, word } from "../fields.ts";
import { common, refs, type Telling } from "../telling.ts";
import { intentMention } from "./intent.ts";

/** https://docs.stripe.com/api/checkout/sessions/object. Without money (`mode: setup`) currency and amount are null. */
export const sessionSchema = z
  .looseObject({
    id: reference,
    mode: word,
    payment_status: word,
    currency: z.string().nullish(),
    amount_total: amount.nullish(),
    payment_intent: referenceTo,
    invoice: referenceTo,
    subscription: referenceTo,
    customer: referenceTo.catch(null),
    customer_email: text,
    customer_details: z.object({ email: text, name: text }).nullish().catch(null),
  })
  .transform((session, issues) => {
    const { currency } = session;
    if (currency === null || currency === undefined) return { ...session, currency: null, amount_total: null };
    const amounts = amountsIn(currency, issues);
    if (amounts === null) return z.NEVER;
    const total = amounts.optional("amount_total", session.amount_total);
    return { ...session, currency: amounts.currency, amount_total: total };
  });

export type Session = z.output<typeof sessionSchema>;

/**
 * A checkout session and, when it was paid, its claim put on the intent. One that names no intent because an invoice collects
 * the money is no payment of its own: what it knows of the order is told of the subscription, whose payments are.
 */
export function sessionFacts(session: Session, telling: Telling): readonly Fact[] {
  if (session.mode === "setup") return [];
  const isInvoiced = session.payment_intent === null && (session.subscription !== null || session.invoice !== null);
  if (isInvoiced) return invoicedFacts(session, telling);
  return [sessionFact(session, telling), ...claimOnIntent(session, telling)];
}

function invoicedFacts(session: Session, telling: Telling): readonly Fact[] {
  const told = common(telling, { object: session, buyer: buyerOf(session) });
  const { subscription, invoice } = session;
  if (subscription !== null) {
    return [{ kind: "subscription", reference: subscription, ...told, joins: [], links: refs("invoice", invoice) }];
  }
  return invoice === null ? [] : [{ kind: "invoice", reference: invoice, ...told, joins: [], links: [] }];
}

function sessionFact(session: Session, telling: Telling): SessionFact {
  return {
    kind: "session",
    reference: session.id,
    ...common(telling, { object: session, buyer: buyerOf(session) }),
    ...stated({
      status: sessionStatus(session, telling),
      currency: session.currency,
      amount: session.amount_total,
    }),
    joins: refs("intent", session.payment_intent),
    links: refs("invoice", session.invoice),
  };
}

/** A completed session is not yet a paid one: a bank debit settles days later (`checkout.session.async_payment_…`). */
function sessionStatus(session: Session, telling: Telling): AttemptStatus | undefined {
  if (telling.type === "checkout.session.expired") return "expired";
  if (telling.type === "checkout.session.async_payment_failed") return "failed";
  if (session.payment_status === "paid" || session.payment_status === "no_payment_required") return "succeeded";
  return session.payment_status === "unpaid" ? "pending" : undefined;
}

/** `no_payment_required` moves no money, so it claims none. */
function claimOnIntent(session: Session, telling: Telling): readonly Fact[] {
  if (session.payment_status !== "paid" || session.currency === null) return [];
  const claim = { intent: session.payment_intent, currency: session.currency, claimed: session.amount_total };
  return intentMention({ ...claim, status: "succeeded" }, telling, { links: [] });
}

function buyerOf(session: Session) {
  return {
    id: session.customer,
    email: session.customer_details?.email ?? session.customer_email,
    name: session.customer_details?.name ?? null,
  };
}
