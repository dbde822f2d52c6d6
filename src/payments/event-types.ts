import type { EventType } from "./state.ts";

/** Every type that is told: a new one is missing here until it is named. */
const TYPES: Readonly<Record<EventType, true>> = {
  ...{ "payment.paid": true, "payment.refunded": true, "payment.refund_failed": true, "payment.disputed": true },
  ...{ "payment.dispute_won": true, "payment.dispute_lost": true, "payment.pending": true },
  ...{ "payment.requires_action": true, "payment.authorized": true, "payment.failed": true },
  ...{
    "payment.canceled": true,
    "payment.expired": true,
    "payment.flagged": true,
    "order.paid": true,
    "order.refunded": true,
  },
  ...{ "order.reopened": true, "order.disputed": true, "order.charged_back": true, "order.canceled": true },
  ...{ "order.partially_paid": true, "order.overpaid": true, "order.held": true },
  ...{ "order.goods_ready": true, "download.renewed": true },
  ...{ "license.exhausted": true, "license.revoked": true, "license.restored": true },
  ...{ "notification.quarantined": true, "endpoint.disabled": true, "stock.low": true, "customer.created": true },
  ...{ "subscription.started": true, "subscription.renewed": true, "subscription.canceled": true },
  ...{ "subscription.ended": true, "subscription.trialing": true, "subscription.active": true },
  ...{ "subscription.past_due": true, "subscription.payment_failed": true, "subscription.paused": true },
};

const EVENT_TYPES: ReadonlySet<string> = new Set(Object.keys(TYPES));
const FAMILIES: ReadonlySet<string> = new Set([...EVENT_TYPES].map((type) => `${type.slice(0, type.indexOf("."))}.*`));

/** A type by its name, `payment.*` for all of a kind, or `*`. */
export function isEventPattern(text: string): boolean {
  return text === "*" || EVENT_TYPES.has(text) || FAMILIES.has(text);
}
