import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toIsoMinor } from "../../../src/gateways/stripe/amount.ts";
import { formatDecimal, readCurrency } from "../../../src/payments/money.ts";
import {
  CREATED,
  charge,
  dispute,
  heldCharge,
  IDS,
  intent,
  invoicePayment,
  type Json,
  movement,
  newIntent,
  oldCharge,
  oldIntent,
  oldInvoice,
  refund,
  session,
  VERSIONS,
} from "./objects.ts";
import { detailOf, factsOf, only } from "./reading.ts";

const currency = (code: string) => {
  const found = readCurrency(code);
  if (found === null) throw new Error(`${code} is no currency`);
  return found;
};

describe("Stripe's smallest units become ISO 4217's", () => {
  test.each([
    ["USD", 1999, "19.99"],
    ["JPY", 1999, "1999"],
    ["KRW", 1999, "1999"],
    ["KWD", 1990, "1.990"],
    ["HUF", 199_900, "1999.00"],
    ["TWD", 199_900, "1999.00"],
    ["ISK", 199_900, "1999"],
    ["UGX", 199_900, "1999"],
    ["MGA", 1999, "1999.00"],
  ])("%s %d is %s", (code, sent, shown) => {
    const amount = toIsoMinor(sent, currency(code));
    expect(amount === null ? null : formatDecimal(amount, currency(code))).toBe(shown);
  });

  test.each([
    ["ISK", 199_950],
    ["UGX", 1],
    ["USD", 19.99],
    ["USD", Number.MAX_SAFE_INTEGER],
    ["MGA", 1e15],
    ["USD", Number.POSITIVE_INFINITY],
  ])("%s %d can't be read exactly and is refused", (code, sent) => {
    expect(toIsoMinor(sent, currency(code))).toBeNull();
  });

  test("every whole amount of an ordinary currency is itself", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e15 }), (sent) => {
        expect(toIsoMinor(sent, currency("EUR"))).toBe(BigInt(sent));
      }),
    );
  });

  test("in every object that carries money", () => {
    const isk = { currency: "isk", amount: 199_900 };
    const captured = only("capture", factsOf("charge.succeeded", charge({ ...isk, amount_captured: 199_900 })));
    const claimed = only("intent", factsOf("payment_intent.succeeded", intent({ ...isk, amount_received: 199_900 })));
    const refunded = only("refund", factsOf("refund.created", refund(isk)));
    const session1 = session({ currency: "isk", amount_total: 199_900 });
    const paid = only("intent", factsOf("checkout.session.completed", session1));
    const invoiced = only(
      "intent",
      factsOf("invoice_payment.paid", invoicePayment({ currency: "isk", amount_paid: 199_900 })),
    );
    const movements = [movement(-199_900, { currency: "isk" })];
    const disputed = only(
      "dispute",
      factsOf("charge.dispute.created", dispute({ ...isk, balance_transactions: movements })),
    );
    expect([
      captured[0]?.amount,
      claimed[0]?.claimed,
      refunded[0]?.amount,
      paid[0]?.claimed,
      invoiced[0]?.claimed,
      disputed[0]?.withdrawn,
    ]).toEqual([1999n, 1999n, 1999n, 1999n, 1999n, 1999n]);
  });
});

