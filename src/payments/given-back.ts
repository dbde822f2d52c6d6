import { inCurrency } from "./amounts.ts";
import { compareText, earliest } from "./arithmetic.ts";
import { currencyOf } from "./currency.ts";
import type { StoredFact } from "./fact.ts";
import { refundKeys } from "./milestone.ts";
import { foldParts, type Parts } from "./parts.ts";
import { isLive, refundedOf } from "./refund.ts";

/** What was given back of one capture, refund by refund as far as that is told. */
export interface GivenBack {
  /** The keys of its `payment.refunded` milestones: the same in any order of arrival, and as many as refunds are known. */
  readonly keys: readonly string[];
  /** What stands as given back by all of them, minor units of the payment's currency. */
  readonly total: bigint;
  /** Those that stand and have told of themselves, oldest first. A total may tell of more. */
  readonly refunds: readonly { readonly amount: bigint; readonly at: number }[];
}

/** A pure function of one payment's facts; the oldest capture given back first. */
export function givenBack(facts: readonly StoredFact[]): readonly GivenBack[] {
  const [first] = facts;
  if (first === undefined) return [];
  const all = foldParts(facts, []);
  const parts = inCurrency(all, currencyOf(all));
  const named = [...refundKeys(parts, first.scope)].filter(([, keys]) => keys.length > 0);
  return named
    .map(([name, keys]) => ({ name, keys, ...returnedOf(name, parts) }))
    .sort((left, right) => timeOf(left) - timeOf(right) || compareText(left.name, right.name))
    .map(({ keys, total, refunds }) => ({ keys, total, refunds }));
}

/** `name`: `capture/<reference>`, or `refund/<reference>` for one that names no capture. */
function returnedOf(name: string, parts: Parts): Pick<GivenBack, "total" | "refunds"> {
  const capture = parts.captures.find(({ reference }) => name === `capture/${reference}`) ?? null;
  const own = parts.refunds.filter((refund) =>
    refund.capture === null ? name === `refund/${refund.reference}` : name === `capture/${refund.capture}`,
  );
  const standing = own.filter(isLive).flatMap(({ reference, amount, liveSince }) => {
    return amount === null || amount <= 0n ? [] : [{ reference, amount, at: liveSince ?? 0 }];
  });
  standing.sort((left, right) => left.at - right.at || compareText(left.reference, right.reference));
  return { total: refundedOf(capture, own), refunds: standing.map(({ amount, at }) => ({ amount, at })) };
}

/** One of which only a total is told has no time of its own, and comes last. */
function timeOf({ refunds }: Pick<GivenBack, "refunds">): number {
  return earliest(refunds.map(({ at }) => at)) ?? Number.MAX_SAFE_INTEGER;
}
