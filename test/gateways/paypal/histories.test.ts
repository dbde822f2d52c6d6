import { describe, expect, test } from "vitest";
import { createPaypal } from "../../../src/gateways/paypal/index.ts";
import { paypalIpn } from "../../../src/gateways/paypal-ipn/index.ts";
import { groupFacts, partition } from "../../../src/payments/component.ts";
import type { StoredFact } from "../../../src/payments/fact.ts";
import { foldPayment } from "../../../src/payments/payment.ts";
import type { PaymentState } from "../../../src/payments/state.ts";
import { authenticate } from "../../../src/pipeline/authentic.ts";
import { placeFacts } from "../../../src/pipeline/fact-key.ts";
import {
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

/** What PayPal's events make of a payment, in every order: the adapter's words through the fold. */

const RECEIVED = new Date("2026-03-01T00:00:00Z");
const paypal = createPaypal();
let events = 0;

function place(gateway: "paypal" | "paypal-ipn", items: Parameters<typeof placeFacts>[0]): readonly StoredFact[] {
  return placeFacts(items, { gateway, provider: "paypal", account: "default", input: "ntf_1", receivedAt: RECEIVED });
}

function proven(body: Uint8Array) {
  const raw = { body, headers: new Map<string, string>(), query: new URLSearchParams(), receivedAt: RECEIVED };
  return authenticate(raw, { kind: "journaled_as_proven" });
}

/** A webhook's facts; `at` is the event's time of day on 5 January. */
function tell(type: string, resource: Json, at = "10:00:02"): readonly StoredFact[] {
  events += 1;
  const body = JSON.stringify(event(String(events), type, resource, { create_time: `2026-01-05T${at}Z` }));
  const parsed = paypal.parse(proven(new Uint8Array(Buffer.from(body))));
  if (parsed.kind === "unreadable") return expect.fail(parsed.detail);
  return place("paypal", paypal.normalize(parsed.payload, { orderFields: paypal.orderFields }));
}

/** An answer of the API about the same. */
function answer(kind: string, id: string, resource: Json): readonly StoredFact[] {
  if (paypal.confirming.kind !== "by_api") return expect.fail();
  const told = { key: `test/${kind}/${id}@0`, at: RECEIVED, body: Buffer.from(JSON.stringify(resource)) };
  const read = paypal.confirming.readAnswer(told, { orderFields: paypal.orderFields });
  return read.kind === "parsed" ? place("paypal", [read.payload]) : expect.fail(read.detail);
}

function ipn(fields: Readonly<Record<string, string>>): readonly StoredFact[] {
  const form = new URLSearchParams({ test_ipn: "1", charset: "UTF-8", ...fields }).toString();
  const parsed = paypalIpn.parse(proven(new Uint8Array(Buffer.from(form))));
  if (parsed.kind === "unreadable") return expect.fail(parsed.detail);
  return place("paypal-ipn", paypalIpn.normalize(parsed.payload, { orderFields: paypalIpn.orderFields }));
}

function fold(facts: readonly StoredFact[]): readonly PaymentState[] {
  const groups = [...groupFacts(facts).values()].flat();
  return partition(facts).map((component) => foldPayment(component.facts, groups));
}

function permutations<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, at) =>
    permutations(items.filter((_, other) => other !== at)).map((rest) => [item, ...rest]),
  );
}

/** The payments of a story, which must be the same in every order, and doubled. */
function paymentsOf(...story: readonly (readonly StoredFact[])[]): readonly PaymentState[] {
  const expected = fold(story.flat());
  for (const other of permutations(story)) expect(fold([...other, ...other].flat())).toEqual(expected);
  return expected;
}

function paymentOf(...story: readonly (readonly StoredFact[])[]): PaymentState {
  const [payment, ...others] = paymentsOf(...story);
  expect(others).toEqual([]);
  return payment ?? expect.fail("no payment");
}

const NONE = { refunded: 0n, chargedBack: 0n, disputed: 0n };
const PAID = { status: "paid", currency: "USD", captured: 1999n, fee: 88n, net: 1911n, ...NONE, orders: ["1001"] };

