import { expect, test } from "vitest";
import type { Fact } from "../../src/payments/fact.ts";
import { placeFacts } from "../../src/pipeline/fact-key.ts";
import { contentOf } from "../../src/recovery/erasing.ts";

const RECEIVED = Date.UTC(2026, 0, 5);
const ORIGIN = { gateway: "stripe", provider: "stripe", account: "default", input: "ntf_1" };

function placed(at: number) {
  const fact: Fact = { kind: "intent", reference: "pi_1", status: "pending", at, joins: [], links: [] };
  const items = [{ key: "evt_1", type: "told", live: false, facts: [fact] }];
  const [stored] = placeFacts(items, { ...ORIGIN, receivedAt: new Date(RECEIVED) });
  if (stored === undefined) throw new Error("no fact");
  return stored;
}

test.each([
  ["before its receipt", -5_000, RECEIVED - 5_000],
  ["with its receipt", 0, RECEIVED],
  ["after its receipt", 5_000, RECEIVED],
])("a fact that is said to be %s has its place, and a key that ends with what is stored of it", (_, ahead, at) => {
  const stored = placed(RECEIVED + ahead);
  expect(stored.at).toBe(at);
  expect(stored.key).toBe(`stripe/default/test/evt_1#${contentOf(stored)}`);
});
