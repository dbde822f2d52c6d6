import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { signPaypalNotification } from "../../../src/gateways/stand-in.ts";
import {
  API,
  authorization,
  capture,
  dispute,
  event,
  type Json,
  order,
  refund,
  sale,
  saleRefund,
  subscription,
  unit,
  usd,
} from "./events.ts";

/**
 * Makes src/gateways/paypal/vectors: `npx tsx test/gateways/paypal/make-vectors.ts`. Signed by the rule, under an authority of
 * our own (authority.json); what each notification must mean is written here by hand. A test compares the files with this.
 */

const authority = z
  .record(z.string(), z.string())
  .parse(JSON.parse(readFileSync(new URL("authority.json", import.meta.url), "utf8")));

const CERT_URL = `${API}/v1/notifications/certs/CERT-360caa42-fca2a594-0a1b2c3d`;
const WEBHOOK_ID = "8PT597110X687430LKGECATA";
const SOURCE =
  "the rule of PayPal-Java-SDK and PayPal-Python-SDK, signed under an authority of our own, over a payload written after PayPal's samples";

const CHANGED = "2026-01-05T10:00:01.000Z";
const TOLD = "2026-01-05T10:00:02.500Z";
const RECEIVERS = ["shop@example.com", "merchant7xyz"];
const CAPTURE = { kind: "capture", reference: "2GG279541U471931P" };
const AUTHORIZATION = { kind: "authorization", reference: "0AW2184448108334S" };
const INTENT = { kind: "intent", reference: "5O190127TN364715T" };
const ORDERS = [{ rank: 0, value: "1001" }];

interface Draft {
  readonly name: string;
  readonly event: Json;
  readonly facts: readonly Json[];
  /** Instead of the facts: what makes it unreadable. */
  readonly unreadable?: string;
  readonly orderFields?: readonly string[];
}

const captured = {
  ...CAPTURE,
  status: "succeeded",
  currency: "USD",
  amount: "1999",
  fee: "88",
  net: "1911",
  at: CHANGED,
  joins: [],
  links: [],
  orders: ORDERS,
  receivers: RECEIVERS,
};

const REFUND_AT = "2026-01-06T16:00:00.000Z";
const refunded = {
  kind: "refund",
  reference: "1JU08902781691411",
  status: "succeeded",
  currency: "USD",
  amount: "500",
  at: REFUND_AT,
  joins: [CAPTURE],
  links: [],
};

const later = { create_time: "2026-01-06T16:00:01Z" };

