import { createHash } from "node:crypto";
import * as z from "zod";
import { type Currency, parseDecimal, readCurrency } from "../../payments/money.ts";
import type { AuthenticNotification, Parsed } from "../gateway.ts";
import { decodeForm, type Form, type FormLimits } from "../signing/form.ts";
import { parsePaymentDate } from "./payment-date.ts";

/** https://developer.paypal.com/api/nvp-soap/ipn/IPNandPDTVariables; the shapes seen in the wild are in NOTES.md. */

/** A full shopping cart (100 items with their options) has up to 2,800 fields. */
export const FORM_LIMITS: FormLimits = { maxFields: 4_000 };

/** `payment_status`, lower case. `Inflight` and whatever comes next is not among them, and is quarantined rather than guessed. */
const STATUSES = [
  "completed",
  "processed",
  "pending",
  "created",
  "in_progress",
  "denied",
  "failed",
  "expired",
  "voided",
  "refunded",
  "partially_refunded",
  "reversed",
  "canceled_reversal",
] as const;

/** A provider's id. Letters, digits and hyphens are all that was ever seen. */
const identity = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

/**
 * A constant of PayPal's, read without regard to case (toLowerCase knows no locale) and to its several spellings:
 * `In-Progress`, `buyer-complaint` and `buyer_complaint`, `Cancelled_Reversal`.
 */
const word = z
  .string()
  .regex(/^[\x20-\x7e]{1,60}$/)
  .transform((text) =>
    text
      .trim()
      .toLowerCase()
      .replace(/[- ]/g, "_")
      .replace(/^cancelled/, "canceled"),
  );

const currency = z.string().transform((text, context): Currency => {
  const read = readCurrency(text);
  if (read) return read;
  context.addIssue({ code: "custom", message: "not an ISO 4217 currency" });
  return z.NEVER;
});

const Known = z
  .object({
    txn_id: identity,
    parent_txn_id: identity,
    auth_id: identity,
    case_id: identity,
    subscr_id: identity,
    recurring_payment_id: identity,
    ipn_track_id: identity,
    txn_type: word,
    payment_status: word.pipe(z.enum(STATUSES)),
    pending_reason: word,
    reason_code: word,
    transaction_entity: word,
    auth_status: word,
    profile_status: word,
    test_ipn: word,
    mc_currency: currency,
    settle_currency: currency,
    mc_gross: z.string(),
    payment_gross: z.string(),
    mc_fee: z.string(),
    settle_amount: z.string(),
    auth_amount: z.string(),
  })
  .partial();

export type Known = z.infer<typeof Known>;

/** Fields that must not say two things at once, besides the known ones: whose money it is, and for what. */
const UNAMBIGUOUS = [...Object.keys(Known.shape), "receiver_email", "receiver_id", "business", "invoice", "custom"];

/** Minor units; null is not told. */
export interface Amounts {
  readonly currency: Currency | null;
  /** Signed, as told. */
  readonly gross: bigint | null;
  readonly fee: bigint | null;
  readonly authorized: bigint | null;
  readonly settlement: { readonly amount: bigint; readonly currency: Currency } | null;
}

export interface Payload {
  readonly known: Known;
  readonly amounts: Amounts;
  /** Every field that says one thing, decoded; empty ones are absent. */
  readonly fields: ReadonlyMap<string, string>;
  /** Sixteen hex digits over all that the message says, so that different truths never share a key. */
  readonly digest: string;
  /** ms since 1970 UTC. */
  readonly receivedAt: number;
}

export function readPayload(notification: AuthenticNotification): Parsed<Payload> {
  const decoded = decodeForm(notification.body, { ...FORM_LIMITS, charsetField: "charset", fallback: "windows-1252" });
  if (decoded.kind === "undecodable") return unreadable(decoded.reason);
  const { form } = decoded;
  const ambiguous = UNAMBIGUOUS.find((name) => new Set(form.fields.get(name)).size > 1);
  if (ambiguous) return unreadable(`${ambiguous}: repeated with different values`);
  const fields = singleValues(form);
  const known = Known.safeParse(Object.fromEntries(fields));
  if (!known.success) return unreadable(`${known.error.issues[0]?.path.join(".") ?? "form"}: not as documented`);
  const amounts = readAmounts(known.data);
  if (typeof amounts === "string") return unreadable(`${amounts}: not an amount`);
  const missing = findMissing(known.data, amounts);
  if (missing) return unreadable(`${missing}: missing`);
  const receivedAt = notification.receivedAt.getTime();
  return { kind: "parsed", payload: { known: known.data, amounts, fields, digest: digestOf(form), receivedAt } };
}

