import type { Buyer, GroupKind, ObjectRef, PaymentKind, Scope } from "./fact.ts";
import type { Currency } from "./money.ts";

/** The shapes that the folds return: what is known, computed from facts and decisions alone. */

export type PaymentStatus =
  | "pending"
  | "requires_action"
  | "authorized"
  | "paid"
  | "partially_refunded"
  | "refunded"
  | "disputed"
  | "charged_back"
  | "failed"
  | "canceled"
  | "expired";

/** Things a person should look at; they change no money. Told only if they still stand after an hour. */
export type PaymentFlag = "refund_exceeds_capture" | "currencies_differ" | "early_fraud_warning" | "unexplained";

/** A truth that is told once, whenever it first becomes true. The key is made of the provider's ids, or the order's. */
export interface Milestone {
  readonly type: EventType;
  /** `<type>:<provider>/<account>/<mode>/<object>` or `<type>:<order>`; unique among all events. */
  readonly key: string;
}

export type EventType =
  | "payment.paid"
  | "payment.refunded"
  | "payment.refund_failed"
  | "payment.disputed"
  | "payment.dispute_won"
  | "payment.dispute_lost"
  | "payment.pending"
  | "payment.requires_action"
  | "payment.authorized"
  | "payment.failed"
  | "payment.canceled"
  | "payment.expired"
  | "payment.flagged"
  | "order.paid"
  | "order.refunded"
  | "order.reopened"
  | "order.disputed"
  | "order.charged_back"
  | "order.canceled"
  | "order.partially_paid"
  | "order.overpaid"
  | "order.held"
  | "customer.created"
  | "stock.low"
  | "order.goods_ready"
  | "license.exhausted"
  | "license.revoked"
  | "license.restored"
  | "download.renewed"
  | "subscription.started"
  | "subscription.renewed"
  | "subscription.canceled"
  | "subscription.ended"
  | "subscription.trialing"
  | "subscription.active"
  | "subscription.past_due"
  | "subscription.payment_failed"
  | "subscription.paused"
  | "notification.quarantined"
  | "endpoint.disabled";

