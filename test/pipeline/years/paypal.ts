import { DAY, decimal, type Life, monthsLater, type Told } from "./life.ts";

/** A subscription's year at PayPal: by webhooks, and by classic IPN. */

/** https://developer.paypal.com/docs/api/subscriptions/v1/ ; its payments are sales of v1. */
export function paypalYear(life: Life): readonly Told[] {
  const told: Told[] = [];
  const tell = (at: number, type: string, resource: object): void => {
    const event = {
      id: `WH-${life.name}-${told.length}`,
      event_version: "1.0",
      create_time: iso(at),
      event_type: type,
      resource,
    };
    told.push({ gateway: "paypal", at, body: JSON.stringify(event) });
  };
  const is = (at: number, word: string, status: string, next: number | null): void =>
    tell(at, `BILLING.SUBSCRIPTION.${word}`, subscriptionOf(life, { at, status, next, failures: 0 }));

  const { start } = life;
  is(start - 60_000, "CREATED", "APPROVAL_PENDING", null);
  is(start, "ACTIVATED", "ACTIVE", monthsLater(start, 1));
  for (let month = 0; month < 12; month += 1) {
    const at = monthsLater(start, month);
    const next = monthsLater(start, month + 1);
    if (month === 5) {
      const failed = { at: at - DAY, status: "ACTIVE", next, failures: 1, retryAt: at + 5 * DAY };
      tell(at, "BILLING.SUBSCRIPTION.PAYMENT.FAILED", subscriptionOf(life, failed));
      // PayPal tells no status once a later attempt succeeds: the sale alone does.
      tell(at + 5 * DAY, "PAYMENT.SALE.COMPLETED", saleOf(life, month, at + 5 * DAY));
    } else tell(at + 1_000, "PAYMENT.SALE.COMPLETED", saleOf(life, month, at + 1_000));
    if (month === 8) {
      is(at + 5 * DAY, "SUSPENDED", "SUSPENDED", null);
      is(at + 9 * DAY, "RE-ACTIVATED", "ACTIVE", next);
    }
    if (month === 10) is(at + 2_000, "UPDATED", "ACTIVE", next);
    if (month === 11) is(at + 2_000, "UPDATED", "ACTIVE", next);
  }
  is(monthsLater(start, 11) + 4 * DAY, "CANCELLED", "CANCELLED", null);
  return told;
}

function subscriptionOf(
  { name, order, start }: Life,
  told: {
    readonly at: number;
    readonly status: string;
    readonly next: number | null;
    readonly failures: number;
    readonly retryAt?: number;
  },
): object {
  return {
    ...{
      id: `I-${name.toUpperCase()}`,
      status: told.status,
      status_update_time: iso(told.at),
      update_time: iso(told.at),
    },
    ...{ create_time: iso(start - 60_000), custom_id: order, plan_id: "P-5ML4271244454362WXNWU5NQ" },
    subscriber: {
      payer_id: "2J6QB8YJQSJRJ",
      email_address: "ann@example.com",
      name: { given_name: "Ann", surname: "Lee" },
    },
    billing_info: {
      ...(told.next !== null && { next_billing_time: iso(told.next) }),
      failed_payments_count: told.failures,
      ...(told.retryAt !== undefined && { last_failed_payment: { next_payment_retry_time: iso(told.retryAt) } }),
    },
  };
}

function saleOf({ name, order, amount }: Life, month: number, at: number): object {
  return {
    ...{
      id: `SALE${name.toUpperCase()}${month}`,
      state: "completed",
      custom: order,
      create_time: iso(at),
      update_time: iso(at),
    },
    amount: { total: decimal(amount), currency: "USD" },
    billing_agreement_id: `I-${name.toUpperCase()}`,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}

/** IPN and PDT variables: a subscription by a button, every two months. */
export function ipnYear(life: Life): readonly Told[] {
  const told: Told[] = [];
  const tell = (at: number, fields: Readonly<Record<string, string>>): void => {
    const form = new URLSearchParams({ ...fieldsOf(life), ...fields, ipn_track_id: `${life.name}${told.length}` });
    told.push({ gateway: "paypal-ipn", at, body: form.toString() });
  };
  const { start, amount } = life;
  const plan = { period3: "2 M", mc_amount3: decimal(amount), recurring: "1", subscr_date: pacific(start) };
  tell(start, { txn_type: "subscr_signup", ...plan });
  for (let month = 0; month < 12; month += 2) {
    const due = monthsLater(start, month);
    const at = month === 6 ? due + 5 * DAY : due + 2_000;
    if (month === 6)
      tell(due, {
        txn_type: "subscr_failed",
        subscr_date: pacific(due),
        retry_at: pacific(at),
        mc_gross: decimal(amount),
      });
    tell(at, {
      ...{
        txn_type: "subscr_payment",
        payment_status: "Completed",
        payment_date: pacific(at),
        mc_gross: decimal(amount),
      },
      ...{ mc_fee: "0.88", txn_id: `TXN${life.name.toUpperCase()}${month}` },
    });
  }
  tell(monthsLater(start, 11), { txn_type: "subscr_cancel", subscr_date: pacific(monthsLater(start, 11)) });
  tell(monthsLater(start, 12), { txn_type: "subscr_eot", subscr_date: pacific(monthsLater(start, 12)) });
  return told;
}

function fieldsOf({ name, order }: Life): Readonly<Record<string, string>> {
  return {
    ...{ subscr_id: `S-${name.toUpperCase()}`, custom: order, mc_currency: "USD", charset: "UTF-8", test_ipn: "1" },
    ...{ payer_id: "EVMXCLDZJV77Q", payer_email: "ann@example.com", first_name: "Ann", last_name: "Lee" },
    ...{
      business: "seller@shop.example",
      receiver_email: "seller@shop.example",
      verify_sign: "X",
      notify_version: "3.9",
    },
  };
}

/** `02:00:00 Jan 05, 2026 PST`: PayPal documents no other zone. */
function pacific(at: number): string {
  const date = new Date(at - 8 * 3_600_000);
  const month = date.toLocaleString("en-US", { month: "short", timeZone: "UTC" });
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
  return `${clock} ${month} ${two(date.getUTCDate())}, ${date.getUTCFullYear()} PST`;
}
