import * as z from "zod";
import type { AuthenticNotification, Parsed, ProviderAnswer } from "../gateway.ts";
import { readJson } from "../json.ts";
import type { Invoice, PaypalPayload, Told } from "./payload.ts";
import { reference, time } from "./payload-parts.ts";
import { agreementV1, authorizationV1, orderV1, refundV1, reversalV1, saleV1 } from "./resources-v1.ts";
import {
  approvalReversed,
  authorizationV2,
  captureV2,
  disputeV1,
  invoiceTold,
  orderV2,
  refundV2,
  reversalV2,
  subscriptionV2,
} from "./resources-v2.ts";
import { isLiveCertificate } from "./settings.ts";

const envelope = z.object({
  id: reference,
  event_type: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  create_time: time,
  resource: z.unknown().optional(),
});

type Reader = (resource: unknown) => Parsed<Told>;

/** The version by the resource's own shape: `resource_version` is missing in v1 and in some of v2. */
const shape = z.object({
  amount: z.object({ total: z.unknown().optional() }).nullish(),
  state: z.unknown().optional(),
});

function isV1(resource: unknown): boolean {
  const read = shape.safeParse(resource);
  return read.success && (read.data.amount?.total !== undefined || read.data.state !== undefined);
}

const readCapture = versions(saleV1, captureV2, (capture): Told => ({ kind: "capture", capture }));
const readRefund = versions(refundV1, refundV2, (refund): Told => ({ kind: "refund", refund }));
const readReversal = versions(reversalV1, reversalV2, (reversal): Told => ({ kind: "reversal", reversal }));
const readOrder = versions(orderV1, orderV2, (order): Told => ({ kind: "order", order }));
const readAuthorization = versions(
  authorizationV1,
  authorizationV2,
  (authorization): Told => ({ kind: "authorization", authorization }),
);
const readSubscription = versions(
  agreementV1,
  subscriptionV2,
  (subscription): Told => ({ kind: "subscription", subscription }),
);
const readDispute = versions(disputeV1, disputeV1, (dispute): Told => ({ kind: "dispute", dispute }));
const readApprovalReversed = versions(approvalReversed, approvalReversed, (order): Told => ({ kind: "order", order }));

/** A failed payment is told with a subscription that is still active. */
function readPaymentFailed(resource: unknown): Parsed<Told> {
  const read = readSubscription(resource);
  if (read.kind === "unreadable" || read.payload.kind !== "subscription") return read;
  const { subscription } = read.payload;
  const failed = { ...subscription, paymentFailed: true };
  const told = subscription.status === "active" ? { ...failed, status: "past_due" as const, changedAt: null } : failed;
  return { kind: "parsed", payload: { kind: "subscription", subscription: told } };
}

function invoiceReader(status: Invoice["status"]): Reader {
  return versions(invoiceTold, invoiceTold, (invoice): Told => ({ kind: "invoice", invoice: { ...invoice, status } }));
}

/** Every event that we understand, in the order in which they are to be subscribed to. */
const READERS: ReadonlyMap<string, Reader> = new Map([
  ["CHECKOUT.ORDER.APPROVED", readOrder],
  ["CHECKOUT.ORDER.COMPLETED", readOrder],
  ["CHECKOUT.ORDER.CREATED", readOrder],
  ["CHECKOUT.ORDER.SAVED", readOrder],
  ["CHECKOUT.ORDER.VOIDED", readOrder],
  ["CHECKOUT.PAYMENT-APPROVAL.REVERSED", readApprovalReversed],
  ["PAYMENT.AUTHORIZATION.CREATED", readAuthorization],
  ["PAYMENT.AUTHORIZATION.VOIDED", readAuthorization],
  ["PAYMENT.CAPTURE.PENDING", readCapture],
  ["PAYMENT.CAPTURE.COMPLETED", readCapture],
  ["PAYMENT.CAPTURE.DECLINED", readCapture],
  ["PAYMENT.CAPTURE.DENIED", readCapture],
  ["PAYMENT.CAPTURE.REFUNDED", readRefund],
  ["PAYMENT.CAPTURE.REVERSED", readReversal],
  ["PAYMENT.REFUND.PENDING", readRefund],
  ["PAYMENT.REFUND.FAILED", readRefund],
  ["PAYMENT.SALE.PENDING", readCapture],
  ["PAYMENT.SALE.COMPLETED", readCapture],
  ["PAYMENT.SALE.DENIED", readCapture],
  ["PAYMENT.SALE.REFUNDED", readRefund],
  ["PAYMENT.SALE.REVERSED", readReversal],
  ["PAYMENT.ORDER.CREATED", readOrder],
  ["PAYMENT.ORDER.CANCELLED", readOrder],
  ["BILLING.SUBSCRIPTION.CREATED", readSubscription],
  ["BILLING.SUBSCRIPTION.ACTIVATED", readSubscription],
  ["BILLING.SUBSCRIPTION.RE-ACTIVATED", readSubscription],
  ["BILLING.SUBSCRIPTION.UPDATED", readSubscription],
  ["BILLING.SUBSCRIPTION.EXPIRED", readSubscription],
  ["BILLING.SUBSCRIPTION.CANCELLED", readSubscription],
  ["BILLING.SUBSCRIPTION.SUSPENDED", readSubscription],
  ["BILLING.SUBSCRIPTION.PAYMENT.FAILED", readPaymentFailed],
  ["CUSTOMER.DISPUTE.CREATED", readDispute],
  ["CUSTOMER.DISPUTE.UPDATED", readDispute],
  ["CUSTOMER.DISPUTE.RESOLVED", readDispute],
  ["INVOICING.INVOICE.PAID", invoiceReader("paid")],
  ["INVOICING.INVOICE.REFUNDED", invoiceReader("paid")],
  ["INVOICING.INVOICE.CANCELLED", invoiceReader("void")],
]);

