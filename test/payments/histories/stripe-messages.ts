import type { DisputeFact, OrderClaim } from "../../../src/payments/fact.ts";
import { at, joins, type Message, redundant, ref, stripe, USD } from "./message.ts";

/** Stripe's events, as its adapter tells them: each a message named by its type and time. */

interface Purchase {
  readonly intent: string;
  readonly charge: string;
  readonly amount: bigint;
  readonly orders?: readonly OrderClaim[];
}

export const TEA: Purchase = { intent: "pi_1", charge: "ch_1", amount: 1999n, orders: [{ rank: 0, value: "1001" }] };

function mention({ charge, intent }: Purchase, seconds: number) {
  return { kind: "capture", reference: charge, at: at(seconds), ...joins(ref("intent", intent)) } as const;
}

function orders({ orders: claims }: Purchase) {
  return claims ? { orders: claims } : {};
}

export function intentIs(
  seconds: number,
  status: "pending" | "requires_action" | "authorized" | "failed" | "canceled",
  it: Purchase = TEA,
): Message {
  const { intent, amount } = it;
  return stripe(`payment_intent ${status} ${intent}@${seconds}`, {
    kind: "intent",
    reference: intent,
    at: at(seconds),
    status,
    currency: USD,
    amount,
    ...orders(it),
  });
}

export function intentSucceeded(seconds: number, it: Purchase = TEA, claimed = it.amount): Message {
  return stripe(
    `payment_intent.succeeded ${it.intent}@${seconds}`,
    {
      kind: "intent",
      reference: it.intent,
      at: at(seconds),
      status: "succeeded",
      currency: USD,
      amount: it.amount,
      claimed,
      ...orders(it),
    },
    mention(it, seconds),
  );
}

export function chargeIs(
  seconds: number,
  status: "pending" | "succeeded" | "failed",
  it: Purchase = TEA,
  amount = it.amount,
): Message {
  return stripe(`charge.${status} ${it.charge}@${seconds}`, {
    ...mention(it, seconds),
    status,
    currency: USD,
    amount,
    ...(status === "succeeded" && { refundedTotal: 0n }),
    ...orders(it),
  });
}

export function chargeAuthorized(seconds: number, it: Purchase = TEA): Message {
  const own = ref("authorization", it.charge);
  return stripe(
    `charge.succeeded uncaptured ${it.charge}@${seconds}`,
    { ...own, at: at(seconds), status: "live", currency: USD, amount: it.amount, ...joins(ref("intent", it.intent)) },
    { ...mention(it, seconds), ...joins(own, ref("intent", it.intent)), ...orders(it) },
  );
}

export function chargeCaptured(seconds: number, amount: bigint, it: Purchase = TEA): Message {
  const own = ref("authorization", it.charge);
  return stripe(
    `charge.captured ${amount} ${it.charge}@${seconds}`,
    {
      ...own,
      at: at(seconds),
      status: "captured",
      currency: USD,
      amount: it.amount,
      ...joins(ref("intent", it.intent)),
    },
    {
      ...mention(it, seconds),
      ...joins(own, ref("intent", it.intent)),
      status: "succeeded",
      currency: USD,
      amount,
      refundedTotal: 0n,
      ...orders(it),
    },
  );
}

export function chargeExpired(seconds: number, it: Purchase = TEA): Message {
  const own = ref("authorization", it.charge);
  return stripe(
    `charge.expired ${it.charge}@${seconds}`,
    {
      ...own,
      at: at(seconds),
      status: "expired",
      currency: USD,
      amount: it.amount,
      ...joins(ref("intent", it.intent)),
    },
    mention(it, seconds),
  );
}

/** The snapshot: all that was refunded of the charge until then. */
export function chargeRefunded(seconds: number, total: bigint, it: Purchase = TEA): Message {
  return stripe(`charge.refunded ${total} ${it.charge}@${seconds}`, {
    ...mention(it, seconds),
    status: "succeeded",
    currency: USD,
    amount: it.amount,
    refundedTotal: total,
    ...orders(it),
  });
}

export function refundIs(
  seconds: number,
  status: "pending" | "succeeded" | "failed" | "canceled",
  refund: { readonly id: string; readonly amount: bigint },
  it: Purchase = TEA,
): Message {
  return stripe(`refund ${status} ${refund.id}@${seconds}`, {
    kind: "refund",
    reference: refund.id,
    at: at(seconds),
    status,
    currency: USD,
    amount: refund.amount,
    ...joins(ref("capture", it.charge), ref("intent", it.intent)),
  });
}

export function disputeIs(
  seconds: number,
  status: NonNullable<DisputeFact["status"]>,
  more: Partial<Pick<DisputeFact, "amount" | "withdrawn" | "reinstated">> & { readonly id?: string } = {},
  it: Purchase = TEA,
): Message {
  const { id = "dp_1", ...told } = more;
  return stripe(
    `charge.dispute ${status} ${id}@${seconds} ${told.withdrawn ?? ""}/${told.reinstated ?? ""}`,
    {
      kind: "dispute",
      reference: id,
      at: at(seconds),
      status,
      currency: USD,
      amount: it.amount,
      movesMoney: true,
      ...told,
      links: [ref("capture", it.charge)],
    },
    mention(it, seconds),
  );
}

export function sessionIs(
  seconds: number,
  status: "succeeded" | "pending" | "expired" | "failed",
  it: Purchase = TEA,
): Message {
  const claim = {
    kind: "intent",
    reference: it.intent,
    at: at(seconds),
    status: "succeeded",
    currency: USD,
    claimed: it.amount,
  } as const;
  return stripe(
    `checkout.session ${status} cs_${it.intent}@${seconds}`,
    {
      kind: "session",
      reference: `cs_${it.intent}`,
      at: at(seconds),
      status,
      currency: USD,
      amount: it.amount,
      ...joins(ref("intent", it.intent)),
      orders: [{ rank: 1, value: it.orders?.[0]?.value ?? "" }].filter(({ value }) => value !== ""),
    },
    ...(status === "succeeded" ? [claim] : []),
  );
}

export function invoicePaid(seconds: number, invoice: string, subscription: string, it: Purchase = TEA): Message {
  return stripe(`invoice.paid ${invoice}@${seconds}`, {
    kind: "invoice",
    reference: invoice,
    at: at(seconds),
    status: "paid",
    currency: USD,
    amount: it.amount,
    links: [ref("subscription", subscription)],
    ...orders(it),
  });
}

export function invoicePaymentPaid(seconds: number, invoice: string, it: Purchase = TEA): Message {
  return stripe(`invoice_payment.paid ${invoice}@${seconds}`, {
    kind: "intent",
    reference: it.intent,
    at: at(seconds),
    status: "succeeded",
    currency: USD,
    claimed: it.amount,
    links: [ref("invoice", invoice)],
  });
}

export function subscriptionIs(
  seconds: number,
  status: "active" | "past_due" | "canceled",
  subscription: string,
  latestInvoice: string,
): Message {
  return redundant(
    stripe(`customer.subscription ${status} ${subscription}@${seconds}`, {
      kind: "subscription",
      reference: subscription,
      at: at(seconds),
      status,
      links: [ref("invoice", latestInvoice)],
    }),
  );
}

export function reviewIs(seconds: number, status: "open" | "closed" | "warning", it: Purchase = TEA): Message {
  const review = { kind: "review", reference: `${status === "warning" ? "issfr" : "prv"}_1` } as const;
  return stripe(
    `review ${status}@${seconds}`,
    { ...review, at: at(seconds), status, links: [ref("capture", it.charge), ref("intent", it.intent)] },
    mention(it, seconds),
  );
}
