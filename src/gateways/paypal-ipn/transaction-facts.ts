import type {
  AuthorizationFact,
  Buyer,
  CaptureFact,
  Fact,
  IntentFact,
  ObjectRef,
  OrderClaim,
  PaymentKind,
} from "../../payments/fact.ts";
import type { Mapping } from "../gateway.ts";
import { magnitude, type Payload, timeOf } from "./payload.ts";
import {
  authorizationStatus,
  CAPTURE_STATUS,
  isOrderId,
  kindOf,
  ORDER_STATUS,
  ownAuthorizationStatus,
  reversalStatus,
  type Status,
} from "./transaction-kind.ts";

/** What the message says about its `txn_id`, and about the authorization that it captures; nothing where it has no status. */
export function transactionFacts(payload: Payload, mapping: Mapping): readonly Fact[] {
  const { txn_id: reference, payment_status: status } = payload.known;
  if (!reference || !status) return [];
  const base = {
    reference,
    at: paymentTime(payload),
    ...money(payload),
    ...parties(payload),
    ...claims(payload, mapping),
  };
  const kind = kindOf(payload, status);
  switch (kind) {
    case "capture":
      return [capture(payload, base, status), ...capturedAuthorization(payload, base)];
    case "authorization":
      return [authorization(payload, base)];
    case "intent":
      return [order(payload, base, status)];
    case "refund":
      return [refund(payload, base)];
    case "reversal":
      return [{ ...undone(payload, base), kind, ...definedStatus(reversalStatus(payload.known)) }];
    case "reinstatement":
      return [{ ...undone(payload, base), kind, status: "succeeded" }];
    case "elsewhere":
      return [];
  }
}

/** What all facts of the transaction have in common. */
type Base = Pick<CaptureFact, "reference" | "at" | "currency" | "amount" | "orders" | "receivers">;

/** An eCheck's settlement has a time of its own; every other status carries the payment's. NOTES.md, "The clock". */
function paymentTime(payload: Payload): number {
  const names =
    payload.known.payment_status === "pending" ? ["payment_date"] : ["echeck_time_processed", "payment_date"];
  return timeOf(payload, names) ?? payload.receivedAt;
}

function money({ amounts: { currency, gross } }: Payload): Pick<CaptureFact, "currency" | "amount"> {
  if (currency === null) return {};
  return gross === null ? { currency } : { currency, amount: magnitude(gross) };
}

function capture(payload: Payload, base: Base, status: Status): CaptureFact {
  const { known, amounts } = payload;
  const joins: ObjectRef<PaymentKind>[] = [];
  if (known.auth_id && known.auth_id !== base.reference)
    joins.push({ kind: "authorization", reference: known.auth_id });
  if (known.parent_txn_id && isOrderId(known.parent_txn_id))
    joins.push({ kind: "intent", reference: known.parent_txn_id });
  const { gross, fee, settlement } = amounts;
  return {
    ...base,
    kind: "capture",
    ...definedStatus(CAPTURE_STATUS[status]),
    ...(fee === null ? {} : { fee }),
    // "mc_gross minus mc_fee equals the amount deposited": IPN and PDT variables, payment information.
    ...(fee === null || gross === null ? {} : { net: gross - fee }),
    ...(settlement === null ? {} : { settlement }),
    ...buyer(payload),
    joins,
    links: links(payload),
  };
}

/** A capture repeats its authorization: `auth_id`, `auth_status`, `auth_amount`, as of the capture. */
function capturedAuthorization({ known, amounts }: Payload, { at, reference }: Base): readonly AuthorizationFact[] {
  const { auth_id, auth_status, parent_txn_id } = known;
  if (!auth_id || auth_id === reference) return [];
  const { currency, authorized } = amounts;
  return [
    {
      kind: "authorization",
      reference: auth_id,
      at,
      ...definedStatus(authorizationStatus(auth_status)),
      ...(currency === null || authorized === null ? {} : { currency, amount: authorized }),
      joins: isOrderId(parent_txn_id) && parent_txn_id ? [{ kind: "intent", reference: parent_txn_id }] : [],
      links: [],
    },
  ];
}

