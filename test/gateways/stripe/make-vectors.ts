import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Stripe from "stripe";
import { refusals } from "./make-refusals.ts";
import {
  CREATED,
  charge,
  dispute,
  event,
  fraudWarning,
  heldCharge,
  IDS,
  intent,
  invoice,
  invoicePayment,
  type Json,
  movement,
  newIntent,
  oldCharge,
  oldIntent,
  oldInvoice,
  payout,
  refund,
  review,
  session,
  subscription,
  VERSIONS,
} from "./objects.ts";

/**
 * Makes src/gateways/stripe/vectors: `npx tsx test/gateways/stripe/make-vectors.ts`. The signatures are the SDK's own; what
 * each notification must mean is written here by hand, never computed. A test compares the files with what this makes.
 */

const SECRET = "whsec_4fRkZp2VbN8sXcW1yTqLmD6hJgUe3oAi";
const AT = new Date(CREATED * 1000).toISOString();

const SOURCE = "stripe@23.1.0 webhooks.generateTestHeaderString over a payload written after docs.stripe.com/api";

type Facts = readonly Json[];

/** One vector before it is signed. */
interface Draft {
  readonly name: string;
  readonly event: Json;
  readonly expect: Json;
  readonly live?: boolean;
}

const ref = (kind: string, reference: string): Json => ({ kind, reference });
const CHARGE = ref("capture", IDS.charge);
const HELD = ref("authorization", IDS.charge);
const INTENT = ref("intent", IDS.intent);
const INVOICE = ref("invoice", IDS.invoice);
const SUBSCRIPTION = ref("subscription", IDS.subscription);
const ORDER = [{ rank: 0, value: "1001" }];
const USD = { currency: "USD", at: AT };
/** The objects of a refund were made a second before the events that tell them. */
const BORN = { status: "pending", at: new Date((CREATED - 1) * 1000).toISOString() };

const mention = { ...CHARGE, at: AT, joins: [INTENT], links: [] };
const paidIntent = { ...INTENT, ...USD, status: "succeeded", claimed: "1999" };
const paidCharge = { ...CHARGE, ...USD, status: "succeeded", amount: "1999", joins: [INTENT] };

/** A notification of `type` about `object` that says `facts`. */
function says(name: string, type: string, object: Json, facts: Facts, more: Json = {}): Draft {
  const live = more.livemode === true;
  return { name, event: event(type, object, more), expect: { items: [{ type, live, facts }] }, live };
}

const intents: readonly Draft[] = [
  says("an intent is created", "payment_intent.created", newIntent(), [
    { ...INTENT, ...USD, status: "pending", amount: "1999", orders: ORDER, joins: [], links: [] },
  ]),
  says("an intent waits for the bank", "payment_intent.processing", newIntent({ status: "processing" }), [
    { ...INTENT, ...USD, status: "pending" },
  ]),
  says(
    "an intent asks the buyer to authenticate",
    "payment_intent.requires_action",
    newIntent({ status: "requires_action", next_action: { type: "use_stripe_sdk" } }),
    [{ ...INTENT, ...USD, status: "requires_action" }],
  ),
  says(
    "a bank transfer pays a part of an intent",
    "payment_intent.partially_funded",
    newIntent({ status: "requires_action" }),
    [{ ...INTENT, ...USD, status: "requires_action" }],
  ),
  says(
    "an intent is authorized",
    "payment_intent.amount_capturable_updated",
    intent({ status: "requires_capture", capture_method: "manual", amount_capturable: 1999, amount_received: 0 }),
    [{ ...INTENT, ...USD, status: "authorized", amount: "1999" }, mention],
  ),
  says("an intent is paid", "payment_intent.succeeded", intent(), [
    { ...paidIntent, amount: "1999", orders: ORDER, buyer: { id: IDS.customer, email: "ann@example.com" } },
    mention,
  ]),
  says(
    "an intent of a version before 2022-11-15 is paid, with its charge inside",
    "payment_intent.succeeded",
    oldIntent([oldCharge([])]),
    [paidIntent, { ...paidCharge, refundedTotal: "0", orders: ORDER }],
    { api_version: VERSIONS.v2019 },
  ),
  says(
    "an attempt to pay an intent fails",
    "payment_intent.payment_failed",
    newIntent({
      latest_charge: IDS.charge,
      last_payment_error: { code: "card_declined", decline_code: "insufficient_funds", type: "card_error" },
    }),
    [{ ...INTENT, ...USD, status: "failed" }, mention],
  ),
  says("an intent is canceled", "payment_intent.canceled", newIntent({ status: "canceled", canceled_at: CREATED }), [
    { ...INTENT, ...USD, status: "canceled" },
  ]),
  says(
    "an authorized intent is canceled, which since 2025-03-31 is all that tells of the authorization's end",
    "payment_intent.canceled",
    intent({ status: "canceled", capture_method: "manual", amount_received: 0, cancellation_reason: "abandoned" }),
    [{ ...INTENT, status: "canceled" }, mention, { ...HELD, at: AT, status: "voided", joins: [INTENT] }],
  ),
  says(
    "live money of a connected account",
    "payment_intent.succeeded",
    intent({ livemode: true }),
    [
      { ...paidIntent, merchant: "acct_1KqA0FvXy2LQwErTy" },
      { ...mention, merchant: "acct_1KqA0FvXy2LQwErTy" },
    ],
    { livemode: true, account: "acct_1KqA0FvXy2LQwErTy" },
  ),
];

