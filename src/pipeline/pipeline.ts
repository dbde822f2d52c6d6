import type { Channel, ForgedReason, RawNotification, Reply } from "../gateways/gateway.ts";
import type { Expectation } from "../payments/state.ts";
import type { Pool } from "../store/goods.ts";
import type { PaymentView } from "../store/reading.ts";
import type { LoadedOrder, OrderRecord } from "../store/store.ts";

/** What the HTTP edge asks of the pipeline. */

export type ReceiveAnswer =
  /** Committed to disk, or known as a duplicate of what is. */
  | { readonly kind: "stored"; readonly input: string; readonly duplicate: boolean; readonly reply: Reply }
  | { readonly kind: "forged"; readonly reason: ForgedReason }
  | {
      readonly kind: "unavailable";
      readonly reason:
        | "verifier_unreachable"
        | "queue_full"
        | "unproven_quota"
        | "store_unavailable"
        | "stopping"
        | "too_slow";
      readonly retryAfterSeconds: number;
    };

export interface Receiver {
  /** `source` is the sender's address, for the bounds on unproven notifications. Resolves within 4 s whatever happens. */
  receive(channel: Channel, raw: RawNotification, source: string): Promise<ReceiveAnswer>;
}

/** An order with something known of it, and the payments that name it: see `LoadedOrder`. */
export type KnownOrder = LoadedOrder & { readonly record: OrderRecord };

/** Every answer of the orders' commands. `reason` is the API's error word. */
export type CommandAnswer<Value> =
  | { readonly kind: "done"; readonly created: boolean; readonly value: Value }
  | {
      readonly kind: "refused";
      readonly reason:
        | "not_found"
        | "already_registered"
        | "version_mismatch"
        | "order_closed"
        | "payment_not_held"
        | "currency_mismatch"
        | "already_recorded"
        | "already_loaded"
        | "not_paid";
      readonly message: string;
    };

/** Money from outside any gateway: bank transfer, cash, a correction. Who and why are required. */
export interface OutsidePayment {
  /** The merchant's own id of it: the same again is the same payment. */
  readonly reference: string;
  readonly method: "bank_transfer" | "cash" | "correction";
  readonly currency: string;
  /** Minor units; negative only for a correction (money that was given back outside). */
  readonly amount: bigint;
  readonly at: Date;
  readonly by: string;
  readonly reason: string;
}

export interface Commands {
  /** The same again is done with `created: false`; a different one is refused `already_registered`. */
  register(reference: string, expectation: Expectation): Promise<CommandAnswer<KnownOrder>>;
  /** `version` must be the order's own (its number of decisions about what is expected). */
  change(
    reference: string,
    change: { readonly version: number; readonly expectation: Partial<Expectation> },
  ): Promise<CommandAnswer<KnownOrder>>;
  cancel(reference: string, reason: string | null): Promise<CommandAnswer<KnownOrder>>;
  recordPayment(reference: string, payment: OutsidePayment): Promise<CommandAnswer<KnownOrder>>;
  /** For a held payment: let it count for the order it names, or refuse it for good. */
  decide(
    payment: string,
    decision: {
      readonly kind: "accepted" | "rejected";
      readonly by: string;
      readonly reason: string;
      readonly order: string | null;
    },
  ): Promise<CommandAnswer<PaymentView>>;
}

/** What an order's downloads are renewed with; null: as its lines say, from now on. */
export interface Renewal {
  readonly by: string;
  readonly reason: string | null;
  /** Absent for all of the order's downloads. */
  readonly sku: string | null;
  readonly expiresAt: Date | null;
  readonly limit: number | null;
}

/** Goods that are handed out: keys come in, links are renewed. */
export interface GoodsCommands {
  /** All of them or none. The very same list again is done with `created: false`; a key that is known is refused `already_loaded`. */
  loadLicenses(pool: Pool, keys: readonly string[]): Promise<CommandAnswer<{ readonly loaded: number }>>;
  /** Refused `not_paid` where nothing was granted, or it was taken back. */
  renewDownloads(reference: string, renewal: Renewal): Promise<CommandAnswer<null>>;
}
