import { at, EUR, type History, inTestMode, orderOf, outside, ref, stripe, USD } from "./message.ts";
import { captureIs, ipnPayment } from "./paypal-messages.ts";
import {
  chargeIs,
  disputeIs,
  intentSucceeded,
  invoicePaid,
  invoicePaymentPaid,
  refundIs,
  subscriptionIs,
  TEA,
} from "./stripe-messages.ts";

const AGAIN = { ...TEA, intent: "pi_2", charge: "ch_2" };
const PAID_1001 = { status: "paid", paid: 1999n, refunded: 0n, lost: 0n, due: 0n, fulfillable: true } as const;
const CHARGE_1 = "stripe/default/live/capture/ch_1";

const registered = () => orderOf("1001").register(0, 1999n);

function bankTransfer(seconds: number, amount: bigint, currency = USD) {
  return outside(`bank transfer ${amount}@${seconds}`, {
    kind: "capture",
    reference: `1001/bank ${seconds}`,
    at: at(seconds),
    status: "succeeded",
    currency,
    amount,
    orders: [{ rank: 0, value: "1001" }],
  });
}

export const ORDER_HISTORIES: readonly History[] = [
  {
    name: "two full payments of one order: overpaid",
    messages: [registered(), chargeIs(10, "succeeded"), captureIs(20, "succeeded")],
    payments: {},
    orders: { "1001": { status: "overpaid", paid: 3998n, due: 0n, fulfillable: true } },
    told: ["payment.paid", "payment.paid", "order.paid"],
  },
  {
    name: "two full payments of which one is refunded: paid",
    messages: [
      registered(),
      chargeIs(10, "succeeded"),
      captureIs(20, "succeeded"),
      refundIs(30, "succeeded", { id: "re_1", amount: 1999n }),
    ],
    payments: { ch_1: { status: "refunded" }, CAP1: { status: "paid" } },
    orders: { "1001": { status: "paid", paid: 3998n, refunded: 1999n, fulfillable: true } },
    // As much as the order's total was given back: told, as in another order of arrival nothing else was known.
    told: ["payment.paid", "payment.paid", "payment.refunded", "order.paid", "order.refunded"],
  },
  {
    name: "an order of several payments adds them up",
    messages: [
      orderOf("1001").register(0, 3000n, { payments: "several" }),
      chargeIs(10, "succeeded"),
      chargeIs(20, "succeeded", AGAIN, 1001n),
    ],
    payments: {},
    orders: { "1001": { status: "paid", paid: 3000n, fulfillable: true } },
    told: ["payment.paid", "payment.paid", "order.paid"],
  },
  {
    name: "the first of several payments: partially paid",
    messages: [orderOf("1001").register(0, 3000n, { payments: "several" }), chargeIs(10, "succeeded")],
    payments: {},
    orders: { "1001": { status: "partially_paid", paid: 1999n, due: 1001n, fulfillable: false } },
    told: ["payment.paid"],
  },
  {
    name: "a payment of the wrong amount is held, and the order stays open",
    messages: [registered(), chargeIs(10, "succeeded", TEA, 1998n)],
    payments: { pi_1: { status: "paid", captured: 1998n } },
    orders: { "1001": { status: "open", paid: 0n, due: 1999n, fulfillable: false } },
    held: { pi_1: ["amount_mismatch"] },
    told: ["payment.paid"],
  },
  {
    name: "a payment of the wrong amount that a person accepts",
    messages: [...acceptance(chargeIs(10, "succeeded", TEA, 1998n))],
    payments: {},
    orders: { "1001": { status: "partially_paid", paid: 1998n, due: 1n } },
    told: ["payment.paid"],
  },
  {
    name: "a payment that a person refuses",
    messages: (() => {
      const it = orderOf("1001");
      return [it.register(0, 1999n), chargeIs(10, "succeeded", TEA, 1998n), it.reject(50, CHARGE_1)];
    })(),
    payments: {},
    orders: { "1001": { status: "open", paid: 0n } },
    held: { pi_1: ["amount_mismatch", "rejected"] },
    told: ["payment.paid"],
  },
  {
    name: "a payment in another currency is held, and no person can let it in",
    messages: (() => {
      const it = orderOf("1001");
      return [it.register(0, 1999n, { currency: EUR }), chargeIs(10, "succeeded"), it.accept(50, CHARGE_1)];
    })(),
    payments: {},
    orders: { "1001": { status: "open", paid: 0n } },
    held: { pi_1: ["currency_mismatch"] },
    told: ["payment.paid"],
  },
  {
    name: "test money never counts on a live account",
    messages: [registered(), inTestMode(chargeIs(10, "succeeded"))],
    payments: { pi_1: { status: "paid" } },
    orders: { "1001": { status: "open", paid: 0n, fulfillable: false } },
    held: { pi_1: ["wrong_mode"] },
    told: ["payment.paid"],
  },
  {
    name: "test money does not count for a test order on a live account either",
    messages: [orderOf("1001").register(0, 1999n, { live: false }), inTestMode(chargeIs(10, "succeeded"))],
    payments: {},
    orders: { "1001": { status: "open", paid: 0n } },
    held: { pi_1: ["wrong_mode"] },
    told: ["payment.paid"],
  },
  {
    name: "live money does not count for a test order",
    messages: [orderOf("1001").register(0, 1999n, { live: false }), chargeIs(10, "succeeded")],
    payments: {},
    orders: { "1001": { status: "open", paid: 0n } },
    held: { pi_1: ["wrong_mode"] },
    told: ["payment.paid"],
  },
  {
    name: "the account's first field speaks before the second, whatever they hold",
    messages: [
      orderOf("2000").register(0, 1999n),
      ipnPayment(10, "succeeded", {
        orders: [
          { rank: 1, value: "1000" },
          { rank: 0, value: "2000" },
        ],
      }),
    ],
    payments: { CAP1: { orders: ["2000", "1000"] } },
    orders: { "2000": { status: "paid", paid: 1999n }, "1000": { status: "unregistered" } },
    told: ["payment.paid", "order.paid"],
  },
  {
    name: "money paid to someone else is held",
    messages: [registered(), ipnPayment(10, "succeeded", { receivers: ["thief@example.com"] })],
    payments: {},
    orders: { "1001": { status: "open", paid: 0n } },
    held: { CAP1: ["wrong_receiver"] },
    told: ["payment.paid"],
  },
  {
    name: "money of a connected merchant that is not ours is held",
    messages: [
      registered(),
      stripe("connected charge", {
        kind: "capture",
        reference: "ch_1",
        at: at(10),
        status: "succeeded",
        currency: USD,
        amount: 1999n,
        merchant: "acct_9",
        orders: [{ rank: 0, value: "1001" }],
      }),
    ],
    payments: {},
    orders: { "1001": { status: "open", paid: 0n } },
    held: { ch_1: ["wrong_merchant"] },
    told: ["payment.paid"],
  },
  {
    name: "a payment that names two registered orders is held for both",
    messages: [
      registered(),
      orderOf("1002").register(1, 1999n),
      ipnPayment(10, "succeeded", {
        orders: [
          { rank: 0, value: "1001" },
          { rank: 1, value: "1002" },
        ],
      }),
    ],
    payments: { CAP1: { orders: ["1001", "1002"] } },
    orders: { "1001": { status: "open", paid: 0n }, "1002": { status: "open", paid: 0n } },
    held: { CAP1: ["ambiguous_order"] },
    told: ["payment.paid"],
  },
  {
    name: "an order that is never registered",
    messages: [chargeIs(10, "succeeded")],
    payments: { pi_1: { status: "paid" } },
    orders: { "1001": { status: "unregistered", paid: 0n, fulfillable: false, milestones: [] } },
    told: ["payment.paid"],
  },
  {
    name: "an order that is registered after it was paid",
    messages: [chargeIs(10, "succeeded"), intentSucceeded(10), orderOf("1001").register(99, 1999n)],
    payments: {},
    orders: { "1001": PAID_1001 },
    told: ["payment.paid", "order.paid"],
  },
  {
    name: "an order registered with a wrong total, and corrected",
    messages: (() => {
      const it = orderOf("1001");
      return [it.register(0, 1099n), chargeIs(10, "succeeded"), it.change(50, 1999n)];
    })(),
    payments: {},
    orders: { "1001": { ...PAID_1001, version: 2 } },
    told: ["payment.paid", "order.paid"],
  },
  {
    name: "a total raised after the order was paid is due in part, and then paid",
    messages: (() => {
      const it = orderOf("1001");
      return [
        it.register(0, 1999n),
        chargeIs(10, "succeeded"),
        it.change(50, 2499n),
        chargeIs(60, "succeeded", AGAIN, 500n),
      ];
    })(),
    payments: {},
    orders: { "1001": { status: "paid", paid: 2499n, due: 0n, version: 2 } },
    told: ["payment.paid", "payment.paid", "order.paid", "order.reopened", "order.paid"],
  },
  {
    name: "an order canceled after it was paid is canceled, and its money is known",
    messages: (() => {
      const it = orderOf("1001");
      return [it.register(0, 1999n), chargeIs(10, "succeeded"), it.cancel(50)];
    })(),
    payments: {},
    orders: { "1001": { status: "canceled", paid: 1999n, due: 0n, fulfillable: false } },
    told: ["payment.paid", "order.paid", "order.canceled"],
  },
  {
    name: "money for an order that was canceled before is held",
    messages: (() => {
      const it = orderOf("1001");
      return [it.register(0, 1999n), it.cancel(5), chargeIs(10, "succeeded")];
    })(),
    payments: {},
    orders: { "1001": { status: "canceled", paid: 0n, due: 0n, fulfillable: false } },
    held: { pi_1: ["order_canceled"] },
    told: ["payment.paid", "order.canceled"],
  },
  {
    name: "money for a canceled order that a person accepts opens it again",
    messages: (() => {
      const it = orderOf("1001");
      return [it.register(0, 1999n), it.cancel(5), chargeIs(10, "succeeded"), it.accept(50, CHARGE_1)];
    })(),
    payments: {},
    orders: { "1001": PAID_1001 },
    told: ["payment.paid", "order.paid", "order.canceled"],
  },
  {
    name: "an order opened again by an acceptance may be canceled again",
    messages: (() => {
      const it = orderOf("1001");
      return [
        it.register(0, 1999n),
        it.cancel(5),
        chargeIs(10, "succeeded"),
        it.accept(50, CHARGE_1),
        it.cancel(60),
        refundIs(70, "succeeded", { id: "re_1", amount: 1999n }),
      ];
    })(),
    payments: {},
    orders: { "1001": { status: "canceled", paid: 1999n, refunded: 1999n, due: 0n, fulfillable: false } },
    told: ["payment.paid", "payment.refunded", "order.paid", "order.refunded", "order.canceled"],
  },
  {
    name: "an order that expires unpaid, and money that comes later",
    messages: (() => {
      const it = orderOf("1001");
      return [it.register(0, 1999n, { expiresAt: at(40) }), it.expire(41), chargeIs(50, "succeeded")];
    })(),
    payments: {},
    orders: { "1001": { status: "expired", paid: 0n, fulfillable: false } },
    held: { pi_1: ["order_expired"] },
    told: ["payment.paid"],
  },
  {
    name: "money of after the deadline, told before anybody noticed that it had passed",
    messages: [orderOf("1001").register(0, 1999n, { expiresAt: at(40) }), chargeIs(41, "succeeded")],
    payments: {},
    orders: { "1001": { status: "open", paid: 0n, fulfillable: false } },
    held: { pi_1: ["order_expired"] },
    told: ["payment.paid"],
  },
  {
    name: "money of after the deadline, though nobody had noticed yet that it had passed",
    messages: (() => {
      const it = orderOf("1001");
      return [it.register(0, 1999n, { expiresAt: at(40) }), it.expire(90), chargeIs(60, "succeeded")];
    })(),
    payments: {},
    orders: { "1001": { status: "expired", paid: 0n, fulfillable: false } },
    held: { pi_1: ["order_expired"] },
    told: ["payment.paid"],
  },
  {
    name: "money of after a deadline that is put off afterwards",
    messages: (() => {
      const it = orderOf("1001");
      return [
        it.register(0, 1999n, { expiresAt: at(40) }),
        chargeIs(50, "succeeded"),
        it.change(60, 1999n, { expiresAt: at(100) }),
      ];
    })(),
    payments: {},
    orders: { "1001": PAID_1001 },
    told: ["payment.paid", "order.paid"],
  },
  {
    name: "more money for an order that was paid in time, after its deadline",
    messages: (() => {
      const it = orderOf("1001");
      return [
        it.register(0, 1999n, { expiresAt: at(40), payments: "several" }),
        chargeIs(30, "succeeded"),
        chargeIs(50, "succeeded", AGAIN),
      ];
    })(),
    payments: {},
    orders: { "1001": { status: "overpaid", paid: 3998n, fulfillable: true } },
    told: ["payment.paid", "payment.paid", "order.paid"],
  },
  {
    name: "an order that was paid in time does not expire, however late the notification",
    messages: (() => {
      const it = orderOf("1001");
      return [it.register(0, 1999n, { expiresAt: at(40) }), it.expire(41), chargeIs(30, "succeeded")];
    })(),
    payments: {},
    orders: { "1001": PAID_1001 },
    told: ["payment.paid", "order.paid"],
  },
  {
    name: "a subscription: started, renewed, failed and canceled; renewals pay periods",
    messages: [
      orderOf("1001").register(0, 1999n, { recurring: true }),
      invoicePaid(10, "in_1", "sub_1"),
      invoicePaymentPaid(10, "in_1"),
      invoicePaid(100, "in_2", "sub_1", { ...AGAIN, amount: 2500n }),
      invoicePaymentPaid(100, "in_2", { ...AGAIN, amount: 2500n }),
      subscriptionIs(200, "past_due", "sub_1", "in_3"),
      subscriptionIs(300, "canceled", "sub_1", "in_3"),
    ],
    payments: {
      pi_1: { status: "paid", subscription: "sub_1" },
      pi_2: { status: "paid", captured: 2500n, subscription: "sub_1" },
    },
    orders: { "1001": PAID_1001 },
    told: ["payment.paid", "payment.paid", "order.paid"],
  },
  {
    name: "a renewal in dispute leaves the first period alone",
    messages: [
      orderOf("1001").register(0, 1999n, { recurring: true }),
      invoicePaid(10, "in_1", "sub_1"),
      invoicePaymentPaid(10, "in_1"),
      invoicePaid(100, "in_2", "sub_1", AGAIN),
      invoicePaymentPaid(100, "in_2", AGAIN),
      disputeIs(150, "open", {}, AGAIN),
    ],
    payments: { pi_2: { status: "disputed" } },
    orders: { "1001": PAID_1001 },
    told: ["payment.paid", "payment.paid", "payment.disputed", "order.paid"],
    // A renewal that overtakes the first payment is the first, by what is known.
    untrueLater: ["order.disputed:1001"],
  },
  {
    name: "a PayPal subscription's sales are linked by the subscription itself",
    messages: [
      orderOf("1001").register(0, 1999n, { recurring: true }),
      captureIs(10, "succeeded", { links: [ref("subscription", "I-1")] }),
      captureIs(100, "succeeded", { id: "CAP2", links: [ref("subscription", "I-1")] }),
    ],
    payments: { CAP1: { subscription: "I-1" }, CAP2: { subscription: "I-1" } },
    orders: { "1001": PAID_1001 },
    told: ["payment.paid", "payment.paid", "order.paid"],
  },
  {
    name: "money from outside is a person's word: it counts in any amount",
    messages: [registered(), bankTransfer(10, 1000n)],
    payments: {},
    orders: { "1001": { status: "partially_paid", paid: 1000n, due: 999n } },
    told: ["payment.paid"],
  },
  {
    name: "a negative correction is money given back outside",
    messages: [
      registered(),
      chargeIs(10, "succeeded"),
      outside("correction", {
        kind: "refund",
        reference: "1001/correction",
        at: at(50),
        status: "succeeded",
        currency: USD,
        amount: 200n,
        orders: [{ rank: 0, value: "1001" }],
      }),
    ],
    payments: { "1001/correction": { status: "refunded", captured: 0n, refunded: 200n } },
    orders: { "1001": { status: "partially_refunded", paid: 1999n, refunded: 200n } },
    told: ["payment.paid", "payment.refunded", "order.paid"],
  },
];

function acceptance(payment: ReturnType<typeof chargeIs>) {
  const it = orderOf("1001");
  return [it.register(0, 1999n), payment, it.accept(50, CHARGE_1)];
}
