import type { Happening } from "../model/model.ts";
import { PaypalPurchase } from "./paypal-events.ts";
import { orderOf, type Template } from "./story.ts";
import { StripePurchase } from "./stripe-events.ts";

/** Histories through PayPal's webhooks, through classic IPN, and through several channels at once. */

export function capturedThrough(it: PaypalPurchase): Happening {
  return { what: "captured", payment: it.payment, capture: it.capture, purchase: it.capture, amount: it.amount };
}

const sale: Template = (setting) => {
  const it = new PaypalPurchase(setting);
  return {
    name: "paypal: pending, then completed",
    order: orderOf(setting),
    happenings: [{ what: "attempted", payment: it.payment, status: "pending" }, capturedThrough(it)],
    messages: [it.captureIs(10, "PENDING"), it.captureIs(900, "COMPLETED")],
  };
};

const declined: Template = (setting) => {
  const it = new PaypalPurchase(setting);
  return {
    name: "paypal: declined",
    order: orderOf(setting),
    happenings: [{ what: "attempted", payment: it.payment, status: "failed" }],
    messages: [it.captureIs(10, "DECLINED")],
  };
};

const twoCaptures: Template = (setting) => {
  const half = { amount: setting.amount / 2 };
  const first = new PaypalPurchase(setting, { ...half, part: "x" });
  const second = new PaypalPurchase(setting, { ...half, part: "y" });
  const related = { supplementary_data: { related_ids: { authorization_id: first.id("AUT") } } };
  const { payment } = first;
  return {
    name: "paypal: authorized, captured in two parts: one payment",
    order: orderOf(setting),
    happenings: [
      { what: "attempted", payment, status: "authorized" },
      capturedThrough(first),
      { ...capturedThrough(second), payment },
    ],
    messages: [
      first.authorizationIs(5, "CREATED", "CREATED"),
      first.captureIs(20, "COMPLETED", related),
      second.captureIs(30, "COMPLETED", related),
    ],
  };
};

const voided: Template = (setting) => {
  const it = new PaypalPurchase(setting);
  return {
    name: "paypal: authorized and voided",
    order: orderOf(setting),
    happenings: [
      { what: "attempted", payment: it.payment.replace("capture/CAP", "authorization/AUT"), status: "canceled" },
    ],
    messages: [it.authorizationIs(5, "CREATED", "CREATED"), it.authorizationIs(500, "VOIDED", "VOIDED")],
  };
};

const refunds: Template = (setting) => {
  const it = new PaypalPurchase(setting);
  const { payment } = it;
  const [first, second] = [setting.amount / 4, setting.amount / 5];
  return {
    name: "paypal: two partial refunds",
    order: orderOf(setting),
    happenings: [
      capturedThrough(it),
      { what: "refunded", payment, refund: "a", amount: first },
      { what: "refunded", payment, refund: "b", amount: second },
    ],
    messages: [
      it.captureIs(10, "COMPLETED"),
      it.refunded(50, { id: it.id("RFA"), amount: first, total: first }),
      it.refunded(60, { id: it.id("RFB"), amount: second, total: first + second }),
    ],
  };
};

/** A case with the reversal that comes with it: one loss, told twice. */
function dispute(name: string, end: "won" | "lost"): Template {
  return (setting) => {
    const it = new PaypalPurchase(setting);
    const { payment } = it;
    const id = it.id("PP-D-");
    return {
      name,
      order: orderOf(setting),
      happenings: [
        capturedThrough(it),
        { what: "disputed", payment, dispute: id, amount: it.amount },
        { what: `dispute_${end}`, payment, dispute: id },
      ],
      messages: [
        it.captureIs(10, "COMPLETED"),
        it.caseIs(100, "CREATED", null),
        it.reversed(101),
        it.caseIs(900, "RESOLVED", end === "won" ? "RESOLVED_SELLER_FAVOUR" : "RESOLVED_BUYER_FAVOUR"),
      ],
    };
  };
}

const echeck: Template = (setting) => {
  const it = new PaypalPurchase(setting);
  return {
    name: "ipn: an eCheck, pending and completed with one date",
    order: orderOf(setting),
    happenings: [{ what: "attempted", payment: it.payment, status: "pending" }, capturedThrough(it)],
    messages: [
      it.ipn(10, "Pending", { pending_reason: "echeck", payment_type: "echeck" }),
      it.ipn(10, "Completed", { payment_type: "echeck" }),
    ],
  };
};

