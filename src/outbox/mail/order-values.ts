import type { OrderState, PaymentState } from "../../payments/state.ts";
import { type Standing, skip, type Telling, type Values } from "./message.ts";
import { greeted, oneLine, type Words } from "./words.ts";

/** What the buyer's messages have in common: the order as the buyer knows it, and nothing of the payment's inner life. */

export interface BuyerSubject {
  readonly order: OrderState;
  /** Null where the message is about the order alone. */
  readonly payment: PaymentState | null;
  readonly url: string | null;
}

export function buyerValues(subject: BuyerSubject, words: Words): Values {
  const { order, payment, url } = subject;
  const { expectation } = order;
  if (expectation === null) throw new Error("a mail to the buyer is about a registered order");
  const money = (amount: bigint) => words.money(amount, expectation.currency);
  return {
    test: !expectation.live || payment?.scope.live === false,
    customer: { name: greeted(expectation.customer?.name ?? null) },
    order: {
      reference: oneLine(order.reference),
      total: money(expectation.total),
      paid: money(order.paid),
      refunded: order.refunded > 0n ? money(order.refunded) : null,
      due: order.due > 0n ? money(order.due) : null,
      url,
      hasLines: expectation.lines.length > 0,
      lines: expectation.lines.slice(0, MAX_LINES).map(({ name, quantity, amount }) => ({
        name: oneLine(name),
        quantity: String(quantity),
        amount: money(amount),
      })),
      more: expectation.lines.length > MAX_LINES ? String(expectation.lines.length - MAX_LINES) : null,
    },
  };
}

/** A mail is no invoice: beyond this the rest is only counted. */
const MAX_LINES = 50;

type Skipped = Extract<Telling, { kind: "skip" }>;

/** The event's payment as it is now, where it counts for its registered order; else why nothing is said of it. */
export async function countedPayment({
  event,
  read,
  order,
}: Standing): Promise<
  Skipped | { readonly kind: "found"; readonly order: OrderState; readonly payment: PaymentState }
> {
  const payment = event.payment === null ? null : await read.payment(event.payment);
  if (!order?.record || payment === null) return skip("order_not_registered");
  const view = order.record.state.payments.find(({ id }) => id === payment.id);
  if (view === undefined) return skip("no_longer_true");
  if (!view.counts) return skip("payment_held");
  return { kind: "found", order: order.record.state, payment: payment.state };
}

/** Money is still expected: nothing came, or not all, and the order is open. */
export function isUnpaid({ status }: OrderState): boolean {
  return status === "open" || status === "partially_paid";
}
