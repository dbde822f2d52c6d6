import { createHash, randomBytes, randomUUID } from "node:crypto";
import Stripe from "stripe";
import { signIpn, signPaypalNotification } from "../src/gateways/stand-in.ts";
import type { TestAccounts } from "../src/start/first-run.ts";

/**
 * What the gateways would send, signed as they sign: Stripe's by its own SDK, PayPal's webhooks under the test authority, classic
 * IPN with the mark by which the stand-in's verifier knows its own. Amounts are in minor units.
 */

export interface Outgoing {
  /** `/ipn/stripe` */
  readonly path: string;
  /** The gateway's own name of what it tells. */
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

interface Money {
  readonly amount: number;
  readonly currency: string;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** A reference that no earlier run of the demo has used. */
export function newId(prefix = ""): string {
  return prefix + randomBytes(9).toString("hex").toUpperCase().slice(0, 17);
}

/** A card payment as Stripe tells it: the intent and its charge are two events about one purchase. */
export function stripePayment(accounts: TestAccounts, order: string, { amount, currency }: Money): readonly Outgoing[] {
  const [intent, charge] = [newId("pi_"), newId("ch_")];
  const common = {
    amount,
    currency: currency.toLowerCase(),
    livemode: false,
    metadata: { order_id: order },
    created: seconds(),
  };
  const receipt = { receipt_email: "ann@example.com" };
  return [
    stripeEvent(accounts, "payment_intent.succeeded", {
      ...{ id: intent, object: "payment_intent", status: "succeeded" },
      ...{ ...common, ...receipt, amount_received: amount, amount_capturable: 0, latest_charge: charge },
    }),
    stripeEvent(accounts, "charge.succeeded", {
      ...{ id: charge, object: "charge", status: "succeeded", payment_intent: intent },
      ...{
        ...common,
        ...receipt,
        amount_captured: amount,
        amount_refunded: 0,
        captured: true,
        paid: true,
        refunded: false,
      },
    }),
  ];
}

function stripeEvent(accounts: TestAccounts, type: string, object: object): Outgoing {
  const event = {
    id: newId("evt_"),
    object: "event",
    api_version: "2026-10-28.endive",
    created: seconds(),
    livemode: false,
    type,
  };
  const body = JSON.stringify({ ...event, data: { object } });
  return { path: "/ipn/stripe", type, headers: stripeHeaders(body, accounts.stripe.webhookSecret), body };
}

/** The same bytes signed by somebody who doesn't know the secret. */
export function forged(genuine: Outgoing): Outgoing {
  const secret = `whsec_${createHash("sha256").update("a guess").digest("hex")}`;
  return { ...genuine, headers: stripeHeaders(String(genuine.body), secret) };
}

function stripeHeaders(payload: string, secret: string): Readonly<Record<string, string>> {
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: seconds() });
  return { "content-type": "application/json; charset=utf-8", "stripe-signature": signature };
}

export function paypalCapture(accounts: TestAccounts, capture: string, order: string, money: Money): Outgoing {
  const amount = paypalMoney(money);
  return paypalEvent(accounts, "PAYMENT.CAPTURE.COMPLETED", "capture", {
    ...{ id: capture, status: "COMPLETED", amount, final_capture: true, custom_id: order },
    payee: { email_address: accounts.paypal.receiver, merchant_id: accounts.paypal.merchantId },
    seller_receivable_breakdown: { gross_amount: amount },
  });
}

export function paypalRefund(accounts: TestAccounts, capture: string, order: string, money: Money): Outgoing {
  const amount = paypalMoney(money);
  return paypalEvent(accounts, "PAYMENT.CAPTURE.REFUNDED", "refund", {
    ...{ id: newId(), status: "COMPLETED", amount, custom_id: order, note_to_payer: "One packet was torn" },
    payer: { email_address: accounts.paypal.receiver, merchant_id: accounts.paypal.merchantId },
    seller_payable_breakdown: { gross_amount: amount, total_refunded_amount: amount },
    links: [{ href: `https://api.sandbox.paypal.com/v2/payments/captures/${capture}`, rel: "up", method: "GET" }],
  });
}

function paypalEvent(accounts: TestAccounts, type: string, resourceType: string, resource: object): Outgoing {
  const time = new Date().toISOString();
  const body = JSON.stringify({
    ...{
      id: newId("WH-"),
      event_version: "1.0",
      create_time: time,
      resource_type: resourceType,
      resource_version: "2.0",
    },
    ...{
      event_type: type,
      summary: "Sent by the demo",
      resource: { ...resource, create_time: time, update_time: time },
    },
  });
  const { webhookId } = accounts.paypal;
  const { certUrl, leafKeyPem: privateKeyPem } = accounts.standIn;
  const transmission = { transmissionId: randomUUID(), transmissionTime: `${time.slice(0, 19)}Z` };
  return {
    path: "/ipn/paypal",
    type,
    headers: signPaypalNotification({ body, webhookId, certUrl, privateKeyPem, ...transmission }),
    body,
  };
}

function paypalMoney({ amount, currency }: Money): { readonly value: string; readonly currency_code: string } {
  return { value: decimal(amount), currency_code: currency };
}

/** A classic IPN of an eCheck. The buyer's name is in windows-1252, as PayPal sends unless told otherwise. */
export function paypalIpn(
  accounts: TestAccounts,
  parts: {
    readonly transaction: string;
    readonly order: string;
    readonly money: Money;
    readonly status: "Pending" | "Completed";
  },
): Outgoing {
  const { transaction, order, money, status } = parts;
  const fields = {
    ...{
      mc_gross: decimal(money.amount),
      mc_currency: money.currency,
      txn_id: transaction,
      invoice: order,
      test_ipn: "1",
    },
    ...{
      payment_status: status,
      payment_date: pacificTime(new Date()),
      txn_type: "web_accept",
      payment_type: "echeck",
    },
    ...(status === "Pending" ? { pending_reason: "echeck" } : {}),
    ...{
      receiver_email: accounts.paypal.receiver,
      receiver_id: accounts.paypal.merchantId,
      business: accounts.paypal.receiver,
    },
    ...{ payer_email: "jose@example.com", payer_status: "verified", charset: "windows-1252", notify_version: "3.9" },
  };
  const name = "first_name=Jos%E9&last_name=Nu%F1ez";
  return {
    path: "/ipn/paypal-ipn",
    type: `payment_status=${status}`,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new Uint8Array(signIpn(`${new URLSearchParams(fields)}&${name}`, accounts.standIn.ipnSecret)),
  };
}

/** PayPal writes its IPNs' times so, in the time of California. */
function pacificTime(date: Date): string {
  const local = new Date(date.getTime() - 8 * 3_600_000);
  const [, day, month, year, time] = local.toUTCString().split(" ");
  return `${time} ${month} ${day}, ${year} PST`;
}

function decimal(amount: number): string {
  return (amount / 100).toFixed(2);
}