const captures: readonly Draft[] = [
  { name: "a capture that completed", event: event("CAP1", "PAYMENT.CAPTURE.COMPLETED", capture()), facts: [captured] },
  {
    name: "a capture that waits, with neither fee nor net",
    event: event(
      "CAP2",
      "PAYMENT.CAPTURE.PENDING",
      capture({ status: "PENDING", status_details: { reason: "UNILATERAL" }, seller_receivable_breakdown: undefined }),
    ),
    facts: [
      {
        ...CAPTURE,
        status: "pending",
        currency: "USD",
        amount: "1999",
        at: CHANGED,
        joins: [],
        links: [],
        orders: ORDERS,
      },
    ],
  },
  {
    name: "a capture that was declined, of an authorization, whose breakdown nobody receives",
    event: event(
      "CAP3",
      "PAYMENT.CAPTURE.DECLINED",
      capture({
        status: "DECLINED",
        supplementary_data: { related_ids: { authorization_id: "0AW2184448108334S" } },
        seller_receivable_breakdown: { net_amount: usd("19.11") },
      }),
    ),
    facts: [{ ...CAPTURE, status: "failed", amount: "1999", joins: [AUTHORIZATION], net: undefined }],
  },
  {
    name: "a capture that was denied, named by the link to its authorization",
    event: event(
      "CAP4",
      "PAYMENT.CAPTURE.DENIED",
      capture({
        status: "DECLINED",
        links: [{ href: `${API}/v2/payments/authorizations/0AW2184448108334S`, rel: "up", method: "GET" }],
      }),
    ),
    facts: [{ ...CAPTURE, status: "failed", joins: [AUTHORIZATION] }],
  },
  {
    name: "a capture received in another currency than it was paid in",
    event: event(
      "CAP5",
      "PAYMENT.CAPTURE.COMPLETED",
      capture({
        seller_receivable_breakdown: {
          gross_amount: usd("19.99"),
          paypal_fee: usd("0.88"),
          net_amount: usd("19.11"),
          receivable_amount: { currency_code: "EUR", value: "17.30" },
          exchange_rate: { source_currency: "USD", target_currency: "EUR", value: "0.905285" },
        },
      }),
    ),
    facts: [{ ...captured, settlement: { amount: "1730", currency: "EUR" } }],
  },
  {
    name: "a capture that was refunded in part is still a capture that succeeded",
    event: event("CAP6", "PAYMENT.CAPTURE.COMPLETED", capture({ status: "PARTIALLY_REFUNDED" })),
    facts: [captured],
  },
  {
    name: "a capture in yen, which have no decimals",
    event: event(
      "CAP7",
      "PAYMENT.CAPTURE.COMPLETED",
      capture({ amount: { currency_code: "JPY", value: "1999" }, seller_receivable_breakdown: undefined }),
    ),
    facts: [{ ...CAPTURE, currency: "JPY", amount: "1999" }],
  },
  {
    name: "a capture in forint, which PayPal writes without decimals",
    event: event(
      "CAP8",
      "PAYMENT.CAPTURE.COMPLETED",
      capture({ amount: { currency_code: "HUF", value: "7990" }, seller_receivable_breakdown: undefined }),
    ),
    facts: [{ ...CAPTURE, currency: "HUF", amount: "799000" }],
  },
  {
    name: "a capture whose order reference is in another field of the account's choice",
    event: event("CAP9", "PAYMENT.CAPTURE.COMPLETED", capture({ invoice_id: "INV-9" })),
    orderFields: ["invoice_id", "custom_id"],
    facts: [
      {
        ...CAPTURE,
        orders: [
          { rank: 0, value: "INV-9" },
          { rank: 1, value: "1001" },
        ],
      },
    ],
  },
  {
    name: "a capture with an event time that is no time, as PayPal's simulator sends them",
    event: event("CAP10", "PAYMENT.CAPTURE.COMPLETED", capture(), { create_time: "2018-19-12T22:20:32.000Z" }),
    facts: [captured],
  },
  {
    name: "a capture with an amount that is none",
    event: event("CAP11", "PAYMENT.CAPTURE.COMPLETED", capture({ amount: usd("1,999.00") })),
    facts: [],
    unreadable: "resource.amount",
  },
  {
    name: "a capture in a currency that nobody knows",
    event: event("CAP12", "PAYMENT.CAPTURE.COMPLETED", capture({ amount: { currency_code: "XXQ", value: "1.00" } })),
    facts: [],
    unreadable: "resource.amount",
  },
  {
    name: "a capture with a status that nobody knows",
    event: event("CAP13", "PAYMENT.CAPTURE.COMPLETED", capture({ status: "QUESTIONED" })),
    facts: [],
    unreadable: "resource.status",
  },
];

const refunds: readonly Draft[] = [
  {
    name: "a refund in part, and what its capture had refunded by then",
    event: event("REF1", "PAYMENT.CAPTURE.REFUNDED", refund(), later),
    facts: [refunded, { ...CAPTURE, currency: "USD", refundedTotal: "500", at: REFUND_AT, joins: [], links: [] }],
  },
  {
    name: "a second refund, told without the total",
    event: event(
      "REF2",
      "PAYMENT.CAPTURE.REFUNDED",
      refund({ id: "2JU08902781691412", amount: usd("14.99"), seller_payable_breakdown: undefined }),
      later,
    ),
    facts: [{ ...refunded, reference: "2JU08902781691412", amount: "1499" }],
  },
  {
    name: "a refund that waits, whose total may count it or not",
    event: event("REF3", "PAYMENT.REFUND.PENDING", refund({ status: "PENDING" }), later),
    facts: [{ ...refunded, status: "pending" }],
  },
  {
    name: "a refund that failed",
    event: event("REF4", "PAYMENT.REFUND.FAILED", refund({ status: "FAILED" }), later),
    facts: [{ ...refunded, status: "failed" }],
  },
  {
    name: "a reversal, which PayPal tells as a refund",
    event: event(
      "REV1",
      "PAYMENT.CAPTURE.REVERSED",
      refund({
        id: "09E71677NS257044M",
        amount: usd("19.99"),
        note_to_payer: "Payment reversed",
        seller_payable_breakdown: { total_refunded_amount: usd("19.99") },
      }),
      later,
    ),
    facts: [
      {
        kind: "reversal",
        reference: "09E71677NS257044M",
        status: "held",
        currency: "USD",
        amount: "1999",
        at: REFUND_AT,
        joins: [CAPTURE],
        links: [],
      },
    ],
  },
  {
    name: "a reversal told as the capture that was reversed",
    event: event("REV2", "PAYMENT.CAPTURE.REVERSED", capture({ status: "REVERSED" })),
    facts: [{ kind: "reversal", reference: CAPTURE.reference, status: "held", amount: "1999", joins: [CAPTURE] }],
  },
];

