import { BUYER_EMAIL, CANARY, type Message, orderReference, type Setting } from "./story.ts";

/** Stripe's events of one purchase, in the shapes of API version 2025-03-31. https://docs.stripe.com/api/events/object */

export type Json = Readonly<Record<string, unknown>>;

export class StripePurchase {
  readonly payment: string;
  readonly charge: string;
  readonly intent: string;
  readonly #setting: Setting;
  readonly #metadata: Json;
  readonly #amount: number;
  readonly #currency: string;
  #count = 0;

  constructor(
    setting: Setting,
    options: {
      readonly part?: string;
      readonly amount?: number;
      readonly currency?: string;
      /** False: the charge does not say; what it belongs to does. */
      readonly namesOrder?: boolean;
    } = {},
  ) {
    const name = `${setting.id}${options.part ?? ""}`;
    this.#setting = setting;
    this.#metadata = options.namesOrder === false ? {} : { order_id: orderReference(setting) };
    this.#amount = options.amount ?? setting.amount;
    this.#currency = options.currency ?? "usd";
    this.charge = `ch_${name}`;
    this.intent = `pi_${name}`;
    this.payment = `stripe/default/test/intent/${this.intent}`;
  }

  get amount(): number {
    return this.#amount;
  }

  intentIs(second: number, type: string, more: Json = {}): Message {
    return this.#event(second, `payment_intent.${type}`, {
      id: this.intent,
      object: "payment_intent",
      amount: this.#amount,
      amount_received: 0,
      capture_method: "automatic",
      currency: this.#currency,
      latest_charge: null,
      metadata: this.#metadata,
      receipt_email: BUYER_EMAIL,
      ...more,
    });
  }

  intentSucceeded(second: number, amount = this.#amount): Message {
    const charged = { amount_received: amount, latest_charge: this.charge };
    return this.intentIs(second, "succeeded", { status: "succeeded", ...charged });
  }

  chargeIs(second: number, type: string, more: Json = {}): Message {
    return this.#event(second, `charge.${type}`, {
      id: this.charge,
      object: "charge",
      amount: this.#amount,
      amount_captured: this.#amount,
      amount_refunded: 0,
      billing_details: { email: BUYER_EMAIL, name: "Ann" },
      captured: true,
      currency: this.#currency,
      metadata: this.#metadata,
      payment_intent: this.intent,
      refunded: false,
      status: "succeeded",
      ...more,
    });
  }

  refundedTo(second: number, total: number): Message {
    return this.chargeIs(second, "refunded", { amount_refunded: total, refunded: total === this.#amount });
  }

  refundIs(
    second: number,
    type: "created" | "updated" | "failed",
    refund: { id: string; amount: number; status: string },
  ): Message {
    return this.#event(second, `refund.${type}`, {
      ...refund,
      object: "refund",
      charge: this.charge,
      currency: this.#currency,
      metadata: {},
      payment_intent: this.intent,
      reason: "requested_by_customer",
    });
  }

  disputeIs(
    second: number,
    type: string,
    dispute: { id: string; amount: number; status: string; moved: readonly number[] },
  ): Message {
    const { moved, ...told } = dispute;
    return this.#event(second, `charge.dispute.${type}`, {
      ...told,
      object: "dispute",
      balance_transactions: moved.map((amount) => ({
        object: "balance_transaction",
        amount,
        currency: this.#currency,
        type: "adjustment",
        reporting_category: amount < 0 ? "dispute" : "dispute_reversal",
      })),
      charge: this.charge,
      currency: this.#currency,
      evidence_details: { due_by: this.#setting.start + 864_000 },
      payment_intent: this.intent,
      reason: "fraudulent",
    });
  }

  sessionIs(second: number, type: string, more: Json): Message {
    return this.#event(second, `checkout.session.${type}`, {
      id: `cs_test_${this.intent}`,
      object: "checkout.session",
      amount_total: this.#amount,
      client_reference_id: orderReference(this.#setting),
      currency: this.#currency,
      customer_details: { email: BUYER_EMAIL, name: "Ann" },
      metadata: {},
      mode: "payment",
      payment_intent: this.intent,
      subscription: null,
      invoice: null,
      ...more,
    });
  }

  #event(second: number, type: string, object: Json): Message {
    this.#count += 1;
    return stripeEvent({
      key: `evt_${this.intent.slice(3)}n${this.#count}`,
      created: this.#setting.start + second,
      type,
      object,
    });
  }
}

/** One event around a snapshot of its object. `created`: seconds since 1970 UTC. */
export function stripeEvent(told: {
  readonly key: string;
  readonly created: number;
  readonly type: string;
  readonly object: Json;
}): Message {
  const { key, created, type } = told;
  const body = {
    id: key,
    object: "event",
    api_version: "2025-03-31.basil",
    created,
    data: { object: { ...told.object, created, description: `Tea ${CANARY}`, livemode: false } },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
  return { gateway: "stripe", key, body: JSON.stringify(body) };
}
