import { describe, expect, test } from "vitest";
import { stripe } from "../../../src/gateways/stripe/index.ts";
import { groupFacts, partition } from "../../../src/payments/component.ts";
import { foldPayment } from "../../../src/payments/payment.ts";
import type { PaymentState } from "../../../src/payments/state.ts";
import { placeFacts } from "../../../src/pipeline/fact-key.ts";
import {
  CREATED,
  charge,
  dispute,
  event,
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
  refund,
  review,
  session,
  subscription,
  VERSIONS,
} from "./objects.ts";
import { parse } from "./reading.ts";

/** What Stripe's events make of a payment, told forwards and backwards: the adapter's words through the fold. */

interface Told {
  readonly type: string;
  readonly object: Json;
  /** Seconds after the first event. */
  readonly after?: number;
  readonly version?: string;
}

const tell = (type: string, object: Json, after = 0, version: string = VERSIONS.v2026): Told => ({
  type,
  object,
  after,
  version,
});

function paymentsOf(story: readonly Told[]): readonly PaymentState[] {
  const receivedAt = new Date((CREATED + 10_000_000) * 1000);
  const facts = story.flatMap(({ type, object, after = 0, version }) => {
    const more = { id: `evt_${type.replaceAll(".", "_")}_${after}`, created: CREATED + after, api_version: version };
    const parsed = parse(event(type, object, more), receivedAt);
    if (parsed.kind === "unreadable") throw new Error(parsed.detail);
    const items = stripe.normalize(parsed.payload, { orderFields: stripe.orderFields });
    return placeFacts(items, { gateway: "stripe", provider: "stripe", account: "default", input: "ntf_1", receivedAt });
  });
  const groups = [...groupFacts(facts).values()].flat();
  return partition(facts).map((component) => foldPayment(component.facts, groups));
}

/** The only payment of a story, which must be the same in the opposite order. */
function paymentOf(...story: readonly Told[]): PaymentState {
  const [payment, ...others] = paymentsOf(story);
  expect(others).toEqual([]);
  expect(paymentsOf([...story].reverse())).toEqual([payment]);
  if (payment === undefined) throw new Error("no payment");
  return payment;
}

const NONE = { refunded: 0n, chargedBack: 0n, disputed: 0n };
const PAID = { status: "paid", currency: "USD", captured: 1999n, ...NONE, reference: IDS.intent };

const created = tell("payment_intent.created", newIntent());
const succeeded = tell("payment_intent.succeeded", intent(), 2);
const charged = tell("charge.succeeded", charge(), 2);
const completed = tell("checkout.session.completed", session(), 3);

describe("one purchase is one payment, its money counted once", () => {
  test("through session, intent and charge", () => {
    expect(paymentOf(created, succeeded, charged, completed)).toMatchObject({ ...PAID, orders: ["1001"] });
  });

  test.each<[string, Told]>([
    ["the intent", succeeded],
    ["the charge", charged],
    ["the session", completed],
  ])("through %s alone", (_name, told) => {
    expect(paymentOf(told)).toMatchObject({ ...PAID, orders: ["1001"] });
  });

  test("through a version of 2019, with everything inside everything", () => {
    const old = VERSIONS.v2019;
    const story = [
      tell("charge.succeeded", oldCharge([], { invoice: IDS.invoice }), 1, old),
      tell("payment_intent.succeeded", oldIntent([oldCharge([])], { invoice: IDS.invoice }), 1, old),
      tell("invoice.payment_succeeded", oldInvoice(), 2, old),
    ];
    expect(paymentOf(...story)).toMatchObject({ ...PAID, subscription: IDS.subscription });
  });

  test("through an invoice since 2025-03-31, which names its intent by invoice_payment.paid only", () => {
    const plain = { metadata: {} };
    const story = [
      tell("charge.succeeded", charge(plain)),
      tell("payment_intent.succeeded", intent(plain)),
      tell("invoice.paid", invoice(), 1),
      tell("invoice_payment.paid", invoicePayment(), 1),
      tell("customer.subscription.updated", subscription(), 1),
    ];
    expect(paymentOf(...story)).toMatchObject({ ...PAID, subscription: IDS.subscription, orders: ["S-77"] });
  });
});

