import * as z from "zod";
import type { Price } from "../../payments/fact.ts";
import type {
  Authorization,
  Capture,
  Dispute,
  Invoice,
  Order,
  OrderUnit,
  OrderWord,
  Refund,
  Subscription,
} from "./payload.ts";
import {
  amountIn,
  freeText,
  linked,
  links,
  moneyV2,
  payee,
  positive,
  reference,
  reversalStatus,
  status,
  time,
} from "./payload-parts.ts";

/** Resources of PayPal's v2 APIs (Orders, Payments, Subscriptions, Disputes, Invoicing), as webhooks and the API tell them. */

const relatedIds = z
  .object({
    related_ids: z
      .object({
        authorization_id: reference.nullish(),
        capture_id: reference.nullish(),
        billing_agreement_id: reference.nullish(),
      })
      .nullish(),
  })
  .nullish();

const resource = {
  id: reference,
  create_time: time,
  update_time: time,
  custom_id: freeText,
  invoice_id: freeText,
  payee,
  links,
};

type ResourceInput = { readonly [Key in keyof typeof resource]: z.output<(typeof resource)[Key]> };

function common(told: ResourceInput) {
  return {
    id: told.id,
    createdAt: told.create_time,
    changedAt: told.update_time ?? told.create_time,
    customId: told.custom_id,
    invoiceId: told.invoice_id,
    receivers: told.payee,
  };
}

export const captureV2: z.ZodType<Capture> = z
  .object({
    ...resource,
    amount: moneyV2,
    status: status({
      COMPLETED: "succeeded",
      PARTIALLY_REFUNDED: "succeeded",
      REFUNDED: "succeeded",
      PENDING: "pending",
      DECLINED: "failed",
      DENIED: "failed",
      FAILED: "failed",
    }),
    seller_receivable_breakdown: z
      .object({
        paypal_fee: moneyV2.nullish(),
        net_amount: moneyV2.nullish(),
        receivable_amount: moneyV2.nullish(),
      })
      .nullish(),
    supplementary_data: relatedIds,
  })
  .transform((told): Capture => {
    const { currency } = told.amount;
    // Told for declined captures as well, where nobody receives anything.
    const breakdown = told.status === "succeeded" ? told.seller_receivable_breakdown : null;
    const receivable = breakdown?.receivable_amount ?? null;
    return {
      ...common(told),
      status: told.status,
      money: told.amount,
      fee: amountIn(currency, breakdown?.paypal_fee),
      net: amountIn(currency, breakdown?.net_amount),
      settlement: receivable && receivable.currency !== currency ? receivable : null,
      authorization:
        told.supplementary_data?.related_ids?.authorization_id ?? linked(told.links, "up", "authorizations"),
      subscription: told.supplementary_data?.related_ids?.billing_agreement_id ?? null,
    };
  });

const refundStatus = status({
  COMPLETED: "succeeded",
  PENDING: "pending",
  FAILED: "failed",
  CANCELLED: "canceled",
  CANCELED: "canceled",
});

const refund = {
  ...resource,
  amount: moneyV2,
  seller_payable_breakdown: z.object({ total_refunded_amount: moneyV2.nullish() }).nullish(),
  supplementary_data: relatedIds,
};

function refundOf(told: z.output<z.ZodObject<typeof refund>>, word: Refund["status"]): Refund {
  return {
    ...common(told),
    status: word,
    money: positive(told.amount),
    capture: linked(told.links, "up", "captures") ?? told.supplementary_data?.related_ids?.capture_id ?? null,
    refundedTotal: amountIn(told.amount.currency, told.seller_payable_breakdown?.total_refunded_amount),
  };
}

export const refundV2: z.ZodType<Refund> = z
  .object({ ...refund, status: refundStatus })
  .transform((told) => refundOf(told, told.status));

/** PayPal tells reversals as refunds; where it tells the capture itself, that is the capture and the reference. */
export const reversalV2: z.ZodType<Refund> = z.object({ ...refund, status: reversalStatus }).transform((told) => {
  const reversal = refundOf(told, told.status);
  return { ...reversal, capture: reversal.capture ?? linked(told.links, "self", "captures") };
});

export const authorizationV2: z.ZodType<Authorization> = z
  .object({
    ...resource,
    amount: moneyV2,
    status: status({
      CREATED: "live",
      // The rest may still be captured.
      PARTIALLY_CAPTURED: "live",
      PENDING: "pending",
      CAPTURED: "captured",
      VOIDED: "voided",
      EXPIRED: "expired",
      DENIED: "failed",
    }),
  })
  .transform((told): Authorization => ({ ...common(told), status: told.status, money: told.amount }));

