import type {
  AuthorizationFact,
  CaptureFact,
  DisputeFact,
  InvoiceFact,
  Price,
  RefundFact,
  SubscriptionFact,
} from "../../payments/fact.ts";
import type { Money } from "../../payments/money.ts";

/** What PayPal's resources say, in one shape for v1 and v2. `null` means: not told. Times are ms since 1970 UTC. */

interface Resource {
  readonly id: string;
  /** `update_time`, else `create_time`. */
  readonly changedAt: number | null;
  readonly createdAt: number | null;
  readonly customId: string | null;
  readonly invoiceId: string | null;
  /** Lower case. */
  readonly receivers: readonly string[];
}

/** A v2 or v1 capture, or a v1 sale: where money is counted. Its id is the transaction id that IPN calls `txn_id`. */
export interface Capture extends Resource {
  readonly status: NonNullable<CaptureFact["status"]>;
  readonly money: Money;
  readonly fee: bigint | null;
  readonly net: bigint | null;
  readonly settlement: Money | null;
  readonly authorization: string | null;
  readonly subscription: string | null;
}

/** A refund, or what looks like one: PayPal tells reversals in the same shape. */
export interface Refund extends Resource {
  readonly status: NonNullable<RefundFact["status"]>;
  /** Positive. */
  readonly money: Money;
  readonly capture: string | null;
  /** All that was refunded of the capture by then; null where it is told in another currency, or not at all. */
  readonly refundedTotal: bigint | null;
}

export interface Authorization extends Resource {
  readonly status: NonNullable<AuthorizationFact["status"]>;
  readonly money: Money;
}

export interface OrderUnit {
  readonly referenceId: string | null;
  readonly money: Money | null;
  readonly customId: string | null;
  readonly invoiceId: string | null;
  readonly receivers: readonly string[];
  readonly captures: readonly Capture[];
  readonly authorizations: readonly Authorization[];
  readonly refunds: readonly Refund[];
}

export type OrderWord = "created" | "approved" | "completed" | "voided";

export interface Order {
  readonly id: string;
  readonly status: OrderWord;
  readonly changedAt: number | null;
  readonly units: readonly OrderUnit[];
  readonly buyer: { readonly id: string | null; readonly email: string | null; readonly name: string | null } | null;
}

export interface Dispute {
  readonly id: string;
  readonly status: NonNullable<DisputeFact["status"]>;
  readonly changedAt: number | null;
  readonly money: Money | null;
  readonly deadline: number | null;
  readonly captures: readonly string[];
  readonly receivers: readonly string[];
}

export interface Subscription {
  readonly id: string;
  readonly status: NonNullable<SubscriptionFact["status"]>;
  readonly changedAt: number | null;
  readonly periodEnd: number | null;
  readonly price: Price | null;
  /** How many payments failed in a row. */
  readonly failures: number | null;
  readonly retryAt: number | null;
  /** The notification is about a payment that failed. */
  readonly paymentFailed: boolean;
  readonly customId: string | null;
  readonly buyer: Order["buyer"];
}

export interface Invoice {
  readonly id: string;
  readonly status: NonNullable<InvoiceFact["status"]>;
  readonly captures: readonly string[];
}

/** One thing that PayPal told, by webhook or as the API's answer. */
export type Told =
  | { readonly kind: "capture"; readonly capture: Capture }
  | { readonly kind: "refund"; readonly refund: Refund }
  | { readonly kind: "reversal"; readonly reversal: Refund }
  | { readonly kind: "authorization"; readonly authorization: Authorization }
  | { readonly kind: "order"; readonly order: Order }
  | { readonly kind: "dispute"; readonly dispute: Dispute }
  | { readonly kind: "subscription"; readonly subscription: Subscription }
  | { readonly kind: "invoice"; readonly invoice: Invoice }
  /** Authentic, and nothing we keep. */
  | { readonly kind: "nothing" };

export interface PaypalPayload {
  /** The event's id, or the key of the API's answer. */
  readonly key: string;
  /** PayPal's name of the event; for answers `api.<kind>`. */
  readonly type: string;
  readonly live: boolean;
  /** The event's `create_time`, else its transmission time; the answer's Date. */
  readonly toldAt: number;
  /** Nothing can have happened later than this. */
  readonly receivedAt: number;
  readonly told: Told;
}