test("a subscription started by a checkout session: its order is named by the first payment and by each later one", () => {
  const invoiced = { mode: "subscription", payment_intent: null, invoice: IDS.invoice, subscription: IDS.subscription };
  const parent = { subscription_details: { metadata: {}, subscription: IDS.subscription } };
  const plain = { metadata: {} };
  const first = [
    tell("checkout.session.completed", session(invoiced), 1),
    tell("payment_intent.succeeded", intent(plain)),
    tell("charge.succeeded", charge(plain)),
    tell("invoice.paid", invoice({ parent }), 1),
    tell("invoice_payment.paid", invoicePayment(), 1),
  ];
  expect(paymentOf(...first)).toMatchObject({ ...PAID, subscription: IDS.subscription, orders: ["1001"] });
  const month = 2_678_400;
  const later = [
    tell("payment_intent.succeeded", intent({ ...plain, id: "pi_2", latest_charge: null }), month),
    tell("invoice.paid", invoice({ id: "in_2", parent }), month),
    tell("invoice_payment.paid", invoicePayment({ invoice: "in_2", payment: { payment_intent: "pi_2" } }), month),
  ];
  const payments = paymentsOf([...first, ...later]);
  expect(payments.map(({ status, captured, orders }) => ({ status, captured, orders }))).toEqual([
    { status: "paid", captured: 1999n, orders: ["1001"] },
    { status: "paid", captured: 1999n, orders: ["1001"] },
  ]);
});

describe("attempts", () => {
  test("a failed one and then a paid one is paid", () => {
    const failed = charge({ id: "ch_failed", status: "failed", paid: false, captured: false, amount_captured: 0 });
    const story = [
      created,
      tell("charge.failed", failed, 1),
      tell("payment_intent.payment_failed", newIntent({ latest_charge: "ch_failed" }), 1),
      succeeded,
      charged,
    ];
    expect(paymentOf(...story)).toMatchObject(PAID);
    expect(paymentOf(...story.slice(0, 3))).toMatchObject({ status: "failed", captured: 0n });
  });

  test("created and succeeded within one second is paid", () => {
    expect(paymentOf(created, tell("payment_intent.succeeded", intent()))).toMatchObject(PAID);
  });

  test("a bank debit is pending for days, then paid, or fails after all", () => {
    const debit = tell("charge.pending", charge({ status: "pending", paid: false, metadata: {} }), 1);
    const pending = tell(
      "payment_intent.processing",
      newIntent({ status: "processing", latest_charge: IDS.charge }),
      1,
    );
    const unpaid = tell("checkout.session.completed", session({ payment_status: "unpaid" }), 1);
    const arrived = tell("checkout.session.async_payment_succeeded", session(), 400_000);
    expect(paymentOf(debit, pending, unpaid)).toMatchObject({ status: "pending", captured: 0n });
    expect(paymentOf(debit, pending, unpaid, tell("charge.succeeded", charge(), 400_000), arrived)).toMatchObject(PAID);
    const bounced = tell("charge.failed", charge({ status: "failed", paid: false }), 400_000);
    const gone = tell("payment_intent.payment_failed", newIntent({ latest_charge: IDS.charge }), 400_000);
    expect(paymentOf(debit, pending, unpaid, bounced, gone)).toMatchObject({ status: "failed", captured: 0n });
  });
});

describe("authorizations", () => {
  const manual = { capture_method: "manual", amount_received: 0 };
  const authorized = [
    tell("charge.succeeded", heldCharge()),
    tell("payment_intent.amount_capturable_updated", intent({ ...manual, status: "requires_capture" })),
  ];

  test("held, captured in part, refunded in part", () => {
    expect(paymentOf(...authorized)).toMatchObject({ status: "authorized", authorized: 1999n, captured: 0n });
    const captured = [
      ...authorized,
      tell("charge.captured", charge({ amount_captured: 600 }), 60),
      tell("payment_intent.succeeded", intent({ amount_received: 600 }), 60),
    ];
    expect(paymentOf(...captured)).toMatchObject({ status: "paid", captured: 600n, ...NONE });
    const refunded = tell("charge.refunded", charge({ amount_captured: 600, amount_refunded: 100 }), 90);
    expect(paymentOf(...captured, refunded)).toMatchObject({
      status: "partially_refunded",
      captured: 600n,
      refunded: 100n,
    });
  });

  test("captured in part before 2025-03-31: what was released is not refunded", () => {
    const old = VERSIONS.v2019;
    const release = refund({ id: "re_release", amount: 1399, created: CREATED + 60 });
    const part = { amount_captured: 600, amount_refunded: 1399 };
    const story = [
      tell("charge.succeeded", oldCharge([], { captured: false, amount_captured: 0 }), 0, old),
      tell("charge.captured", oldCharge([release], part), 60, old),
      tell("charge.refunded", oldCharge([release], part), 60, old),
      tell("payment_intent.succeeded", oldIntent([oldCharge([release], part)], { amount_received: 600 }), 60, old),
    ];
    expect(paymentOf(...story)).toMatchObject({ status: "paid", captured: 600n, ...NONE });
  });

  test("canceled: since 2025-03-31 by the intent alone, before by a charge that looks refunded", () => {
    const canceled = tell("payment_intent.canceled", intent({ ...manual, status: "canceled" }), 60);
    expect(paymentOf(...authorized, canceled)).toMatchObject({ status: "canceled", captured: 0n, ...NONE });
    const release = refund({ amount: 1999 });
    const released = oldCharge([release], {
      captured: false,
      amount_captured: null,
      amount_refunded: 1999,
      refunded: true,
    });
    const old = tell("charge.refunded", released, 60, VERSIONS.v2019);
    expect(paymentOf(...authorized, old, canceled)).toMatchObject({ status: "canceled", captured: 0n, ...NONE });
  });

  test("run out", () => {
    const expired = tell("charge.expired", heldCharge(), 604_800);
    const canceled = intent({ ...manual, status: "canceled", cancellation_reason: "expired" });
    const story = [...authorized, expired, tell("payment_intent.canceled", canceled, 604_800)];
    expect(paymentOf(...story)).toMatchObject({ status: "expired", captured: 0n, ...NONE });
  });
});