/** The time in the first of these fields that has one, never later than the receipt; null where none has. */
export function timeOf(payload: Payload, names: readonly string[]): number | null {
  for (const name of names) {
    const time = parsePaymentDate(payload.fields.get(name) ?? "");
    if (time !== null) return Math.min(time, payload.receivedAt);
  }
  return null;
}

function unreadable(detail: string): Parsed<never> {
  return { kind: "unreadable", detail };
}

function singleValues(form: Form): ReadonlyMap<string, string> {
  const single = [...form.fields].filter(([, values]) => new Set(values).size === 1);
  return new Map(single.flatMap(([name, [value = ""]]) => (value === "" ? [] : [[name, value] as const])));
}

/** The amounts, or the name of the field that holds none. Messages older than `mc_gross` tell `payment_gross`, which is always USD. */
function readAmounts(known: Known): Amounts | string {
  const dollars = known.mc_gross === undefined && known.mc_currency === undefined && known.payment_gross !== undefined;
  const currency = dollars ? readCurrency("USD") : (known.mc_currency ?? null);
  const gross = dollars ? known.payment_gross : known.mc_gross;
  const read = {
    mc_gross: readAmount(gross, currency),
    mc_fee: readAmount(known.mc_fee, currency),
    auth_amount: readAmount(known.auth_amount, currency),
    settle_amount: readAmount(known.settle_amount, known.settle_currency ?? null),
  };
  for (const [name, amount] of Object.entries(read)) if (amount === "unreadable") return name;
  const [fee, authorized, settled] = [told(read.mc_fee), told(read.auth_amount), told(read.settle_amount)];
  const settlement =
    settled !== null && known.settle_currency ? { amount: settled, currency: known.settle_currency } : null;
  return { currency, gross: told(read.mc_gross), fee: fee === null ? null : magnitude(fee), authorized, settlement };
}

/** Null where it is not told, or told without its currency (which is then what is missing). */
function readAmount(text: string | undefined, currency: Currency | null): bigint | null | "unreadable" {
  if (text === undefined || currency === null) return null;
  return parseDecimal(text, currency) ?? "unreadable";
}

function told(amount: bigint | null | "unreadable"): bigint | null {
  return amount === "unreadable" ? null : amount;
}

export function magnitude(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}

const MOVES_MONEY: ReadonlySet<string> = new Set([
  "completed",
  "processed",
  "refunded",
  "partially_refunded",
  "reversed",
  "canceled_reversal",
] satisfies (typeof STATUSES)[number][]);

/** The field without which the message cannot be understood, or null. Money must never be passed over for want of a field. */
function findMissing(known: Known, { currency, gross }: Amounts): string | null {
  const { txn_type, payment_status } = known;
  if (txn_type === "new_case" && !known.case_id) return "case_id";
  if (txn_type?.startsWith("subscr_") && !known.subscr_id) return "subscr_id";
  if (txn_type?.startsWith("recurring_payment") && !known.recurring_payment_id) return "recurring_payment_id";
  if (payment_status === undefined || isPayout(known)) return null;
  if (!known.txn_id) return "txn_id";
  if (!MOVES_MONEY.has(payment_status)) return null;
  if (currency === null) return "mc_currency";
  if (gross === null) return "mc_gross";
  // The status of the payment itself, with the payment's own amount: how much of it went back is not told.
  if (payment_status === "partially_refunded" && !known.parent_txn_id && gross >= 0n) return "parent_txn_id";
  return null;
}

/** Mass payments that we sent. A single one with a `txn_id` of its own is money like any other. */
export function isPayout(known: Known): boolean {
  return known.txn_type === "masspay" && known.txn_id === undefined;
}

/** What differs between two tellings of one truth, or says nothing about it. */
const VOLATILE: ReadonlySet<string> = new Set(["verify_sign", "ipn_track_id", "resend", "notify_version", "charset"]);

function digestOf(form: Form): string {
  const told = [...form.fields].filter(([name]) => !VOLATILE.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(told)).digest("hex").slice(0, 16);
}
