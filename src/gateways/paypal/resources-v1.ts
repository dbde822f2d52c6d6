import * as z from "zod";
import type { Authorization, Capture, Order, OrderWord, Refund, Subscription } from "./payload.ts";
import {
  amountIn,
  freeText,
  linked,
  links,
  positive,
  reference,
  reversalStatus,
  status,
  time,
  totalV1,
  valueV1,
} from "./payload-parts.ts";

/**
 * Resources of PayPal's v1 Payments API. Older integrations still send them, and subscriptions' payments come as v1 sales to
 * this day. They say nothing about the payee.
 */

const resource = {
  id: reference,
  create_time: time,
  update_time: time,
  custom: freeText,
  invoice_number: freeText,
  links,
};

type ResourceInput = { readonly [Key in keyof typeof resource]: z.output<(typeof resource)[Key]> };

function common(told: ResourceInput) {
  return {
    id: told.id,
    createdAt: told.create_time,
    changedAt: told.update_time ?? told.create_time,
    customId: told.custom,
    invoiceId: told.invoice_number,
    receivers: [],
  };
}

/** A sale, or the capture of an authorization or an order. */
export const saleV1: z.ZodType<Capture> = z
  .object({
    ...resource,
    amount: totalV1,
    state: status({
      COMPLETED: "succeeded",
      PARTIALLY_REFUNDED: "succeeded",
      REFUNDED: "succeeded",
      PENDING: "pending",
      DENIED: "failed",
      DECLINED: "failed",
      FAILED: "failed",
    }),
    transaction_fee: valueV1.nullish(),
    receivable_amount: valueV1.nullish(),
    billing_agreement_id: reference.nullish(),
  })
  .transform((told): Capture => {
    const { currency } = told.amount;
    const receivable = told.receivable_amount ?? null;
    const isPaid = told.state === "succeeded";
    return {
      ...common(told),
      status: told.state,
      money: told.amount,
      fee: isPaid ? amountIn(currency, told.transaction_fee) : null,
      net: null,
      settlement: isPaid && receivable && receivable.currency !== currency ? receivable : null,
      authorization: linked(told.links, "authorization", "authorization"),
      subscription: told.billing_agreement_id ?? null,
    };
  });

const refund = {
  ...resource,
  amount: totalV1,
  sale_id: reference.nullish(),
  capture_id: reference.nullish(),
  total_refunded_amount: valueV1.nullish(),
};

function refundOf(told: z.output<z.ZodObject<typeof refund>>, word: Refund["status"]): Refund {
  const money = positive(told.amount);
  const capture = told.sale_id ?? told.capture_id ?? linked(told.links, "sale", "sale");
  return {
    ...common(told),
    status: word,
    money,
    capture: capture ?? linked(told.links, "capture", "capture"),
    refundedTotal: amountIn(money.currency, told.total_refunded_amount),
  };
}

export const refundV1: z.ZodType<Refund> = z
  .object({
    ...refund,
    state: status({
      COMPLETED: "succeeded",
      PENDING: "pending",
      FAILED: "failed",
      CANCELLED: "canceled",
      CANCELED: "canceled",
    }),
  })
  .transform((told) => refundOf(told, told.state));

export const reversalV1: z.ZodType<Refund> = z.object({ ...refund, state: reversalStatus }).transform((told) => {
  const reversal = refundOf(told, told.state);
  return { ...reversal, capture: reversal.capture ?? linked(told.links, "self", "sale") };
});

export const authorizationV1: z.ZodType<Authorization> = z
  .object({
    ...resource,
    amount: totalV1,
    state: status({
      AUTHORIZED: "live",
      PARTIALLY_CAPTURED: "live",
      PENDING: "pending",
      CAPTURED: "captured",
      VOIDED: "voided",
      EXPIRED: "expired",
      DENIED: "failed",
    }),
  })
  .transform((told): Authorization => ({ ...common(told), status: told.state, money: told.amount }));

/** A v1 order (`O-…`) is one purchase: one unit, whose money is its own. */
export const orderV1: z.ZodType<Order> = z
  .object({
    ...resource,
    amount: totalV1,
    state: status<OrderWord>({
      PENDING: "created",
      CREATED: "created",
      AUTHORIZED: "approved",
      CAPTURED: "completed",
      COMPLETED: "completed",
      VOIDED: "voided",
      CANCELLED: "voided",
      CANCELED: "voided",
    }),
  })
  .transform((told) => ({
    id: told.id,
    status: told.state,
    changedAt: told.update_time,
    units: [
      {
        referenceId: null,
        money: told.amount,
        customId: told.custom,
        invoiceId: told.invoice_number,
        receivers: [],
        captures: [],
        authorizations: [],
        refunds: [],
      },
    ],
    buyer: null,
  }));

/** A billing agreement: what subscriptions were called in v1. */
export const agreementV1: z.ZodType<Subscription> = z
  .object({
    id: reference,
    create_time: time,
    update_time: time,
    state: status({
      PENDING: "pending",
      ACTIVE: "active",
      REACTIVATED: "active",
      SUSPENDED: "paused",
      CANCELLED: "canceled",
      EXPIRED: "ended",
    }),
    payer: z
      .object({
        payer_info: z
          .object({ payer_id: freeText, email: freeText, first_name: freeText, last_name: freeText })
          .nullish(),
      })
      .nullish(),
    agreement_details: z
      .object({ next_billing_date: time, failed_payment_count: z.string().nullish().catch(null) })
      .nullish(),
  })
  .transform((told): Subscription => {
    const payer = told.payer?.payer_info;
    const name = [payer?.first_name, payer?.last_name].filter((part) => part).join(" ");
    return {
      id: told.id,
      status: told.state,
      // An agreement's create_time says nothing about its state.
      changedAt: told.update_time,
      periodEnd: told.agreement_details?.next_billing_date ?? null,
      price: null,
      failures: failuresIn(told.agreement_details?.failed_payment_count ?? ""),
      retryAt: null,
      paymentFailed: false,
      customId: null,
      buyer: payer ? { id: payer.payer_id, email: payer.email, name: name === "" ? null : name } : null,
    };
  });

function failuresIn(digits: string): number | null {
  return /^\d{1,3}$/.test(digits) ? Number(digits) : null;
}
