import type {
  AuthorizationFact,
  CaptureFact,
  DisputeFact,
  ObjectRef,
  PaymentKind,
  ReversalFact,
} from "../../../src/payments/fact.ts";
import { at, ipn, joins, type Message, order, paypal, ref, USD } from "./message.ts";

/** PayPal's webhooks and IPNs, as their adapters tell them. Both name a capture by the same id. */

const MONEY = { currency: USD, amount: 1999n };
const CLAIM = order("1001");

export function captureIs(
  seconds: number,
  status: NonNullable<CaptureFact["status"]>,
  more: Partial<Pick<CaptureFact, "amount" | "fee" | "net" | "links" | "orders">> & {
    readonly id?: string;
    readonly authorization?: string;
  } = {},
): Message {
  const { id = "CAP1", authorization, ...told } = more;
  return paypal(`PAYMENT.CAPTURE ${status} ${id}@${seconds}`, {
    kind: "capture",
    reference: id,
    at: at(seconds),
    status,
    ...MONEY,
    ...CLAIM,
    receivers: ["shop@example.com"],
    ...told,
    ...joins(...(authorization ? [ref("authorization", authorization)] : [])),
  });
}

export function authorizationIs(
  seconds: number,
  status: NonNullable<AuthorizationFact["status"]>,
  id = "AUTH1",
): Message {
  return paypal(`PAYMENT.AUTHORIZATION ${status} ${id}@${seconds}`, {
    kind: "authorization",
    reference: id,
    at: at(seconds),
    status,
    ...MONEY,
    ...CLAIM,
  });
}

/** One unit of an order, which lists its captures by name when it is completed. */
export function orderUnitIs(
  seconds: number,
  status: "requires_action" | "succeeded",
  captures: readonly string[] = [],
): Message {
  return paypal(`CHECKOUT.ORDER ${status}@${seconds}`, {
    kind: "intent",
    reference: "ORDER1#default",
    at: at(seconds),
    status,
    ...MONEY,
    ...CLAIM,
    ...(captures.length > 0 && { claimed: MONEY.amount }),
    ...joins(...captures.map((id) => ref("capture", id))),
  });
}

export function refunded(
  seconds: number,
  status: "pending" | "succeeded" | "failed",
  refund: { readonly id: string; readonly amount: bigint; readonly capture?: string },
): Message {
  return paypal(`PAYMENT.REFUND ${status} ${refund.id}@${seconds}`, {
    kind: "refund",
    reference: refund.id,
    at: at(seconds),
    status,
    currency: USD,
    amount: refund.amount,
    ...joins(ref("capture", refund.capture ?? "CAP1")),
  });
}

export function reversed(seconds: number, amount = 1999n, id = "REV1"): Message {
  return paypal(`PAYMENT.CAPTURE.REVERSED ${id}@${seconds}`, {
    kind: "reversal",
    reference: id,
    at: at(seconds),
    status: "held",
    currency: USD,
    amount,
    ...joins(ref("capture", "CAP1")),
  });
}

export function caseIs(
  seconds: number,
  status: NonNullable<DisputeFact["status"]>,
  amount = 1999n,
  captures: readonly string[] = ["CAP1"],
): Message {
  return paypal(`CUSTOMER.DISPUTE ${status}@${seconds}`, {
    kind: "dispute",
    reference: "PP-D-1",
    at: at(seconds),
    status,
    currency: USD,
    amount,
    movesMoney: false,
    links: captures.map((id) => ref("capture", id)),
  });
}

function ipnJoins(parent: ObjectRef<PaymentKind>) {
  return { ...joins(parent), currency: USD };
}

export function ipnPayment(
  seconds: number,
  status: "pending" | "succeeded" | "failed",
  more: Partial<Pick<CaptureFact, "fee" | "net" | "links" | "orders" | "receivers">> & { readonly id?: string } = {},
): Message {
  const { id = "CAP1", ...told } = more;
  return ipn(`Payment ${status} ${id}@${seconds}`, {
    kind: "capture",
    reference: id,
    at: at(seconds),
    status,
    ...MONEY,
    ...CLAIM,
    receivers: ["shop@example.com"],
    buyer: { email: "ann@example.com" },
    ...told,
  });
}

export function ipnRefunded(seconds: number, id: string, amount: bigint): Message {
  return ipn(`Refunded ${id}@${seconds}`, {
    kind: "refund",
    reference: id,
    at: at(seconds),
    status: "succeeded",
    amount,
    ...ipnJoins(ref("capture", "CAP1")),
  });
}

export function ipnReversed(
  seconds: number,
  status: NonNullable<ReversalFact["status"]>,
  amount = 1999n,
  id = "REV1",
): Message {
  return ipn(`Reversed ${id}@${seconds}`, {
    kind: "reversal",
    reference: id,
    at: at(seconds),
    status,
    amount,
    ...ipnJoins(ref("capture", "CAP1")),
  });
}

export function ipnReinstated(seconds: number, amount = 1999n): Message {
  return ipn(`Canceled_Reversal@${seconds}`, {
    kind: "reinstatement",
    reference: "REI1",
    at: at(seconds),
    status: "succeeded",
    amount,
    ...ipnJoins(ref("capture", "CAP1")),
  });
}

export function ipnCase(seconds: number, status: NonNullable<DisputeFact["status"]>): Message {
  return ipn(
    `new_case ${status}@${seconds}`,
    {
      kind: "dispute",
      reference: "PP-D-1",
      at: at(seconds),
      status,
      movesMoney: false,
      links: [ref("capture", "CAP1")],
    },
    { kind: "capture", reference: "CAP1", at: at(seconds), ...CLAIM },
  );
}