describe("what can't be read exactly is unreadable, named by field and never by value", () => {
  test.each<[string, string, Json, string]>([
    [
      "an unknown currency",
      "charge.succeeded",
      charge({ currency: "doge" }),
      "data.object.currency: not an ISO 4217 currency",
    ],
    ["no currency", "charge.succeeded", charge({ currency: null }), "data.object.currency: invalid_type"],
    ["a fraction", "charge.succeeded", charge({ amount: 0.5 }), "data.object.amount: invalid_type"],
    ["a negative amount", "refund.created", refund({ amount: -500 }), "data.object.amount: too_small"],
    ["an amount as text", "refund.created", refund({ amount: "500" }), "data.object.amount: invalid_type"],
    ["no amount", "payment_intent.created", newIntent({ amount: undefined }), "data.object.amount: invalid_type"],
    [
      "hundredths of a króna",
      "charge.succeeded",
      charge({ currency: "isk" }),
      "data.object.amount: not a whole number of minor units",
    ],
    [
      "more money than there is",
      "refund.created",
      refund({ amount: 2 ** 52 }),
      "data.object.amount: not a whole number of minor units",
    ],
    [
      "an odd refund inside a charge",
      "charge.refunded",
      oldCharge([refund({ amount: null })]),
      "data.object.refunds.data.0.amount: invalid_type",
    ],
    [
      "an odd session",
      "checkout.session.completed",
      session({ amount_total: "1999" }),
      "data.object.amount_total: invalid_type",
    ],
    ["no id", "charge.succeeded", charge({ id: null }), "data.object.id: invalid_type"],
    ["an id with a NUL", "charge.succeeded", charge({ id: "ch_\0" }), "data.object.id: invalid_format"],
    [
      "an odd reference",
      "charge.succeeded",
      charge({ payment_intent: 5 }),
      "data.object.payment_intent: invalid_union",
    ],
  ])("%s", (_name, type, object, detail) => {
    expect(detailOf(type, object)).toBe(detail);
  });
});

describe("a charge counts once, by what was captured", () => {
  test("a version without amount_captured captured all of it", () => {
    const { amount_captured: _later, ...object } = charge();
    expect(only("capture", factsOf("charge.succeeded", object))[0]).toMatchObject({
      status: "succeeded",
      amount: 1999n,
    });
  });

  test("nothing is said of the money of a charge that is only authorized", () => {
    const [capture] = only("capture", factsOf("charge.succeeded", heldCharge()));
    expect(capture).not.toHaveProperty("amount");
    expect(capture).not.toHaveProperty("status");
    expect(capture).not.toHaveProperty("refundedTotal");
  });

  test("an authorization let go before 2025-03-31 is voided, and its refund is none", () => {
    const release = refund({ amount: 1999 });
    const object = oldCharge([release], {
      captured: false,
      amount_captured: null,
      amount_refunded: 1999,
      refunded: true,
    });
    const facts = factsOf("charge.refunded", object, { api_version: VERSIONS.v2019 });
    expect(only("authorization", facts)[0]?.status).toBe("voided");
    expect(only("capture", facts)[0]).not.toHaveProperty("refundedTotal");
    expect(only("refund", facts)).toEqual([]);
  });

  test("Stripe's own release of an expired authorization is no refund either when told alone", () => {
    expect(factsOf("refund.created", refund({ reason: "expired_uncaptured_charge" }))).toEqual([]);
  });

  test("after a partial capture before 2025-03-31 only what was taken and given back is refunded", () => {
    const release = refund({ id: "re_release", amount: 1399, created: CREATED - 90, reason: null });
    const given = refund({ id: "re_given", amount: 100, created: CREATED - 5 });
    const object = oldCharge([given, release], { amount_captured: 600, amount_refunded: 1499 });
    const facts = factsOf("charge.refunded", object, { api_version: VERSIONS.v2019 });
    expect(only("capture", facts)[0]).toMatchObject({ amount: 600n, refundedTotal: 100n });
    expect(only("refund", facts).map(({ reference, amount }) => [reference, amount])).toEqual([
      ["re_given", 100n],
      // Its birth, which tells no amount.
      ["re_given", undefined],
    ]);
  });

  test("a refund of the released amount, made after the release, is a refund", () => {
    const release = refund({ id: "re_release", amount: 1000, created: CREATED - 90 });
    const given = refund({ id: "re_given", amount: 1000, created: CREATED - 5 });
    const object = oldCharge([given, release], { amount: 2000, amount_captured: 1000, amount_refunded: 2000 });
    const facts = factsOf("charge.refunded", object, { api_version: VERSIONS.v2019 });
    expect(only("capture", facts)[0]?.refundedTotal).toBe(1000n);
    expect(new Set(only("refund", facts).map(({ reference }) => reference))).toEqual(new Set(["re_given"]));
  });

  test.each([VERSIONS.v2025, VERSIONS.v2026, null])(
    "since 2025-03-31 a partial capture refunds nothing, so all that is refunded is (%s)",
    (version) => {
      const object = charge({ amount_captured: 1500, amount_refunded: 600 });
      const [capture] = only("capture", factsOf("charge.refunded", object, { api_version: version }));
      expect(capture?.refundedTotal).toBe(600n);
    },
  );

  test("while several captures are under way nothing was released yet, in any version", () => {
    const object = charge({ amount_captured: 600, amount_refunded: 100 });
    const [capture] = only("capture", factsOf("charge.refunded", object, { api_version: VERSIONS.v2022 }));
    expect(capture?.refundedTotal).toBe(100n);
  });

  test("a charge with an unknown status says nothing of money", () => {
    const [capture] = only("capture", factsOf("charge.updated", charge({ status: "under_water" })));
    expect(capture).not.toHaveProperty("amount");
  });
});

