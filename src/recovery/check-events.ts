import type { AuditedEvent, AuditView } from "../store/audit.ts";
import { isOfSubscription } from "./check-subscriptions.ts";
import type { Report } from "./finding.ts";

/** A page of the outbox: every event is about something that exists. What it may say is checked with its payment or order. */
export async function checkEvents(view: AuditView, events: readonly AuditedEvent[], report: Report): Promise<void> {
  const payments = await view.knownPayments(events.flatMap(({ payment }) => payment ?? []));
  const orders = await view.knownOrders(events.flatMap(({ order }) => order ?? []));
  const quarantined = new Map(events.flatMap((event) => (isQuarantine(event) ? [[event.id, inputOf(event)]] : [])));
  const inputs = new Set((await view.inputsById([...quarantined.values()])).map(({ id }) => id));
  for (const event of events) {
    const { id, payment, order } = event;
    if (payment !== null && !payments.has(payment))
      report("event_subject", id, `it is about ${payment}, which is not there`, id);
    if (order !== null && !orders.has(order))
      report("event_subject", id, `it names order ${order}, which is not there`, id);
    const input = quarantined.get(id);
    if (input !== undefined && !inputs.has(input))
      report("event_subject", id, `it is about ${input}, which is not there`, id);
    if (input === undefined && payment === null && order === null && !isOfItsOwn(event))
      report("event_subject", id, "it is about nothing", id);
  }
}

/** About something that is neither payment nor order, named by its key. */
function isOfItsOwn(event: AuditedEvent): boolean {
  const { type, key } = event;
  if (isOfSubscription(event)) return true;
  if (type === "customer.created") return /^customer\.created:cus_[0-9a-z]+$/.test(key);
  if (type === "license.exhausted") return /^license\.exhausted:(live|test):\d+:./.test(key);
  return type === "stock.low" && /^stock\.low:(live|test)\/.+:\d+$/s.test(key);
}

function isQuarantine({ type }: AuditedEvent): boolean {
  return type === "notification.quarantined";
}

function inputOf({ key }: AuditedEvent): string {
  return key.slice("notification.quarantined:".length);
}
