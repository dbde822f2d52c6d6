import type { Buyer, ObjectRef, OrderClaim } from "../../payments/fact.ts";
import { presentable, stated } from "./fields.ts";

/** The event within which objects are told: what all of its facts have in common. */
export interface Telling {
  readonly type: string;
  /** The event's `created`, ms since 1970 UTC, not after its receipt. Stripe's clock ticks in seconds. */
  readonly at: number;
  /** The API version the payload was rendered in, e.g. `2025-03-31.basil`; null where Stripe doesn't say. */
  readonly version: string | null;
  /** The connected account, or null for our own. */
  readonly merchant: string | null;
  /** The fields that may carry the merchant's order reference, first match first. */
  readonly orderFields: readonly string[];
}

/** What an object says besides its own matter. */
export interface Aside {
  /** The whole object as sent, for the fields that may carry an order reference. */
  readonly object?: Readonly<Record<string, unknown>>;
  /** Further metadata that belongs to it, after its own. */
  readonly metadata?: readonly unknown[];
  readonly buyer?: { readonly [Key in keyof Buyer]: string | null };
}

/** The attributes every fact of the event has. */
export function common(telling: Telling, aside: Aside = {}) {
  const orders = aside.object ? readOrders(aside.object, aside.metadata ?? [], telling.orderFields) : [];
  const buyer = aside.buyer ? stated(aside.buyer) : {};
  return {
    at: telling.at,
    ...stated({
      merchant: telling.merchant,
      orders: orders.length > 0 ? orders : null,
      buyer: Object.keys(buyer).length > 0 ? buyer : null,
    }),
  };
}

/** A reference to an object of `kind`, as a list: empty where there is none. */
export function refs<Kind extends ObjectRef["kind"]>(kind: Kind, id: string | null): readonly ObjectRef<Kind>[] {
  return id === null ? [] : [{ kind, reference: id }];
}

/** Before `version` (a date) the API did otherwise. Endpoints without a version have the account's, which is taken for new. */
export function isBefore(telling: Telling, version: string): boolean {
  return telling.version !== null && telling.version.slice(0, 10) < version;
}

/**
 * The order references found in the listed fields: `metadata.<key>` (the object's own first), or a field of the object
 * such as `client_reference_id`. Only own, listed fields are read; blank or overlong values are absent.
 */
function readOrders(
  object: Readonly<Record<string, unknown>>,
  metadata: readonly unknown[],
  fields: readonly string[],
): readonly OrderClaim[] {
  return fields.flatMap((field, rank) => {
    const [sources, key] = field.startsWith("metadata.")
      ? [[own(object, "metadata"), ...metadata], field.slice("metadata.".length)]
      : [[object], field];
    for (const source of sources) {
      const value = own(source, key);
      const order = typeof value === "string" ? presentable(value, 200) : null;
      if (order !== null) return [{ rank, value: order }];
    }
    return [];
  });
}

function own(object: unknown, key: string): unknown {
  if (typeof object !== "object" || object === null || !Object.hasOwn(object, key)) return undefined;
  return Reflect.get(object, key);
}
