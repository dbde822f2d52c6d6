import type { Currency } from "./money.ts";

/**
 * A fact is one thing that one input says about one object at the provider. Facts are never changed or pruned;
 * everything else in this folder is computed from sets of them, in any order, with any repetition.
 */

/** Objects that are parts of one payment. Identity edges (`joins`) between them make the payment. */
export type PaymentKind = "intent" | "session" | "authorization" | "capture" | "refund" | "reversal" | "reinstatement";

/**
 * Objects that are no part of a payment: several may share one, and a payout names none. They link payments, describe and check
 * them, and never join them.
 */
export type GroupKind = "dispute" | "review" | "invoice" | "subscription" | "payout";

export type ObjectKind = PaymentKind | GroupKind;

/** An object at the provider, within the scope of its payment (see `Scope`). */
export interface ObjectRef<Kind extends ObjectKind = ObjectKind> {
  readonly kind: Kind;
  /** The provider's own id, verbatim: `pi_…`, `ch_…`, a PayPal transaction id. 1 to 200 characters. */
  readonly reference: string;
}

/** What every object's identity begins with: references are unique only within it. */
export interface Scope {
  /** `stripe`, `paypal`; `outside` for money recorded by hand. Two channels of one provider share it. */
  readonly provider: string;
  /** Our configuration of the merchant's account: `default` or a name from ACCOUNTS_FILE. */
  readonly account: string;
  readonly live: boolean;
}

export interface Buyer {
  readonly id?: string;
  readonly email?: string;
  readonly name?: string;
}

/** A value found in one of the fields that may carry the merchant's order reference. */
export interface OrderClaim {
  /** Position of the field in the account's ordered list; the lowest speaks first. */
  readonly rank: number;
  readonly value: string;
}

/** What is stated about an object of any kind. An absent attribute says nothing; it never erases. */
interface FactBase<Kind extends ObjectKind> {
  readonly kind: Kind;
  readonly reference: string;
  /** The provider's time of the statement, ms since 1970 UTC, already clamped to the time of receipt. */
  readonly at: number;
  /** The payment objects that are the same purchase for certain: refund → capture → authorization → intent ← session. */
  readonly joins: readonly ObjectRef<PaymentKind>[];
  /** Objects that have to do with it without being the same purchase: charge → invoice → subscription, dispute → captures. */
  readonly links: readonly ObjectRef[];
  readonly orders?: readonly OrderClaim[];
  readonly buyer?: Buyer;
  /** Who was paid, as told: PayPal's receiver e-mail or merchant id. All lower case. Empty or absent where it is not told. */
  readonly receivers?: readonly string[];
  /** Stripe Connect's `account`: the connected merchant on whose behalf the money moved. */
  readonly merchant?: string;
}

/** Where money is counted: a Stripe charge's captured part, a PayPal capture or sale, an IPN transaction. */
export interface CaptureFact extends FactBase<"capture"> {
  readonly status?: "pending" | "succeeded" | "failed" | "canceled" | "expired";
  readonly currency?: Currency;
  /** What was (or would be) captured, minor units. */
  readonly amount?: bigint;
  readonly fee?: bigint;
  readonly net?: bigint;
  /** What reaches the merchant's balance when it is in another currency. */
  readonly settlement?: { readonly amount: bigint; readonly currency: Currency };
  /** A snapshot: all that was refunded of this capture as of `at`, whichever refunds did it. */
  readonly refundedTotal?: bigint;
  /** When it was paid, where the statement may be a later one that repeats it, ms since 1970 UTC. */
  readonly paidAt?: number;
}

export interface AuthorizationFact extends FactBase<"authorization"> {
  readonly status?: "pending" | "live" | "captured" | "voided" | "expired" | "failed";
  readonly currency?: Currency;
  readonly amount?: bigint;
}

/** The status of an attempt to be paid, told by a container: a payment intent, a PayPal order, a checkout session. */
export type AttemptStatus =
  | "pending"
  | "requires_action"
  | "authorized"
  | "succeeded"
  | "failed"
  | "canceled"
  | "expired";

/** A container that names one purchase: a Stripe payment intent, one unit of a PayPal order. */
export interface IntentFact extends FactBase<"intent"> {
  readonly status?: AttemptStatus;
  readonly currency?: Currency;
  readonly amount?: bigint;
  /** What the container says was captured; stands in until its leaves are known: captured = max(Σ leaves, claims). */
  readonly claimed?: bigint;
}

/** A container around an intent: a Stripe checkout session. Its money is told as the intent's `claimed`. */
export interface SessionFact extends FactBase<"session"> {
  readonly status?: AttemptStatus;
  readonly currency?: Currency;
  readonly amount?: bigint;
}

/** Money given back by one object of its own. Its capture is among `joins`. */
export interface RefundFact extends FactBase<"refund"> {
  readonly status?: "pending" | "succeeded" | "failed" | "canceled";
  readonly currency?: Currency;
  /** Positive minor units. */
  readonly amount?: bigint;
}

/** Money taken back by the provider (PayPal's reversals). Its capture is among `joins`. */
export interface ReversalFact extends FactBase<"reversal"> {
  /** `held` until a case or a reason says `lost`. */
  readonly status?: "held" | "lost";
  readonly currency?: Currency;
  /** Positive minor units. */
  readonly amount?: bigint;
}