export const EVENT_TYPES: readonly string[] = [...READERS.keys()];

/** The event of a proven notification. `unreadable` names the field, never its value. */
export function readEvent(notification: AuthenticNotification): Parsed<PaypalPayload> {
  const json = readJson(notification.body);
  if (json.kind === "unreadable") return json;
  const event = envelope.safeParse(json.payload);
  if (!event.success) return { kind: "unreadable", detail: detailOf(event.error, "") };
  const { id, event_type: type, create_time, resource } = event.data;
  const told = READERS.get(type)?.(resource) ?? { kind: "parsed", payload: { kind: "nothing" } };
  if (told.kind === "unreadable") return told;
  // The transmission's time is signed as well, and only a moment later than the event's.
  const transmitted = Date.parse(notification.headers.get("paypal-transmission-time") ?? "");
  const toldAt = create_time ?? (Number.isNaN(transmitted) ? null : transmitted);
  if (toldAt === null) return { kind: "unreadable", detail: "create_time is no time" };
  const live = isLiveCertificate(notification.headers.get("paypal-cert-url") ?? "");
  const receivedAt = notification.receivedAt.getTime();
  return { kind: "parsed", payload: { key: id, type, live, toldAt, receivedAt, told: told.payload } };
}

/** The kinds of object that PayPal's API is asked about; part of an answer's key, so that it can be read back. */
export type AnswerKind = "capture" | "refund" | "reversal" | "authorization" | "order" | "dispute" | "subscription";

const ANSWER_READERS: Readonly<Record<AnswerKind, Reader>> = {
  capture: readCapture,
  refund: readRefund,
  reversal: readReversal,
  authorization: readAuthorization,
  order: readOrder,
  dispute: readDispute,
  subscription: readSubscription,
};

/** An answer of the API, by its key: `<live|test>/<kind>/<id>@<state>`. */
export function readAnswer(answer: ProviderAnswer): Parsed<PaypalPayload> {
  const [, mode, word] = /^(live|test)\/([a-z]+)\//.exec(answer.key) ?? [];
  if (mode === undefined || !isAnswerKind(word)) {
    return { kind: "unreadable", detail: "the answer's key names no object" };
  }
  const json = readJson(answer.body);
  const told = json.kind === "parsed" ? ANSWER_READERS[word](json.payload) : json;
  if (told.kind === "unreadable") return told;
  const at = answer.at.getTime();
  return {
    kind: "parsed",
    payload: {
      key: answer.key,
      type: `api.${word}`,
      live: mode === "live",
      toldAt: at,
      receivedAt: at,
      told: told.payload,
    },
  };
}

function isAnswerKind(word: string | undefined): word is AnswerKind {
  return word !== undefined && Object.hasOwn(ANSWER_READERS, word);
}

function versions<Value>(v1: z.ZodType<Value>, v2: z.ZodType<Value>, wrap: (value: Value) => Told): Reader {
  return (resource) => {
    const read = (isV1(resource) ? v1 : v2).safeParse(resource);
    return read.success
      ? { kind: "parsed", payload: wrap(read.data) }
      : { kind: "unreadable", detail: detailOf(read.error, "resource") };
  };
}

function detailOf(error: z.ZodError, root: string): string {
  const [issue] = error.issues;
  const path = [root, ...(issue?.path ?? [])].map(String).filter((part) => part !== "");
  return `${path.join(".").slice(0, 150) || "the event"}: ${issue?.code === "custom" ? issue.message : "not as documented"}`;
}