const release = refund({ id: "re_3SmZ1nKqA0FvXy2L1rElEaSe", amount: 1399, reason: null, created: CREATED - 60 });

const charges: readonly Draft[] = [
  says("a bank debit is under way", "charge.pending", charge({ status: "pending", paid: false }), [
    { ...CHARGE, ...USD, status: "pending", amount: "1999", joins: [INTENT] },
  ]),
  says("a charge is paid", "charge.succeeded", charge(), [
    {
      ...paidCharge,
      refundedTotal: "0",
      orders: ORDER,
      buyer: { id: IDS.customer, email: "ann@example.com", name: "Ann Müller" },
      links: [],
    },
  ]),
  says("a charge is authorized", "charge.succeeded", heldCharge(), [
    { ...HELD, ...USD, status: "live", amount: "1999", joins: [INTENT], links: [] },
    { ...CHARGE, at: AT, joins: [HELD, INTENT], orders: ORDER },
  ]),
  says("a part of an authorized charge is captured", "charge.captured", charge({ amount_captured: 600 }), [
    { ...HELD, ...USD, status: "captured", amount: "1999" },
    { ...paidCharge, amount: "600", refundedTotal: "0", joins: [HELD, INTENT] },
  ]),
  says(
    "a part of an authorized charge is captured before 2025-03-31, the rest looks like a refund",
    "charge.captured",
    oldCharge([release], { amount_captured: 600, amount_refunded: 1399 }),
    [
      { ...HELD, status: "captured" },
      { ...paidCharge, amount: "600", refundedTotal: "0", joins: [HELD, INTENT] },
    ],
    { api_version: VERSIONS.v2019 },
  ),
  says(
    "a card is declined",
    "charge.failed",
    charge({ status: "failed", paid: false, captured: false, amount_captured: 0, failure_code: "card_declined" }),
    [{ ...CHARGE, ...USD, status: "failed", amount: "1999" }],
  ),
  says("an authorization runs out", "charge.expired", heldCharge(), [
    { ...HELD, ...USD, status: "expired" },
    { ...CHARGE, joins: [HELD, INTENT] },
  ]),
  says("a part of a charge is refunded", "charge.refunded", charge({ amount_refunded: 500 }), [
    { ...paidCharge, refundedTotal: "500" },
  ]),
  says(
    "a charge of a version before 2022-11-15 is refunded, with its refunds inside",
    "charge.refunded",
    oldCharge([refund(), refund({ id: "re_second", amount: 1499 })], { amount_refunded: 1999, refunded: true }),
    [
      { ...paidCharge, refundedTotal: "1999" },
      { ...ref("refund", IDS.refund), ...USD, status: "succeeded", amount: "500", joins: [CHARGE, INTENT] },
      { ...ref("refund", IDS.refund), ...BORN, joins: [CHARGE, INTENT] },
      { ...ref("refund", "re_second"), ...USD, status: "succeeded", amount: "1499", joins: [CHARGE, INTENT] },
      { ...ref("refund", "re_second"), ...BORN, joins: [CHARGE, INTENT] },
    ],
    { api_version: VERSIONS.v2019 },
  ),
  says("a charge is edited", "charge.updated", charge({ description: "Edited" }), [paidCharge]),
];