const echeckFails: Template = (setting) => {
  const it = new PaypalPurchase(setting);
  return {
    name: "ipn: an eCheck that bounces",
    order: orderOf(setting),
    happenings: [{ what: "attempted", payment: it.payment, status: "failed" }],
    messages: [it.ipn(10, "Pending", { pending_reason: "echeck" }), it.ipn(10, "Failed")],
  };
};

const ipnRefund: Template = (setting) => {
  const it = new PaypalPurchase(setting);
  const amount = setting.amount / 4;
  return {
    name: "ipn: a partial refund",
    order: orderOf(setting),
    happenings: [capturedThrough(it), { what: "refunded", payment: it.payment, refund: "a", amount }],
    messages: [it.ipn(10, "Completed"), it.ipnOfParent(60, "Refunded", { id: it.id("RFA"), amount, reason: "refund" })],
  };
};

/** A reversal is a dispute that takes the money; canceled, it brings it back. */
function reversal(name: string, end: "canceled" | "lost" | null): Template {
  return (setting) => {
    const it = new PaypalPurchase(setting);
    const { payment, amount } = it;
    const reason = end === "lost" ? "chargeback_settlement" : "buyer_complaint";
    const reversed = it.ipnOfParent(50, "Reversed", { id: it.id("REV"), amount, reason });
    const back = it.ipnOfParent(800, "Canceled_Reversal", { id: it.id("REI"), amount });
    const ends: readonly Happening[] =
      end === null ? [] : [{ what: end === "lost" ? "dispute_lost" : "dispute_won", payment, dispute: "r" }];
    return {
      name,
      order: orderOf(setting),
      happenings: [capturedThrough(it), { what: "disputed", payment, dispute: "r", amount }, ...ends],
      messages: [it.ipn(10, "Completed"), reversed, ...(end === "canceled" ? [back] : [])],
    };
  };
}

const wrongReceiver: Template = (setting) => {
  const it = new PaypalPurchase({ ...setting, receiver: "somebody.else@shop.example" });
  return {
    name: "ipn: paid to somebody else, held",
    order: orderOf(setting, { neverCount: [it.payment] }),
    happenings: [capturedThrough(it)],
    messages: [it.ipn(10, "Completed")],
  };
};

const bothChannels: Template = (setting) => {
  const it = new PaypalPurchase(setting);
  const amount = setting.amount / 4;
  const refund = it.id("RFA");
  return {
    name: "paypal and ipn: one purchase and its refund, told by both",
    order: orderOf(setting),
    happenings: [capturedThrough(it), { what: "refunded", payment: it.payment, refund, amount }],
    messages: [
      it.captureIs(10, "COMPLETED"),
      it.ipn(10, "Completed"),
      it.refunded(60, { id: refund, amount, total: amount }),
      it.ipnOfParent(60, "Refunded", { id: refund, amount, reason: "refund" }),
    ],
  };
};

const twoProviders: Template = (setting) => {
  const one = new StripePurchase(setting);
  const two = new PaypalPurchase(setting);
  return {
    name: "stripe and paypal: two full payments of one order",
    order: orderOf(setting),
    happenings: [
      { what: "captured", payment: one.payment, capture: one.charge, purchase: one.intent, amount: one.amount },
      capturedThrough(two),
    ],
    messages: [
      one.chargeIs(20, "succeeded"),
      one.intentSucceeded(20),
      two.captureIs(30, "COMPLETED"),
      two.ipn(30, "Completed"),
    ],
  };
};

export const PAYPAL_TEMPLATES: readonly Template[] = [
  sale,
  declined,
  twoCaptures,
  voided,
  refunds,
  dispute("paypal: a case with a reversal, won", "won"),
  dispute("paypal: a case with a reversal, lost", "lost"),
  echeck,
  echeckFails,
  ipnRefund,
  reversal("ipn: a reversal that is canceled", "canceled"),
  reversal("ipn: a reversal that stands", null),
  reversal("ipn: a reversal that is lost", "lost"),
  wrongReceiver,
  bothChannels,
  twoProviders,
];