const authorizations: readonly Draft[] = [
  {
    name: "an authorization that was created",
    event: event("AUT1", "PAYMENT.AUTHORIZATION.CREATED", authorization()),
    facts: [
      {
        ...AUTHORIZATION,
        status: "live",
        currency: "USD",
        amount: "1999",
        at: CHANGED,
        joins: [],
        links: [],
        orders: ORDERS,
        receivers: RECEIVERS,
      },
    ],
  },
  {
    name: "an authorization that was voided",
    event: event("AUT2", "PAYMENT.AUTHORIZATION.VOIDED", authorization({ status: "VOIDED" })),
    facts: [{ ...AUTHORIZATION, status: "voided" }],
  },
  {
    name: "an authorization of v1",
    event: event("AUT3", "PAYMENT.AUTHORIZATION.CREATED", {
      id: "0AW2184448108334S",
      state: "authorized",
      amount: { total: "19.99", currency: "USD" },
      create_time: "2026-01-05T10:00:01Z",
    }),
    facts: [{ ...AUTHORIZATION, status: "live", amount: "1999", at: CHANGED }],
  },
];

const approved = {
  ...INTENT,
  status: "requires_action",
  currency: "USD",
  amount: "1999",
  at: TOLD,
  joins: [],
  links: [],
  orders: ORDERS,
  receivers: RECEIVERS,
  buyer: { id: "QYR5Z8XDVJNXQ", email: "Ann@Example.com", name: "Ann Lee" },
};

