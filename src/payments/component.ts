import { collect } from "./collect.ts";
import { DisjointSets } from "./disjoint-sets.ts";
import type { StoredFact } from "./fact.ts";
import { isGroupKind, objectKey } from "./fact.ts";

/** The objects and facts of one payment. */
export interface Component {
  /** Object keys, sorted; also of objects that are only named by a joining fact. */
  readonly objects: readonly string[];
  readonly facts: readonly StoredFact[];
}

/**
 * Splits facts into payments: the connected components of payment objects under `joins`. Facts about groups are not part
 * of it. Sorted by each component's first object key, so that the answer is the same for any order of the facts.
 */
export function partition(facts: readonly StoredFact[]): readonly Component[] {
  const own = facts.filter((fact) => !isGroupKind(fact.kind));
  const sets = new DisjointSets();
  for (const fact of own) {
    const key = objectKey(fact.scope, fact);
    sets.add(key);
    for (const joined of fact.joins) sets.union(key, objectKey(fact.scope, joined));
  }
  const factsOf = collect(own, (fact) => sets.find(objectKey(fact.scope, fact)));
  const objectsOf = collect([...sets.keys()].sort(), (key) => sets.find(key));
  return [...objectsOf].map(([root, objects]) => ({ objects, facts: factsOf.get(root) ?? [] }));
}

/** The facts about groups (disputes, reviews, invoices, subscriptions) by the group's object key. */
export function groupFacts(facts: readonly StoredFact[]): ReadonlyMap<string, readonly StoredFact[]> {
  return collect(
    facts.filter((fact) => isGroupKind(fact.kind)),
    (fact) => objectKey(fact.scope, fact),
  );
}
