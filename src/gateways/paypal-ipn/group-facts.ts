import type { DisputeFact, Fact, Interval, SubscriptionFact } from "../../payments/fact.ts";
import { parseDecimal, readCurrency } from "../../payments/money.ts";
import type { Mapping } from "../gateway.ts";
import { magnitude, type Payload, timeOf } from "./payload.ts";
import { parsePaymentDate } from "./payment-date.ts";
import { buyer, claims, parties } from "./transaction-facts.ts";

/** What a message says about a subscription or a case: groups that link payments and never join them. */

const PROFILE_STATUS: ReadonlyMap<string, SubscriptionFact["status"]> = new Map([
  ["active", "active"],
  ["pending", "pending"],
  ["suspended", "paused"],
  ["canceled", "canceled"],
  ["expired", "ended"],
]);

/** What the type alone says; it speaks before `profile_status`, which stays Active while a payment is tried again. */
const SUBSCRIPTION_TYPES: ReadonlyMap<string, SubscriptionFact["status"]> = new Map([
  ["subscr_signup", "active"],
  ["subscr_modify", "active"],
  ["subscr_failed", "past_due"],
  ["subscr_cancel", "canceled"],
  ["subscr_eot", "ended"],
  ["recurring_payment_failed", "past_due"],
  ["recurring_payment_skipped", "past_due"],
  ["recurring_payment_outstanding_payment_failed", "past_due"],
  ["recurring_payment_suspended", "paused"],
  ["recurring_payment_suspended_due_to_max_failed_payment", "paused"],
  ["recurring_payment_profile_cancel", "canceled"],
  ["recurring_payment_expired", "ended"],
]);

/** What tells of a payment that did not come. */
const FAILURES: ReadonlySet<string> = new Set([
  "subscr_failed",
  "recurring_payment_failed",
  "recurring_payment_skipped",
  "recurring_payment_outstanding_payment_failed",
  "recurring_payment_suspended_due_to_max_failed_payment",
]);

export function subscriptionFacts(payload: Payload, mapping: Mapping): readonly SubscriptionFact[] {
  const { known, fields } = payload;
  const reference = known.recurring_payment_id ?? known.subscr_id;
  if (!reference) return [];
  const status = subscriptionStatus(payload);
  const at = subscriptionTime(payload);
  if (status === undefined || at === null) return [];
  const isRunning = status === "active" || status === "trialing" || status === "past_due";
  return [
    {
      kind: "subscription",
      reference,
      status,
      at,
      ...(isRunning ? timeIn("periodEnd", fields.get("next_payment_date")) : {}),
      ...timeIn("retryAt", fields.get("retry_at")),
      ...priceOf(payload),
      ...(FAILURES.has(known.txn_type ?? "") ? { paymentFailed: true } : {}),
      ...claims(payload, mapping),
      ...parties(payload),
      ...buyer(payload),
      joins: [],
      links: [],
    },
  ];
}

function subscriptionStatus(payload: Payload): SubscriptionFact["status"] {
  const { txn_type = "", profile_status, payment_status } = payload.known;
  const status = SUBSCRIPTION_TYPES.get(txn_type) ?? PROFILE_STATUS.get(profile_status ?? "");
  if (status !== undefined) return status === "active" && isTrial(payload) ? "trialing" : status;
  if (txn_type === "recurring_payment_profile_created") return "active";
  return txn_type === "subscr_payment" && payment_status === "completed" ? "active" : undefined;
}

/** A profile says in which kind of period it is; a subscription that nothing is paid for at first is on trial. */
function isTrial({ known, fields }: Payload): boolean {
  if (fields.get("period_type")?.trim().toLowerCase() === "trial") return true;
  return (
    known.txn_type === "subscr_signup" && fields.has("period1") && /^0+(\.0+)?$/.test(fields.get("mc_amount1") ?? "")
  );
}

/**
 * Payments speak for the time of the payment, or not at all: what they say of the subscription must not outlive a
 * cancellation because they were told late. `subscr_date` is the time of the signup, or of the cancellation.
 */
function subscriptionTime(payload: Payload): number | null {
  const { txn_type = "", payment_status } = payload.known;
  if (payment_status !== undefined) return timeOf(payload, ["payment_date"]);
  const names = txn_type === "recurring_payment_profile_created" ? ["time_created"] : ["subscr_date"];
  return timeOf(payload, names) ?? payload.receivedAt;
}

