import type { Happening } from "../model/model.ts";
import { type Fields, ipnForm, iso, type Json, PaypalPurchase, pacific, paypalEvent } from "./paypal-events.ts";
import { BUYER_EMAIL, decimal, type Message, orderOf, orderReference, type Setting, type Template } from "./story.ts";
import { StripePurchase, stripeEvent } from "./stripe-events.ts";

/** Subscriptions: started, renewed for another price, failed and canceled. The first payment pays the order, later ones its periods. */

/** Seconds; short, so that all of it has happened by now. */
const PERIOD = 3 * 86_400;

/** What a period costs after the first. */
function renewalOf({ amount }: Setting): number {
  return amount + 200;
}

/** https://docs.stripe.com/api/subscriptions/object and https://docs.stripe.com/api/invoices/object, 2025-03-31. */
class StripeSubscription {
  readonly id: string;
  readonly #setting: Setting;
  #count = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.id = `sub_${setting.id}`;
  }

  is(second: number, type: "created" | "updated" | "deleted", status: string): Message {
    return this.#event(second, `customer.subscription.${type}`, {
      id: this.id,
      object: "subscription",
      status,
      customer: `cus_${this.#setting.id}`,
      items: { data: [{ id: "si_1", current_period_end: this.#setting.start + second + PERIOD }] },
      latest_invoice: `in_${this.#setting.id}1`,
      metadata: { order_id: orderReference(this.#setting) },
    });
  }

  invoiceIs(second: number, type: "paid" | "payment_failed", invoice: { number: number; amount: number }): Message {
    const isPaid = type === "paid";
    return this.#event(second, `invoice.${type}`, {
      id: this.#invoice(invoice.number),
      object: "invoice",
      status: isPaid ? "paid" : "open",
      currency: "usd",
      amount_due: invoice.amount,
      amount_paid: isPaid ? invoice.amount : 0,
      customer: `cus_${this.#setting.id}`,
      customer_email: BUYER_EMAIL,
      parent: {
        type: "subscription_details",
        subscription_details: { subscription: this.id, metadata: { order_id: orderReference(this.#setting) } },
      },
    });
  }

  /** Since 2025-03-31 the only link between an invoice and the intent that paid it. */
  invoicePaid(second: number, number: number, by: StripePurchase): Message {
    return this.#event(second, "invoice_payment.paid", {
      id: `inpay_${this.#setting.id}${number}`,
      object: "invoice_payment",
      amount_paid: by.amount,
      amount_requested: by.amount,
      currency: "usd",
      invoice: this.#invoice(number),
      payment: { type: "payment_intent", payment_intent: by.intent },
      status: "paid",
    });
  }

  get paid(): readonly string[] {
    return [1, 2].map((number) => `invoice/${this.#invoice(number)}`);
  }

  #invoice(number: number): string {
    return `in_${this.#setting.id}${number}`;
  }

  #event(second: number, type: string, object: Json): Message {
    this.#count += 1;
    return stripeEvent({
      key: `evt_${this.id.slice(4)}s${this.#count}`,
      created: this.#setting.start + second,
      type,
      object,
    });
  }
}

const throughStripe: Template = (setting) => {
  const it = new StripeSubscription(setting);
  const unnamed = { namesOrder: false };
  const first = new StripePurchase(setting, { ...unnamed, part: "x" });
  const second = new StripePurchase(setting, { ...unnamed, part: "y", amount: renewalOf(setting) });
  const third = new StripePurchase(setting, { ...unnamed, part: "w", amount: renewalOf(setting) });
  const period = (by: StripePurchase): Happening => ({
    what: "captured",
    payment: by.payment,
    capture: by.charge,
    purchase: by.intent,
    amount: by.amount,
    subscription: it.id,
  });
  const told = (at: number, number: number, by: StripePurchase): readonly Message[] => [
    by.chargeIs(at, "succeeded"),
    by.intentSucceeded(at),
    it.invoiceIs(at, "paid", { number, amount: by.amount }),
    it.invoicePaid(at, number, by),
  ];
  return {
    name: "stripe: a subscription, started, renewed, failed and canceled",
    order: orderOf(setting, { isRecurring: true }),
    // Stripe says canceled where nothing runs on.
    subscription: {
      ...{ provider: "stripe", reference: it.id, status: "ended", paid: it.paid },
      told: { started: 1, renewed: 1, ended: 1 },
    },
    happenings: [period(first), period(second), { what: "attempted", payment: third.payment, status: "failed" }],
    messages: [
      it.is(5, "created", "incomplete"),
      ...told(10, 1, first),
      it.is(10, "updated", "active"),
      ...told(PERIOD, 2, second),
      third.intentIs(2 * PERIOD, "payment_failed", { status: "requires_payment_method" }),
      it.invoiceIs(2 * PERIOD, "payment_failed", { number: 3, amount: third.amount }),
      it.is(2 * PERIOD, "updated", "past_due"),
      it.is(3 * PERIOD, "deleted", "canceled"),
    ],
  };
};

