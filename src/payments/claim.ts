import { atLeastZero, largest, sum } from "./arithmetic.ts";
import { type FactOf, last, lastTotal, referencesIn, type Statement } from "./attribute.ts";
import type { Capture } from "./capture.ts";
import { DisjointSets } from "./disjoint-sets.ts";
import type { Currency } from "./money.ts";

/** What a container says was captured, and of which leaves it says so. */
export interface Claim {
  readonly intent: string;
  readonly currency: Currency | null;
  /** As it stands, and the most that was ever told. */
  readonly amount: bigint;
  readonly most: bigint;
  /** The captures it stands in for. */
  readonly covers: readonly string[];
}

/**
 * The claims of intents. A claim that names its leaves (a PayPal order lists its captures) speaks for these, one that names
 * none (Stripe's intents and sessions) for all captures tied to the intent itself. So a capture that is joined by another
 * way is never swallowed: joining two payments does not change the sum of money.
 */
export function readClaims(
  intents: ReadonlyMap<string, readonly FactOf<"intent">[]>,
  captures: readonly Capture[],
  capturesOf: (intent: string) => readonly string[],
): readonly Claim[] {
  return [...intents].flatMap(([intent, facts]) => {
    const told = lastTotal(facts, (fact) => fact.claimed);
    if (told === null) return [];
    const named = referencesIn(facts.find((fact) => fact.key === told.key)?.joins ?? [], "capture");
    const covers = named.length > 0 ? named : capturesOf(intent);
    const most = largest(facts.map(({ claimed = 0n }) => claimed));
    const amount = withoutFailed(
      told,
      captures.filter((capture) => covers.includes(capture.reference)),
    );
    return [{ intent, currency: last(facts, (fact) => fact.currency), amount, most, covers }];
  });
}

/** A leaf that failed after the claim was made is known better than the claim; of unknown amount, it takes all of it. */
function withoutFailed(claim: Statement<bigint>, leaves: readonly Capture[]): bigint {
  const failed = leaves.filter(
    ({ status, failedAt }) => status?.value === "failed" && failedAt !== null && failedAt > claim.at,
  );
  return atLeastZero(claim.value - sum(failed.map((leaf) => leaf.amount ?? claim.value)));
}

/** captured = max(Σ leaves, claim) for each set of leaves that claims share, and the leaves that none covers. */
export function capturedBy(
  claims: readonly Claim[],
  captures: readonly Capture[],
  amounts: { readonly ofClaim: (claim: Claim) => bigint; readonly ofCapture: (capture: Capture) => bigint },
): bigint {
  const sets = new DisjointSets();
  for (const claim of claims) {
    for (const capture of claim.covers) sets.union(`intent/${claim.intent}`, `capture/${capture}`);
  }
  const leaves = new Map<string, bigint>();
  for (const capture of captures) {
    const root = sets.find(`capture/${capture.reference}`);
    leaves.set(root, (leaves.get(root) ?? 0n) + amounts.ofCapture(capture));
  }
  const claimed = new Map<string, bigint>();
  for (const claim of claims) {
    const root = sets.find(`intent/${claim.intent}`);
    const amount = amounts.ofClaim(claim);
    if (amount > (claimed.get(root) ?? 0n)) claimed.set(root, amount);
  }
  const gaps = [...claimed].map(([root, amount]) => atLeastZero(amount - (leaves.get(root) ?? 0n)));
  return sum([...leaves.values(), ...gaps]);
}
