import * as z from "zod";
import type { Fact, RefundFact } from "../../../payments/fact.ts";
import { amountsIn } from "../amount.ts";
import { amount, reference, referenceTo, seconds, stated, word } from "../fields.ts";
import { common, refs, type Telling } from "../telling.ts";

/** https://docs.stripe.com/api/refunds/object */
export const refundSchema = z
  .looseObject({
    id: reference,
    amount,
    currency: z.string(),
    status: word,
    reason: word,
    created: seconds.nullish(),
    charge: referenceTo,
    payment_intent: referenceTo,
  })
  .transform((refund, issues) => {
    const amounts = amountsIn(refund.currency, issues);
    if (amounts === null) return z.NEVER;
    return { ...refund, currency: amounts.currency, amount: amounts.required("amount", refund.amount) };
  });

export type Refund = z.output<typeof refundSchema>;

const STATUSES: ReadonlyMap<string, NonNullable<RefundFact["status"]>> = new Map([
  ["pending", "pending"],
  ["requires_action", "pending"],
  ["succeeded", "succeeded"],
  ["failed", "failed"],
  ["canceled", "canceled"],
]);

/** A refund that Stripe made to release an expired authorization (before 2025-03-31): no money was ever taken. */
const RELEASE = "expired_uncaptured_charge";

/** The money given back by one refund. Versions before 2014 had no status: then the refund was made at once. */
export function refundFacts(refund: Refund, telling: Telling): readonly Fact[] {
  if (refund.reason === RELEASE) return [];
  const told: RefundFact = {
    kind: "refund",
    reference: refund.id,
    ...common(telling, { object: refund }),
    ...stated({
      status: STATUSES.get(refund.status ?? "succeeded"),
      currency: refund.currency,
      amount: refund.amount,
    }),
    joins: [...refs("capture", refund.charge), ...refs("intent", refund.payment_intent)],
    links: [],
  };
  return [told, ...bornBefore(told, refund, telling)];
}

/**
 * A refund that is first heard of by a late `refund.updated` existed when an earlier `charge.refunded` counted it: without
 * its birth that snapshot would stand unexplained beside it, and the money would be refunded twice.
 */
function bornBefore(told: RefundFact, { created }: Refund, telling: Telling): readonly RefundFact[] {
  if (created === null || created === undefined || created * 1000 >= telling.at) return [];
  const { kind, reference, joins, links } = told;
  return [{ kind, reference, at: created * 1000, status: "pending", joins, links }];
}