describe("an intent's claim", () => {
  test("an older intent's charge inside and its own claim are the same money on two objects", () => {
    const facts = factsOf("payment_intent.succeeded", oldIntent([oldCharge([])]), { api_version: VERSIONS.v2019 });
    expect(only("intent", facts)[0]?.claimed).toBe(1999n);
    expect(only("capture", facts)[0]).toMatchObject({
      amount: 1999n,
      joins: [{ kind: "intent", reference: IDS.intent }],
    });
  });

  test("an expanded latest charge is read like one inside", () => {
    const facts = factsOf("payment_intent.succeeded", intent({ latest_charge: charge({ amount_captured: 1500 }) }));
    expect(only("capture", facts)[0]?.amount).toBe(1500n);
  });

  test("an expanded latest charge that can't be read makes the event unreadable", () => {
    expect(detailOf("payment_intent.succeeded", intent({ latest_charge: charge({ amount: -1 }) }))).not.toBeNull();
  });

  test("says what was captured while more may follow", () => {
    const some = intent({ status: "requires_capture", amount_received: 600 });
    expect(only("intent", factsOf("payment_intent.amount_capturable_updated", some))[0]).toMatchObject({
      status: "authorized",
      claimed: 600n,
    });
  });

  test("without anything received there is none", () => {
    const none = intent({ status: "requires_capture", amount_received: 0 });
    expect(only("intent", factsOf("payment_intent.amount_capturable_updated", none))[0]).not.toHaveProperty("claimed");
  });

  test("a failed attempt is told by the event's type alone", () => {
    const types = ["payment_intent.created", "payment_intent.payment_failed"];
    expect(types.map((type) => only("intent", factsOf(type, newIntent()))[0]?.status)).toEqual(["pending", "failed"]);
  });

  test("a canceled intent that was never to be captured by hand ends no authorization", () => {
    const object = intent({ status: "canceled", amount_received: 0, capture_method: "automatic" });
    expect(only("authorization", factsOf("payment_intent.canceled", object))).toEqual([]);
  });

  test("an intent that Stripe let expire is expired, and so is its authorization", () => {
    const object = intent({
      status: "canceled",
      amount_received: 0,
      capture_method: "manual",
      cancellation_reason: "expired",
    });
    const facts = factsOf("payment_intent.canceled", object);
    expect(only("intent", facts)[0]?.status).toBe("expired");
    expect(only("authorization", facts)[0]?.status).toBe("expired");
  });
});