const person = z
  .object({
    payer_id: freeText,
    email_address: freeText,
    name: z.object({ given_name: freeText, surname: freeText }).nullish(),
  })
  .nullish()
  .transform((told) => {
    if (!told) return null;
    const name = [told.name?.given_name, told.name?.surname].filter((part) => part).join(" ");
    return { id: told.payer_id, email: told.email_address, name: name === "" ? null : name };
  });

const unit: z.ZodType<OrderUnit> = z
  .object({
    reference_id: freeText,
    amount: moneyV2.nullish(),
    custom_id: freeText,
    invoice_id: freeText,
    payee,
    payments: z
      .object({
        captures: z.array(captureV2).max(100).nullish(),
        authorizations: z.array(authorizationV2).max(100).nullish(),
        refunds: z.array(refundV2).max(100).nullish(),
      })
      .nullish(),
  })
  .transform((told) => ({
    referenceId: told.reference_id,
    money: told.amount ?? null,
    customId: told.custom_id,
    invoiceId: told.invoice_id,
    receivers: told.payee,
    captures: told.payments?.captures ?? [],
    authorizations: told.payments?.authorizations ?? [],
    refunds: told.payments?.refunds ?? [],
  }));

const orderStatus = status<OrderWord>({
  CREATED: "created",
  SAVED: "created",
  APPROVED: "approved",
  PAYER_ACTION_REQUIRED: "approved",
  PENDING_APPROVAL: "created",
  COMPLETED: "completed",
  VOIDED: "voided",
});

export const orderV2: z.ZodType<Order> = z
  .object({
    id: reference,
    status: orderStatus,
    // An order's create_time says nothing about its status, so it is no clock of ours.
    update_time: time,
    purchase_units: z.array(unit).max(10).default([]),
    payer: person,
  })
  .transform((told) => ({
    id: told.id,
    status: told.status,
    changedAt: told.update_time,
    units: told.purchase_units,
    buyer: told.payer,
  }));

/** CHECKOUT.PAYMENT-APPROVAL.REVERSED names the order in another field, and no status: the approval is gone. */
export const approvalReversed: z.ZodType<Order> = z
  .object({ order_id: reference, purchase_units: z.array(unit).max(10).default([]) })
  .transform((told) => ({
    id: told.order_id,
    status: "voided" as const,
    changedAt: null,
    units: told.purchase_units,
    buyer: null,
  }));

/** https://developer.paypal.com/docs/api/customer-disputes/v1/ (dispute_outcome.outcome_code). */
const OUTCOMES: ReadonlyMap<string, Dispute["status"]> = new Map([
  ["RESOLVED_BUYER_FAVOUR", "lost"],
  ["ACCEPTED", "lost"],
  ["RESOLVED_SELLER_FAVOUR", "won"],
  ["CANCELED_BY_BUYER", "won"],
  ["RESOLVED_WITH_PAYOUT", "won"],
  ["DENIED", "won"],
  ["NONE", "closed"],
]);

export const disputeV1: z.ZodType<Dispute> = z
  .object({
    dispute_id: reference,
    create_time: time,
    update_time: time,
    status: z.string().nullish(),
    dispute_state: z.string().nullish(),
    dispute_amount: moneyV2.nullish(),
    dispute_outcome: z.object({ outcome_code: z.string().nullish() }).nullish(),
    seller_response_due_date: time,
    disputed_transactions: z
      .array(
        z.object({
          seller_transaction_id: reference.nullish(),
          seller: z.object({ email: freeText, merchant_id: freeText }).nullish(),
        }),
      )
      .max(500)
      .default([]),
  })
  .transform((told): Dispute => {
    const sellers = told.disputed_transactions.flatMap(({ seller }) => [seller?.email, seller?.merchant_id]);
    return {
      id: told.dispute_id,
      status: disputeStatus(told),
      changedAt: told.update_time ?? told.create_time,
      money: told.dispute_amount ?? null,
      deadline: told.seller_response_due_date,
      captures: unique(told.disputed_transactions.map((transaction) => transaction.seller_transaction_id)),
      receivers: unique(sellers.map((name) => name?.toLowerCase())),
    };
  });

