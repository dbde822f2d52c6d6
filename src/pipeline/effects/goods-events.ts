import { createHash } from "node:crypto";
import { frozenOrderOfPayment } from "../../payments/frozen.ts";
import type { GivenLicense } from "../../payments/goods.ts";
import type { Json } from "../../payments/snapshot.ts";
import type { EventType } from "../../payments/state.ts";
import type { LicenseWait, Pool } from "../../store/goods.ts";
import type { NewEvent } from "../../store/store.ts";
import { type FoldedOrder, hasChanged } from "../fold-orders.ts";
import { newId } from "../ids.ts";

/** What is told of goods. Keys are shown within bounds: what is sent to others stays below 20 kB. */

const MOST_KEYS_BYTES = 4_000;

/** Whether this transaction tells that the order is paid: then that tells of its goods as well. */
export function isPaidToldNow({ events }: FoldedOrder): boolean {
  return events.some(({ type }) => type === "order.paid");
}

/** Goods that came when the order had been told as paid already. `what` tells them from others of the same order. */
export function goodsReady(
  order: FoldedOrder,
  what: string,
  now: Date,
  goods: Readonly<Record<string, Json>> = {},
): NewEvent {
  const key = `order.goods_ready:${order.reference}:${shortened(what)}`;
  return orderEvent(order, { type: "order.goods_ready", key, now, goods });
}

/** A change of keys that follows from one of the order. */
export function licensesChanged(
  order: FoldedOrder,
  type: Extract<EventType, "license.revoked" | "license.restored">,
  licenses: readonly ShownLicense[],
  now: Date,
): NewEvent {
  const goods = shownLicenses(licenses);
  return orderEvent(order, { type, key: `${type}:${order.reference}:${sequenceOf(order)}`, now, goods });
}

/** Told once until keys are loaded again. */
export function poolExhausted(
  pool: Pool & { readonly loads: number },
  wait: Omit<LicenseWait, "seq">,
  now: Date,
): NewEvent {
  const { order, sku, missing } = wait;
  const type = "license.exhausted" satisfies EventType;
  return {
    id: newId("evt", now),
    type,
    key: `${type}:${pool.live ? "live" : "test"}:${pool.loads}:${pool.pool}`,
    payment: null,
    order: null,
    sequence: 1,
    live: pool.live,
    snapshot: JSON.stringify({ pool: { name: pool.pool, live: pool.live }, order, sku, missing }),
  };
}

export interface ShownLicense extends Pick<GivenLicense, "pool" | "sku" | "unit"> {
  readonly key: string;
}

/** As many as there is room for, and how many are left out. */
export function shownLicenses(licenses: readonly ShownLicense[]) {
  let bytes = 0;
  const shown = licenses.filter(({ key, sku, pool }) => {
    bytes += Buffer.byteLength(key + sku + pool) + 60;
    return bytes <= MOST_KEYS_BYTES;
  });
  return {
    licenses: shown.map(({ pool, sku, unit, key }) => ({ pool, sku, unit, key })),
    licensesOmitted: licenses.length - shown.length,
  };
}

function orderEvent(
  order: FoldedOrder,
  event: {
    readonly type: EventType;
    readonly key: string;
    readonly now: Date;
    readonly goods: Readonly<Record<string, Json>>;
  },
): NewEvent {
  return {
    id: newId("evt", event.now),
    type: event.type,
    key: event.key,
    payment: null,
    order: order.reference,
    sequence: sequenceOf(order),
    live: order.state.expectation?.live ?? null,
    snapshot: JSON.stringify({ order: { ...frozenOrderOfPayment(order), ...event.goods } }),
  };
}

/** An order that is folded only to be given what it waits for has not changed, and keeps its number. */
function sequenceOf(order: FoldedOrder): number {
  return hasChanged(order) ? order.sequence : Math.max(1, order.sequence - 1);
}

/** An event's key is bounded as everything in an index is. */
function shortened(text: string): string {
  return text.length <= 100 ? text : createHash("sha256").update(text).digest("hex");
}
