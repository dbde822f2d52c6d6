import type { Happening } from "../model/model.ts";
import { orderOf, type Story, type Template } from "./story.ts";
import { StripePurchase } from "./stripe-events.ts";

/** Histories of one purchase through Stripe. Several things happen within one second, as they do. */

export function capturedBy(it: StripePurchase, amount = it.amount): Happening {
  return { what: "captured", payment: it.payment, capture: it.charge, purchase: it.intent, amount };
}

/** The sale that most stories begin with. */
export function paid(it: StripePurchase): Pick<Story, "happenings" | "messages"> {
  return {
    happenings: [capturedBy(it)],
    messages: [it.chargeIs(20, "succeeded"), it.intentSucceeded(20)],
  };
}

const plainSale: Template = (setting) => {
  const it = new StripePurchase(setting);
  const { happenings, messages } = paid(it);
  return {
    name: "stripe: a sale told by intent, charge and session",
    order: orderOf(setting),
    happenings,
    messages: [
      it.intentIs(10, "created", { status: "requires_payment_method" }),
      ...messages,
      it.sessionIs(21, "completed", { payment_status: "paid", status: "complete" }),
    ],
  };
};

const failsThenPays: Template = (setting) => {
  const it = new StripePurchase(setting);
  const { payment } = it;
  const sale = paid(it);
  return {
    name: "stripe: a card that fails twice, then pays",
    order: orderOf(setting),
    happenings: [
      { what: "attempted", payment, status: "failed" },
      { what: "attempted", payment, status: "requires_action" },
      ...sale.happenings,
    ],
    messages: [
      it.intentIs(5, "payment_failed", { status: "requires_payment_method" }),
      it.intentIs(8, "payment_failed", { status: "requires_payment_method" }),
      it.intentIs(12, "requires_action", { status: "requires_action" }),
      ...sale.messages,
    ],
  };
};

function authorized(it: StripePurchase) {
  const held = { captured: false, amount_captured: 0 };
  return [
    it.chargeIs(10, "succeeded", held),
    it.intentIs(10, "amount_capturable_updated", {
      status: "requires_capture",
      capture_method: "manual",
      latest_charge: it.charge,
    }),
  ];
}

const capturedLater: Template = (setting) => {
  const it = new StripePurchase(setting);
  return {
    name: "stripe: authorized, captured later",
    order: orderOf(setting),
    happenings: [{ what: "attempted", payment: it.payment, status: "authorized" }, capturedBy(it)],
    messages: [...authorized(it), it.chargeIs(50, "captured"), it.intentSucceeded(50)],
  };
};

const capturedInPart: Template = (setting) => {
  const it = new StripePurchase(setting);
  const part = setting.amount / 2;
  return {
    name: "stripe: authorized, a part captured: held for its amount",
    order: orderOf(setting),
    happenings: [{ what: "attempted", payment: it.payment, status: "authorized" }, capturedBy(it, part)],
    messages: [...authorized(it), it.chargeIs(50, "captured", { amount_captured: part }), it.intentSucceeded(50, part)],
  };
};

const authorizationExpires: Template = (setting) => {
  const it = new StripePurchase(setting);
  return {
    name: "stripe: an authorization that expires",
    order: orderOf(setting),
    happenings: [{ what: "attempted", payment: it.payment, status: "expired" }],
    messages: [
      it.chargeIs(10, "succeeded", { captured: false, amount_captured: 0 }),
      it.chargeIs(600_0, "expired", { captured: false, amount_captured: 0 }),
    ],
  };
};

const bankDebitFails: Template = (setting) => {
  const it = new StripePurchase(setting);
  const { payment } = it;
  return {
    name: "stripe: a bank debit that fails",
    order: orderOf(setting),
    happenings: [
      { what: "attempted", payment, status: "pending" },
      { what: "attempted", payment, status: "failed" },
    ],
    messages: [
      it.sessionIs(5, "completed", { payment_status: "unpaid", status: "complete" }),
      it.intentIs(5, "processing", { status: "processing" }),
      it.chargeIs(6, "pending", { status: "pending", captured: true }),
      it.chargeIs(99, "failed", { status: "failed", captured: false }),
      it.intentIs(99, "payment_failed", { status: "requires_payment_method" }),
    ],
  };
};

const failsLate: Template = (setting) => {
  const it = new StripePurchase(setting);
  const { payment } = it;
  return {
    name: "stripe: a charge that fails after it had succeeded",
    order: orderOf(setting),
    happenings: [capturedBy(it), { what: "capture_failed", payment, capture: it.charge }],
    messages: [it.chargeIs(10, "succeeded"), it.chargeIs(9_000, "failed", { status: "failed", captured: false })],
  };
};

/** Two partial refunds, told by snapshots, by objects, or by both. */
function twoRefunds(name: string, kinds: { readonly snapshots: boolean; readonly objects: boolean }): Template {
  return (setting) => {
    const it = new StripePurchase(setting);
    const { payment } = it;
    const [first, second] = [setting.amount / 4, setting.amount / 5];
    const refund = (letter: string, amount: number) => ({
      id: `re_${setting.id}${letter}`,
      amount,
      status: "succeeded",
    });
    const sale = paid(it);
    return {
      name,
      order: orderOf(setting),
      happenings: [
        ...sale.happenings,
        { what: "refunded", payment, refund: "a", amount: first },
        { what: "refunded", payment, refund: "b", amount: second },
      ],
      messages: [
        ...sale.messages,
        ...(kinds.snapshots ? [it.refundedTo(50, first), it.refundedTo(60, first + second)] : []),
        ...(kinds.objects
          ? [it.refundIs(50, "created", refund("a", first)), it.refundIs(60, "created", refund("b", second))]
          : []),
      ],
    };
  };
}

