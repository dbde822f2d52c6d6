import { describe, expect, test } from "vitest";
import { subscriptionEvents } from "../../src/payments/event.ts";
import type { Scope, StoredFact } from "../../src/payments/fact.ts";
import { foldSubscription, type SubscriptionState } from "../../src/payments/subscription.ts";
import { at, ref, stored, type Told, USD } from "./histories/message.ts";

/** What single facts make of a subscription, whichever of them are told. */

const SCOPE: Scope = { provider: "stripe", account: "default", live: true };
const SUBSCRIPTION = { scope: SCOPE, reference: "sub_1" };
const LINKS = [ref("subscription", "sub_1")];
const MONTH = 30 * 86_400;

let count = 0;
const fact = (told: Told): StoredFact => {
  count += 1;
  return stored(told, SCOPE, "stripe", `evt_${count}#0`);
};
const is = (seconds: number, more: Partial<Extract<Told, { kind: "subscription" }>>) =>
  fact({ kind: "subscription", reference: "sub_1", at: at(seconds), ...more });
const invoice = (seconds: number, reference: string, more: Partial<Extract<Told, { kind: "invoice" }>>) =>
  fact({ kind: "invoice", reference, at: at(seconds), currency: USD, links: LINKS, ...more });
const sale = (seconds: number, reference: string, status: "succeeded" | "failed" | "pending") =>
  fact({ kind: "capture", reference, at: at(seconds), status, currency: USD, amount: 1999n, links: LINKS });
const folded = (...facts: readonly StoredFact[]): SubscriptionState => foldSubscription(SUBSCRIPTION, null, facts);

/** The types told while one fact after the other becomes known. */
function told(...facts: readonly StoredFact[]): readonly string[] {
  let before: SubscriptionState | null = null;
  return facts.flatMap((each) => {
    const state = foldSubscription(SUBSCRIPTION, before?.told ?? null, [each]);
    const events = subscriptionEvents(before, state, [each]);
    before = state;
    return events.map(({ type }) => type.slice("subscription.".length));
  });
}

describe("its status", () => {
  test.each<[string, readonly StoredFact[], string]>([
    ["is pending while nothing but its approval is told", [is(0, { status: "pending" })], "pending"],
    [
      "is active once its first payment came, though nobody says so",
      [is(0, { status: "pending" }), sale(9, "S1", "succeeded")],
      "active",
    ],
    [
      "stays pending when its first payment fails",
      [is(0, { status: "pending" }), invoice(9, "in_1", { status: "failed" })],
      "pending",
    ],
    ["is active by its invoices alone", [invoice(0, "in_1", { status: "paid", amount: 1999n })], "active"],
    [
      "is past due by its invoices alone",
      [invoice(0, "in_1", { status: "paid", amount: 1999n }), invoice(MONTH, "in_2", { status: "failed" })],
      "past_due",
    ],
    ["is active by its payments alone", [sale(0, "S1", "succeeded"), sale(MONTH, "S2", "succeeded")], "active"],
    ["is past due by a payment that bounced", [sale(0, "S1", "succeeded"), sale(9, "S1", "failed")], "past_due"],
    [
      "is healed by a payment that came after the failure",
      [is(0, { status: "active" }), is(9, { status: "past_due", paymentFailed: true }), sale(99, "S2", "succeeded")],
      "active",
    ],
    [
      "is not healed by an old payment that is told anew",
      [
        is(0, { status: "active" }),
        invoice(MONTH, "in_2", { status: "failed" }),
        invoice(MONTH + 99, "in_1", { status: "paid", amount: 1999n, paidAt: at(1) }),
      ],
      "past_due",
    ],
    [
      "a trial's invoice over nothing ends no trial",
      [is(0, { status: "trialing" }), invoice(9, "in_1", { status: "paid", amount: 0n })],
      "trialing",
    ],
    ["stays paused whatever is paid", [is(0, { status: "paused" }), sale(9, "S1", "succeeded")], "paused"],
    [
      "is canceled while it is to end with its period",
      [is(0, { status: "active", willCancel: true, periodEnd: at(MONTH) })],
      "canceled",
    ],
    [
      "runs on when that is taken back",
      [is(0, { status: "active", willCancel: true }), is(9, { status: "active", willCancel: false })],
      "active",
    ],
    ["stays canceled whatever is paid", [is(0, { status: "canceled" }), sale(9, "S1", "succeeded")], "canceled"],
    [
      "ends when what was paid for is over",
      [is(0, { status: "canceled", periodEnd: at(9) }), is(9, { passed: at(9) })],
      "ended",
    ],
    [
      "does not end by a deadline that it outlived",
      [
        is(0, { status: "canceled", periodEnd: at(9) }),
        is(9, { passed: at(9) }),
        is(5, { status: "active", periodEnd: at(MONTH) }),
      ],
      "active",
    ],
    [
      "stays canceled where nobody tells when its period ends",
      [is(0, { status: "canceled" }), is(9, { passed: at(9) })],
      "canceled",
    ],
    [
      "is over when it says so, whatever comes a year late",
      [is(MONTH, { status: "ended" }), is(0, { status: "active" })],
      "ended",
    ],
  ])("%s", (_name, facts, status) => {
    expect(folded(...facts).status).toBe(status);
    expect(folded(...facts.toReversed()).status).toBe(status);
  });
});