const oneRefund = { ...ref("refund", IDS.refund), ...USD, amount: "500", joins: [CHARGE, INTENT], links: [] };
const itsBirth = { ...ref("refund", IDS.refund), ...BORN, joins: [CHARGE, INTENT], links: [] };

const refunds: readonly Draft[] = [
  says("a refund is made", "refund.created", refund(), [{ ...oneRefund, status: "succeeded" }, itsBirth]),
  says("a refund waits for the buyer", "refund.updated", refund({ status: "requires_action" }), [
    { ...oneRefund, status: "pending" },
    itsBirth,
  ]),
  says("a refund fails after it succeeded", "refund.failed", refund({ status: "failed" }), [
    { ...oneRefund, status: "failed" },
    itsBirth,
  ]),
  says("a refund is canceled, told by the older event", "charge.refund.updated", refund({ status: "canceled" }), [
    { ...oneRefund, status: "canceled" },
    itsBirth,
  ]),
];

const oneDispute = {
  ...ref("dispute", IDS.dispute),
  ...USD,
  amount: "1999",
  movesMoney: true,
  joins: [],
  links: [CHARGE],
};
const due = new Date((CREATED + 864_000) * 1000).toISOString();
const taken = { ...oneDispute, status: "open", withdrawn: "1999", reinstated: "0", deadline: due };

const disputes: readonly Draft[] = [
  says("a dispute is opened and the funds are gone", "charge.dispute.created", dispute(), [taken, mention]),
  says(
    "a bank inquires, without money",
    "charge.dispute.created",
    dispute({ status: "warning_needs_response", balance_transactions: [], is_charge_refundable: true }),
    [{ ...oneDispute, status: "warning", deadline: due }, mention],
  ),
  says("evidence is submitted", "charge.dispute.updated", dispute({ status: "under_review" }), [taken, mention]),
  says("a dispute takes the funds", "charge.dispute.funds_withdrawn", dispute(), [taken, mention]),
  says(
    "a dispute takes the funds, told without its movements",
    "charge.dispute.funds_withdrawn",
    dispute({ balance_transactions: ["txn_1SmZ9pKqA0FvXy2LwIthDrAw"] }),
    [{ ...oneDispute, status: "open", withdrawn: "1999" }, mention],
    { api_version: VERSIONS.v2019 },
  ),
  says(
    "a dispute gives a part of the funds back",
    "charge.dispute.funds_reinstated",
    dispute({ status: "won", balance_transactions: [movement(-1999), movement(1500)] }),
    [{ ...oneDispute, status: "won", withdrawn: "1999", reinstated: "1500" }, mention],
  ),
  says("a dispute is lost", "charge.dispute.closed", dispute({ status: "lost" }), [
    { ...taken, status: "lost" },
    mention,
  ]),
];

const paidSession = { ...ref("session", IDS.session), ...USD, amount: "1999", joins: [INTENT] };

const checkout: readonly Draft[] = [
  says("a session is completed and paid", "checkout.session.completed", session(), [
    {
      ...paidSession,
      status: "succeeded",
      orders: [{ rank: 1, value: "1001" }],
      buyer: { email: "ann@example.com", name: "Ann Müller" },
      links: [],
    },
    { ...paidIntent, links: [] },
  ]),
  says(
    "a session is completed and its bank debit under way",
    "checkout.session.completed",
    session({ payment_status: "unpaid" }),
    [{ ...paidSession, status: "pending" }],
  ),
  says("a session's bank debit arrives", "checkout.session.async_payment_succeeded", session(), [
    { ...paidSession, status: "succeeded" },
    paidIntent,
  ]),
  says("a session's bank debit fails", "checkout.session.async_payment_failed", session({ payment_status: "unpaid" }), [
    { ...paidSession, status: "failed" },
  ]),
  says(
    "a session runs out before anyone paid",
    "checkout.session.expired",
    session({ payment_status: "unpaid", status: "expired", payment_intent: null }),
    [{ ...paidSession, status: "expired", joins: [] }],
  ),
  says(
    "a session starts a subscription",
    "checkout.session.completed",
    session({
      mode: "subscription",
      payment_intent: null,
      invoice: IDS.invoice,
      subscription: IDS.subscription,
      customer: IDS.customer,
    }),
    [{ ...SUBSCRIPTION, at: AT, orders: [{ rank: 1, value: "1001" }], joins: [], links: [INVOICE] }],
  ),
];

