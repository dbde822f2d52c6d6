import { randomUUID } from "node:crypto";
import Stripe from "stripe";
import { signIpn, signPaypalNotification } from "../../src/gateways/stand-in.ts";
import type { Message } from "../stories/story.ts";
import type { PaypalSide } from "./paypal-side.ts";

/** What goes over the wire. */
export interface Signed {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export const STRIPE_SECRET = "whsec_canary7q4xTortureStripe0123456789";
export const PAYPAL_WEBHOOK_ID = "5CANARY7Q4XWEBHOOK";

const stripe = new Stripe("sk_test_unused_0123456789");

/** The bytes that a message always has, whoever signs them and when. */
export function bytesOf(message: Message, side: PaypalSide): Buffer {
  return message.gateway === "paypal-ipn" ? signIpn(message.body, side.ipnSecret) : Buffer.from(message.body);
}

/** As each gateway does at each attempt: Stripe with a new time, PayPal under the same transmission id. */
export function sign(message: Message, body: Buffer, transmissionId: string, side: PaypalSide): Signed {
  switch (message.gateway) {
    case "stripe":
      return { path: "/ipn/stripe", headers: stripeHeaders(body, STRIPE_SECRET, Math.floor(Date.now() / 1000)), body };
    case "paypal":
      return { path: "/ipn/paypal", headers: paypalHeaders(body, transmissionId, side), body };
    case "paypal-ipn":
      return { path: "/ipn/paypal-ipn", headers: FORM, body };
  }
}

export const FORM = { "content-type": "application/x-www-form-urlencoded" };

export function newTransmissionId(): string {
  return randomUUID();
}

export function stripeHeaders(body: Buffer, secret: string, timestamp: number): Readonly<Record<string, string>> {
  return {
    "content-type": "application/json; charset=utf-8",
    "stripe-signature": stripe.webhooks.generateTestHeaderString({ payload: body.toString(), secret, timestamp }),
  };
}

export function paypalHeaders(
  body: Buffer,
  transmissionId: string,
  side: PaypalSide,
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