const orders: readonly Draft[] = [
  {
    name: "an order that the buyer approved",
    event: event("ORD1", "CHECKOUT.ORDER.APPROVED", order([unit()])),
    facts: [approved],
  },
  {
    name: "an order of two units, each an intent of its own",
    event: event(
      "ORD2",
      "CHECKOUT.ORDER.APPROVED",
      order([unit({ reference_id: "books" }), unit({ reference_id: "tea", custom_id: "1002", amount: usd("7.00") })]),
    ),
    facts: [
      { ...approved, reference: "5O190127TN364715T/books" },
      { ...approved, reference: "5O190127TN364715T/tea", amount: "700", orders: [{ rank: 0, value: "1002" }] },
    ],
  },
  {
    name: "an order that was completed, with the capture that it lists",
    event: event(
      "ORD3",
      "CHECKOUT.ORDER.COMPLETED",
      order([unit({ payments: { captures: [capture()] } })], {
        status: "COMPLETED",
        update_time: "2026-01-05T10:00:01Z",
      }),
    ),
    facts: [
      { ...approved, status: "succeeded", at: CHANGED, joins: [CAPTURE] },
      { ...captured, joins: [INTENT] },
    ],
  },
  {
    name: "an order that was completed by authorizing it",
    event: event(
      "ORD4",
      "CHECKOUT.ORDER.COMPLETED",
      order([unit({ payments: { authorizations: [authorization()] } })], { status: "COMPLETED", intent: "AUTHORIZE" }),
    ),
    facts: [
      { ...approved, status: "authorized", joins: [AUTHORIZATION] },
      { ...AUTHORIZATION, status: "live", joins: [INTENT] },
    ],
  },
  {
    name: "an order with its refund listed beside its capture",
    event: event(
      "ORD5",
      "CHECKOUT.ORDER.COMPLETED",
      order([unit({ payments: { captures: [capture()], refunds: [refund()] } })], { status: "COMPLETED" }),
    ),
    facts: [
      { ...approved, status: "succeeded", joins: [CAPTURE] },
      { ...captured, joins: [INTENT] },
      { ...refunded, at: "2026-01-05T10:00:03.000Z" },
      { ...CAPTURE, refundedTotal: "500" },
    ],
  },
  {
    name: "an order that was created",
    event: event("ORD6", "CHECKOUT.ORDER.CREATED", order([unit()], { status: "CREATED", payer: undefined })),
    facts: [{ ...INTENT, status: "pending", amount: "1999", at: TOLD }],
  },
  {
    name: "an order that was saved",
    event: event("ORD7", "CHECKOUT.ORDER.SAVED", order([unit()], { status: "SAVED" })),
    facts: [{ ...approved, status: "pending" }],
  },
  {
    name: "an order that was voided names nothing else",
    event: event(
      "ORD8",
      "CHECKOUT.ORDER.VOIDED",
      order([unit({ payments: { captures: [capture()] } })], { status: "VOIDED" }),
    ),
    facts: [{ ...INTENT, status: "canceled", at: TOLD, joins: [], links: [] }],
  },
  {
    name: "an approval that PayPal took back",
    event: event("ORD9", "CHECKOUT.PAYMENT-APPROVAL.REVERSED", {
      order_id: "5O190127TN364715T",
      purchase_units: [{ reference_id: "default", custom_id: "1001" }],
      payment_source: { ideal: { name: "Ann Lee", country_code: "NL" } },
    }),
    facts: [{ ...INTENT, status: "canceled", at: TOLD }],
  },
  {
    name: "an order of v1 that was created",
    event: event("ORD10", "PAYMENT.ORDER.CREATED", {
      id: "O-3SP845109F051535C",
      state: "pending",
      amount: { total: "19.99", currency: "USD" },
      update_time: "2026-01-05T10:00:01Z",
    }),
    facts: [{ kind: "intent", reference: "O-3SP845109F051535C", status: "pending", amount: "1999", at: CHANGED }],
  },
  {
    name: "an order of v1 that was cancelled",
    event: event("ORD11", "PAYMENT.ORDER.CANCELLED", {
      id: "O-3SP845109F051535C",
      state: "voided",
      amount: { total: "19.99", currency: "USD" },
    }),
    facts: [{ kind: "intent", reference: "O-3SP845109F051535C", status: "canceled" }],
  },
];

const SALE = { kind: "capture", reference: "4EU7004268015634R" };
const SUBSCRIPTION = { kind: "subscription", reference: "I-BW452GLLEP1G" };

const sales: readonly Draft[] = [
  {
    name: "a sale of v1 that pays a subscription's period",
    event: event("SAL1", "PAYMENT.SALE.COMPLETED", sale()),
    facts: [
      {
        ...SALE,
        status: "succeeded",
        currency: "USD",
        amount: "2000",
        fee: "88",
        at: CHANGED,
        joins: [],
        links: [SUBSCRIPTION],
        orders: [
          { rank: 0, value: "1001" },
          { rank: 1, value: "INV-77" },
        ],
      },
    ],
  },
  {
    name: "a sale by electronic cheque that waits to clear",
    event: event(
      "SAL2",
      "PAYMENT.SALE.PENDING",
      sale({ state: "pending", payment_mode: "ECHECK", transaction_fee: undefined }),
    ),
    facts: [{ ...SALE, status: "pending", amount: "2000" }],
  },
  {
    name: "a sale that was denied",
    event: event("SAL3", "PAYMENT.SALE.DENIED", sale({ state: "denied" })),
    facts: [{ ...SALE, status: "failed" }],
  },
  {
    name: "a refund of a sale, told as a negative amount",
    event: event("SAL4", "PAYMENT.SALE.REFUNDED", saleRefund()),
    facts: [
      {
        kind: "refund",
        reference: "6YX43824R4443062K",
        status: "succeeded",
        currency: "USD",
        amount: "500",
        at: CHANGED,
        joins: [SALE],
        links: [],
      },
      { ...SALE, currency: "USD", refundedTotal: "500", at: CHANGED },
    ],
  },
  {
    name: "a reversal of a sale that says neither state nor sale",
    event: event("SAL5", "PAYMENT.SALE.REVERSED", {
      id: "77689802DL785834G",
      create_time: "2026-01-05T10:00:01Z",
      amount: { total: "-20.00", currency: "USD" },
      links: [{ href: `${API}/v1/payments/refund/77689802DL785834G`, rel: "self", method: "GET" }],
    }),
    facts: [{ kind: "reversal", reference: "77689802DL785834G", status: "held", amount: "2000", joins: [] }],
  },
  {
    name: "a capture of v1, of an authorization",
    event: event("SAL6", "PAYMENT.CAPTURE.COMPLETED", {
      ...sale({ billing_agreement_id: undefined }),
      links: [{ href: `${API}/v1/payments/authorization/0AW2184448108334S`, rel: "authorization", method: "GET" }],
    }),
    facts: [{ ...SALE, status: "succeeded", joins: [AUTHORIZATION], links: [] }],
  },
];