/** A reversal undone (IPN's Canceled_Reversal): money that came back to the capture among `joins`. */
export interface ReinstatementFact extends FactBase<"reinstatement"> {
  readonly status?: "succeeded";
  readonly currency?: Currency;
  readonly amount?: bigint;
}

/** A case: a Stripe dispute, a PayPal dispute or IPN `new_case`. Its captures are among `links`. */
export interface DisputeFact extends FactBase<"dispute"> {
  /** `warning`: an inquiry without money (Stripe's warning_*); `closed`: over, and nobody lost anything. */
  readonly status?: "warning" | "open" | "won" | "lost" | "closed";
  readonly currency?: Currency;
  /** The amount in dispute, for people. It moves money only where `movesMoney`. */
  readonly amount?: bigint;
  /**
   * True where the case itself takes the money (Stripe): withdrawn less reinstated funds, or, where neither is told,
   * the amount by the status. False where separate reversals and refunds do (PayPal).
   */
  readonly movesMoney?: boolean;
  readonly withdrawn?: bigint;
  readonly reinstated?: bigint;
  /** When the merchant's evidence is due, ms since 1970 UTC. */
  readonly deadline?: number;
}

/** A fraud review: goods stay while it is open. `warning` is an early fraud warning: shown, holds nothing. */
export interface ReviewFact extends FactBase<"review"> {
  readonly status?: "open" | "closed" | "warning";
}

export interface InvoiceFact extends FactBase<"invoice"> {
  readonly status?: "open" | "paid" | "failed" | "void" | "uncollectible";
  readonly currency?: Currency;
  /** What the invoice says was paid: checked against the payments linked to it, never added to them. */
  readonly amount?: bigint;
  /** The period of the subscription that it is for, ms since 1970 UTC. */
  readonly periodStart?: number;
  readonly periodEnd?: number;
  /** Whether it is for a further period of its subscription: not for its start, nor for anything in between. */
  readonly renews?: boolean;
  /** When it was paid: `at` is the time of the statement, which may repeat it years later. */
  readonly paidAt?: number;
  /** How often its payment was tried. */
  readonly attempts?: number;
  /** When its payment is tried again, ms since 1970 UTC. */
  readonly retryAt?: number;
}

/** How often a price is paid: every `count` of `unit`. */
export interface Interval {
  readonly unit: "day" | "week" | "month" | "year";
  readonly count: number;
}

/** What each period costs. Without `every` nobody told how often. */
export interface Price {
  /** Minor units. */
  readonly amount: bigint;
  readonly currency: Currency;
  readonly every?: Interval;
}

/** All times in ms since 1970 UTC. */
export interface SubscriptionFact extends FactBase<"subscription"> {
  /** `canceled`: it will not renew, and what was paid for may still be running. `ended`: it is over. */
  readonly status?: "pending" | "trialing" | "active" | "past_due" | "paused" | "canceled" | "ended";
  /** The current period; its end is when the next payment is due. */
  readonly periodStart?: number;
  readonly periodEnd?: number;
  readonly trialEnd?: number;
  /** Whether it is to end with its period, though its status does not say so yet. */
  readonly willCancel?: boolean;
  readonly price?: Price;
  /** True where the fact tells of a payment that failed at `at`. */
  readonly paymentFailed?: boolean;
  /** How many payments failed in a row. */
  readonly failures?: number;
  /** When a failed payment is tried again. */
  readonly retryAt?: number;
  /** A deadline of ours: this time has passed. Told by an input, as a fold has no clock. */
  readonly passed?: number;
}

/** Money that the provider sends on to the merchant's bank, or takes from there. It names no payment. */
export interface PayoutFact extends FactBase<"payout"> {
  /** `paid`: it has arrived, and may still come back (`failed`). */
  readonly status?: "pending" | "in_transit" | "paid" | "failed" | "canceled";
  readonly currency?: Currency;
  /** Minor units; less than nothing where the bank is debited. */
  readonly amount?: bigint;
}

export type Fact =
  | CaptureFact
  | AuthorizationFact
  | IntentFact
  | SessionFact
  | RefundFact
  | ReversalFact
  | ReinstatementFact
  | DisputeFact
  | ReviewFact
  | InvoiceFact
  | SubscriptionFact
  | PayoutFact;

/** A fact with its place in the world. `key` is made of the provider's own ids, so that ties are decided alike in any order of arrival. */
export type StoredFact = Fact & {
  readonly scope: Scope;
  /** `<gateway>/<account>/<mode>/<key of the item>#<hash of what it says>`: unique, and the same for every repetition. */
  readonly key: string;
  /** The channel that told it. */
  readonly gateway: string;
  /** The input it came with: `ntf_…` or `inp_…`. */
  readonly input: string;
};

const GROUP_KINDS: ReadonlySet<string> = new Set<GroupKind>([
  ...(["dispute", "review", "invoice", "subscription", "payout"] as const),
]);

export function isGroupKind(kind: ObjectKind): kind is GroupKind {
  return GROUP_KINDS.has(kind);
}

export function isPaymentRef(ref: ObjectRef): ref is ObjectRef<PaymentKind> {
  return !isGroupKind(ref.kind);
}

/** The one spelling of an object's identity: `stripe/default/test/capture/ch_9`. Used as map key and lock key. */
export function objectKey(scope: Scope, ref: ObjectRef): string {
  return `${scope.provider}/${scope.account}/${scope.live ? "live" : "test"}/${ref.kind}/${ref.reference}`;
}
