import fc from "fast-check";
import { expect, test } from "vitest";
import { groupFacts, partition } from "../../src/payments/component.ts";
import { foldPayment } from "../../src/payments/payment.ts";
import {
  decodeDecision,
  decodeFact,
  decodeOrderState,
  decodePaymentState,
  encodeDecision,
  encodeFact,
  encodeOrderState,
  encodePaymentState,
} from "../../src/payments/wire.ts";
import { factSets } from "./arbitrary.ts";
import { ORDER_HISTORIES } from "./histories/orders.ts";
import { commit, emptyWorld } from "./world.ts";

const RUNS = { numRuns: 200 };
const SLOW = { timeout: 60_000 };

test("every fact comes back as it was", SLOW, () => {
  fc.assert(
    fc.property(factSets(), (facts) => {
      for (const fact of facts) expect(decodeFact(encodeFact(fact))).toStrictEqual(fact);
    }),
    RUNS,
  );
});

test("every payment's state comes back as it was", SLOW, () => {
  fc.assert(
    fc.property(factSets(), (facts) => {
      const groups = [...groupFacts(facts).values()].flat();
      for (const component of partition(facts)) {
        const state = foldPayment(component.facts, groups);
        expect(decodePaymentState(encodePaymentState(state))).toStrictEqual(state);
      }
    }),
    RUNS,
  );
});

test("every order's state and decision comes back as it was", () => {
  for (const { messages } of ORDER_HISTORIES) {
    const rules = { live: true, receivers: [], merchants: [], orders: "optional" } as const;
    const world = messages.reduce(
      (before, message) => commit(before, [message]),
      emptyWorld(() => rules),
    );
    for (const state of world.orders.values()) expect(decodeOrderState(encodeOrderState(state))).toStrictEqual(state);
    for (const decision of world.decisions) expect(decodeDecision(encodeDecision(decision))).toStrictEqual(decision);
  }
});

test("amounts are strings of digits, exact beyond 2^53, and negative ones stay so", () => {
  const fact = {
    kind: "capture",
    reference: "ch_1",
    at: 1,
    joins: [],
    links: [],
    amount: 9_007_199_254_740_993n,
    net: -1n,
    settlement: { amount: 12n, currency: "EUR" },
    scope: { provider: "stripe", account: "default", live: true },
    key: "k",
    gateway: "stripe",
    input: "ntf_1",
  };
  // Proven: a capture's attributes, but for the currency's brand.
  const text = encodeFact(fact as unknown as Parameters<typeof encodeFact>[0]);
  expect(JSON.parse(text)).toMatchObject({ amount: "9007199254740993", net: "-1", settlement: { amount: "12" } });
  expect(decodeFact(text)).toStrictEqual(fact);
});

test("text that looks like an amount stays text where it is none", () => {
  const text = '{"key":"k","reference":"123","buyer":{"name":"42"},"amount":"5"}';
  expect(decodeFact(text)).toEqual({ key: "k", reference: "123", buyer: { name: "42" }, amount: 5n });
});

test("a row of another kind, or with an amount that is none, is refused", () => {
  expect(() => decodeFact("{}")).toThrow("lacks key");
  expect(() => decodePaymentState('"text"')).toThrow("lacks milestones");
  expect(() => decodeFact('{"key":"k","amount":"1.5"}')).toThrow("amount is not an amount");
  expect(() => decodeFact('{"key":"k","amount":5}')).toThrow("amount is not an amount");
});
