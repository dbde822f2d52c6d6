import * as z from "zod";
import type { Fact, PayoutFact } from "../../../payments/fact.ts";
import { amountsIn } from "../amount.ts";
import { reference, stated } from "../fields.ts";
import { common, type Telling } from "../telling.ts";

/** https://docs.stripe.com/api/payouts/object; `amount` is negative where the bank account is debited. */
export const payoutSchema = z
  .looseObject({ id: reference, status: z.string(), currency: z.string(), amount: z.int() })
  .transform((payout, issues) => {
    const amounts = amountsIn(payout.currency, issues);
    if (amounts === null) return z.NEVER;
    const size = amounts.required("amount", Math.abs(payout.amount));
    return { ...payout, currency: amounts.currency, amount: payout.amount < 0 ? -size : size };
  });

export type Payout = z.output<typeof payoutSchema>;

const STATUSES: ReadonlyMap<string, NonNullable<PayoutFact["status"]>> = new Map([
  ["pending", "pending"],
  ["in_transit", "in_transit"],
  ["paid", "paid"],
  ["failed", "failed"],
  ["canceled", "canceled"],
]);

/** A payout sums up the balance, so it names no payment. Its metadata is the merchant's own affair. */
export function payoutFacts(payout: Payout, telling: Telling): readonly Fact[] {
  const fact: PayoutFact = {
    kind: "payout",
    reference: payout.id,
    ...common(telling),
    ...stated({ status: STATUSES.get(payout.status), currency: payout.currency, amount: payout.amount }),
    joins: [],
    links: [],
  };
  return [fact];
}
