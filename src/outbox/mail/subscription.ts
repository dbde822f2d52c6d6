import * as z from "zod";
import type { OrderState } from "../../payments/state.ts";
import type { SubscriptionRecord } from "../../store/store.ts";
import { type Standing, skip, type Telling } from "./message.ts";

type Skipped = Extract<Telling, { kind: "skip" }>;

/** The event's subscription as it is now, and the registered order that it names; else why nothing is said of it. */
export async function subscriptionOf({
  event,
  read,
  order,
}: Standing): Promise<
  Skipped | { readonly kind: "found"; readonly order: OrderState; readonly subscription: SubscriptionRecord }
> {
  const subscription = await read.subscription(snapshot.parse(JSON.parse(event.snapshot)).subscription.id);
  if (!order?.record?.state.expectation) return skip("order_not_registered");
  if (subscription === null || subscription.state.orders[0] !== order.reference) return skip("no_longer_true");
  return { kind: "found", order: order.record.state, subscription };
}

const snapshot = z.object({ subscription: z.object({ id: z.string() }) });
