import paypal from "@paypal/checkout-server-sdk";
import type { Fact } from "../../payments/fact.ts";
import type { Item } from "../gateway.ts";
import type { ApiRequest } from "./api.ts";
import type { AnswerKind } from "./read-event.ts";

/** What to ask PayPal's API about an item, and where. */

/** One object, and the addresses where it may be found: that of its own generation first, then the other's. */
export interface Question {
  readonly kind: AnswerKind;
  readonly id: string;
  readonly requests: readonly ApiRequest[];
  /** Whether it may be missing without contradicting anything. */
  readonly optional?: true;
}

/**
 * About what money follows from: captures, refunds, reversals, authorizations, and orders that name them. Orders and
 * approvals that came to nothing, disputes, subscriptions and invoices move none.
 */
export function moneyQuestions(item: Item): readonly Question[] {
  const order = item.facts.find((fact) => fact.kind === "intent");
  if (order) return order.status === "canceled" ? [] : [orderQuestion(order.reference)];
  return item.facts.flatMap((fact) => moneyQuestion(fact, item));
}

/** About everything else that can be asked at all, for when the notification itself is in doubt. */
export function otherQuestions(item: Item): readonly Question[] {
  const order = item.facts.find((fact) => fact.kind === "intent");
  if (order) return [orderQuestion(order.reference)];
  return item.facts.flatMap((fact): readonly Question[] => {
    const at = (collection: string): ApiRequest => ({ path: `/v1/${collection}/${fact.reference}`, verb: "GET" });
    if (fact.kind === "dispute") {
      return [{ kind: "dispute", id: fact.reference, requests: [at("customer/disputes")] }];
    }
    if (fact.kind !== "subscription") return [];
    return [{ kind: "subscription", id: fact.reference, requests: [at("billing/subscriptions")] }];
  });
}

function orderQuestion(reference: string): Question {
  const [id = reference] = reference.split("/");
  const v2 = new paypal.orders.OrdersGetRequest(id);
  return { kind: "order", id, requests: id.startsWith("O-") ? [v1("orders", id), v2] : [v2] };
}

function moneyQuestion(fact: Fact, item: Item): readonly Question[] {
  const isSale = item.type.startsWith("PAYMENT.SALE.");
  switch (fact.kind) {
    case "capture":
      return fact.status === undefined
        ? []
        : captureQuestions(fact.reference, isSale && fact.orders !== undefined, isSale);
    case "refund":
      return [refundQuestion("refund", fact.reference, isSale)];
    case "reversal":
      return [reversalQuestion(fact, isSale)];
    case "authorization": {
      const v2 = new paypal.payments.AuthorizationsGetRequest(fact.reference);
      return [{ kind: "authorization", id: fact.reference, requests: [v2, v1("authorization", fact.reference)] }];
    }
    case "intent":
    case "session":
    case "reinstatement":
    case "dispute":
    case "review":
    case "invoice":
    case "subscription":
    case "payout":
      return [];
  }
}

/**
 * A sale is v1's; whether its answer tells the order reference is nowhere written, so the capture of the same id is asked as
 * well where a reference is claimed: a v2 capture dressed up as a sale is found out by it.
 */
function captureQuestions(id: string, claimsOrder: boolean, isSale: boolean): readonly Question[] {
  const v2 = new paypal.payments.CapturesGetRequest(id);
  if (!isSale) return [{ kind: "capture", id, requests: [v2, v1("capture", id)] }];
  const sale: Question = { kind: "capture", id, requests: [v1("sale", id), v2] };
  return claimsOrder ? [sale, { kind: "capture", id, requests: [v2], optional: true }] : [sale];
}

function refundQuestion(kind: "refund" | "reversal", id: string, isSale: boolean): Question {
  const v2 = new paypal.payments.RefundsGetRequest(id);
  return { kind, id, requests: isSale ? [v1("refund", id), v2] : [v2, v1("refund", id)] };
}

/** A reversal is told as a refund, or as the capture that was reversed. */
function reversalQuestion(fact: Fact, isSale: boolean): Question {
  const id = fact.reference;
  if (!fact.joins.some(({ reference }) => reference === id)) return refundQuestion("reversal", id, isSale);
  const v2 = new paypal.payments.CapturesGetRequest(id);
  return { kind: "reversal", id, requests: isSale ? [v1("sale", id), v2] : [v2, v1("capture", id)] };
}

/** v1 of the Payments API is not in the SDK; its requests are as plain. Ids are checked where they are read. */
function v1(collection: "sale" | "capture" | "refund" | "authorization" | "orders", id: string): ApiRequest {
  return { path: `/v1/payments/${collection}/${id}`, verb: "GET" };
}