const approved = tell("CHECKOUT.ORDER.APPROVED", order([unit()]), "09:59:00");
const captured = tell("PAYMENT.CAPTURE.COMPLETED", capture());
const completed = tell(
  "CHECKOUT.ORDER.COMPLETED",
  order([unit({ payments: { captures: [capture()] } })], { status: "COMPLETED", update_time: "2026-01-05T10:00:01Z" }),
);
const half = tell("PAYMENT.CAPTURE.REFUNDED", refund());
const rest = tell(
  "PAYMENT.CAPTURE.REFUNDED",
  refund({
    id: "2JU08902781691412",
    amount: usd("14.99"),
    seller_payable_breakdown: { total_refunded_amount: usd("19.99") },
    update_time: "2026-01-07T00:00:00Z",
  }),
);

describe("one purchase is one payment, its money counted once", () => {
  test("told by its capture alone, and with its order before and after", () => {
    expect(paymentOf(captured)).toMatchObject(PAID);
    expect(paymentOf(approved, captured, completed)).toMatchObject({ ...PAID, reference: "5O190127TN364715T" });
  });

  test("told by the order that lists it, without an event of its own", () => {
    expect(paymentOf(approved, completed)).toMatchObject(PAID);
  });

  test("approved and not captured is no money", () => {
    expect(paymentOf(approved)).toMatchObject({ status: "requires_action", captured: 0n });
  });

  test("authorized, captured and refunded", () => {
    const authorized = tell("PAYMENT.AUTHORIZATION.CREATED", authorization({ update_time: "2026-01-05T09:00:00Z" }));
    const ids = { supplementary_data: { related_ids: { authorization_id: "0AW2184448108334S" } } };
    const ofIt = tell("PAYMENT.CAPTURE.COMPLETED", capture(ids));
    expect(paymentOf(authorized)).toMatchObject({ status: "authorized", captured: 0n, authorized: 1999n });
    expect(paymentOf(authorized, ofIt, half)).toMatchObject({ ...PAID, status: "partially_refunded", refunded: 500n });
    const voided = tell("PAYMENT.AUTHORIZATION.VOIDED", authorization({ status: "VOIDED" }));
    expect(paymentOf(authorized, voided)).toMatchObject({ status: "canceled" });
  });

  test("pending and then completed within a second", () => {
    const pending = tell(
      "PAYMENT.CAPTURE.PENDING",
      capture({ status: "PENDING", seller_receivable_breakdown: undefined }),
    );
    expect(paymentOf(pending)).toMatchObject({ status: "pending", captured: 0n });
    expect(paymentOf(pending, captured)).toMatchObject(PAID);
  });

  test("declined, with a breakdown of what nobody received, has neither fee nor net", () => {
    const declined = tell("PAYMENT.CAPTURE.DECLINED", capture({ status: "DECLINED" }));
    expect(paymentOf(declined)).toMatchObject({ status: "failed", captured: 0n, fee: null, net: null });
    expect(
      paymentOf(declined, tell("PAYMENT.SALE.DENIED", sale({ id: "2GG279541U471931P", state: "denied" }))),
    ).toMatchObject({ fee: null });
  });

  test("confirmed by the API is the same payment", () => {
    const confirmed = answer("capture", "2GG279541U471931P", capture());
    expect(paymentOf(captured, confirmed)).toEqual(paymentOf(captured));
    expect(paymentOf(half, captured, answer("refund", "1JU08902781691411", refund()))).toEqual(
      paymentOf(half, captured),
    );
  });

  test("told by webhooks and by IPN", () => {
    const told = ipn({
      txn_type: "web_accept",
      txn_id: "2GG279541U471931P",
      payment_status: "Completed",
      payment_date: "02:00:01 Jan 05, 2026 PST",
      mc_gross: "19.99",
      mc_currency: "USD",
      mc_fee: "0.88",
      receiver_email: "shop@example.com",
      custom: "1001",
    });
    const toldRefund = ipn({
      txn_id: "1JU08902781691411",
      parent_txn_id: "2GG279541U471931P",
      payment_status: "Refunded",
      payment_date: "08:00:00 Jan 06, 2026 PST",
      mc_gross: "-5.00",
      mc_currency: "USD",
      reason_code: "refund",
    });
    expect(paymentOf(told, captured)).toMatchObject(PAID);
    expect(paymentOf(told, captured, toldRefund, half)).toMatchObject({
      status: "partially_refunded",
      captured: 1999n,
      refunded: 500n,
    });
  });
});

