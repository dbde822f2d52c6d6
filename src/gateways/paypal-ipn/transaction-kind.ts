import type { AuthorizationFact, CaptureFact, IntentFact, PaymentKind, ReversalFact } from "../../payments/fact.ts";
import type { Known, Payload } from "./payload.ts";

/** What a transaction is and what its status means: the tables of NOTES.md, "Objects" and "Losses". */

export type TransactionKind =
  | Exclude<PaymentKind, "session">
  /** Money that is no buyer's payment to us: what we sent, and adjustments that name no payment. */
  | "elsewhere";

export type Status = NonNullable<Known["payment_status"]>;

/** Which of our objects the `txn_id` is: PayPal gives every movement a transaction id of its own. */
export function kindOf({ known, amounts }: Payload, status: Status): TransactionKind {
  const gross = amounts.gross ?? 0n;
  const moved = MOVEMENTS[status];
  if (moved === "reversal") return reversalKind(known.reason_code ?? "", gross);
  if (moved) return moved;
  if (known.txn_type === "adjustment") return adjustmentKind(known, gross);
  if (isOrder(known)) return "intent";
  if (isAuthorization(known)) return "authorization";
  return gross < 0n ? "elsewhere" : "capture";
}

/** The statuses that name the movement; the others say how far a payment has come. */
const MOVEMENTS: Readonly<Partial<Record<Status, TransactionKind>>> = {
  refunded: "refund",
  partially_refunded: "refund",
  reversed: "reversal",
  canceled_reversal: "reinstatement",
};

/**
 * `refund`: "the transaction has been reversed because you gave the customer a refund". A reimbursement is money that comes
 * back; the sign of mc_gross has to agree, since it alone is not reliable (the simulator sends reversals without a minus).
 */
function reversalKind(reason: string, gross: bigint): TransactionKind {
  if (reason === "refund") return "refund";
  return REIMBURSEMENTS.has(reason) && gross > 0n ? "reinstatement" : "reversal";
}

const REIMBURSEMENTS: ReadonlySet<string> = new Set(["chargeback_reimbursement", "adjustment_reversal"]);

/** "A dispute has been resolved and closed": with a parent and an amount it moves that payment's money, finally. */
function adjustmentKind({ payment_status, parent_txn_id }: Known, gross: bigint): TransactionKind {
  const done = payment_status === "completed" || payment_status === "processed";
  if (!done || !parent_txn_id || gross === 0n) return "elsewhere";
  return gross < 0n ? "reversal" : "reinstatement";
}

/** Express Checkout's payment action Order: an agreement to be charged several times, `O-…`. Its money is on the captures. */
function isOrder({ txn_id, transaction_entity, pending_reason }: Known): boolean {
  return isOrderId(txn_id) || transaction_entity === "order" || pending_reason === "order";
}

export function isOrderId(id: string | undefined): boolean {
  return id?.startsWith("O-") ?? false;
}

/** Void and expiry are documented as things of authorizations; only `transaction_entity` can say otherwise. */
function isAuthorization({ txn_id, auth_id, transaction_entity, pending_reason, payment_status }: Known): boolean {
  if (transaction_entity !== undefined) return transaction_entity === "auth" || transaction_entity === "reauth";
  if (pending_reason === "authorization" || (auth_id !== undefined && auth_id === txn_id)) return true;
  return payment_status === "voided" || payment_status === "expired";
}

type Attempt = Exclude<Status, "refunded" | "partially_refunded" | "reversed" | "canceled_reversal">;

export const CAPTURE_STATUS: Readonly<Partial<Record<Status, CaptureFact["status"]>>> = {
  completed: "succeeded",
  processed: "succeeded",
  pending: "pending",
  created: "pending",
  in_progress: "pending",
  denied: "failed",
  failed: "failed",
  voided: "canceled",
  expired: "expired",
} satisfies Record<Attempt, CaptureFact["status"]>;

export const ORDER_STATUS: Readonly<Partial<Record<Status, IntentFact["status"]>>> = {
  completed: "succeeded",
  processed: "succeeded",
  pending: "requires_action",
  created: "requires_action",
  in_progress: "requires_action",
  denied: "failed",
  failed: "failed",
  voided: "canceled",
  expired: "expired",
} satisfies Record<Attempt, IntentFact["status"]>;

/** `auth_status` (told with each capture) and the authorization's own `payment_status` have the same words. */
const AUTHORIZATION_STATUS: Readonly<Record<string, AuthorizationFact["status"]>> = {
  completed: "captured",
  processed: "live",
  pending: "live",
  created: "live",
  in_progress: "live",
  denied: "failed",
  failed: "failed",
  voided: "voided",
  expired: "expired",
} satisfies Record<Attempt, AuthorizationFact["status"]>;

/** The status by `auth_status`; undefined for a word that is not documented. */
export function authorizationStatus(word: string | undefined): AuthorizationFact["status"] {
  return word !== undefined && Object.hasOwn(AUTHORIZATION_STATUS, word) ? AUTHORIZATION_STATUS[word] : undefined;
}

/** A pending authorization is live when all that it waits for is the merchant's capture; in review it is not. */
export function ownAuthorizationStatus({ payment_status, pending_reason }: Known): AuthorizationFact["status"] {
  const waits = pending_reason === undefined || pending_reason === "authorization";
  return payment_status === "pending" && !waits ? "pending" : authorizationStatus(payment_status);
}

/**
 * Reasons that leave nothing to be decided. With every other one a case is open, or may be: the money is held until the
 * case says lost, or a cancellation brings it back.
 */
const LOST: ReadonlySet<string> = new Set([
  "guarantee",
  "chargeback_settlement",
  "admin_reversal",
  "admin_fraud_reversal",
  "regulatory_block",
  "regulatory_reject",
  "regulatory_review_exceeding_sla",
]);

/** An adjustment is told when the case is closed; its money does not wait for anything any more. */
export function reversalStatus({ txn_type, reason_code }: Known): ReversalFact["status"] {
  return txn_type === "adjustment" || LOST.has(reason_code ?? "") ? "lost" : "held";
}
