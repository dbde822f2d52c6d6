import * as z from "zod";
import type { DisputeFact, Fact } from "../../../payments/fact.ts";
import { readCurrency } from "../../../payments/money.ts";
import { amountsIn } from "../amount.ts";
import { amount, reference, referenceTo, seconds, stated, word } from "../fields.ts";
import { common, refs, type Telling } from "../telling.ts";
import { chargeMention } from "./charge.ts";

/** https://docs.stripe.com/api/balance_transactions/object; `amount` is before fees, negative when withdrawn. */
const movementSchema = z.object({ amount: z.int(), currency: z.string(), type: word, reporting_category: word });

/** https://docs.stripe.com/api/disputes/object. Versions before 2014 send the movements as ids, which tell nothing. */
export const disputeSchema = z
  .looseObject({
    id: reference,
    status: z.string(),
    currency: z.string(),
    amount,
    charge: referenceTo,
    payment_intent: referenceTo,
    balance_transactions: z.array(z.union([movementSchema, reference.transform(() => null)])).nullish(),
    evidence_details: z.object({ due_by: seconds.nullish() }).nullish().catch(null),
  })
  .transform((dispute, issues) => {
    const amounts = amountsIn(dispute.currency, issues);
    if (amounts === null) return z.NEVER;
    const listed = (dispute.balance_transactions ?? []).filter((movement) => movement !== null).filter(isNoFee);
    const movements = listed.map((movement) => ({
      isWithdrawal: movement.amount < 0,
      // Null where the balance is in another currency than the payment.
      amount:
        readCurrency(movement.currency) === amounts.currency
          ? amounts.required("balance_transactions", Math.abs(movement.amount))
          : null,
    }));
    return { ...dispute, currency: amounts.currency, amount: amounts.required("amount", dispute.amount), movements };
  });

export type Dispute = z.output<typeof disputeSchema>;

const STATUSES: ReadonlyMap<string, NonNullable<DisputeFact["status"]>> = new Map([
  ["warning_needs_response", "warning"],
  ["warning_under_review", "warning"],
  ["warning_closed", "closed"],
  ["needs_response", "open"],
  ["under_review", "open"],
  ["appeal_needs_response", "open"],
  ["appeal_under_review", "open"],
  ["won", "won"],
  ["lost", "lost"],
  ["prevented", "closed"],
  ["charge_refunded", "closed"],
]);

/** The case, and a mention of its charge, so that the payment is known whichever event comes first. */
export function disputeFacts(dispute: Dispute, telling: Telling): readonly Fact[] {
  return [disputeFact(dispute, telling), ...chargeMention(dispute.charge, dispute.payment_intent, telling)];
}

function disputeFact(dispute: Dispute, telling: Telling): DisputeFact {
  const due = dispute.evidence_details?.due_by ?? 0;
  return {
    kind: "dispute",
    reference: dispute.id,
    ...common(telling),
    ...stated({
      status: STATUSES.get(dispute.status),
      currency: dispute.currency,
      amount: dispute.amount,
      withdrawn: withdrawn(dispute, telling),
      reinstated: reinstated(dispute, telling),
      // 0 where the bank takes no answer.
      deadline: due > 0 ? due * 1000 : null,
    }),
    movesMoney: true,
    joins: [],
    links: refs("capture", dispute.charge),
  };
}

/** What was taken: the sum of the withdrawals, else all of it where the event's type says that something was. */
function withdrawn(dispute: Dispute, telling: Telling): bigint | null {
  const isTold =
    telling.type === "charge.dispute.funds_withdrawn" || telling.type === "charge.dispute.funds_reinstated";
  return moved(dispute, true) ?? (isTold && dispute.movements.length === 0 ? dispute.amount : null);
}

function reinstated(dispute: Dispute, telling: Telling): bigint | null {
  const isTold = telling.type === "charge.dispute.funds_reinstated";
  return moved(dispute, false) ?? (isTold && dispute.movements.length === 0 ? dispute.amount : null);
}

/**
 * The sum of the movements in one direction; null where none is told. A balance in another currency moves in that currency:
 * then the movement says that it happened, and the dispute says how much it is in the payment's own.
 */
function moved(dispute: Dispute, isWithdrawal: boolean): bigint | null {
  if (dispute.movements.length === 0) return null;
  const movements = dispute.movements.filter((movement) => movement.isWithdrawal === isWithdrawal);
  return movements.reduce((sum, movement) => (movement.amount === null ? dispute.amount : sum + movement.amount), 0n);
}

/** Stripe's fee for the dispute is not money of the payment. */
function isNoFee(movement: z.output<typeof movementSchema>): boolean {
  return movement.reporting_category !== "fee" && movement.type !== "stripe_fee" && movement.amount !== 0;
}