const CYCLE = [{ rank: 0, value: "S-77" }];
const oneInvoice = { ...INVOICE, ...USD, orders: CYCLE, links: [SUBSCRIPTION], joins: [] };
const named = { ...INTENT, at: AT, links: [INVOICE] };

const PERIOD_END = new Date((CREATED + 2_678_400) * 1000).toISOString();
const quarterly = (quantity: number): Json => ({
  current_period_start: CREATED,
  current_period_end: CREATED + 2_678_400,
  quantity,
  price: { currency: "usd", unit_amount: 1999, recurring: { interval: "month", interval_count: 3 } },
});

const billing: readonly Draft[] = [
  says("an invoice is drafted", "invoice.created", invoice({ status: "draft", amount_paid: 0, number: null }), [
    { ...oneInvoice, amount: "0" },
  ]),
  says("an invoice is finalized", "invoice.finalized", invoice({ status: "open", amount_paid: 0 }), [
    { ...oneInvoice, status: "open" },
  ]),
  says("an invoice is paid", "invoice.paid", invoice(), [
    {
      ...oneInvoice,
      status: "paid",
      amount: "1999",
      periodStart: AT,
      periodEnd: PERIOD_END,
      renews: true,
      attempts: 1,
    },
  ]),
  says(
    "an invoice of a subscription's start can't be collected, and is tried again",
    "invoice.payment_failed",
    invoice({
      status: "open",
      amount_paid: 0,
      billing_reason: "subscription_create",
      attempt_count: 2,
      next_payment_attempt: CREATED + 2_678_400,
    }),
    [{ ...oneInvoice, status: "failed", amount: "0", renews: false, attempts: 2, retryAt: PERIOD_END }],
  ),
  says(
    "an invoice of a version before 2025-03-31 is paid, and names its intent and its charge",
    "invoice.payment_succeeded",
    oldInvoice(),
    [
      { ...oneInvoice, status: "paid", amount: "1999" },
      { ...paidIntent, orders: CYCLE, links: [INVOICE] },
      { ...CHARGE, at: AT, joins: [INTENT], links: [INVOICE] },
    ],
    { api_version: VERSIONS.v2022 },
  ),
  says(
    "an invoice of 2019 is paid by a charge without an intent",
    "invoice.payment_succeeded",
    oldInvoice({ payment_intent: null }),
    [
      { ...oneInvoice, status: "paid" },
      { ...CHARGE, ...USD, status: "succeeded", amount: "1999", joins: [], links: [INVOICE], orders: CYCLE },
    ],
    { api_version: VERSIONS.v2019 },
  ),
  says(
    "an invoice can't be collected this time",
    "invoice.payment_failed",
    oldInvoice({ status: "open", amount_paid: 0, paid: false }),
    [
      { ...oneInvoice, status: "failed", amount: "0" },
      { ...named, status: "failed" },
      named,
      { ...CHARGE, joins: [INTENT] },
    ],
    { api_version: VERSIONS.v2022 },
  ),
  says(
    "an invoice asks the buyer to authenticate",
    "invoice.payment_action_required",
    oldInvoice({ status: "open", amount_paid: 0, paid: false, charge: null }),
    [{ ...oneInvoice, status: "open" }, { ...named, status: "requires_action" }, named],
    { api_version: VERSIONS.v2022 },
  ),
  says("an invoice is voided", "invoice.voided", invoice({ status: "void", amount_paid: 0 }), [
    { ...oneInvoice, status: "void" },
  ]),
  says("an invoice is given up", "invoice.marked_uncollectible", invoice({ status: "uncollectible", amount_paid: 0 }), [
    { ...oneInvoice, status: "uncollectible" },
  ]),
  says("an invoice is linked to the intent that paid it", "invoice_payment.paid", invoicePayment(), [
    { ...paidIntent, joins: [], links: [INVOICE] },
  ]),
  says("a subscription is started", "customer.subscription.created", subscription({ status: "incomplete" }), [
    { ...SUBSCRIPTION, at: AT, status: "pending", orders: CYCLE, links: [INVOICE] },
  ]),
  says("a subscription becomes active", "customer.subscription.updated", subscription(), [
    { ...SUBSCRIPTION, status: "active", periodEnd: new Date((CREATED + 2_678_400) * 1000).toISOString() },
  ]),
  says(
    "a subscription of a version before 2025-03-31 has the period itself",
    "customer.subscription.updated",
    subscription({ status: "past_due", items: { data: [{ id: "si_1" }] }, current_period_end: CREATED + 86_400 }),
    [{ ...SUBSCRIPTION, status: "past_due", periodEnd: new Date((CREATED + 86_400) * 1000).toISOString() }],
    { api_version: VERSIONS.v2019 },
  ),
  says("a subscription is over", "customer.subscription.deleted", subscription({ status: "canceled" }), [
    { ...SUBSCRIPTION, status: "ended" },
  ]),
  says(
    "a subscription of two teas each quarter is to end with its period",
    "customer.subscription.updated",
    subscription({
      cancel_at_period_end: true,
      trial_end: CREATED,
      items: { data: [quarterly(2), quarterly(1)] },
    }),
    [
      {
        ...SUBSCRIPTION,
        status: "active",
        willCancel: true,
        periodStart: AT,
        periodEnd: PERIOD_END,
        trialEnd: AT,
        price: { amount: "5997", currency: "USD", every: { unit: "month", count: 3 } },
      },
    ],
  ),
  says(
    "a subscription of which no money is collected for a while",
    "customer.subscription.updated",
    subscription({ pause_collection: { behavior: "void", resumes_at: null } }),
    [{ ...SUBSCRIPTION, status: "paused", willCancel: false, price: { amount: "1999", currency: "USD" } }],
  ),
  says("a subscription is paused", "customer.subscription.paused", subscription({ status: "paused" }), [
    { ...SUBSCRIPTION, status: "paused" },
  ]),
  says("a subscription goes on", "customer.subscription.resumed", subscription(), [
    { ...SUBSCRIPTION, status: "active" },
  ]),
  says("a trial is about to end", "customer.subscription.trial_will_end", subscription({ status: "trialing" }), [
    { ...SUBSCRIPTION, status: "trialing" },
  ]),
];

