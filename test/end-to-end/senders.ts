import { randomUUID } from "node:crypto";
import Stripe from "stripe";
import { signPaypalNotification } from "../../src/gateways/stand-in.ts";
import { CANARY, expectNoCanary } from "./canaries.ts";
import { PAYPAL_RECEIVER, PAYPAL_WEBHOOK_ID, type Server, STRIPE_SECRET } from "./server.ts";

/** The gateways' side: what they send, signed as they sign. */

const stripe = new Stripe("sk_test_unused_0123456789");

export async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${url}?note=${encodeURIComponent(CANARY)}`, {
    method: "POST",
    body,
    headers: { "x-note": CANARY, ...headers },
    redirect: "manual",
  });
  const text = await response.text();
  expectNoCanary(`the answer to ${url}`, text + JSON.stringify([...response.headers]));
  return { status: response.status, text, headers: response.headers };
}

export interface StripeEventParts {
  readonly id?: string;
  readonly type: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly created?: number;
  readonly livemode?: boolean;
}

/** A Stripe event's body, shaped as API version 2025-03-31 does. */
export function stripeEvent(parts: StripeEventParts): string {
  return JSON.stringify({
    id: parts.id ?? `evt_${randomUUID().replaceAll("-", "")}`,
    object: "event",
    api_version: "2025-03-31.basil",
    created: parts.created ?? Math.floor(Date.now() / 1000),
    data: { object: parts.object },
    livemode: parts.livemode ?? false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: CANARY },
    type: parts.type,
  });
}

export function paymentIntent(parts: {
  readonly id: string;
  readonly amount: number;
  readonly currency?: string;
  readonly order?: string;
  readonly status?: string;
  readonly charge?: string;
}) {
  const succeeded = (parts.status ?? "succeeded") === "succeeded";
  return {
    id: parts.id,
    object: "payment_intent",
    amount: parts.amount,
    amount_capturable: 0,
    amount_received: succeeded ? parts.amount : 0,
    capture_method: "automatic",
    currency: parts.currency ?? "usd",
    latest_charge: parts.charge ?? null,
    livemode: false,
    metadata: { note: CANARY, ...(parts.order === undefined ? {} : { order_id: parts.order }) },
    payment_method_types: ["card"],
    receipt_email: "canary.buyer@example.org",
    description: CANARY,
    statement_descriptor: CANARY,
    shipping: { name: CANARY, phone: CANARY, address: { line1: CANARY, city: CANARY, country: "DE" } },
    status: parts.status ?? "succeeded",
  };
}

/** The snapshot that Stripe sends after each refund: the sum of all so far. */
export function chargeRefunded(parts: {
  readonly charge: string;
  readonly intent: string;
  readonly amount: number;
  readonly refunded: number;
}): string {
  const { charge, intent, amount, refunded } = parts;
  const object = {
    id: charge,
    object: "charge",
    amount,
    amount_captured: amount,
    amount_refunded: refunded,
    captured: true,
    currency: "usd",
    livemode: false,
    metadata: {},
    payment_intent: intent,
    refunded: refunded === amount,
    status: "succeeded",
  };
  return stripeEvent({ type: "charge.refunded", object });
}

export interface StripeSale {
  readonly reference: string;
  /** USD cents. */
  readonly amount: number;
}

/** What Stripe tells of a card payment from its beginning to the money, in the order in which it happened. */
export function stripeSale({ reference, amount }: StripeSale): readonly string[] {
  const parts = { id: `pi_${reference}`, amount, order: reference, charge: `ch_${reference}` };
  const began = Math.floor(Date.now() / 1000) - 60;
  const told = [
    ["payment_intent.created", "requires_payment_method"],
    ["payment_intent.processing", "processing"],
    ["payment_intent.succeeded", "succeeded"],
  ] as const;
  return told.map(([type, status], index) =>
    stripeEvent({
      id: `evt_${reference}_${index}`,
      type,
      created: began + index,
      object: paymentIntent({ ...parts, status }),
    }),
  );
}

/** One refund of that payment. */
export function stripeRefund({
  reference,
  amount,
  id = `re_${reference}`,
}: StripeSale & { readonly id?: string }): string {
  return stripeEvent({
    id: `evt_${id}`,
    type: "refund.created",
    object: {
      id,
      object: "refund",
      amount,
      currency: "usd",
      charge: `ch_${reference}`,
      payment_intent: `pi_${reference}`,
      status: "succeeded",
      created: Math.floor(Date.now() / 1000),
    },
  });
}

/** The payment disputed: opened with the money withdrawn, or lost. */
/** `at`: how many seconds ago it was told. */
export function stripePayout(parts: {
  readonly id: string;
  readonly amount: number;
  readonly status: "pending" | "paid" | "failed";
  readonly at: number;
}): string {
  const { id, amount, status, at } = parts;
  const type = status === "pending" ? "payout.created" : `payout.${status}`;
  const created = Math.floor(Date.now() / 1000) - at;
  const object = { id, object: "payout", amount, currency: "usd", status, type: "bank_account", metadata: {} };
  return stripeEvent({ id: `evt_${id}_${status}`, type, object, created });
}

export function stripeDispute({
  reference,
  amount,
  status,
}: StripeSale & { readonly status: "needs_response" | "lost" }): string {
  const type = status === "lost" ? "closed" : "created";
  return stripeEvent({
    id: `evt_${reference}_dispute_${type}`,
    type: `charge.dispute.${type}`,
    object: {
      id: `dp_${reference}`,
      object: "dispute",
      amount,
      balance_transactions: [
        {
          object: "balance_transaction",
          amount: -amount,
          currency: "usd",
          type: "adjustment",
          reporting_category: "dispute",
        },
      ],
      currency: "usd",
      charge: `ch_${reference}`,
      payment_intent: `pi_${reference}`,
      reason: "fraudulent",
      status,
    },
  });
}

export function signStripe(
  body: string,
  secret = STRIPE_SECRET,
  timestamp = Math.floor(Date.now() / 1000),
): Readonly<Record<string, string>> {
  return {
    "content-type": "application/json; charset=utf-8",
    "stripe-signature": stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp }),
  };
}

export function sendStripe(server: Server, body: string): Promise<{ status: number; text: string }> {
  return post(`${server.url}/ipn/stripe`, body, signStripe(body));
}

export function paypalEvent(
  type: string,
  resource: Readonly<Record<string, unknown>>,
  id = `WH-${randomUUID().toUpperCase()}`,
): string {
  return JSON.stringify({
    id,
    event_version: "1.0",
    create_time: new Date().toISOString(),
    resource_type: type.includes("REFUND") ? "refund" : "capture",
    resource_version: "2.0",
    event_type: type,
    summary: CANARY,
    resource,
    links: [],
  });
}

export function paypalCapture(parts: {
  readonly id: string;
  readonly value: string;
  readonly order: string;
  readonly currency?: string;
  readonly status?: string;
}) {
  return {
    id: parts.id,
    status: parts.status ?? "COMPLETED",
    amount: { currency_code: parts.currency ?? "USD", value: parts.value },
    final_capture: true,
    note_to_payer: CANARY,
    payer: { email_address: "canary.buyer@example.org", name: { given_name: CANARY, surname: CANARY } },
    custom_id: parts.order,
    payee: { email_address: PAYPAL_RECEIVER, merchant_id: "MERCHANT1234A" },
    create_time: "2026-11-20T10:00:00Z",
    update_time: "2026-11-20T10:00:00Z",
    links: [{ href: `https://api.sandbox.paypal.com/v2/payments/captures/${parts.id}`, rel: "self", method: "GET" }],
  };
}