/** Open until PayPal says how it ended: a resolved case with an outcome that is not known goes on holding the goods. */
function disputeStatus(told: {
  readonly status?: string | null | undefined;
  readonly dispute_state?: string | null | undefined;
  readonly dispute_outcome?: { readonly outcome_code?: string | null | undefined } | null | undefined;
}): Dispute["status"] {
  const isResolved = told.status === "RESOLVED" || told.dispute_state === "RESOLVED";
  return isResolved ? (OUTCOMES.get(told.dispute_outcome?.outcome_code ?? "") ?? "open") : "open";
}

/** https://developer.paypal.com/docs/api/subscriptions/v1/#subscriptions_get: only where it was asked for, or overridden. */
const plan = z.object({
  billing_cycles: z
    .array(
      z.object({
        tenure_type: z.string().nullish(),
        pricing_scheme: z.object({ fixed_price: moneyV2.nullish() }).nullish(),
        frequency: z
          .object({
            interval_unit: z
              .enum(["DAY", "WEEK", "MONTH", "YEAR"])
              .transform((unit) => UNITS[unit])
              .optional(),
            interval_count: z.int().positive().max(1_000).nullish(),
          })
          .nullish(),
      }),
    )
    .max(20)
    .default([]),
});

const UNITS = { DAY: "day", WEEK: "week", MONTH: "month", YEAR: "year" } as const;

export const subscriptionV2: z.ZodType<Subscription> = z
  .object({
    id: reference,
    status: status({
      APPROVAL_PENDING: "pending",
      APPROVED: "pending",
      ACTIVE: "active",
      SUSPENDED: "paused",
      CANCELLED: "canceled",
      EXPIRED: "ended",
    }),
    status_update_time: time,
    create_time: time,
    update_time: time,
    custom_id: freeText,
    subscriber: person,
    quantity: z
      .string()
      .regex(/^[1-9]\d{0,8}$/)
      .nullish()
      .catch(null),
    plan: plan.nullish().catch(null),
    billing_info: z
      .object({
        next_billing_time: time,
        failed_payments_count: z.int().nonnegative().max(1_000).nullish().catch(null),
        last_failed_payment: z.object({ next_payment_retry_time: time }).nullish().catch(null),
      })
      .nullish(),
  })
  .transform((told) => ({
    id: told.id,
    status: told.status,
    changedAt: told.update_time ?? told.status_update_time ?? told.create_time,
    periodEnd: told.billing_info?.next_billing_time ?? null,
    price: priceIn(told.plan?.billing_cycles ?? [], BigInt(told.quantity ?? "1")),
    failures: told.billing_info?.failed_payments_count ?? null,
    retryAt: told.billing_info?.last_failed_payment?.next_payment_retry_time ?? null,
    paymentFailed: false,
    customId: told.custom_id,
    buyer: told.subscriber,
  }));

/** The regular cycle's price. In tiers, or with a trial alone, there is none. */
function priceIn(cycles: z.output<typeof plan>["billing_cycles"], quantity: bigint): Price | null {
  const regular = cycles.find(({ tenure_type }) => tenure_type === "REGULAR");
  const price = regular?.pricing_scheme?.fixed_price;
  if (!regular || !price) return null;
  const { interval_unit: unit, interval_count: count } = regular.frequency ?? {};
  const every = unit === undefined ? undefined : { unit, count: count ?? 1 };
  return { amount: price.amount * quantity, currency: price.currency, ...(every && { every }) };
}

/** Invoicing v2 nests transactions, v1 lists payments by themselves; both under `invoice` in webhooks. */
export const invoiceTold = z
  .object({
    invoice: z.object({
      id: reference,
      payments: z
        .union([
          z.object({
            transactions: z
              .array(z.object({ payment_id: reference.nullish() }))
              .max(200)
              .nullish(),
          }),
          z.array(z.object({ transaction_id: reference.nullish() })).max(200),
        ])
        .nullish(),
    }),
  })
  .transform(({ invoice }): Omit<Invoice, "status"> => {
    const paid = Array.isArray(invoice.payments)
      ? invoice.payments.map((payment) => payment.transaction_id)
      : (invoice.payments?.transactions ?? []).map((transaction) => transaction.payment_id);
    return { id: invoice.id, captures: unique(paid) };
  });

function unique(values: readonly (string | null | undefined)[]): readonly string[] {
  return [...new Set(values.flatMap((value) => (value ? [value] : [])))];
}