/** All that is known about one buyer paying once at one provider. A pure function of the payment's facts and its groups. */
export interface PaymentState {
  readonly scope: Scope;
  /** The objects it is made of, sorted by kind and reference. */
  readonly objects: readonly ObjectRef<PaymentKind>[];
  /** The reference a person would look for: the intent's, else the capture's, else the first. */
  readonly reference: string;
  readonly groups: readonly ObjectRef<GroupKind>[];
  /** The subscription it pays a period of, or null for a one-time payment. */
  readonly subscription: string | null;
  readonly status: PaymentStatus;
  /** Null while nothing that was told names one. */
  readonly currency: Currency | null;
  /** All in minor units of `currency`. `captured` is gross: refunds and losses are not subtracted from it. */
  readonly authorized: bigint;
  readonly captured: bigint;
  readonly refunded: bigint;
  /** Lost for good: reversals and disputes decided against the merchant. */
  readonly chargedBack: bigint;
  /** Taken or threatened while a case or a reversal is open. */
  readonly disputed: bigint;
  /** Null where no channel told it. */
  readonly fee: bigint | null;
  readonly net: bigint | null;
  readonly settlement: { readonly amount: bigint; readonly currency: Currency } | null;
  readonly buyer: Buyer | null;
  /** The order references it carries, in the order of the account's fields, without repetition; at most 8. */
  readonly orders: readonly string[];
  readonly receivers: readonly string[];
  readonly merchant: string | null;
  readonly inReview: boolean;
  readonly flags: readonly PaymentFlag[];
  /** Every milestone that its facts bear out, also where later facts undid it: grows with the facts, never shrinks. */
  readonly milestones: readonly Milestone[];
  readonly ever: PaymentHistory;
  /** Times of the first fact about its objects and of the newest about them or their groups, ms since 1970 UTC. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What once was, whatever became of it: the ground of an order's milestones. Minor units of the payment's currency. */
export interface PaymentHistory {
  /** The provider's time of the first money, ms since 1970 UTC; null while none was captured. */
  readonly paidAt: number | null;
  readonly captured: bigint;
  readonly refunded: bigint;
  readonly lost: bigint;
  /** Captures that had succeeded and failed later, smallest first. */
  readonly lapsed: readonly { readonly amount: bigint }[];
}

/** Why a payment does not count for the order it names. */
export type HoldReason =
  | "amount_mismatch"
  | "currency_mismatch"
  | "wrong_receiver"
  | "wrong_merchant"
  | "wrong_mode"
  | "unknown_order"
  | "ambiguous_order"
  | "order_canceled"
  | "order_expired"
  | "rejected";

export type OrderStatus =
  | "unregistered"
  | "open"
  | "partially_paid"
  | "paid"
  | "overpaid"
  | "partially_refunded"
  | "refunded"
  | "disputed"
  | "charged_back"
  | "canceled"
  | "expired";

export interface OrderLine {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  /** Of the whole line, tax included, minor units of the order's currency. */
  readonly amount: bigint;
  /** A percentage as `readTaxRate` returned it; null where the merchant told none. */
  readonly taxRate: string | null;
  /** The tax included in `amount`, minor units; null where neither it nor a rate was told. */
  readonly tax: bigint | null;
  /** What the buyer may download once it is paid; absent where there is nothing. Such a line has a SKU of its own. */
  readonly download?: Download;
  /** The pool of which each unit is given a license key; absent where none is. Such a line has a SKU of its own. */
  readonly license?: string;
}

/** Either a file of ours or an address of the merchant's. */
export interface Download {
  /** Relative to the downloads' folder, its parts parted by `/`; null where `url` is told. */
  readonly file: string | null;
  /** An https address that the buyer is sent on to; null where `file` is told. */
  readonly url: string | null;
  /** What the buyer reads, and what the file is saved as. */
  readonly name: string;
  /** How long the link holds from the moment it is given. */
  readonly days: number;
  /** How often it may be downloaded. */
  readonly limit: number;
}

/** The buyer as the merchant knows them: personal data. */
export interface Customer {
  readonly email: string | null;
  readonly name: string | null;
  /** A BCP 47 tag in its canonical form. */
  readonly locale: string | null;
  readonly company: string | null;
  /** Lines of a postal address, without the name; empty where none was told. */
  readonly address: readonly string[];
  readonly taxId: string | null;
}

/** What the merchant expects to be paid for, as registered or last changed. */
export interface Expectation {
  readonly currency: Currency;
  readonly total: bigint;
  /** `exact`: each payment must equal what is due for it. `several`: they add up. */
  readonly payments: "exact" | "several";
  /** True for a subscription: the first payment pays the order, later ones its periods. */
  readonly recurring: boolean;
  readonly live: boolean;
  readonly customer: Customer | null;
  readonly lines: readonly OrderLine[];
  /** ms since 1970 UTC; unpaid orders expire then (told by a deadline input, never by a clock). */
  readonly expiresAt: number | null;
  /** Where the buyer's page leads back to: an https address of the merchant's. */
  readonly returnUrl: string | null;
}

/** What a person or the merchant's system decided about one order, in the order it was decided. Journaled inputs, like notifications. */
export type Decision =
  | { readonly kind: "registered" | "changed"; readonly expectation: Expectation }
  | { readonly kind: "canceled"; readonly reason: string | null }
  | { readonly kind: "expired" }
  | { readonly kind: "accepted" | "rejected"; readonly payment: string; readonly by: string; readonly reason: string };

export type StoredDecision = Decision & {
  /** The order it is about. */
  readonly order: string;
  /** Counts from 1 within the order. */
  readonly sequence: number;
  readonly at: number;
  readonly input: string;
};

/** A payment as its order sees it. */
export interface OrderPayment {
  readonly id: string;
  readonly counts: boolean;
  readonly held: readonly HoldReason[];
}

/** A pure function of the order's decisions and of the payments that name it. */
export interface OrderState {
  readonly reference: string;
  readonly status: OrderStatus;
  /** Null until registered. */
  readonly expectation: Expectation | null;
  /** Minor units of the order's currency: Σ captured of what counts; refunds and losses of the same. */
  readonly paid: bigint;
  readonly refunded: bigint;
  readonly lost: bigint;
  /** What is still to be paid: never negative. */
  readonly due: bigint;
  /** Whether to ship, in one word. */
  readonly fulfillable: boolean;
  /** Sorted by payment id; empty until registered. */
  readonly payments: readonly OrderPayment[];
  readonly milestones: readonly Milestone[];
  /** Number of decisions about what is expected (registered, changed, canceled, expired): the API's `version`. */
  readonly version: number;
}

/** What the order's fold needs to know of the account a payment came through. */
export interface AccountRules {
  readonly live: boolean;
  /** Lower case; empty accepts any, as nothing was configured to compare with. */
  readonly receivers: readonly string[];
  /** Connected merchants whose money counts as ours. */
  readonly merchants: readonly string[];
  readonly orders: "optional" | "required";
}

/** A payment that names the order. `aliases`: ids of payments that turned out to be this one; decisions may name them. */
export interface NamedPayment {
  readonly id: string;
  readonly state: PaymentState;
  readonly aliases?: readonly string[];
}

export interface OrderContext {
  rules(account: string, provider: string): AccountRules;
  registered(reference: string): boolean;
}