export function paypalRefund(parts: {
  readonly id: string;
  readonly capture: string;
  readonly value: string;
  readonly total: string;
}) {
  return {
    id: parts.id,
    status: "COMPLETED",
    amount: { currency_code: "USD", value: parts.value },
    seller_payable_breakdown: { total_refunded_amount: { currency_code: "USD", value: parts.total } },
    payee: { email_address: PAYPAL_RECEIVER, merchant_id: "MERCHANT1234A" },
    create_time: "2026-11-20T11:00:00Z",
    update_time: "2026-11-20T11:00:00Z",
    links: [{ href: `https://api.sandbox.paypal.com/v2/payments/captures/${parts.capture}`, rel: "up", method: "GET" }],
  };
}

export function signPaypal(
  body: string | Uint8Array,
  side: { readonly certUrl: string; readonly leafKeyPem: string },
  transmissionId: string = randomUUID(),
): Readonly<Record<string, string>> {
  return signPaypalNotification({
    body,
    webhookId: PAYPAL_WEBHOOK_ID,
    transmissionId,
    transmissionTime: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
    certUrl: side.certUrl,
    privateKeyPem: side.leafKeyPem,
  });
}

export function register(server: Server, reference: string, total: number, currency = "USD") {
  return server.api("/v1/orders", {
    body: {
      reference,
      currency,
      total,
      customer: { email: "ann@example.com", name: "Ann" },
      lines: [{ sku: "TEA-1", name: "Tea", quantity: 2, amount: total }],
    },
  });
}