const reviews: readonly Draft[] = [
  says("a payment is held for review", "review.opened", review(), [
    { ...ref("review", IDS.review), at: AT, status: "open", links: [CHARGE, INTENT], joins: [] },
    mention,
  ]),
  says("a review is closed", "review.closed", review({ open: false, closed_reason: "approved" }), [
    { ...ref("review", IDS.review), status: "closed" },
    mention,
  ]),
  says("a card issuer warns of fraud", "radar.early_fraud_warning.created", fraudWarning(), [
    { ...ref("review", IDS.warning), status: "warning", links: [CHARGE, INTENT] },
    mention,
  ]),
];

const payouts: readonly Draft[] = [
  says("money is sent on to the bank", "payout.created", payout(), [
    {
      ...ref("payout", IDS.payout),
      at: AT,
      status: "pending",
      currency: "EUR",
      amount: "108450",
      joins: [],
      links: [],
    },
  ]),
  says("it has arrived", "payout.paid", payout({ status: "paid" }), [{ ...ref("payout", IDS.payout), status: "paid" }]),
  says("it came back", "payout.failed", payout({ status: "failed", failure_code: "account_closed" }), [
    { ...ref("payout", IDS.payout), status: "failed", amount: "108450" },
  ]),
  says("it is called off", "payout.canceled", payout({ status: "canceled" }), [
    { ...ref("payout", IDS.payout), status: "canceled" },
  ]),
  says("it was added up", "payout.reconciliation_completed", payout({ status: "paid" }), [
    { ...ref("payout", IDS.payout), status: "paid" },
  ]),
  says("the bank is debited", "payout.updated", payout({ amount: -1_500, status: "in_transit" }), [
    { ...ref("payout", IDS.payout), status: "in_transit", amount: "-1500" },
  ]),
  says("in a currency that Stripe counts otherwise", "payout.paid", payout({ amount: 90_000, currency: "isk" }), [
    { ...ref("payout", IDS.payout), currency: "ISK", amount: "900" },
  ]),
  says(
    "money of a connected account is sent to its bank",
    "payout.paid",
    payout({ status: "paid" }),
    [{ ...ref("payout", IDS.payout), merchant: "acct_1KqA0FvXy2LQwErTy" }],
    { account: "acct_1KqA0FvXy2LQwErTy" },
  ),
];

