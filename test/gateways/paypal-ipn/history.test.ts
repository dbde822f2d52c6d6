import { describe, expect, test } from "vitest";
import { paypalIpn } from "../../../src/gateways/paypal-ipn/index.ts";
import { register } from "../../../src/gateways/registry.ts";
import { groupFacts, partition } from "../../../src/payments/component.ts";
import type { StoredFact } from "../../../src/payments/fact.ts";
import { foldPayment } from "../../../src/payments/payment.ts";
import { placeFacts } from "../../../src/pipeline/fact-key.ts";
import { bench, itemsOf } from "../../conformance/bench.ts";
import { rawOf, type Vector, vectorsOf } from "../../conformance/vector.ts";

/** What the messages of one purchase come to, in every order of arrival: IPN's dates often tie, so the statuses' ranks decide. */

const gateway = register(paypalIpn);
const { vectors } = vectorsOf("paypal-ipn");

const PAID = "A buy-now button paid at once";
const PENDING = "An eCheck that has not cleared yet";
const LIVE = "An authorization that waits for its capture";
const HELD = "A reversal for chargeback is held";
const CANCELED = "A reversal canceled brings the money back to the payment";
const SETTLED = "The settlement of a chargeback takes the money for good, and its payer is not the buyer";

const HISTORIES: readonly (readonly [status: string, names: readonly string[]])[] = [
  ["pending", [PENDING]],
  ["paid", [PENDING, "The eCheck cleared, told with the payment's own date once more"]],
  ["paid", [PENDING, "The eCheck cleared: the time is that of the clearing"]],
  ["failed", [PENDING, "The eCheck bounced"]],
  ["failed", [PENDING, "A payment under review", "A pending payment denied"]],
  ["authorized", [LIVE]],
  ["paid", [LIVE, "The capture of an authorization tells both"]],
  ["paid", [LIVE, "A partial capture leaves the authorization live"]],
  ["canceled", [LIVE, "An authorization voided"]],
  ["expired", [LIVE, "An authorization expired, told without its entity"]],
  ["refunded", [PAID, "A refund, positive whatever its sign"]],
  ["partially_refunded", [PAID, "A part refunded", "A part refunded, called so"]],
  ["refunded", [PAID, "A payment that says of itself that it was refunded: a snapshot, not a movement"]],
  ["disputed", [PAID, HELD]],
  ["paid", [PAID, HELD, CANCELED]],
  ["charged_back", [PAID, HELD, CANCELED, SETTLED]],
  ["charged_back", [PAID, "A reversal for guarantee is lost"]],
  ["disputed", [PAID, "A case opened moves no money and finds its payment"]],
  ["disputed", [PAID, "A case opened moves no money and finds its payment", HELD]],
  ["charged_back", [PAID, "A case opened moves no money and finds its payment", "A case lost with its settlement"]],
];

describe("is one payment that ends", () => {
  test.each(HISTORIES)("%s, in any order: %j", (status, names) => {
    for (const order of permutations(names)) expect(statusesOf(order), order.join(" → ")).toEqual([status]);
  });
});

function statusesOf(names: readonly string[]): readonly string[] {
  const facts = names.flatMap((name, n) => factsOf(named(name), n));
  const groups = [...groupFacts(facts).values()].flat();
  return partition(facts).map((component) => foldPayment(component.facts, groups).status);
}

function named(name: string): Vector {
  return vectors.find((vector) => vector.name === name) ?? expect.fail(`no vector "${name}"`);
}

function factsOf(vector: Vector, n: number): readonly StoredFact[] {
  const items = itemsOf(bench(gateway, vector).channel, rawOf(vector));
  const { id, provider } = gateway;
  return placeFacts(items, { gateway: id, provider, account: "default", input: `ntf_${n}`, receivedAt: vector.now });
}

function permutations<Each>(all: readonly Each[]): readonly (readonly Each[])[] {
  if (all.length < 2) return [all];
  return all.flatMap((first, n) => permutations(all.toSpliced(n, 1)).map((rest) => [first, ...rest]));
}
