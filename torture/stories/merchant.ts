import type { Happening } from "../model/model.ts";
import { capturedThrough } from "./paypal.ts";
import { PaypalPurchase } from "./paypal-events.ts";
import { type Command, orderOf, orderReference, type Setting, type Template } from "./story.ts";
import { capturedBy, paid } from "./stripe.ts";
import { StripePurchase } from "./stripe-events.ts";

/** Histories in which the shop does something as well: it cancels, changes, records, or decides about what is held. */

/** Beyond any receipt: the service takes such a time for the receipt's. */
const AFTER_ALL = 40 * 86_400;

const canceledUnpaid: Template = (setting) => {
  const it = new StripePurchase(setting);
  return {
    name: "shop: an order that is canceled, its card declined",
    order: orderOf(setting),
    happenings: [{ what: "attempted", payment: it.payment, status: "failed" }, { what: "canceled" }],
    messages: [
      it.intentIs(5, "created", { status: "requires_payment_method" }),
      it.intentIs(8, "payment_failed", { status: "requires_payment_method" }),
    ],
    commands: [{ what: "cancel" }],
  };
};

const canceledPaid: Template = (setting) => {
  const it = new StripePurchase(setting);
  const refund = { id: `re_${setting.id}`, amount: setting.amount, status: "succeeded" };
  const sale = paid(it);
  return {
    name: "shop: a paid order that is canceled, its money given back",
    order: orderOf(setting),
    happenings: [
      ...sale.happenings,
      { what: "canceled" },
      { what: "refunded", payment: it.payment, refund: refund.id, amount: refund.amount },
    ],
    messages: [...sale.messages, it.refundIs(500, "created", refund), it.refundedTo(500, refund.amount)],
    commands: [{ what: "cancel" }],
  };
};

const paidAfterCanceled: Template = (setting) => {
  const it = new PaypalPurchase(setting);
  return {
    name: "shop: paid after it was canceled, held",
    order: orderOf(setting),
    happenings: [{ what: "canceled" }, capturedThrough(it)],
    messages: [],
    commands: [{ what: "cancel" }],
    late: [it.captureIs(AFTER_ALL, "COMPLETED")],
    needsPeace: true,
  };
};

const expires: Template = (setting) => {
  const it = new StripePurchase(setting);
  return {
    name: "shop: an order whose deadline passes, its card declined",
    order: orderOf(setting, { expiresAt: setting.start + 3_600 }),
    happenings: [{ what: "attempted", payment: it.payment, status: "failed" }, { what: "expired" }],
    messages: [it.intentIs(8, "payment_failed", { status: "requires_payment_method" })],
    commands: [{ what: "see_expired" }],
  };
};

const paidInTime: Template = (setting) => {
  const it = new StripePurchase(setting);
  const sale = paid(it);
  return {
    name: "shop: paid before its deadline, perhaps told after it",
    order: orderOf(setting, { expiresAt: setting.start + 3_600 }),
    happenings: [...sale.happenings, { what: "expired" }],
    messages: sale.messages,
  };
};

const paidAfterDeadline: Template = (setting) => {
  const it = new PaypalPurchase(setting);
  return {
    name: "shop: paid after its deadline, held",
    order: orderOf(setting, { expiresAt: setting.start + 3_600 }),
    happenings: [{ what: "expired" }, capturedThrough(it)],
    messages: [it.captureIs(7_200, "COMPLETED")],
    commands: [{ what: "see_expired" }],
  };
};

const changedBeforePaid: Template = (setting) => {
  const total = setting.amount + 700;
  const it = new StripePurchase(setting, { amount: total });
  const sale = paid(it);
  return {
    name: "shop: a total that is raised, and paid as raised",
    order: orderOf(setting),
    happenings: [{ what: "total_changed", total }, ...sale.happenings],
    messages: sale.messages,
    commands: [{ what: "change_total", total }],
  };
};

const raisedAfterPaid: Template = (setting) => {
  const more = 700;
  const total = setting.amount + more;
  const first = new StripePurchase(setting, { part: "x" });
  const rest = new StripePurchase(setting, { part: "y", amount: more });
  const [one, two] = [paid(first), paid(rest)];
  return {
    name: "shop: a total that is raised after it was paid, and the rest paid too",
    order: orderOf(setting),
    happenings: [...one.happenings, { what: "total_changed", total }, ...two.happenings],
    messages: [...one.messages, rest.chargeIs(4_000, "succeeded"), rest.intentSucceeded(4_000)],
    commands: [{ what: "change_total", total }],
  };
};

const loweredAfterPaid: Template = (setting) => {
  const total = setting.amount - 300;
  const it = new PaypalPurchase(setting);
  const refund = { id: it.id("RFA"), amount: 300, total: 300 };
  return {
    name: "shop: a total that is lowered after it was paid, the rest given back",
    order: orderOf(setting),
    happenings: [
      capturedThrough(it),
      { what: "total_changed", total },
      { what: "refunded", payment: it.payment, refund: refund.id, amount: refund.amount },
    ],
    messages: [it.captureIs(10, "COMPLETED"), it.refunded(4_000, refund)],
    commands: [{ what: "change_total", total }],
  };
};

/** Money that the shop recorded, under the name by which the service knows it. */
function recorded(setting: Setting, command: Extract<Command, { what: "record" }>): Happening {
  const name = `${orderReference(setting)}/${command.reference}`;
  if (command.amount < 0) {
    const payment = `outside/default/test/refund/${name}`;
    return { what: "refunded", payment, refund: name, amount: -command.amount };
  }
  const payment = `outside/default/test/capture/${name}`;
  return { what: "captured", payment, capture: name, purchase: name, amount: command.amount };
}