const fullRefund: Template = (setting) => {
  const it = new StripePurchase(setting);
  const refund = { id: `re_${setting.id}`, amount: setting.amount, status: "succeeded" };
  const sale = paid(it);
  return {
    name: "stripe: a full refund, told by both kinds of event",
    order: orderOf(setting),
    happenings: [
      ...sale.happenings,
      { what: "refunded", payment: it.payment, refund: refund.id, amount: refund.amount },
    ],
    messages: [
      ...sale.messages,
      it.refundIs(50, "created", refund),
      it.refundedTo(50, refund.amount),
      it.refundIs(51, "updated", refund),
    ],
  };
};

const refundFails: Template = (setting) => {
  const it = new StripePurchase(setting);
  const { payment } = it;
  const refund = { id: `re_${setting.id}`, amount: setting.amount };
  const sale = paid(it);
  return {
    name: "stripe: a refund that fails after it had succeeded",
    order: orderOf(setting),
    happenings: [
      ...sale.happenings,
      { what: "refunded", payment, refund: refund.id, amount: refund.amount },
      { what: "refund_failed", payment, refund: refund.id },
    ],
    messages: [
      ...sale.messages,
      it.refundIs(50, "created", { ...refund, status: "succeeded" }),
      it.refundedTo(50, refund.amount),
      it.refundIs(5_000, "failed", { ...refund, status: "failed" }),
    ],
  };
};

/** `part` of the amount is disputed and taken; then brought back, or lost. */
function dispute(name: string, end: "won" | "lost" | null, part: number): Template {
  return (setting) => {
    const it = new StripePurchase(setting);
    const { payment } = it;
    const amount = setting.amount / part;
    const told = { id: `dp_${setting.id}`, amount };
    const open = { ...told, status: "needs_response", moved: [-amount] };
    const sale = paid(it);
    return {
      name,
      order: orderOf(setting),
      happenings: [
        ...sale.happenings,
        { what: "disputed", payment, dispute: told.id, amount },
        ...(end === null ? [] : [{ what: `dispute_${end}` as const, payment, dispute: told.id }]),
      ],
      messages: [
        ...sale.messages,
        it.disputeIs(100, "created", open),
        it.disputeIs(100, "funds_withdrawn", open),
        it.disputeIs(200, "updated", { ...open, status: "under_review" }),
        ...(end === null ? [] : [it.disputeIs(900, "closed", { ...open, status: end })]),
        ...(end === "won"
          ? [it.disputeIs(901, "funds_reinstated", { ...open, status: end, moved: [-amount, amount] })]
          : []),
      ],
    };
  };
}

const sessionOnly: Template = (setting) => {
  const it = new StripePurchase(setting);
  return {
    name: "stripe: a sale of which only the session is told",
    order: orderOf(setting),
    happenings: [capturedBy(it)],
    messages: [it.sessionIs(20, "completed", { payment_status: "paid", status: "complete" })],
  };
};

const wrongAmount: Template = (setting) => {
  const it = new StripePurchase(setting, { amount: setting.amount - 100 });
  return { name: "stripe: the wrong amount is held", order: orderOf(setting), ...paid(it) };
};

const wrongCurrency: Template = (setting) => {
  const it = new StripePurchase(setting, { currency: "eur" });
  const order = orderOf(setting, { neverCount: [it.payment] });
  return { name: "stripe: another currency is held", order, ...paid(it) };
};

const unknownOrder: Template = (setting) => {
  const it = new StripePurchase(setting);
  const order = orderOf(setting, { isRegistered: false });
  return { name: "stripe: an order that is never registered", order, ...paid(it) };
};

/** Two intents for one order. */
function paidTwice(name: string, options: { readonly mode: "exact" | "several"; readonly refunds: boolean }): Template {
  return (setting) => {
    const amount = options.mode === "several" ? setting.amount / 2 : setting.amount;
    const first = new StripePurchase(setting, { part: "x", amount });
    const second = new StripePurchase(setting, { part: "y", amount });
    const refund = { id: `re_${setting.id}`, amount, status: "succeeded" };
    const [one, two] = [paid(first), paid(second)];
    const refunded: readonly Happening[] = options.refunds
      ? [{ what: "refunded", payment: first.payment, refund: refund.id, amount }]
      : [];
    return {
      name,
      order: orderOf(setting, { mode: options.mode }),
      happenings: [...one.happenings, ...two.happenings, ...refunded],
      messages: [
        ...one.messages,
        ...two.messages,
        ...(options.refunds ? [first.refundIs(500, "created", refund)] : []),
      ],
    };
  };
}

export const STRIPE_TEMPLATES: readonly Template[] = [
  plainSale,
  failsThenPays,
  capturedLater,
  capturedInPart,
  authorizationExpires,
  bankDebitFails,
  failsLate,
  twoRefunds("stripe: two partial refunds told by charge.refunded", { snapshots: true, objects: false }),
  twoRefunds("stripe: two partial refunds told by refund.*", { snapshots: false, objects: true }),
  twoRefunds("stripe: two partial refunds told by both", { snapshots: true, objects: true }),
  fullRefund,
  refundFails,
  dispute("stripe: a dispute that is open", null, 1),
  dispute("stripe: a dispute that is won", "won", 1),
  dispute("stripe: a dispute over a part, lost", "lost", 2),
  dispute("stripe: a dispute that is lost", "lost", 1),
  sessionOnly,
  wrongAmount,
  wrongCurrency,
  unknownOrder,
  paidTwice("stripe: two full payments of one order", { mode: "exact", refunds: false }),
  paidTwice("stripe: two full payments, one refunded", { mode: "exact", refunds: true }),
  paidTwice("stripe: an order of several payments", { mode: "several", refunds: false }),
];