const DISPUTE = { kind: "dispute", reference: "PP-D-27803" };
const disputed = {
  ...DISPUTE,
  status: "open",
  currency: "USD",
  amount: "1999",
  movesMoney: false,
  deadline: "2026-01-15T07:00:00.000Z",
  at: CHANGED,
  joins: [],
  links: [CAPTURE],
  receivers: RECEIVERS,
};
const mentioned = { ...CAPTURE, joins: [], links: [], status: undefined, amount: undefined };
const resolved = (outcome_code: string): Json =>
  dispute({ status: "RESOLVED", dispute_state: "RESOLVED", dispute_outcome: { outcome_code } });

const disputes: readonly Draft[] = [
  {
    name: "a dispute that was opened",
    event: event("DIS1", "CUSTOMER.DISPUTE.CREATED", dispute()),
    facts: [disputed, mentioned],
  },
  {
    name: "a dispute about two transactions, one of them named twice",
    event: event(
      "DIS2",
      "CUSTOMER.DISPUTE.UPDATED",
      dispute({
        disputed_transactions: ["A1", "B2", "A1"].map((id) => ({ seller_transaction_id: id })),
        seller_response_due_date: undefined,
      }),
    ),
    facts: [
      {
        ...DISPUTE,
        status: "open",
        deadline: undefined,
        links: [
          { kind: "capture", reference: "A1" },
          { kind: "capture", reference: "B2" },
        ],
      },
      { kind: "capture", reference: "A1" },
      { kind: "capture", reference: "B2" },
    ],
  },
  ...(
    [
      ["RESOLVED_BUYER_FAVOUR", "lost"],
      ["ACCEPTED", "lost"],
      ["RESOLVED_SELLER_FAVOUR", "won"],
      ["CANCELED_BY_BUYER", "won"],
      ["RESOLVED_WITH_PAYOUT", "won"],
      ["DENIED", "won"],
      ["NONE", "closed"],
      ["SOMETHING_NEW", "open"],
    ] as const
  ).map(([outcome, status]) => ({
    name: `a dispute that ended as ${outcome} is ${status}`,
    event: event(`DIS-${outcome}`, "CUSTOMER.DISPUTE.RESOLVED", resolved(outcome)),
    facts: [{ ...disputed, status }, mentioned],
  })),
];

const subscribed = {
  ...SUBSCRIPTION,
  status: "active",
  periodEnd: "2026-02-05T10:00:00.000Z",
  at: CHANGED,
  joins: [],
  links: [],
  orders: ORDERS,
  buyer: { id: "2J6QB8YJQSJRJ", email: "ann@example.com", name: "Ann Lee" },
};

const STATUSES = [
  ["CREATED", "APPROVAL_PENDING", "pending"],
  ["ACTIVATED", "ACTIVE", "active"],
  ["RE-ACTIVATED", "ACTIVE", "active"],
  ["UPDATED", "ACTIVE", "active"],
  ["SUSPENDED", "SUSPENDED", "paused"],
  ["CANCELLED", "CANCELLED", "canceled"],
  ["EXPIRED", "EXPIRED", "ended"],
] as const;