describe("refunds end alike, whichever of the two kinds of event is subscribed to", () => {
  const cumulative = tell("charge.refunded", charge({ amount_refunded: 500 }), 60);
  const single = [tell("refund.created", refund({ status: "pending" }), 60), tell("refund.updated", refund(), 61)];
  const partly = { ...PAID, status: "partially_refunded", refunded: 500n };

  test.each<[string, readonly Told[]]>([
    ["cumulative only", [cumulative]],
    ["single only", single],
    ["both", [cumulative, ...single]],
    [
      "an older version's, inside the charge",
      [tell("charge.refunded", oldCharge([refund()], { amount_refunded: 500 }), 60, VERSIONS.v2019)],
    ],
  ])("%s", (_name, story) => {
    expect(paymentOf(charged, succeeded, ...story)).toMatchObject(partly);
  });

  test("one that fails after it succeeded gives the money back", () => {
    const failed = [tell("refund.failed", refund({ status: "failed" }), 90), tell("charge.updated", charge(), 90)];
    expect(paymentOf(charged, succeeded, cumulative, ...single, ...failed)).toMatchObject(PAID);
  });

  test("one that is first heard of by a late update is not counted on top of the total that included it", () => {
    const late = tell("refund.updated", refund({ created: CREATED + 60 }), 86_400);
    expect(paymentOf(charged, cumulative, late)).toMatchObject(partly);
  });

  test("the whole", () => {
    const all = tell("charge.refunded", charge({ amount_refunded: 1999, refunded: true }), 60);
    expect(paymentOf(charged, all)).toMatchObject({ ...PAID, status: "refunded", refunded: 1999n });
  });
});

describe("disputes", () => {
  const opened = tell("charge.dispute.created", dispute(), 60);
  const withdrawn = tell("charge.dispute.funds_withdrawn", dispute(), 60);

  test("opened, then lost", () => {
    expect(paymentOf(charged, succeeded, opened, withdrawn)).toMatchObject({
      ...PAID,
      status: "disputed",
      disputed: 1999n,
    });
    const lost = tell("charge.dispute.closed", dispute({ status: "lost" }), 90);
    expect(paymentOf(charged, succeeded, opened, withdrawn, lost)).toMatchObject({
      ...PAID,
      status: "charged_back",
      chargedBack: 1999n,
    });
  });

  test("opened, then won and given back", () => {
    const back = { status: "won", balance_transactions: [movement(-1999), movement(1999)] };
    const story = [
      opened,
      tell("charge.dispute.closed", dispute(back), 90),
      tell("charge.dispute.funds_reinstated", dispute(back), 90),
    ];
    expect(paymentOf(charged, succeeded, ...story)).toMatchObject(PAID);
  });

  test("an inquiry takes nothing", () => {
    const inquiry = dispute({ status: "warning_needs_response", balance_transactions: [] });
    expect(paymentOf(charged, succeeded, tell("charge.dispute.created", inquiry, 60))).toMatchObject(PAID);
  });

  test("told before the payment itself, it belongs to it", () => {
    expect(paymentOf(opened, succeeded)).toMatchObject({ ...PAID, status: "disputed", disputed: 1999n });
  });
});

test("a review holds the goods until it is closed", () => {
  const opened = tell("review.opened", review(), 1);
  const closed = tell("review.closed", review({ open: false }), 60);
  expect(paymentOf(charged, succeeded, opened)).toMatchObject({ ...PAID, inReview: true });
  expect(paymentOf(charged, succeeded, opened, closed)).toMatchObject({ ...PAID, inReview: false });
});