/** The only times that may be later than the receipt. */
function timeIn<Name extends "periodEnd" | "retryAt">(name: Name, text = ""): { readonly [Key in Name]?: number } {
  const time = parsePaymentDate(text);
  // Proven: an object with that one name.
  return (time === null ? {} : { [name]: time }) as { readonly [Key in Name]?: number };
}

/** `mc_amount3` each `period3` of a subscription that recurs, `amount_per_cycle` each `payment_cycle` of a profile. */
function priceOf({ known, fields }: Payload): Pick<SubscriptionFact, "price"> {
  const digits = fields.get("amount_per_cycle") ?? fields.get("mc_amount3");
  const currency = readCurrency(fields.get("currency_code") ?? "") ?? known.mc_currency ?? null;
  const amount = digits === undefined || currency === null ? null : parseDecimal(digits.trim(), currency);
  if (currency === null || amount === null || amount < 0n) return {};
  const every = intervalIn(fields.get("period3") ?? fields.get("payment_cycle") ?? "");
  return { price: { amount, currency, ...(every && { every }) } };
}

const UNITS: readonly { readonly unit: Interval["unit"]; readonly words: RegExp }[] = [
  { unit: "day", words: /^(d|days?|daily)$/ },
  { unit: "week", words: /^(w|weeks?|weekly)$/ },
  { unit: "month", words: /^(m|months?|monthly)$/ },
  { unit: "year", words: /^(y|years?|yearly)$/ },
];

/** `1 M`, `Monthly`, `every 3 Months`; null for what is none of these. */
function intervalIn(text: string): Interval | null {
  const [, count = "1", word = ""] = /^(?:every )?(?:(\d{1,3}) )?([a-z]{1,10})$/.exec(text.trim().toLowerCase()) ?? [];
  const unit = UNITS.find(({ words }) => words.test(word))?.unit;
  return unit === undefined || count === "0" ? null : { unit, count: Number(count) };
}

/** `new_case`, and the `adjustment` that closes one. The money is moved by reversals and refunds; the case only says how it stands. */
export function caseFacts(payload: Payload, mapping: Mapping): readonly Fact[] {
  const { known } = payload;
  const isClosing = known.txn_type === "adjustment";
  if (!known.case_id || !(isClosing || known.txn_type === "new_case")) return [];
  const opened = timeOf(payload, ["case_creation_date"]);
  const at = (isClosing ? timeOf(payload, ["payment_date"]) : opened) ?? payload.receivedAt;
  const transaction = known.parent_txn_id ?? known.txn_id;
  const dispute: DisputeFact = {
    kind: "dispute",
    reference: known.case_id,
    ...(isClosing ? closingStatus(payload) : { status: "open" }),
    movesMoney: false,
    ...disputedAmount(payload),
    at,
    joins: [],
    links: transaction ? [{ kind: "capture", reference: transaction }] : [],
  };
  return transaction && !isClosing ? [dispute, mention(payload, transaction, at, mapping)] : [dispute];
}

/** The payment that the case is about, by its name alone: so that it is found, whichever arrives first. */
function mention(payload: Payload, reference: string, at: number, mapping: Mapping): Fact {
  return { kind: "capture", reference, at, ...parties(payload), ...claims(payload, mapping), joins: [], links: [] };
}

/**
 * How the case ended, where the message tells it by money or by its reason. "Resolved and closed" alone does not: the case
 * keeps its status, because one called closed would set free what a reversal took.
 */
function closingStatus({ known, amounts }: Payload): Pick<DisputeFact, "status"> {
  const gross = amounts.gross ?? 0n;
  if (gross !== 0n) return { status: gross < 0n ? "lost" : "won" };
  if (known.reason_code === "chargeback_settlement") return { status: "lost" };
  return known.reason_code === "chargeback_reimbursement" ? { status: "won" } : {};
}

function disputedAmount({ amounts: { currency, gross } }: Payload): Pick<DisputeFact, "currency" | "amount"> {
  return currency === null || gross === null ? {} : { currency, amount: magnitude(gross) };
}