function authorization(payload: Payload, base: Base): AuthorizationFact {
  const { known } = payload;
  const { parent_txn_id: parent, auth_id, transaction_entity } = known;
  const earlier = new Set([transaction_entity === "reauth" ? parent : undefined, auth_id]);
  const joins: ObjectRef<PaymentKind>[] = parent && isOrderId(parent) ? [{ kind: "intent", reference: parent }] : [];
  for (const reference of earlier) {
    if (!reference || reference === base.reference || isOrderId(reference)) continue;
    joins.push({ kind: "authorization", reference });
  }
  const status = definedStatus(ownAuthorizationStatus(known));
  return { ...base, kind: "authorization", ...status, ...buyer(payload), joins, links: links(payload) };
}

/** An order claims no money: what is captured of it comes as transactions of their own. */
function order(payload: Payload, base: Base, status: Status): IntentFact {
  const told = definedStatus(ORDER_STATUS[status]);
  return { ...base, kind: "intent", ...told, ...buyer(payload), joins: [], links: links(payload) };
}

/**
 * A refund has its own `txn_id` and names the payment as its parent. Messages without a parent are about the payment
 * itself: then the amount is how much of it was refunded until then, whichever refunds did it.
 */
function refund(payload: Payload, base: Base): Fact {
  if (payload.known.parent_txn_id) return { ...undone(payload, base), kind: "refund", status: "succeeded" };
  const { amount, ...rest } = base;
  const refunded = amount === undefined ? {} : { refundedTotal: amount };
  return { ...rest, kind: "capture", status: "succeeded", ...refunded, joins: [], links: links(payload) };
}

/** What takes money from a payment or brings it back: named by itself, joined to the payment. */
function undone(payload: Payload, base: Base) {
  const parent: ObjectRef<"capture"> = { kind: "capture", reference: payload.known.parent_txn_id ?? base.reference };
  return { ...base, joins: [parent], links: links(payload) };
}

function links({ known }: Payload): readonly ObjectRef[] {
  const subscription = known.recurring_payment_id ?? known.subscr_id;
  return [
    ...(subscription ? [{ kind: "subscription", reference: subscription } as const] : []),
    ...(known.case_id ? [{ kind: "dispute", reference: known.case_id } as const] : []),
  ];
}

/** `exactOptionalPropertyTypes`: an attribute that is not told is absent, not undefined. */
function definedStatus<Status>(status: Status | undefined): { readonly status?: Status } {
  return status === undefined ? {} : { status };
}

/** `business` is where the button sent the money, `receiver_email` the account's main address, `receiver_id` its id. */
export function parties({ fields }: Payload): { readonly receivers?: readonly string[] } {
  const told = ["receiver_email", "receiver_id", "business"].flatMap(
    (name) => fields.get(name)?.trim().toLowerCase() ?? [],
  );
  const receivers = [...new Set(told)].filter((receiver) => isLine(receiver, 200));
  return receivers.length === 0 ? {} : { receivers };
}

/** The merchant's order reference, from the fields of the account's list. What no order could be called is no claim. */
export function claims({ fields }: Payload, { orderFields }: Mapping): { readonly orders?: readonly OrderClaim[] } {
  const orders = orderFields.flatMap((name, rank) => {
    const value = fields.get(name);
    return value !== undefined && isLine(value, 200) ? [{ rank, value }] : [];
  });
  return orders.length === 0 ? {} : { orders };
}

/** Only of payments that came in: in an adjustment the payer is the merchant. */
export function buyer({ fields }: Payload): { readonly buyer?: Buyer } {
  const text = (name: string, max: number) => printable(fields.get(name) ?? "", max);
  const [id, email] = [text("payer_id", 64), text("payer_email", 320)];
  const name = `${text("first_name", 100)} ${text("last_name", 100)}`.trim() || text("payer_business_name", 200);
  const told = { ...(id && { id }), ...(email && { email }), ...(name && { name }) };
  return Object.keys(told).length === 0 ? {} : { buyer: told };
}

/** One line of at most `max` UTF-16 units: no NUL, which no database text takes, and no half of a surrogate pair. */
function printable(text: string, max: number): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return line.slice(0, max).replace(/[\ud800-\udbff]$/, "");
}

/** U+FFFD is what the charset could not read. */
export function isLine(text: string, maxLength: number): boolean {
  return text !== "" && text.length <= maxLength && !/[\p{Cc}\p{Zl}\p{Zp}\ufffd]/u.test(text);
}