describe("invoices", () => {
  test("what was paid outside of Stripe is claimed on nothing", () => {
    const facts = factsOf("invoice.paid", oldInvoice({ paid_out_of_band: true }), { api_version: VERSIONS.v2022 });
    expect(only("invoice", facts)[0]).not.toHaveProperty("amount");
    expect(only("intent", facts)[0]).not.toHaveProperty("claimed");
  });

  test("a charge that has an intent is only linked, its money told once", () => {
    const facts = factsOf("invoice.paid", oldInvoice(), { api_version: VERSIONS.v2022 });
    expect(only("intent", facts)[0]?.claimed).toBe(1999n);
    expect(only("capture", facts)[0]).not.toHaveProperty("amount");
  });

  test("a payment record paid outside of Stripe says nothing", () => {
    const record = { type: "payment_record", payment_record: "pr_1" };
    expect(factsOf("invoice_payment.paid", invoicePayment({ payment: record }))).toEqual([]);
  });

  test("a payment by a charge without an intent is that charge's money", () => {
    const payment = { type: "charge", charge: IDS.charge };
    expect(factsOf("invoice_payment.paid", invoicePayment({ payment }))).toMatchObject([
      { kind: "capture", reference: IDS.charge, status: "succeeded", amount: 1999n },
    ]);
  });

  test("expanded payments are read each on its own intent", () => {
    const one = invoicePayment({ amount_paid: 999 });
    const two = invoicePayment({ amount_paid: 1000, payment: { type: "payment_intent", payment_intent: "pi_2" } });
    const open = invoicePayment({ status: "open", amount_paid: null, payment: { payment_intent: "pi_3" } });
    const { payment_intent: _older, charge: _too, ...object } = oldInvoice({ payments: { data: [one, two, open] } });
    const intents = only("intent", factsOf("invoice.paid", object));
    expect(intents.map(({ reference, claimed }) => [reference, claimed])).toEqual([
      [IDS.intent, 999n],
      ["pi_2", 1000n],
      ["pi_3", undefined],
    ]);
  });
});

describe("disputes", () => {
  const about = (more: Json, type = "charge.dispute.updated", version: string = VERSIONS.v2026) =>
    only("dispute", factsOf(type, dispute(more), { api_version: version }))[0];

  test("neither withdrawal nor return is stated where no movement is told", () => {
    const fact = about({ balance_transactions: [] });
    expect(fact).not.toHaveProperty("withdrawn");
    expect(fact).not.toHaveProperty("reinstated");
  });

  test("a fee is no loss of the payment, whether beside the movement or a movement of its own", () => {
    const fee = movement(-1500, { type: "stripe_fee", reporting_category: "fee", fee: 0 });
    expect(about({ balance_transactions: [movement(-1999), fee] })?.withdrawn).toBe(1999n);
  });

  test("a balance in another currency tells that it moved; the dispute tells how much", () => {
    const foreign = movement(-1850, { currency: "eur" });
    expect(about({ balance_transactions: [foreign] })).toMatchObject({ withdrawn: 1999n, reinstated: 0n });
    const back = movement(1830, { currency: "eur" });
    expect(about({ balance_transactions: [foreign, back] })).toMatchObject({ withdrawn: 1999n, reinstated: 1999n });
  });

  test("a foreign movement is never counted in the dispute's own scale", () => {
    const more = { currency: "isk", amount: 199_900, balance_transactions: [movement(-1437, { currency: "usd" })] };
    expect(about(more)?.withdrawn).toBe(1999n);
  });

  test("funds given back by the event's word alone were taken before", () => {
    const more = { status: "won", balance_transactions: [] };
    expect(about(more, "charge.dispute.funds_reinstated", VERSIONS.v2019)).toMatchObject({
      withdrawn: 1999n,
      reinstated: 1999n,
    });
  });

  test.each([
    ["warning_under_review", "warning"],
    ["warning_closed", "closed"],
    ["prevented", "closed"],
    ["appeal_under_review", "open"],
    ["won", "won"],
    ["lost", "lost"],
    ["a word to come", undefined],
  ])("%s is %s", (status, expected) => {
    expect(about({ status })?.status).toBe(expected);
  });

  test("a deadline of 0 is none: the bank takes no answer", () => {
    expect(about({ evidence_details: { due_by: 0 } })).not.toHaveProperty("deadline");
  });
});