/** Subscriptions of PayPal's REST API, whose payments are sales of v1; through IPN they are recurring payments. */
class PaypalSubscription {
  readonly id: string;
  readonly #setting: Setting;
  #count = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.id = `I-${setting.id.toUpperCase()}`;
  }

  is(second: number, type: "CREATED" | "ACTIVATED" | "PAYMENT.FAILED" | "CANCELLED", status: string): Message {
    return this.#event(second, `BILLING.SUBSCRIPTION.${type}`, {
      id: this.id,
      status,
      plan_id: "P-TORTURE",
      custom_id: orderReference(this.#setting),
      subscriber: { payer_id: "QYR5Z8XDVJNXQ", email_address: BUYER_EMAIL },
      billing_info: { failed_payments_count: 0 },
      links: [{ href: `https://api.sandbox.paypal.com/v1/billing/subscriptions/${this.id}`, rel: "self" }],
    });
  }

  sale(second: number, by: PaypalPurchase): Message {
    return this.#event(second, "PAYMENT.SALE.COMPLETED", {
      id: by.capture,
      state: "completed",
      amount: { total: decimal(by.amount), currency: "USD" },
      payment_mode: "INSTANT_TRANSFER",
      billing_agreement_id: this.id,
      custom: orderReference(this.#setting),
      links: [{ href: `https://api.sandbox.paypal.com/v1/payments/sale/${by.capture}`, rel: "self" }],
    });
  }

  #event(second: number, type: string, resource: Json): Message {
    this.#count += 1;
    const time = iso(this.#setting.start + second);
    return paypalEvent({ key: `WH-${this.id}-${this.#count}`, time, type, resource });
  }
}

/** The first period and a renewal. */
function periods(setting: Setting, subscription: string) {
  const first = new PaypalPurchase(setting, { part: "x" });
  const second = new PaypalPurchase(setting, { part: "y", amount: renewalOf(setting) });
  const happenings = [first, second].map(
    ({ payment, capture, amount }): Happening => ({
      what: "captured",
      payment,
      capture,
      purchase: capture,
      amount,
      subscription,
    }),
  );
  const paid = [first, second].map(({ capture }) => `capture/${capture}`);
  return { first, second, happenings, paid };
}

const throughPaypal: Template = (setting) => {
  const it = new PaypalSubscription(setting);
  const { first, second, happenings, paid } = periods(setting, it.id);
  return {
    name: "paypal: a subscription, started, renewed, failed and canceled",
    order: orderOf(setting, { isRecurring: true }),
    subscription: {
      ...{ provider: "paypal", reference: it.id, status: "canceled", paid },
      told: { started: 1, renewed: 1, canceled: 1 },
    },
    happenings,
    messages: [
      it.is(5, "CREATED", "APPROVAL_PENDING"),
      it.is(10, "ACTIVATED", "ACTIVE"),
      it.sale(12, first),
      it.sale(PERIOD, second),
      it.is(2 * PERIOD, "PAYMENT.FAILED", "ACTIVE"),
      it.is(3 * PERIOD, "CANCELLED", "CANCELLED"),
    ],
  };
};

/** `subscr_…`: a button's subscription, which only IPN tells of. */
const throughIpn: Template = (setting) => {
  const id = `S-${setting.id.toUpperCase()}`;
  const { first, second, happenings, paid } = periods(setting, id);
  const of = (type: string, more: Fields = {}): Fields => ({ txn_type: type, subscr_id: id, ...more });
  const is = (at: number, type: string): Message =>
    ipnForm(setting, of(type, { subscr_date: pacific(setting.start + at) }));
  return {
    name: "ipn: a subscription, signed up, renewed, failed, canceled and ended",
    order: orderOf(setting, { isRecurring: true }),
    subscription: {
      ...{ provider: "paypal", reference: id, status: "ended", paid },
      told: { started: 1, renewed: 1, canceled: 1, ended: 1 },
    },
    happenings,
    messages: [
      is(5, "subscr_signup"),
      first.ipn(10, "Completed", of("subscr_payment")),
      second.ipn(PERIOD, "Completed", of("subscr_payment")),
      is(2 * PERIOD, "subscr_failed"),
      is(3 * PERIOD, "subscr_cancel"),
      is(3 * PERIOD + 60, "subscr_eot"),
    ],
  };
};

const throughBoth: Template = (setting) => {
  const it = new PaypalSubscription(setting);
  const { first, second, happenings, paid } = periods(setting, it.id);
  const of = (type: string): Fields => ({ txn_type: type, recurring_payment_id: it.id });
  const created = { ...of("recurring_payment_profile_created"), time_created: pacific(setting.start + 5) };
  return {
    name: "paypal and ipn: a subscription and its payments, told by both",
    order: orderOf(setting, { isRecurring: true }),
    subscription: {
      ...{ provider: "paypal", reference: it.id, status: "active", paid },
      told: { started: 1, renewed: 1 },
    },
    happenings,
    messages: [
      it.is(5, "ACTIVATED", "ACTIVE"),
      ipnForm(setting, created),
      it.sale(12, first),
      first.ipn(12, "Completed", of("recurring_payment")),
      it.sale(PERIOD, second),
      second.ipn(PERIOD, "Completed", of("recurring_payment")),
    ],
  };
};

export const SUBSCRIPTION_TEMPLATES: readonly Template[] = [throughStripe, throughPaypal, throughIpn, throughBoth];
