import { atLeastZero, compareText, sum } from "./arithmetic.ts";
import { type Judged, judgePayments } from "./hold.ts";
import { orderMilestones } from "./order-milestone.ts";
import type { NamedPayment, OrderContext, OrderState, OrderStatus, PaymentState, StoredDecision } from "./state.ts";
import { closingOf, termsOf } from "./term.ts";

/**
 * What an order's payments come to: a pure function of the decisions about it and of the payments that name it, in any
 * order. Until it is registered nothing counts for it.
 */
export function foldOrder(
  reference: string,
  decisions: readonly StoredDecision[],
  payments: readonly NamedPayment[],
  context: OrderContext,
): OrderState {
  const decided = inSequence(decisions);
  const terms = termsOf(decided);
  const expectation = terms.at(-1)?.expectation ?? null;
  const version = decided.filter(({ kind }) => kind !== "accepted" && kind !== "rejected").length;
  if (expectation === null) return unregistered(reference, version);

  const judged = judgePayments({ decided, terms, payments, context });
  const counted = judged.filter(({ counts, isPeriod }) => counts && !isPeriod).map(({ payment }) => payment.state);
  const sums = sumsOf(counted);
  const closed = closedAs(decided, judged, sums.paid < expectation.total);
  const status = closed ?? statusOf(sums, expectation.total, counted);
  return {
    reference,
    status,
    expectation,
    ...sums,
    due: closed === null ? atLeastZero(expectation.total - sums.paid) : 0n,
    fulfillable: isCovered(status, sums) && counted.every(isUndoubted),
    payments: judged
      .map(({ payment, counts, held }) => ({ id: payment.id, counts, held }))
      .sort((left, right) => compareText(left.id, right.id)),
    milestones: orderMilestones(reference, decided, terms, judged),
    version,
  };
}

function inSequence(decisions: readonly StoredDecision[]): readonly StoredDecision[] {
  const unique = new Map(decisions.map((decision) => [decision.sequence, decision]));
  return [...unique.values()].sort((left, right) => left.sequence - right.sequence);
}

function unregistered(reference: string, version: number): OrderState {
  return {
    reference,
    status: "unregistered",
    expectation: null,
    paid: 0n,
    refunded: 0n,
    lost: 0n,
    due: 0n,
    fulfillable: false,
    payments: [],
    milestones: [],
    version,
  };
}

type Sums = Pick<OrderState, "paid" | "refunded" | "lost">;

function sumsOf(counted: readonly PaymentState[]): Sums {
  return {
    paid: sum(counted.map(({ captured }) => captured)),
    refunded: sum(counted.map(({ refunded }) => refunded)),
    lost: sum(counted.map(({ chargedBack }) => chargedBack)),
  };
}

/**
 * A canceled order is canceled whatever was paid for it before. The deadline only closes an order that was not paid in time.
 * Money that was let in after the closing (accepted by a person, or recorded by hand) opens it again.
 */
function closedAs(
  decided: readonly StoredDecision[],
  judged: readonly Judged[],
  isUnpaid: boolean,
): "canceled" | "expired" | null {
  const closing = closingOf(decided);
  if (closing === null || judged.some(({ reopens }) => reopens)) return null;
  return closing.kind === "canceled" || isUnpaid ? closing.kind : null;
}

function statusOf({ paid, refunded, lost }: Sums, total: bigint, counted: readonly PaymentState[]): OrderStatus {
  if (counted.some(({ status }) => status === "disputed")) return "disputed";
  const net = paid - refunded - lost;
  if (paid < total) return net > 0n ? "partially_paid" : "open";
  if (net > total) return "overpaid";
  if (net === total) return "paid";
  if (net > 0n) return "partially_refunded";
  return counted.some(({ status }) => status === "charged_back") ? "charged_back" : "refunded";
}

/** A part given back (an item taken out, a discount granted later) leaves the rest to be delivered; a part lost does not. */
function isCovered(status: OrderStatus, { lost }: Sums): boolean {
  return status === "paid" || status === "overpaid" || (status === "partially_refunded" && lost === 0n);
}

/** Nothing about the payment is open: shipping is safe as far as anyone has told. */
function isUndoubted({ inReview, status, disputed }: PaymentState): boolean {
  return !inReview && status !== "disputed" && disputed === 0n;
}
