import { type OrderWithGoods, type ShownGoods, shownGoods } from "../../outbox/order-goods.ts";
import type { Currency } from "../../payments/money.ts";
import type { OrderLine, OrderStatus, PaymentState } from "../../payments/state.ts";

/** How it stands, for whoever bought: what he did, what came of it, and whether he has to do something. */
export type BuyerStatus =
  | "waiting"
  | "action"
  | "processing"
  | "partly_paid"
  | "paid"
  | "partly_refunded"
  | "refunded"
  | "returned"
  | "failed"
  | "checking"
  | "canceled"
  | "expired";

/** All that the page may show: nothing of payments but sums, no address, no reason of ours. */
export interface BuyerView {
  readonly reference: string;
  readonly status: BuyerStatus;
  readonly live: boolean;
  readonly currency: Currency;
  /** Minor units. */
  readonly total: bigint;
  readonly paid: bigint;
  readonly refunded: bigint;
  readonly due: bigint;
  readonly lines: readonly OrderLine[];
  readonly orderedAt: Date;
  readonly paidAt: Date | null;
  readonly expiresAt: Date | null;
  readonly changedAt: Date;
  readonly returnUrl: string | null;
  readonly goods: ShownGoods;
}

/** Null for an order that nobody registered: anybody may name one. */
export function buyerView({ record, payments, goods }: OrderWithGoods, now: Date): BuyerView | null {
  const expectation = record?.state.expectation ?? null;
  if (record === null || expectation === null) return null;
  const { state } = record;
  const views = new Map(state.payments.map((view) => [view.id, view]));
  const counted = payments.filter(({ id }) => views.get(id)?.counts === true).map((payment) => payment.state);
  const held = payments.filter(({ id }) => isInQuestion(views.get(id)?.held ?? [])).map((payment) => payment.state);
  const status = statusOf(
    state.status,
    payments.map((payment) => payment.state),
    held.some(hasMoney),
  );
  return {
    reference: state.reference,
    status,
    live: expectation.live,
    currency: expectation.currency,
    total: expectation.total,
    paid: state.paid,
    refunded: state.refunded,
    due: state.due,
    lines: expectation.lines,
    orderedAt: record.createdAt,
    paidAt: earliest(counted.map(({ ever }) => ever.paidAt)),
    expiresAt: state.status === "open" && expectation.expiresAt !== null ? new Date(expectation.expiresAt) : null,
    changedAt: record.updatedAt,
    returnUrl: expectation.returnUrl,
    goods: shownGoods(state, goods, now),
  };
}

/** What a person has refused is in question no more: what becomes of it is between the shop and the buyer. */
function isInQuestion(held: readonly string[]): boolean {
  return held.length > 0 && !held.includes("rejected");
}

function hasMoney({ captured, refunded, chargedBack }: PaymentState): boolean {
  return captured > refunded + chargedBack;
}

function statusOf(status: OrderStatus, payments: readonly PaymentState[], isHeld: boolean): BuyerStatus {
  switch (status) {
    case "open":
      return isHeld ? "checking" : attemptOf(payments);
    case "partially_paid":
      return isHeld ? "checking" : "partly_paid";
    case "canceled":
    case "expired":
      return isHeld ? "checking" : status;
    case "paid":
    case "overpaid":
      return "paid";
    case "partially_refunded":
      return "partly_refunded";
    case "refunded":
      return "refunded";
    case "charged_back":
      return "returned";
    case "disputed":
    case "unregistered":
      return "checking";
  }
}

/** While nothing is paid the newest attempt speaks, where it says something. */
function attemptOf(payments: readonly PaymentState[]): BuyerStatus {
  const newest = payments
    .filter(({ captured }) => captured === 0n)
    .reduce<PaymentState | null>((last, one) => (last !== null && last.updatedAt > one.updatedAt ? last : one), null);
  switch (newest?.status) {
    case "pending":
    case "authorized":
      return "processing";
    case "requires_action":
      return "action";
    case "failed":
      return "failed";
    default:
      return "waiting";
  }
}

function earliest(times: readonly (number | null)[]): Date | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : new Date(Math.min(...known));
}
