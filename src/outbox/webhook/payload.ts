import type { EventView } from "../../store/store.ts";

/**
 * What an endpoint is sent: `{ type, timestamp, data }` as Standard Webhooks has it. `data` holds the event's id and
 * `sequence`, the snapshot that was frozen when it was committed, and where the API has more. The same bytes each time.
 */
export function payloadOf(event: EventView, publicUrl: string): string {
  const { id, type, sequence, live, at, snapshot } = event;
  // Proven: our own events are JSON objects.
  const frozen = JSON.parse(snapshot) as Readonly<Record<string, unknown>>;
  return JSON.stringify({
    type,
    timestamp: at.toISOString(),
    data: { id, sequence, live, ...frozen, links: linksOf(event, frozen.subscription, publicUrl) },
  });
}

function linksOf(
  { order, payment }: EventView,
  subscription: unknown,
  publicUrl: string,
): Readonly<Record<string, string>> {
  const self = typeof subscription === "object" && subscription !== null ? Reflect.get(subscription, "id") : null;
  return {
    ...(typeof self === "string" && { subscription: `${publicUrl}/v1/subscriptions/${self}` }),
    ...(order === null ? {} : { order: `${publicUrl}/v1/orders/${encodeURIComponent(order)}` }),
    ...(payment === null ? {} : { payment: `${publicUrl}/v1/payments/${payment}` }),
  };
}