describe("money is due next", () => {
  test.each<[string, readonly StoredFact[], number | null]>([
    ["at the end of the period", [is(0, { status: "active", periodEnd: at(MONTH) })], at(MONTH)],
    ["at the end of the trial", [is(0, { status: "trialing", trialEnd: at(9), periodEnd: at(MONTH) })], at(9)],
    [
      "when a failed payment is tried again",
      [is(0, { status: "active", periodEnd: at(MONTH) }), invoice(9, "in_2", { status: "failed", retryAt: at(99) })],
      at(99),
    ],
    ["never, once it is canceled", [is(0, { status: "canceled", periodEnd: at(MONTH) })], null],
  ])("%s", (_name, facts, time) => {
    expect(folded(...facts).nextPaymentAt).toBe(time);
  });
});

test("its period is that of a later invoice where its own word is older", () => {
  const own = is(0, { status: "active", periodStart: at(0), periodEnd: at(MONTH) });
  const next = { periodStart: at(MONTH), periodEnd: at(2 * MONTH) };
  expect(folded(own, invoice(MONTH, "in_2", { status: "paid", ...next }))).toMatchObject(next);
  const older = { periodStart: at(-MONTH), periodEnd: at(0) };
  expect(folded(own, invoice(9, "in_0", { status: "paid", ...older }))).toMatchObject({ periodEnd: at(MONTH) });
});

test("it names the order that it tells of itself before what its payments name", () => {
  const payment = { ...sale(9, "S1", "succeeded"), orders: [{ rank: 0, value: "payment" }] };
  expect(folded(payment).orders).toEqual(["payment"]);
  const own = is(0, {
    orders: [
      { rank: 2, value: "second" },
      { rank: 1, value: "first" },
    ],
  });
  expect(folded(payment, own).orders).toEqual(["first", "second"]);
});

describe("what is told", () => {
  test("of a life: each thing as it comes", () => {
    const life = [
      is(0, { status: "pending" }),
      is(1, { status: "trialing" }),
      is(MONTH, { status: "active" }),
      invoice(MONTH, "in_1", { status: "paid", renews: true }),
      invoice(2 * MONTH, "in_2", { status: "failed", attempts: 1 }),
      is(2 * MONTH, { status: "past_due" }),
      invoice(2 * MONTH + 9, "in_2", { status: "failed", attempts: 2 }),
      invoice(2 * MONTH + 99, "in_2", { status: "paid", renews: true }),
      is(2 * MONTH + 99, { status: "active" }),
      is(3 * MONTH, { status: "paused" }),
      is(4 * MONTH, { status: "active", willCancel: true, periodEnd: at(6 * MONTH) }),
      is(5 * MONTH, { status: "active", willCancel: false }),
      is(6 * MONTH, { status: "active", willCancel: true }),
      is(7 * MONTH, { status: "ended" }),
    ];
    expect(told(...life)).toEqual([
      ...[
        "started",
        "trialing",
        "active",
        "renewed",
        "payment_failed",
        "past_due",
        "payment_failed",
        "renewed",
        "active",
      ],
      ...["paused", "canceled", "active", "canceled", "ended"],
    ]);
  });

  test("a payment that turns out not to be the first is told as a renewal then", () => {
    expect(told(sale(MONTH, "S2", "succeeded"), sale(0, "S1", "succeeded"))).toEqual(["started", "renewed"]);
  });

  test("a year late, what has ceased to be so is not told", () => {
    expect(told(is(MONTH, { status: "ended" }), is(9, { status: "past_due" }), is(0, { status: "active" }))).toEqual([
      "ended",
      "started",
    ]);
  });

  test("one that turns out to run on until a later deadline was canceled all the while", () => {
    const canceled = is(5, { status: "canceled", periodEnd: at(9) });
    const later = is(6, { status: "canceled", periodEnd: at(MONTH) });
    expect(told(canceled, is(9, { passed: at(9) }), later)).toEqual(["canceled", "ended"]);
  });

  test("the same fact again tells nothing", () => {
    const once = is(0, { status: "active" });
    expect(told(once, once)).toEqual(["started"]);
  });
});
