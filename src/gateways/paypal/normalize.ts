import { createHash } from "node:crypto";
import type {
  AttemptStatus,
  AuthorizationFact,
  Buyer,
  CaptureFact,
  Fact,
  IntentFact,
  ObjectRef,
  OrderClaim,
  PaymentKind,
  RefundFact,
  ReversalFact,
} from "../../payments/fact.ts";
import type { Item, Mapping } from "../gateway.ts";
import type {
  Authorization,
  Capture,
  Dispute,
  Invoice,
  Order,
  OrderUnit,
  PaypalPayload,
  Refund,
  Subscription,
} from "./payload.ts";

/** What PayPal told, as facts. Which clock, which joins and why: NOTES.md. */
export function normalize(payload: PaypalPayload, mapping: Mapping): readonly Item[] {
  const { key, type, live } = payload;
  return [{ key, type, live, facts: factsOf(payload, mapping) }];
}

/** What every fact of one payload is made with. */
interface Telling {
  /** The time of a resource's statement; the event's own where the resource has none. Never later than it was received. */
  at(changedAt: number | null): number;
  orders(
    custom: { readonly customId: string | null; readonly invoiceId: string | null },
    unit?: string | null,
  ): {
    readonly orders?: readonly OrderClaim[];
  };
}

function factsOf(payload: PaypalPayload, mapping: Mapping): readonly Fact[] {
  const { told } = payload;
  const telling: Telling = {
    at: (changedAt) => Math.min(changedAt ?? payload.toldAt, payload.receivedAt),
    orders: (custom, unit = null) => claims(custom, unit, mapping),
  };
  switch (told.kind) {
    case "capture":
      return [captureFact(told.capture, [], telling)];
    case "refund":
      return refundFacts(told.refund, telling);
    case "reversal":
      return [reversalFact(told.reversal, telling)];
    case "authorization":
      return [authorizationFact(told.authorization, [], telling)];
    case "order":
      return orderFacts(told.order, telling);
    case "dispute":
      return disputeFacts(told.dispute, telling);
    case "subscription":
      return [subscriptionFact(told.subscription, telling)];
    case "invoice":
      return [invoiceFact(told.invoice, telling)];
    case "nothing":
      return [];
  }
}

/** Where money is counted. It joins its authorization; an order only where the order itself lists it. */
function captureFact(capture: Capture, intent: readonly ObjectRef<PaymentKind>[], telling: Telling): CaptureFact {
  const { authorization, subscription, fee, net, settlement } = capture;
  return {
    kind: "capture",
    reference: capture.id,
    at: telling.at(capture.changedAt),
    status: capture.status,
    currency: capture.money.currency,
    amount: capture.money.amount,
    ...(fee === null ? {} : { fee }),
    ...(net === null ? {} : { net }),
    ...(settlement === null ? {} : { settlement }),
    // A refund changes a capture as well, and with it the time of what is told.
    ...(capture.status === "succeeded" && capture.createdAt !== null ? { paidAt: telling.at(capture.createdAt) } : {}),
    joins: [...(authorization === null ? [] : [ref("authorization", authorization)]), ...intent],
    links: subscription === null ? [] : [ref("subscription", subscription)],
    ...telling.orders(capture),
    ...receivers(capture),
  };
}

function authorizationFact(
  authorization: Authorization,
  intent: readonly ObjectRef<PaymentKind>[],
  telling: Telling,
): AuthorizationFact {
  return {
    kind: "authorization",
    reference: authorization.id,
    at: telling.at(authorization.changedAt),
    status: authorization.status,
    currency: authorization.money.currency,
    amount: authorization.money.amount,
    joins: intent,
    links: [],
    ...telling.orders(authorization),
    ...receivers(authorization),
  };
}

/**
 * The refund, and as a snapshot what the capture had refunded by then. No order references: a refund may carry an invoice
 * number of its own, and its capture says which purchase it is.
 */
function refundFacts(refund: Refund, telling: Telling): readonly Fact[] {
  const { currency, amount } = refund.money;
  const at = telling.at(refund.changedAt);
  const fact: RefundFact = {
    kind: "refund",
    reference: refund.id,
    at,
    status: refund.status,
    currency,
    amount,
    joins: refund.capture === null ? [] : [ref("capture", refund.capture)],
    links: [],
  };
  const { capture, refundedTotal } = refund;
  // Before it succeeded the total may count it or not: nobody says.
  if (capture === null || refundedTotal === null || refund.status !== "succeeded") return [fact];
  return [fact, { kind: "capture", reference: capture, at, currency, refundedTotal, joins: [], links: [] }];
}

function reversalFact(reversal: Refund, telling: Telling): ReversalFact {
  const isSo = reversal.status === "succeeded";
  return {
    kind: "reversal",
    reference: reversal.id,
    at: telling.at(reversal.changedAt),
    ...(isSo ? { status: "held" } : {}),
    currency: reversal.money.currency,
    // One that came to nothing took nothing, whatever was told of it before.
    amount: isSo ? reversal.money.amount : 0n,
    joins: reversal.capture === null ? [] : [ref("capture", reversal.capture)],
    links: [],
  };
}

/**
 * One intent for each unit, and everything that the order lists within it. An order that is over tells only that: what
 * became of its payments they tell themselves, and nothing of it is asked of the API (confirm.ts).
 */
