import { smallest, sum } from "../payments/arithmetic.ts";
import type { GivenBack } from "../payments/given-back.ts";
import type { PaymentRecord } from "../store/store.ts";

/** What was given back of one of an order's payments. */
export interface Returned extends GivenBack {
  readonly payment: PaymentRecord;
}

/** A refund that has no credit note yet. */
export interface Credit {
  /** Of the refund's milestone. */
  readonly key: string;
  readonly amount: bigint;
  /** The provider's time of the refund, ms since 1970 UTC; null where only a sum is told. */
  readonly at: number | null;
  readonly payment: PaymentRecord;
}

/** One order's refunds are few; what is beyond is issued when it is asked for again. */
const MAX_CREDITS = 100;

/**
 * Refunds are numbered by how many are known of a capture, and only the sum is always told: so each that has no credit note
 * gets its own amount where that is told, and the last of them what is left of the sum. All credit notes of a capture
 * together never say more than was given back when the last was issued, and those of an order no more than `allowance`.
 */
export function dueCredits(
  returned: readonly Returned[],
  credited: ReadonlyMap<string, bigint>,
  allowance: bigint,
): readonly Credit[] {
  const due: Credit[] = [];
  let allowed = allowance;
  for (const { keys, total, refunds, payment } of returned) {
    const known = keys.flatMap((key) => credited.get(key) ?? []);
    const open = keys.filter((key) => !credited.has(key));
    const told = withoutAmounts(refunds, known);
    let left = total - sum(known);
    for (const [index, key] of open.entries()) {
      const isLast = index === open.length - 1;
      const own = told[index];
      const amount = smallest([isLast ? left : (own?.amount ?? 0n), left, allowed]) ?? 0n;
      if (amount <= 0n) continue;
      due.push({ key, amount, at: own?.at ?? null, payment });
      left -= amount;
      allowed -= amount;
    }
  }
  return due.slice(0, MAX_CREDITS);
}

/** The refunds of which none of these amounts speaks: each amount takes the oldest refund that equals it. */
function withoutAmounts(refunds: GivenBack["refunds"], amounts: readonly bigint[]): GivenBack["refunds"] {
  const rest = [...refunds];
  for (const amount of amounts) {
    const index = rest.findIndex((refund) => refund.amount === amount);
    if (index !== -1) rest.splice(index, 1);
  }
  return rest;
}
