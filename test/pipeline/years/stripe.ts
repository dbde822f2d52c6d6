import { DAY, type Life, monthsLater, type Told } from "./life.ts";

/** A subscription's year at Stripe, as API version 2025-03-31 tells it. */

/** https://docs.stripe.com/api/subscriptions/object, https://docs.stripe.com/api/invoices/object */
export function stripeYear(life: Life): readonly Told[] {
  const told: Told[] = [];
  const tell = (at: number, type: string, object: object): void => {
    told.push({ gateway: "stripe", at, body: eventOf(`evt_${life.name}_${told.length}`, at, type, object) });
  };
  const subscription = (at: number, month: number, more: object = {}): void =>
    tell(
      at,
      `customer.subscription.${month === 0 && told.length === 0 ? "created" : "updated"}`,
      subscriptionOf(life, month, more),
    );
  const paid = (at: number, month: number, attempts = 1): void => {
    tell(at, "charge.succeeded", chargeOf(life, month));
    tell(at, "invoice.paid", invoiceOf(life, month, { status: "paid", at, attempts }));
    tell(at, "invoice_payment.paid", invoicePaymentOf(life, month));
  };

  const start = life.start;
  subscription(start, 0, { status: "incomplete" });
  paid(start, 0);
  subscription(start + 1_000, 0);
  for (let month = 1; month < 12; month += 1) {
    const at = monthsLater(start, month);
    subscription(at, month);
    if (month === 5) {
      tell(at + 3_600_000, "invoice.payment_failed", invoiceOf(life, month, { status: "open", at, attempts: 1 }));
      subscription(at + 3_600_000, month, { status: "past_due" });
      paid(at + 3 * DAY, month, 2);
      subscription(at + 3 * DAY, month);
    } else paid(at + 3_600_000, month);
    if (month === 8) {
      subscription(at + 5 * DAY, month, { pause_collection: { behavior: "void", resumes_at: null } });
      subscription(at + 9 * DAY, month);
    }
  }
  subscription(monthsLater(start, 11) + 4 * DAY, 11, { cancel_at_period_end: true });
  // Long after the renewals: an old invoice changes, which pays nothing anew.
  tell(
    monthsLater(start, 11) + 6 * DAY,
    "invoice.updated",
    invoiceOf(life, 3, { status: "paid", at: monthsLater(start, 3) + 3_600_000, attempts: 1 }),
  );
  const end = monthsLater(start, 12);
  tell(
    end,
    "customer.subscription.deleted",
    subscriptionOf(life, 11, { status: "canceled", cancel_at_period_end: true }),
  );
  return told;
}

function eventOf(id: string, at: number, type: string, object: object): string {
  return JSON.stringify({
    ...{ id, object: "event", api_version: "2025-03-31.basil", created: Math.floor(at / 1000), livemode: false, type },
    data: { object },
  });
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function subscriptionOf({ name, start, order, amount }: Life, month: number, more: object): object {
  const item = {
    current_period_start: seconds(monthsLater(start, month)),
    current_period_end: seconds(monthsLater(start, month + 1)),
    quantity: 1,
    price: { currency: "usd", unit_amount: amount, recurring: { interval: "month", interval_count: 1 } },
  };
  return {
    ...{
      id: `sub_${name}`,
      object: "subscription",
      status: "active",
      customer: `cus_${name}`,
      metadata: { order_id: order },
    },
    ...{ cancel_at: null, cancel_at_period_end: false, pause_collection: null, trial_end: null },
    ...{ latest_invoice: `in_${name}_${month}`, items: { data: [item] } },
    ...more,
  };
}

function invoiceOf(
  { name, start, order, amount }: Life,
  month: number,
  { status, at, attempts }: { readonly status: "paid" | "open"; readonly at: number; readonly attempts: number },
): object {
  const isPaid = status === "paid";
  return {
    ...{
      id: `in_${name}_${month}`,
      object: "invoice",
      status,
      currency: "usd",
      amount_due: amount,
      attempt_count: attempts,
    },
    amount_paid: isPaid ? amount : 0,
    billing_reason: month === 0 ? "subscription_create" : "subscription_cycle",
    ...{ customer: `cus_${name}`, customer_email: "ann@example.com", customer_name: "Ann" },
    next_payment_attempt: isPaid ? null : seconds(at + 3 * DAY),
    status_transitions: { paid_at: isPaid ? seconds(at) : null },
    lines: {
      data: [{ period: { start: seconds(monthsLater(start, month)), end: seconds(monthsLater(start, month + 1)) } }],
    },
    parent: { subscription_details: { subscription: `sub_${name}`, metadata: { order_id: order } } },
  };
}

function invoicePaymentOf({ name, amount }: Life, month: number): object {
  return {
    ...{
      id: `inpay_${name}_${month}`,
      object: "invoice_payment",
      amount_paid: amount,
      currency: "usd",
      status: "paid",
    },
    ...{ invoice: `in_${name}_${month}`, payment: { type: "payment_intent", payment_intent: `pi_${name}_${month}` } },
  };
}

function chargeOf({ name, amount }: Life, month: number): object {
  return {
    ...{ id: `ch_${name}_${month}`, object: "charge", amount, amount_captured: amount, amount_refunded: 0 },
    ...{ captured: true, currency: "usd", status: "succeeded", payment_intent: `pi_${name}_${month}`, metadata: {} },
  };
}