function orderFacts(order: Order, telling: Telling): readonly Fact[] {
  const at = telling.at(order.changedAt);
  return order.units.flatMap((unit): readonly Fact[] => {
    const reference = unitReference(order, unit);
    if (order.status === "voided") return [{ kind: "intent", reference, at, status: "canceled", joins: [], links: [] }];
    const intent = [ref("intent", reference)];
    return [
      intentFact(order, unit, telling),
      ...unit.authorizations.map((authorization) => authorizationFact(authorization, intent, telling)),
      ...unit.captures.map((capture) => captureFact(capture, intent, telling)),
      ...unit.refunds.flatMap((refund) => refundFacts(refund, telling)),
    ];
  });
}

function intentFact(order: Order, unit: OrderUnit, telling: Telling): IntentFact {
  const { money } = unit;
  return {
    kind: "intent",
    reference: unitReference(order, unit),
    at: telling.at(order.changedAt),
    status: attemptOf(order, unit),
    ...(money === null ? {} : { currency: money.currency, amount: money.amount }),
    joins: [
      ...unit.authorizations.map(({ id }) => ref("authorization", id)),
      ...unit.captures.map(({ id }) => ref("capture", id)),
    ],
    links: [],
    ...telling.orders(unit, unit.referenceId),
    ...receivers(unit),
    ...buyerOf(order.buyer),
  };
}

function attemptOf(order: Order, unit: OrderUnit): AttemptStatus {
  switch (order.status) {
    case "created":
      return "pending";
    case "approved":
      return "requires_action";
    case "voided":
      return "canceled";
    case "completed":
      if (unit.captures.some(({ status }) => status === "succeeded")) return "succeeded";
      if (unit.captures.some(({ status }) => status === "pending")) return "pending";
      if (unit.captures.length > 0) return "failed";
      return unit.authorizations.length > 0 ? "authorized" : "succeeded";
  }
}

/** The order's id where it is one purchase; with the unit's own reference where it is several. At most 200 characters. */
function unitReference(order: Order, unit: OrderUnit): string {
  if (order.units.length === 1) return order.id;
  const name = unit.referenceId ?? "default";
  const reference = `${order.id}/${name}`;
  return reference.length <= 200 ? reference : `${order.id}/sha256:${createHash("sha256").update(name).digest("hex")}`;
}

/** A case gives status and deadline; the money it is about moves by reversals and refunds of their own. */
function disputeFacts(dispute: Dispute, telling: Telling): readonly Fact[] {
  const at = telling.at(dispute.changedAt);
  const { money, deadline } = dispute;
  return [
    {
      kind: "dispute",
      reference: dispute.id,
      at,
      status: dispute.status,
      ...(money === null ? {} : { currency: money.currency, amount: money.amount }),
      movesMoney: false,
      ...(deadline === null ? {} : { deadline }),
      joins: [],
      links: dispute.captures.map((id) => ref("capture", id)),
      ...receivers(dispute),
    },
    // So that the captures are known to belong to payments, whichever is told first.
    ...dispute.captures.map((id) => ({ kind: "capture", reference: id, at, joins: [], links: [] }) as const),
  ];
}

function subscriptionFact(subscription: Subscription, telling: Telling): Fact {
  const { periodEnd, price, failures, retryAt, paymentFailed } = subscription;
  return {
    kind: "subscription",
    reference: subscription.id,
    at: telling.at(subscription.changedAt),
    status: subscription.status,
    ...(periodEnd === null ? {} : { periodEnd }),
    ...(price === null ? {} : { price }),
    ...(failures === null ? {} : { failures }),
    ...(retryAt === null ? {} : { retryAt }),
    ...(paymentFailed ? { paymentFailed } : {}),
    joins: [],
    links: [],
    ...telling.orders({ customId: subscription.customId, invoiceId: null }),
    ...buyerOf(subscription.buyer),
  };
}

function invoiceFact(invoice: Invoice, telling: Telling): Fact {
  return {
    kind: "invoice",
    reference: invoice.id,
    at: telling.at(null),
    status: invoice.status,
    joins: [],
    links: invoice.captures.map((id) => ref("capture", id)),
  };
}

function ref<Kind extends ObjectRef["kind"]>(kind: Kind, reference: string): ObjectRef<Kind> {
  return { kind, reference };
}

function receivers(told: { readonly receivers: readonly string[] }): { readonly receivers?: readonly string[] } {
  return told.receivers.length > 0 ? { receivers: told.receivers } : {};
}

function buyerOf(told: Order["buyer"]): { readonly buyer?: Buyer } {
  if (!told) return {};
  const { id, email, name } = told;
  const buyer = {
    ...(id === null ? {} : { id }),
    ...(email === null ? {} : { email }),
    ...(name === null ? {} : { name }),
  };
  return Object.keys(buyer).length > 0 ? { buyer } : {};
}

/** The configured fields' values in their order. v1's names mean the same fields as v2's. */
function claims(
  told: { readonly customId: string | null; readonly invoiceId: string | null },
  unit: string | null,
  mapping: Mapping,
): { readonly orders?: readonly OrderClaim[] } {
  const values: ReadonlyMap<string, string | null> = new Map([
    ["custom_id", told.customId],
    ["custom", told.customId],
    ["invoice_id", told.invoiceId],
    ["invoice_number", told.invoiceId],
    ["reference_id", unit],
  ]);
  const found = mapping.orderFields.flatMap((field, rank) => {
    const value = values.get(field) ?? null;
    return value === null ? [] : [{ rank, value }];
  });
  return found.length > 0 ? { orders: found } : {};
}
