import fc from "fast-check";
import { expect, test } from "vitest";
import { groupFacts, partition } from "../../src/payments/component.ts";
import { isGroupKind } from "../../src/payments/fact.ts";
import { factSets } from "./arbitrary.ts";
import { at, joins, paypal, ref, stripe } from "./histories/message.ts";
import { captureIs, caseIs } from "./histories/paypal-messages.ts";

test("a joined object that has no fact of its own belongs to the payment", () => {
  const { facts } = stripe("refund", {
    kind: "refund",
    reference: "re_1",
    at: at(1),
    ...joins(ref("capture", "ch_1"), ref("intent", "pi_1")),
  });
  expect(partition(facts)).toEqual([
    {
      objects: [
        "stripe/default/live/capture/ch_1",
        "stripe/default/live/intent/pi_1",
        "stripe/default/live/refund/re_1",
      ],
      facts,
    },
  ]);
});

test("one reference at two providers, accounts or modes is two objects", () => {
  const [one] = captureIs(1, "succeeded", { id: "X1" }).facts;
  if (!one) throw new Error("no fact");
  const others = [{ provider: "stripe" }, { account: "second" }, { live: false }].map((scope, index) => ({
    ...one,
    key: `other${index}`,
    scope: { ...one.scope, ...scope },
  }));
  expect(partition([one, ...others])).toHaveLength(4);
});

test("what links does not join", () => {
  const facts = [
    captureIs(1, "succeeded"),
    captureIs(2, "succeeded", { id: "CAP2" }),
    caseIs(3, "open", 1n, ["CAP1", "CAP2"]),
  ];
  const all = facts.flatMap((message) => message.facts);
  expect(partition(all)).toHaveLength(2);
  expect([...groupFacts(all).keys()]).toEqual(["paypal/default/live/dispute/PP-D-1"]);
});

test("a chain of twenty thousand joins is one payment, found in linear time", () => {
  const links = Array.from({ length: 20_000 }, (_, index) => ({
    kind: "capture" as const,
    reference: `C${index}`,
    at: at(1),
    ...joins(ref("capture", `C${index + 1}`)),
  }));
  const started = performance.now();
  expect(partition(paypal("chain", ...links).facts)).toHaveLength(1);
  expect(performance.now() - started).toBeLessThan(5_000);
});

test("every fact about a payment is in exactly one component, with its object", () => {
  fc.assert(
    fc.property(factSets(), (facts) => {
      const components = partition(facts);
      const objects = components.flatMap((component) => component.objects);
      expect(new Set(objects).size).toBe(objects.length);
      const spread = components.flatMap((component) => component.facts).map(({ key }) => key);
      expect(spread.sort()).toEqual(facts.flatMap(({ kind, key }) => (isGroupKind(kind) ? [] : [key])).sort());
    }),
    { numRuns: 200 },
  );
});