const subscriptions: readonly Draft[] = [
  ...STATUSES.map(([word, status, expected]) => ({
    name: `a subscription after ${word}`,
    event: event(`SUB-${word}`, `BILLING.SUBSCRIPTION.${word}`, subscription({ status })),
    facts: [{ ...subscribed, status: expected }],
  })),
  {
    name: "a subscription whose payment failed is told as active and is past due",
    event: event("SUB-FAILED", "BILLING.SUBSCRIPTION.PAYMENT.FAILED", subscription()),
    facts: [{ ...subscribed, status: "past_due", at: TOLD }],
  },
  {
    name: "a subscription whose last payment failed after it was suspended stays paused",
    event: event("SUB-FAILED2", "BILLING.SUBSCRIPTION.PAYMENT.FAILED", subscription({ status: "SUSPENDED" })),
    facts: [{ ...subscribed, status: "paused" }],
  },
  {
    name: "a subscription of two teas each quarter whose payment is tried again",
    event: event(
      "SUB-FAILED3",
      "BILLING.SUBSCRIPTION.PAYMENT.FAILED",
      subscription({
        quantity: "2",
        plan: {
          billing_cycles: [
            { tenure_type: "TRIAL", pricing_scheme: { fixed_price: { currency_code: "USD", value: "1.00" } } },
            {
              tenure_type: "REGULAR",
              pricing_scheme: { fixed_price: { currency_code: "USD", value: "19.99" } },
              frequency: { interval_unit: "MONTH", interval_count: 3 },
            },
          ],
        },
        billing_info: {
          failed_payments_count: 2,
          last_failed_payment: { next_payment_retry_time: "2026-01-10T10:00:00Z" },
        },
      }),
    ),
    facts: [
      {
        ...SUBSCRIPTION,
        status: "past_due",
        price: { amount: "3998", currency: "USD", every: { unit: "month", count: 3 } },
        failures: 2,
        retryAt: "2026-01-10T10:00:00.000Z",
        paymentFailed: true,
      },
    ],
  },
  {
    name: "an agreement of v1 that was cancelled",
    event: event("SUB-V1", "BILLING.SUBSCRIPTION.CANCELLED", {
      id: "I-PE7JWXKGVN0R",
      state: "Cancelled",
      payer: {
        payer_info: { email: "cool@example.com", first_name: "Cool", last_name: "Buyer", payer_id: "XLHKRXRA4H7QY" },
      },
    }),
    facts: [
      {
        kind: "subscription",
        reference: "I-PE7JWXKGVN0R",
        status: "canceled",
        at: TOLD,
        buyer: { id: "XLHKRXRA4H7QY", email: "cool@example.com", name: "Cool Buyer" },
      },
    ],
  },
];

const INVOICE = { kind: "invoice", reference: "INV2-CWLC-PFY6-QMBY-8J4M" };
const invoice = (payments: unknown): Json => ({ invoice: { id: INVOICE.reference, status: "PAID", payments } });

const others: readonly Draft[] = [
  {
    name: "an invoice that was paid links what paid it",
    event: event(
      "INV1",
      "INVOICING.INVOICE.PAID",
      invoice({ transactions: [{ payment_id: "2GG279541U471931P" }, { note: "cash" }] }),
    ),
    facts: [{ ...INVOICE, status: "paid", at: TOLD, joins: [], links: [CAPTURE] }],
  },
  {
    name: "an invoice of v1 that was refunded",
    event: event("INV2", "INVOICING.INVOICE.REFUNDED", invoice([{ transaction_id: "2GG279541U471931P" }])),
    facts: [{ ...INVOICE, status: "paid", links: [CAPTURE] }],
  },
  {
    name: "an invoice that was cancelled",
    event: event("INV3", "INVOICING.INVOICE.CANCELLED", invoice(undefined)),
    facts: [{ ...INVOICE, status: "void", links: [] }],
  },
  {
    name: "a kind of event that we keep nothing of",
    event: event("OTH1", "BILLING.PLAN.CREATED", { id: "P-7GL4271244454362WXNWU5NQ", status: "ACTIVE" }),
    facts: [],
  },
];

type Vector = Json;

function sign(name: string, body: string, webhookId = WEBHOOK_ID): Readonly<Record<string, string>> {
  return signPaypalNotification({
    body,
    webhookId,
    transmissionId: `paybell-${name.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 80)}`,
    transmissionTime: "2026-01-05T10:00:03Z",
    certUrl: CERT_URL,
    privateKeyPem: authority.leafKeyPem ?? "",
  });
}

function base(name: string, body: string): Json {
  return {
    name,
    proof: "rule",
    source: SOURCE,
    settings: { webhookId: WEBHOOK_ID, certCaPem: authority.caPem },
    now: "2026-01-05T10:00:03Z",
    headers: sign(name, body),
    body,
    answers: {
      [CERT_URL]: { status: 200, headers: { "content-type": "application/x-pem-file" }, body: authority.leafPem },
    },
  };
}

