/** PayPal's resources and events, written after its public samples, as far as the adapter reads them. */

export type Json = { readonly [name: string]: unknown };

export const API = "https://api.sandbox.paypal.com";

export function event(id: string, type: string, resource: Json, extra: Json = {}): Json {
  return {
    id: `WH-${id}`,
    event_version: "1.0",
    create_time: "2026-01-05T10:00:02.500Z",
    resource_type: "resource",
    event_type: type,
    summary: "Something happened",
    resource,
    links: [{ href: `${API}/v1/notifications/webhooks-events/WH-${id}`, rel: "self", method: "GET" }],
    ...extra,
  };
}

export const usd = (value: string): Json => ({ currency_code: "USD", value });

const TIMES = { create_time: "2026-01-05T09:59:58Z", update_time: "2026-01-05T10:00:01Z" };
const PAYEE = { email_address: "Shop@Example.com", merchant_id: "MERCHANT7XYZ" };

const link = (rel: string, path: string): Json => ({ href: `${API}${path}`, rel, method: "GET" });

export function capture(extra: Json = {}): Json {
  return {
    id: "2GG279541U471931P",
    amount: usd("19.99"),
    final_capture: true,
    seller_receivable_breakdown: { gross_amount: usd("19.99"), paypal_fee: usd("0.88"), net_amount: usd("19.11") },
    custom_id: "1001",
    status: "COMPLETED",
    supplementary_data: { related_ids: { order_id: "5O190127TN364715T" } },
    payee: PAYEE,
    ...TIMES,
    links: [
      link("self", "/v2/payments/captures/2GG279541U471931P"),
      link("up", "/v2/checkout/orders/5O190127TN364715T"),
    ],
    ...extra,
  };
}

export function refund(extra: Json = {}): Json {
  return {
    id: "1JU08902781691411",
    amount: usd("5.00"),
    seller_payable_breakdown: { gross_amount: usd("5.00"), total_refunded_amount: usd("5.00") },
    invoice_id: "refund-of-1001",
    status: "COMPLETED",
    create_time: "2026-01-06T08:00:00-08:00",
    update_time: "2026-01-06T08:00:00-08:00",
    links: [
      link("self", "/v2/payments/refunds/1JU08902781691411"),
      link("up", "/v2/payments/captures/2GG279541U471931P"),
    ],
    ...extra,
  };
}

export function authorization(extra: Json = {}): Json {
  return {
    id: "0AW2184448108334S",
    amount: usd("19.99"),
    custom_id: "1001",
    status: "CREATED",
    expiration_time: "2026-02-03T10:00:00Z",
    payee: PAYEE,
    ...TIMES,
    links: [link("self", "/v2/payments/authorizations/0AW2184448108334S")],
    ...extra,
  };
}

export function unit(extra: Json = {}): Json {
  return { reference_id: "default", amount: usd("19.99"), payee: PAYEE, custom_id: "1001", ...extra };
}

export function order(units: readonly Json[], extra: Json = {}): Json {
  return {
    id: "5O190127TN364715T",
    intent: "CAPTURE",
    status: "APPROVED",
    purchase_units: units,
    payer: { payer_id: "QYR5Z8XDVJNXQ", email_address: "Ann@Example.com", name: { given_name: "Ann", surname: "Lee" } },
    create_time: "2026-01-05T09:50:00Z",
    links: [link("self", "/v2/checkout/orders/5O190127TN364715T")],
    ...extra,
  };
}

export function sale(extra: Json = {}): Json {
  return {
    id: "4EU7004268015634R",
    ...TIMES,
    state: "completed",
    amount: { total: "20.00", currency: "USD", details: { subtotal: "20.00" } },
    payment_mode: "INSTANT_TRANSFER",
    transaction_fee: { value: "0.88", currency: "USD" },
    billing_agreement_id: "I-BW452GLLEP1G",
    custom: "1001",
    invoice_number: "INV-77",
    links: [link("self", "/v1/payments/sale/4EU7004268015634R")],
    ...extra,
  };
}

export function saleRefund(extra: Json = {}): Json {
  return {
    id: "6YX43824R4443062K",
    ...TIMES,
    state: "completed",
    amount: { total: "-5.00", currency: "USD" },
    total_refunded_amount: { value: "5.00", currency: "USD" },
    sale_id: "4EU7004268015634R",
    links: [link("self", "/v1/payments/refund/6YX43824R4443062K"), link("sale", "/v1/payments/sale/4EU7004268015634R")],
    ...extra,
  };
}

export function dispute(extra: Json = {}): Json {
  return {
    dispute_id: "PP-D-27803",
    ...TIMES,
    disputed_transactions: [
      {
        seller_transaction_id: "2GG279541U471931P",
        seller: { email: "Shop@example.com", merchant_id: "MERCHANT7XYZ" },
      },
    ],
    reason: "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
    status: "WAITING_FOR_SELLER_RESPONSE",
    dispute_state: "REQUIRED_ACTION",
    dispute_amount: usd("19.99"),
    dispute_life_cycle_stage: "CHARGEBACK",
    seller_response_due_date: "2026-01-15T07:00:00Z",
    ...extra,
  };
}

export function subscription(extra: Json = {}): Json {
  return {
    id: "I-BW452GLLEP1G",
    status: "ACTIVE",
    status_update_time: "2026-01-05T10:00:00Z",
    plan_id: "P-5ML4271244454362WXNWU5NQ",
    custom_id: "1001",
    subscriber: {
      payer_id: "2J6QB8YJQSJRJ",
      email_address: "ann@example.com",
      name: { given_name: "Ann", surname: "Lee" },
    },
    billing_info: { next_billing_time: "2026-02-05T10:00:00Z", failed_payments_count: 0 },
    ...TIMES,
    ...extra,
  };
}