const THIN_TYPE = "v1.billing.meter.no_meter_found";
const others: readonly Draft[] = [
  says(
    "an event of no concern",
    "customer.created",
    { id: IDS.customer, object: "customer", email: "ann@example.com" },
    [],
  ),
  says("a future event about an object that we know", "charge.frobnicated", charge(), []),
  {
    name: "a thin event names an object without telling of it",
    event: {
      id: "evt_test_65SmZ2pKqA0FvXy2L16SmZ2pKq",
      object: "v2.core.event",
      type: THIN_TYPE,
      livemode: false,
      created: "2026-01-05T10:00:00.000Z",
      related_object: null,
      reason: null,
    },
    expect: { items: [{ type: THIN_TYPE, live: false, facts: [] }] },
  },
  {
    name: "money in a currency that nobody knows",
    event: event("charge.succeeded", charge({ currency: "xxq" })),
    expect: { unreadable: "data.object.currency" },
  },
  {
    name: "an amount that is not a whole number",
    event: event("charge.succeeded", charge({ amount: 19.99 })),
    expect: { unreadable: "data.object.amount" },
  },
  {
    name: "a signed body that is no event",
    event: { id: "evt_1SmZ2pKqA0FvXy2LnOtAnEvEnT", object: "balance", livemode: false },
    expect: { unreadable: "object" },
  },
];

/** Every file of vectors, by name. */
export function vectorFiles(): Readonly<Record<string, readonly Json[]>> {
  const drafts = { intents, charges, refunds, disputes, checkout, billing, reviews, payouts, others };
  const signed = Object.entries(drafts).map(([name, list]) => [`${name}.json`, list.map(vector)] as const);
  return { ...Object.fromEntries(signed), "refused.json": refusals() };
}

/** Each its own id, the same whenever the files are made. */
function identified(draft: Draft): Json {
  const unique = createHash("sha256").update(draft.name).digest("hex").slice(0, 8);
  return { ...draft.event, id: `${draft.event.id}${unique}` };
}

function vector(draft: Draft): Json {
  const { name, expect, live = false } = draft;
  const sent = identified(draft);
  const body = JSON.stringify(sent, null, 2);
  const header = Stripe.webhooks.generateTestHeaderString({ payload: body, secret: SECRET, timestamp: CREATED + 2 });
  const items = Array.isArray(expect.items) ? { items: expect.items.map((item) => ({ key: sent.id, ...item })) } : {};
  return {
    name,
    proof: "sdk",
    source: SOURCE,
    settings: { webhookSecrets: [SECRET] },
    account: { id: "default", live, receivers: [] },
    now: new Date((CREATED + 3) * 1000).toISOString(),
    headers: { "content-type": "application/json; charset=utf-8", "stripe-signature": header },
    body,
    expect: { verdict: "authentic", key: sent.id, ...expect, ...items },
    tamper: { timeBound: true },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = new URL("../../../src/gateways/stripe/vectors/", import.meta.url);
  for (const [name, vectors] of Object.entries(vectorFiles())) {
    writeFileSync(new URL(name, folder), `${JSON.stringify(vectors, null, 2)}\n`);
  }
}
