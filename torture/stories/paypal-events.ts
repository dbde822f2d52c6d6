import { BUYER_EMAIL, CANARY, decimal, type Message, orderReference, type Setting } from "./story.ts";

/** PayPal's webhooks and classic IPNs of one purchase. Both name a capture by the same id. */

export type Json = Readonly<Record<string, unknown>>;
export type Fields = Readonly<Record<string, string>>;

const API = "https://api.sandbox.paypal.com";

export class PaypalPurchase {
  readonly capture: string;
  readonly payment: string;
  readonly amount: number;
  readonly #setting: Setting;
  #count = 0;

  constructor(setting: Setting, options: { readonly part?: string; readonly amount?: number } = {}) {
    const name = `${setting.id}${options.part ?? ""}`.toUpperCase();
    this.#setting = setting;
    this.capture = `CAP${name}`;
    this.payment = `paypal/default/test/capture/${this.capture}`;
    this.amount = options.amount ?? setting.amount;
  }

  /** An id of another object of this purchase. */
  id(prefix: string): string {
    return `${prefix}${this.capture.slice(3)}`;
  }

  captureIs(second: number, status: "COMPLETED" | "PENDING" | "DECLINED", more: Json = {}): Message {
    return this.#event(second, `PAYMENT.CAPTURE.${status}`, {
      id: this.capture,
      status,
      amount: usd(this.amount),
      final_capture: true,
      custom_id: orderReference(this.#setting),
      payee: { email_address: this.#setting.receiver, merchant_id: "MERCHANT1234A" },
      links: [link("self", `captures/${this.capture}`)],
      ...more,
    });
  }

  authorizationIs(second: number, type: string, status: string): Message {
    return this.#event(second, `PAYMENT.AUTHORIZATION.${type}`, {
      id: this.id("AUT"),
      status,
      amount: usd(this.#setting.amount),
      custom_id: orderReference(this.#setting),
      payee: { email_address: this.#setting.receiver },
      links: [link("self", `authorizations/${this.id("AUT")}`)],
    });
  }

  refunded(second: number, refund: { id: string; amount: number; total: number }): Message {
    return this.#event(second, "PAYMENT.CAPTURE.REFUNDED", {
      id: refund.id,
      status: "COMPLETED",
      amount: usd(refund.amount),
      seller_payable_breakdown: { total_refunded_amount: usd(refund.total) },
      links: [link("self", `refunds/${refund.id}`), link("up", `captures/${this.capture}`)],
    });
  }

  reversed(second: number): Message {
    return this.#event(second, "PAYMENT.CAPTURE.REVERSED", {
      id: this.id("REV"),
      status: "COMPLETED",
      amount: usd(this.amount),
      links: [link("self", `refunds/${this.id("REV")}`), link("up", `captures/${this.capture}`)],
    });
  }

  caseIs(second: number, type: "CREATED" | "RESOLVED", outcome: string | null): Message {
    return this.#event(second, `CUSTOMER.DISPUTE.${type}`, {
      dispute_id: this.id("PP-D-"),
      disputed_transactions: [{ seller_transaction_id: this.capture, seller: { email: this.#setting.receiver } }],
      reason: "UNAUTHORISED",
      status: type === "RESOLVED" ? "RESOLVED" : "UNDER_REVIEW",
      dispute_amount: usd(this.amount),
      ...(outcome === null ? {} : { dispute_outcome: { outcome_code: outcome } }),
    });
  }

  /** A form; the sender appends what the stand-in's verifier knows it by. */
  ipn(second: number, status: string, more: Fields = {}): Message {
    return ipnForm(this.#setting, {
      mc_gross: decimal(this.amount),
      payment_date: pacific(this.#setting.start + second),
      payment_status: status,
      txn_id: this.capture,
      txn_type: "web_accept",
      ...more,
    });
  }

  /** A movement of its own that names the payment as its parent. */
  ipnOfParent(
    second: number,
    status: string,
    movement: { id: string; amount: number } & { readonly reason?: string },
  ): Message {
    const sign = status === "Canceled_Reversal" ? "" : "-";
    return this.ipn(second, status, {
      txn_id: movement.id,
      parent_txn_id: this.capture,
      mc_gross: `${sign}${decimal(movement.amount)}`,
      ...(movement.reason === undefined ? {} : { reason_code: movement.reason }),
    });
  }

  #event(second: number, type: string, resource: Json): Message {
    this.#count += 1;
    const time = iso(this.#setting.start + second);
    return paypalEvent({ key: `WH-${this.capture}-${this.#count}`, time, type, resource });
  }
}

/** One webhook around the resource as of `time`. */
export function paypalEvent(told: {
  readonly key: string;
  readonly time: string;
  readonly type: string;
  readonly resource: Json;
}): Message {
  const { key, time, type } = told;
  const body = {
    id: key,
    event_version: "1.0",
    create_time: time,
    resource_type: "resource",
    event_type: type,
    summary: `Tea ${CANARY} for ${BUYER_EMAIL}`,
    resource: { ...told.resource, create_time: time, update_time: time },
    links: [],
  };
  return { gateway: "paypal", key, body: JSON.stringify(body) };
}

/** What every IPN of a shop says besides what it is about. */
export function ipnForm(setting: Setting, fields: Fields): Message {
  const form = {
    mc_currency: "USD",
    invoice: orderReference(setting),
    first_name: "Ann",
    payer_email: BUYER_EMAIL,
    item_name: `Tea ${CANARY}`,
    receiver_email: setting.receiver,
    ipn_track_id: setting.random.text(13),
    test_ipn: "1",
    charset: "windows-1252",
    ...fields,
  };
  return { gateway: "paypal-ipn", key: "", body: new URLSearchParams(form).toString() };
}

function usd(amount: number): Json {
  return { currency_code: "USD", value: decimal(amount) };
}

function link(rel: string, path: string): Json {
  return { href: `${API}/v2/payments/${path}`, rel, method: "GET" };
}

export function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** `02:00:00 Jan 05, 2026 PST`, as IPN writes times. */
export function pacific(seconds: number): string {
  const [, day = "", month = "", year = "", time = ""] = new Date((seconds - 8 * 3_600) * 1000)
    .toUTCString()
    .split(" ");
  return `${time} ${month} ${day}, ${year} PST`;
}
