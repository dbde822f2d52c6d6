import type { SubscriptionState } from "../../payments/subscription.ts";
import { decodeSubscriptionState, encodeSubscriptionState } from "../../payments/wire.ts";
import type { RawInteger } from "../columns.ts";
import type { EffectRows, SubscriptionRecord } from "../effect-rows.ts";
import { joinList } from "../records.ts";
import { type Upsert, upsert, type WriteContext } from "../upsert.ts";

export interface SubscriptionRow {
  readonly id: string;
  readonly sequence: RawInteger;
  readonly state: string;
}

export function readSubscription({ id, sequence, state }: SubscriptionRow): SubscriptionRecord {
  return { id, sequence: Number(sequence), state: decodeSubscriptionState(state) };
}

const SUBSCRIPTIONS: Upsert = {
  table: "subscriptions",
  columns: {
    ...{ id: "text", provider: "text", account: "text", live: "boolean", gateways: "text", reference: "text" },
    ...{ status: "text", order: "text", sequence: "integer", created_at: "time", changed_at: "time", ends_at: "time" },
    state: "document",
  },
  key: ["id"],
  over: [
    ...["provider", "account", "live", "gateways", "reference", "status", "order", "sequence"],
    ...["created_at", "changed_at", "ends_at", "state"],
  ],
};

export function writeSubscriptions(context: WriteContext, subscriptions: EffectRows["subscriptions"]): Promise<void> {
  const rows = subscriptions.map(({ id, state, sequence }) => ({
    id,
    ...state.scope,
    gateways: joinList(state.gateways),
    reference: state.reference,
    status: state.status,
    order: state.orders[0] ?? null,
    sequence,
    created_at: new Date(state.createdAt),
    changed_at: context.now,
    ends_at: endOf(state),
    state: encodeSubscriptionState(state),
  }));
  return upsert(context, SUBSCRIPTIONS, rows);
}

/** Kept only while it may pass, so that its index holds what can end and nothing else. */
function endOf({ status, periodEnd }: SubscriptionState): Date | null {
  return status === "canceled" && periodEnd !== null ? new Date(periodEnd) : null;
}
