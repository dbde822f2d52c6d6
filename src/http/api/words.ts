import type { OrderStatus, PaymentStatus } from "../../payments/state.ts";
import type { SubscriptionStatus } from "../../payments/subscription.ts";
import type { InputState } from "../../store/store.ts";

/** The words that filters understand: our own in any case, and those of PayPal and of older shops as aliases. */

const PAYMENT_STATUSES: readonly PaymentStatus[] = [
  "pending",
  "requires_action",
  "authorized",
  "paid",
  "partially_refunded",
  "refunded",
  "disputed",
  "charged_back",
  "failed",
  "canceled",
  "expired",
];

const ORDER_STATUSES: readonly OrderStatus[] = [
  "unregistered",
  "open",
  "partially_paid",
  "paid",
  "overpaid",
  "partially_refunded",
  "refunded",
  "disputed",
  "charged_back",
  "canceled",
  "expired",
];

const SUBSCRIPTION_STATUSES: readonly SubscriptionStatus[] = [
  "pending",
  "trialing",
  "active",
  "past_due",
  "paused",
  "canceled",
  "ended",
];

/** PayPal's words. */
const SUBSCRIPTION_ALIASES: ReadonlyMap<string, readonly SubscriptionStatus[]> = new Map([
  ["approval_pending", ["pending"]],
  ["suspended", ["paused"]],
  ["cancelled", ["canceled"]],
  ["expired", ["ended"]],
]);

const INPUT_STATES: readonly InputState[] = [
  "received",
  "unproven",
  "unconfirmed",
  "parked",
  "applied",
  "stale",
  "ignored",
  "quarantined",
  "rejected",
];

/** PayPal's and JFW's names. A reversal is either, until its case is closed. */
const PAYMENT_ALIASES: ReadonlyMap<string, readonly PaymentStatus[]> = new Map([
  ["created", ["pending"]],
  ["completed", ["paid"]],
  ["processed", ["paid"]],
  ["canceled_reversal", ["paid"]],
  ["denied", ["failed"]],
  ["voided", ["canceled"]],
  ["deleted", ["canceled"]],
  ["reversed", ["disputed", "charged_back"]],
  ["reserved", ["disputed", "charged_back"]],
]);

const ORDER_ALIASES: ReadonlyMap<string, readonly OrderStatus[]> = new Map([
  ["created", ["open"]],
  ["pending", ["open"]],
  ["completed", ["paid"]],
  ["processed", ["paid"]],
  ["canceled_reversal", ["paid"]],
  ["voided", ["canceled"]],
  ["deleted", ["canceled"]],
  ["reversed", ["disputed", "charged_back"]],
  ["reserved", ["disputed", "charged_back"]],
]);

export const readPaymentStatuses = reader(PAYMENT_STATUSES, PAYMENT_ALIASES);
export const readOrderStatuses = reader(ORDER_STATUSES, ORDER_ALIASES);
export const readSubscriptionStatuses = reader(SUBSCRIPTION_STATUSES, SUBSCRIPTION_ALIASES);
export const readInputStates = reader(INPUT_STATES, new Map<string, readonly InputState[]>());

/** `Paid,Reversed` → paid, disputed, charged_back; null when one of the words is not known. */
export function reader<Word extends string>(
  words: readonly Word[],
  aliases: ReadonlyMap<string, readonly Word[]>,
): (text: string) => readonly Word[] | null {
  const known = new Map<string, readonly Word[]>([...words.map((word) => [word, [word]] as const), ...aliases]);
  return (text) => {
    const found = new Set<Word>();
    for (const part of text.split(",")) {
      // toLowerCase knows no locale: a Turkish I changes nothing here.
      const meant = known.get(part.trim().toLowerCase());
      if (!meant) return null;
      for (const word of meant) found.add(word);
    }
    return [...found];
  };
}
