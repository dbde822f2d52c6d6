import type { Currency } from "../../payments/money.ts";
import type { OrderState, PaymentState } from "../../payments/state.ts";

/** An order and its payment for previews, and for checking templates: every part that a message may show is there. */

// Proven: it is in ISO 4217's list.
const EUR = "EUR" as Currency;

/** 2026-11-26T14:05:00Z */
export const SAMPLE_TIME = 1_795_701_900_000;

export const SAMPLE_URL = "https://pay.example.com/o/MTAwMQ.x7Qm2Zk9Wb4Tn8Lr1Vp6Sd";

export const SAMPLE_ORDER: OrderState = {
  reference: "1001",
  status: "partially_refunded",
  expectation: {
    currency: EUR,
    total: 123_450n,
    payments: "several",
    recurring: false,
    live: false,
    customer: {
      email: "ann@example.com",
      name: "Ann Müller",
      locale: null,
      company: null,
      address: ["Teegasse 1", "1010 Wien"],
      taxId: null,
    },
    lines: [
      { sku: "TEA-1", name: "Darjeeling First Flush, 250 g", quantity: 2, amount: 3_980n, taxRate: "10", tax: 362n },
      {
        sku: "POT-7",
        name: "Tea pot “Kyoto” <black & gold>",
        quantity: 1,
        amount: 119_470n,
        taxRate: "20",
        tax: 19_912n,
      },
    ],
    expiresAt: null,
    returnUrl: null,
  },
  paid: 103_450n,
  refunded: 3_980n,
  lost: 0n,
  due: 20_000n,
  fulfillable: false,
  payments: [{ id: "pay_01kb3f5s7q0000000000000000", counts: true, held: [] }],
  milestones: [],
  version: 1,
};

export const SAMPLE_PAYMENT_ID = "pay_01kb3f5s7q0000000000000000";

export const SAMPLE_PAYMENT: PaymentState = {
  scope: { provider: "stripe", account: "default", live: false },
  objects: [{ kind: "intent", reference: "pi_3SmZ1nKqA0FvXy2L1m8HcV2d" }],
  reference: "pi_3SmZ1nKqA0FvXy2L1m8HcV2d",
  groups: [],
  subscription: null,
  status: "partially_refunded",
  currency: EUR,
  authorized: 0n,
  captured: 103_450n,
  refunded: 3_980n,
  chargedBack: 0n,
  disputed: 0n,
  fee: null,
  net: null,
  settlement: null,
  buyer: null,
  orders: ["1001"],
  receivers: [],
  merchant: null,
  inReview: false,
  flags: [],
  milestones: [],
  ever: { paidAt: SAMPLE_TIME, captured: 103_450n, refunded: 3_980n, lost: 0n, lapsed: [] },
  createdAt: SAMPLE_TIME,
  updatedAt: SAMPLE_TIME,
};