describe("refunds", () => {
  test("add up, whether all of them are told or the last one's total only", () => {
    expect(paymentOf(captured, half)).toMatchObject({ status: "partially_refunded", refunded: 500n });
    expect(paymentOf(captured, half, rest)).toMatchObject({ status: "refunded", refunded: 1999n });
    expect(paymentOf(captured, rest)).toMatchObject({ status: "refunded", refunded: 1999n });
  });

  test("that wait give nothing back yet, and those that fail give back nothing", () => {
    const waiting = tell("PAYMENT.REFUND.PENDING", refund({ status: "PENDING" }));
    const failed = tell("PAYMENT.REFUND.FAILED", refund({ status: "FAILED", update_time: "2026-01-08T00:00:00Z" }));
    expect(paymentOf(captured, waiting, failed)).toMatchObject(PAID);
    expect(paymentOf(captured, half, failed)).toMatchObject(PAID);
  });

  test("of a sale are told as negative amounts", () => {
    const payment = paymentOf(tell("PAYMENT.SALE.COMPLETED", sale()), tell("PAYMENT.SALE.REFUNDED", saleRefund()));
    expect(payment).toMatchObject({
      status: "partially_refunded",
      captured: 2000n,
      refunded: 500n,
      subscription: "I-BW452GLLEP1G",
    });
  });
});

describe("a loss is counted once", () => {
  const reversed = tell("PAYMENT.CAPTURE.REVERSED", refund({ id: "09E71677NS257044M", amount: usd("19.99") }));
  const opened = tell("CUSTOMER.DISPUTE.CREATED", dispute());
  const resolved = (outcome_code: string) =>
    tell(
      "CUSTOMER.DISPUTE.RESOLVED",
      dispute({ status: "RESOLVED", dispute_outcome: { outcome_code }, update_time: "2026-02-01T00:00:00Z" }),
    );

  test("told by a case and by a reversal", () => {
    expect(paymentOf(captured, opened)).toMatchObject({ status: "disputed", chargedBack: 0n });
    expect(paymentOf(captured, reversed)).toMatchObject({ status: "disputed", disputed: 1999n });
    expect(paymentOf(captured, opened, reversed)).toMatchObject({
      status: "disputed",
      disputed: 1999n,
      chargedBack: 0n,
    });
  });

  test("and is for good once the case is lost", () => {
    const lost = paymentOf(captured, opened, reversed, resolved("RESOLVED_BUYER_FAVOUR"));
    expect(lost).toMatchObject({ status: "charged_back", chargedBack: 1999n, disputed: 0n });
  });

  test("or never was one, when the case is won without a reversal", () => {
    expect(paymentOf(captured, opened, resolved("RESOLVED_SELLER_FAVOUR"))).toMatchObject(PAID);
  });

  test("while a dispute that is lost by a refund is that refund", () => {
    const payment = paymentOf(captured, opened, resolved("RESOLVED_BUYER_FAVOUR"), rest);
    expect(payment).toMatchObject({ refunded: 1999n, chargedBack: 0n });
  });
});

describe("several payments", () => {
  test("an order of two units is two purchases, though its captures name one order", () => {
    const ofTea = capture({
      id: "3HH",
      amount: usd("7.00"),
      custom_id: "1002",
      seller_receivable_breakdown: undefined,
    });
    const both = order(
      [
        unit({ reference_id: "books", payments: { captures: [capture()] } }),
        unit({ reference_id: "tea", custom_id: "1002", amount: usd("7.00"), payments: { captures: [ofTea] } }),
      ],
      { status: "COMPLETED" },
    );
    const payments = paymentsOf(
      tell("PAYMENT.CAPTURE.COMPLETED", ofTea),
      captured,
      tell("CHECKOUT.ORDER.COMPLETED", both),
    );
    expect(payments.map(({ captured: amount, orders }) => ({ amount, orders }))).toEqual(
      expect.arrayContaining([
        { amount: 1999n, orders: ["1001"] },
        { amount: 700n, orders: ["1002"] },
      ]),
    );
    expect(payments).toHaveLength(2);
  });

  test("each period of a subscription is a payment of its own, linked to it", () => {
    const next = sale({ id: "5FV", update_time: "2026-02-05T10:00:01Z" });
    const payments = paymentsOf(
      tell("BILLING.SUBSCRIPTION.ACTIVATED", subscription()),
      tell("PAYMENT.SALE.COMPLETED", sale()),
      tell("PAYMENT.SALE.COMPLETED", next),
    );
    expect(payments.map(({ subscription: of, captured: amount }) => [of, amount])).toEqual([
      ["I-BW452GLLEP1G", 2000n],
      ["I-BW452GLLEP1G", 2000n],
    ]);
  });
});
