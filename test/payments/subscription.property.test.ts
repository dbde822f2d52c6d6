import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonical } from "../../src/payments/canonical.ts";
import { subscriptionEvents } from "../../src/payments/event.ts";
import type { StoredFact } from "../../src/payments/fact.ts";
import {
  foldSubscription,
  join,
  periodPayments,
  renewalKey,
  renewals,
  type SubscriptionState,
} from "../../src/payments/subscription.ts";
import { subscriptionSnapshot } from "../../src/payments/subscription-snapshot.ts";
import { decodeSubscriptionState, encodeSubscriptionState } from "../../src/payments/wire.ts";
import { EUR, stored, USD } from "./histories/message.ts";

/** What must hold for all facts about a subscription, its invoices and its payments, however they come. */

const SCOPE = { provider: "stripe", account: "default", live: false };
const SUBSCRIPTION = { scope: SCOPE, reference: "sub_1" };
const DAY = 86_400_000;

const time = fc.integer({ min: 1, max: 9 }).map((day) => day * DAY);
const rarely = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { freq: 2, nil: undefined });
const orders = fc.array(fc.record({ rank: fc.nat(2), value: fc.constantFrom("1001", "1002") }), { maxLength: 2 });
const buyer = fc.record({ email: fc.constantFrom("ann@example.com", "bob@example.com") });
const amount = fc.constantFrom(0n, 500n, 1999n);
const currency = fc.constantFrom(USD, EUR);
const common = { at: time, orders: rarely(orders), buyer: rarely(buyer) };
const links = fc.constantFrom(
  [{ kind: "subscription", reference: "sub_1" }],
  [{ kind: "subscription", reference: "sub_2" }],
);

const own = fc.record({
  kind: fc.constant("subscription"),
  reference: fc.constantFrom("sub_1", "sub_1", "sub_2"),
  ...common,
  status: rarely(fc.constantFrom("pending", "trialing", "active", "past_due", "paused", "canceled", "ended")),
  periodStart: rarely(time),
  periodEnd: rarely(time),
  trialEnd: rarely(time),
  willCancel: rarely(fc.boolean()),
  price: rarely(fc.record({ amount, currency })),
  paymentFailed: rarely(fc.boolean()),
  failures: rarely(fc.nat(3)),
  retryAt: rarely(time),
  passed: fc.option(time, { freq: 10, nil: undefined }),
  merchant: rarely(fc.constant("acct_1")),
});
const invoice = fc.record({
  kind: fc.constant("invoice"),
  reference: fc.constantFrom("in_1", "in_2", "in_3"),
  ...common,
  links,
  status: rarely(fc.constantFrom("open", "paid", "paid", "failed", "void", "uncollectible")),
  amount: rarely(amount),
  currency: rarely(currency),
  periodStart: rarely(time),
  periodEnd: rarely(time),
  attempts: rarely(fc.nat(3)),
  retryAt: rarely(time),
});
const capture = fc.record({
  kind: fc.constant("capture"),
  reference: fc.constantFrom("ch_1", "ch_2"),
  ...common,
  links,
  status: rarely(fc.constantFrom("pending", "succeeded", "failed")),
  amount: rarely(amount),
});

/** Whether an invoice renews, and when it or a payment was paid, is its own and does not change. */
const RENEWS = new Map([
  ["in_1", false],
  ["in_2", true],
]);
const paidAt = fc.record({ in_1: time, in_2: time, in_3: time, ch_1: time, ch_2: time });

const facts: fc.Arbitrary<readonly StoredFact[]> = fc
  .tuple(fc.array(fc.oneof(own, invoice, capture), { maxLength: 14 }), paidAt)
  .map(([all, times]) =>
    all.map((fact, index) => {
      const lasting =
        fact.kind === "subscription"
          ? {}
          : { renews: RENEWS.get(fact.reference), paidAt: Reflect.get(times, fact.reference) as number };
      const told = Object.entries({ ...fact, ...lasting }).filter(([, value]) => value !== undefined);
      // Proven by the records above, which are facts but for what may be undefined.
      return stored(Object.fromEntries(told) as never, SCOPE, "stripe", `evt_${index}#0`);
    }),
  );

/** Any permutation, with repetitions, cut into batches. */
const arrivals = facts.chain((all) =>
  fc.record({
    all: fc.constant(all),
    batches: fc
      .tuple(fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }), fc.integer({ min: 1, max: 5 }))
      .map(([order, size]) =>
        Array.from({ length: Math.ceil(order.length / size) }, (_, n) => order.slice(n * size, (n + 1) * size)),
      ),
  }),
);

function arrive(batches: readonly (readonly StoredFact[])[]) {
  let state: SubscriptionState | null = null;
  const told = new Set<string>();
  for (const batch of batches) {
    const before: SubscriptionState | null = state;
    state = foldSubscription(SUBSCRIPTION, before?.told ?? null, batch);
    for (const { key, type } of subscriptionEvents(before, state, naming(batch))) {
      if (key !== null && MILESTONES.has(type)) told.add(key);
    }
  }
  return { state, told };
}

const MILESTONES: ReadonlySet<string> = new Set([
  "subscription.started",
  "subscription.canceled",
  "subscription.renewed",
]);

function naming(all: readonly StoredFact[]): readonly StoredFact[] {
  return all.filter((fact) =>
    fact.kind === "subscription"
      ? fact.reference === "sub_1"
      : fact.links.some(({ reference }) => reference === "sub_1"),
  );
}

describe("a subscription", () => {
  test("ends in the same state, whatever the order, the repetitions and the batches of its facts", () => {
    fc.assert(
      fc.property(arrivals, ({ all, batches }) => {
        const { state } = arrive([[], ...batches]);
        expect(canonical(state)).toBe(canonical(foldSubscription(SUBSCRIPTION, null, all)));
      }),
      { numRuns: 300 },
    );
  });

  test("tells the same milestones and renewals, once each, whatever the order", () => {
    fc.assert(
      fc.property(arrivals, ({ all, batches }) => {
        const state = foldSubscription(SUBSCRIPTION, null, all);
        const expected = [
          ...state.milestones.filter(({ type }) => MILESTONES.has(type)).map(({ key }) => key),
          ...renewals(state.told, periodPayments(naming(all))).map((payment) => renewalKey(SCOPE, payment)),
        ];
        expect([...arrive(batches).told].sort()).toEqual([...new Set(expected)].sort());
      }),
      { numRuns: 300 },
    );
  });

  test("knows no less by knowing more: joining is associative, commutative and idempotent", () => {
    const told = facts.map((all) => foldSubscription(SUBSCRIPTION, null, all).told);
    fc.assert(
      fc.property(told, told, told, (one, two, three) => {
        expect(canonical(join(one, join(two, three)))).toBe(canonical(join(join(one, two), three)));
        expect(canonical(join(one, one))).toBe(canonical(one));
        // Facts of two sets may share a key here, so only what they don't share is compared.
        expect(canonical(join(one, two).since)).toBe(canonical(join(two, one).since));
      }),
      { numRuns: 200 },
    );
  });

  test("is kept and shown whole", () => {
    fc.assert(
      fc.property(facts, (all) => {
        const state = foldSubscription(SUBSCRIPTION, null, all);
        expect(decodeSubscriptionState(encodeSubscriptionState(state))).toEqual(state);
        expect(() => JSON.stringify(subscriptionSnapshot({ id: "sbn_1", state }))).not.toThrow();
      }),
      { numRuns: 200 },
    );
  });
});