function record(
  setting: Setting,
  money: { readonly reference: string; readonly amount: number },
): Extract<Command, { what: "record" }> {
  const method = money.amount < 0 ? "correction" : "bank_transfer";
  return { what: "record", method, at: setting.start + 7_200, ...money };
}

const byTransfer: Template = (setting) => {
  const transfer = record(setting, { reference: "TRANSFER-1", amount: setting.amount });
  const correction = record(setting, { reference: "CORRECTION-1", amount: -400 });
  return {
    name: "shop: paid by bank transfer, and corrected by hand",
    order: orderOf(setting),
    happenings: [recorded(setting, transfer), recorded(setting, correction)],
    messages: [],
    commands: [transfer, correction],
  };
};

const byTransferAndCard: Template = (setting) => {
  const half = setting.amount / 2;
  const it = new StripePurchase(setting, { amount: half });
  const sale = paid(it);
  const transfer = record(setting, { reference: "TRANSFER-1", amount: half });
  return {
    name: "shop: one half by card, the other by bank transfer",
    order: orderOf(setting, { mode: "several" }),
    happenings: [...sale.happenings, recorded(setting, transfer)],
    messages: sale.messages,
    commands: [transfer],
  };
};

/** Held for its amount; then a person says what it is. */
function heldForAmount(
  name: string,
  options: { readonly verdict: "accept" | "reject"; readonly by: number },
): Template {
  return (setting) => {
    const it = new StripePurchase(setting, { amount: setting.amount + options.by });
    const sale = paid(it);
    const what = options.verdict === "accept" ? "let_in" : "turned_away";
    return {
      name,
      order: orderOf(setting),
      happenings: [...sale.happenings, { what, counted: it.payment }],
      messages: sale.messages,
      commands: [{ what: options.verdict, reference: it.intent }],
    };
  };
}

const strangersAccepted: Template = (setting) => {
  const it = new PaypalPurchase({ ...setting, receiver: "somebody.else@shop.example" });
  return {
    name: "shop: paid to another account of its own, accepted by a person",
    order: orderOf(setting, { neverCount: [it.payment] }),
    happenings: [capturedThrough(it), { what: "let_in", counted: it.payment }],
    messages: [it.ipn(10, "Completed")],
    commands: [{ what: "accept", reference: it.capture }],
  };
};

const rejectedThenPaid: Template = (setting) => {
  const wrong = new StripePurchase(setting, { part: "x", amount: setting.amount - 100 });
  const right = new StripePurchase(setting, { part: "y" });
  const refund = { id: `re_${setting.id}`, amount: wrong.amount, status: "succeeded" };
  const [one, two] = [paid(wrong), paid(right)];
  return {
    name: "shop: a wrong payment rejected and given back, a right one made",
    order: orderOf(setting),
    happenings: [
      ...one.happenings,
      { what: "turned_away", counted: wrong.payment },
      { what: "refunded", payment: wrong.payment, refund: refund.id, amount: refund.amount },
      ...two.happenings,
    ],
    messages: [...one.messages, wrong.refundIs(500, "created", refund), ...two.messages],
    commands: [{ what: "reject", reference: wrong.intent }],
  };
};

const registeredLate: Template = (setting) => {
  const it = new StripePurchase(setting);
  const amount = setting.amount / 4;
  const sale = paid(it);
  return {
    name: "shop: an order that is registered when all was told",
    order: orderOf(setting, { registers: "late" }),
    happenings: [...sale.happenings, { what: "refunded", payment: it.payment, refund: "a", amount }],
    messages: [...sale.messages, it.refundedTo(50, amount)],
  };
};

const twiceOneRefunded: Template = (setting) => {
  const card = new StripePurchase(setting);
  const paypal = new PaypalPurchase(setting);
  const sale = paid(card);
  const refund = { id: paypal.id("RFA"), amount: setting.amount, total: setting.amount };
  return {
    name: "stripe and paypal: two payments of one order, PayPal's given back",
    order: orderOf(setting),
    happenings: [
      capturedBy(card),
      capturedThrough(paypal),
      { what: "refunded", payment: paypal.payment, refund: refund.id, amount: refund.amount },
    ],
    messages: [
      ...sale.messages,
      paypal.captureIs(30, "COMPLETED"),
      paypal.ipn(30, "Completed"),
      paypal.refunded(500, refund),
      paypal.ipnOfParent(500, "Refunded", { id: refund.id, amount: refund.amount, reason: "refund" }),
    ],
  };
};

export const MERCHANT_TEMPLATES: readonly Template[] = [
  canceledUnpaid,
  canceledPaid,
  paidAfterCanceled,
  expires,
  paidInTime,
  paidAfterDeadline,
  changedBeforePaid,
  raisedAfterPaid,
  loweredAfterPaid,
  byTransfer,
  byTransferAndCard,
  heldForAmount("shop: too little, accepted by a person", { verdict: "accept", by: -100 }),
  heldForAmount("shop: too much, accepted by a person", { verdict: "accept", by: 100 }),
  heldForAmount("shop: too little, rejected by a person", { verdict: "reject", by: -100 }),
  strangersAccepted,
  rejectedThenPaid,
  registeredLate,
  twiceOneRefunded,
];
