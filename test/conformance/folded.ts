import type { AnyGateway } from "../../src/gateways/gateway.ts";
import { groupFacts, partition } from "../../src/payments/component.ts";
import { digestPayment } from "../../src/payments/digest.ts";
import { objectKey, type StoredFact } from "../../src/payments/fact.ts";
import { foldPayment } from "../../src/payments/payment.ts";
import { placeFacts } from "../../src/pipeline/fact-key.ts";
import { bench, read } from "./bench.ts";
import { rawOf, type Vector } from "./vector.ts";

/** All that the vectors of one gateway say and that is proven, as the store would keep it. */
export function factsOf(gateway: AnyGateway, vectors: readonly Vector[]): readonly StoredFact[] {
  const proven = vectors.filter(({ expect }) => (expect.asked ?? expect.verdict) === "authentic");
  const facts = proven.flatMap((vector, n) => {
    const parsed = read(bench(gateway, vector).channel, rawOf(vector));
    if (parsed.kind === "unreadable") return [];
    const { id, provider } = gateway;
    const origin = { gateway: id, provider, account: vector.account.id, input: `ntf_${n}`, receivedAt: vector.now };
    return placeFacts(parsed.payload, origin);
  });
  return [...new Map(facts.map((fact) => [fact.key, fact])).values()];
}

/** What the facts make, payment by payment: one digest each, sorted, whatever their order. */
export function digestsOf(facts: readonly StoredFact[]): readonly string[] {
  const groups = groupFacts(facts);
  return partition(facts)
    .map(({ objects, facts: own }) => {
      const about = reachable(objects, facts).flatMap((key) => groups.get(key) ?? []);
      return digestPayment(foldPayment(own, about));
    })
    .sort();
}

/** Every object that links lead to from the given ones, in either direction. */
function reachable(objects: readonly string[], facts: readonly StoredFact[]): readonly string[] {
  const reached = new Set(objects);
  for (let size = 0; size !== reached.size; ) {
    size = reached.size;
    for (const fact of facts) {
      const ends = [objectKey(fact.scope, fact), ...fact.links.map((link) => objectKey(fact.scope, link))];
      if (ends.some((end) => reached.has(end))) for (const end of ends) reached.add(end);
    }
  }
  return [...reached];
}