function vector(draft: Draft): Vector {
  const body = JSON.stringify(draft.event);
  const { id, event_type: type } = draft.event;
  const told = draft.unreadable
    ? { unreadable: draft.unreadable }
    : { items: [{ key: id, type, live: false, facts: draft.facts }] };
  return {
    ...base(draft.name, body),
    ...(draft.orderFields ? { orderFields: draft.orderFields } : {}),
    // Refunds are of the day after.
    ...(body.includes("2026-01-06") && !draft.name.startsWith("an order") ? { now: "2026-01-06T16:00:03Z" } : {}),
    expect: { verdict: "authentic", key: id, ...told },
  };
}

const refusedBody = JSON.stringify(event("BAD1", "PAYMENT.CAPTURE.COMPLETED", capture()));

function refused(name: string, verdict: string, changes: Json, headers: Json = {}): Vector {
  const whole = base(name, refusedBody);
  return { ...whole, headers: { ...sign(name, refusedBody), ...headers }, ...changes, expect: { verdict } };
}

const withCertificate = (pem: string | undefined): Json => ({ answers: { [CERT_URL]: { status: 200, body: pem } } });
const other = (name: string): string => `${CERT_URL}-${name}`;

/** Each certificate has an address of its own, because what was learned of one is remembered. */
function refusedCertificate(name: string, id: string, verdict: string, answer: Json): Vector {
  return refused(name, verdict, { answers: { [other(id)]: answer } }, { "paypal-cert-url": other(id) });
}

const refusals: readonly Vector[] = [
  refused("signed for another webhook", "forged/mismatch", {
    headers: sign("another webhook", refusedBody, "96605875FF6516633"),
  }),
  refused("an algorithm of the sender's choice", "forged/malformed", {}, { "paypal-auth-algo": "SHA1withRSA" }),
  refused("no signature at all", "forged/unsigned", { headers: { "content-type": "application/json" } }),
  refused(
    "a certificate from somebody else's host",
    "forged/unknown_sender",
    { answers: {} },
    {
      "paypal-cert-url": "https://api.sandbox.paypal.com.evil.example/v1/notifications/certs/CERT-1",
    },
  ),
  refused(
    "a certificate of the live mode",
    "forged/unknown_sender",
    { answers: {} },
    {
      "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-1",
    },
  ),
  refused("a live account never trusts the sandbox, nor further roots", "forged/unknown_sender", {
    account: { live: true },
    answers: {},
  }),
  refusedCertificate("a certificate that signed itself", "self", "forged/unknown_sender", {
    status: 200,
    body: authority.selfSignedPem,
  }),
  refusedCertificate("a certificate that has expired", "expired", "forged/unknown_sender", {
    status: 200,
    body: authority.expiredPem,
  }),
  refusedCertificate("a certificate for another use", "mail", "forged/unknown_sender", {
    status: 200,
    body: authority.mailPem,
  }),
  refusedCertificate("a certificate of the live name in sandbox mode", "live", "forged/unknown_sender", {
    status: 200,
    body: authority.liveNamePem,
  }),
  refusedCertificate("a certificate that is not there", "none", "forged/unknown_sender", { status: 404 }),
  refusedCertificate("a certificate host that fails for now", "down", "unproven_yet/verifier_unreachable", {
    status: 503,
  }),
  {
    ...refused(
      "a true certificate of an authority that was not configured",
      "forged/unknown_sender",
      withCertificate(authority.leafPem),
    ),
    settings: { webhookId: WEBHOOK_ID },
  },
];

export function vectorFiles(): Readonly<Record<string, readonly Vector[]>> {
  const files = { captures, refunds, authorizations, orders, sales, disputes, subscriptions, others };
  const signed = Object.entries(files).map(([name, drafts]) => [`${name}.json`, drafts.map(vector)] as const);
  // Through JSON, so that what is undefined here is absent, as in the file.
  return JSON.parse(JSON.stringify({ ...Object.fromEntries(signed), "refused.json": refusals }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, vectors] of Object.entries(vectorFiles())) {
    const file = new URL(`../../../src/gateways/paypal/vectors/${name}`, import.meta.url);
    writeFileSync(file, `${JSON.stringify(vectors, null, 2)}\n`);
  }
}
