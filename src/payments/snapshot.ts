import { compareText } from "./arithmetic.ts";
import { rankOf } from "./attribute.ts";
import type { StoredFact } from "./fact.ts";
import type { Download, Expectation, HoldReason, OrderLine, OrderState, PaymentState } from "./state.ts";

/** What JSON.stringify takes as it is. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export type JsonObject = Readonly<Record<string, Json>>;

export interface PaymentToShow {
  readonly id: string;
  readonly state: PaymentState;
  /** Channels that told facts of it. */
  readonly gateways: readonly string[];
}

/**
 * A payment as the API shows it and events freeze it: camelCase, amounts as integers in minor units of `currency`, times in
 * ISO 8601. `gateway` is the first channel's; with `facts` what each told, by the provider's time.
 */
export function paymentSnapshot(
  payment: PaymentToShow,
  view: { readonly order: string | null; readonly counts: boolean; readonly held: readonly HoldReason[] },
  facts?: readonly StoredFact[],
): JsonObject {
  const { state, gateways } = payment;
  const { scope, buyer, settlement } = state;
  return {
    id: payment.id,
    gateway: gateways[0] ?? scope.provider,
    gateways,
    provider: scope.provider,
    account: scope.account,
    reference: state.reference,
    references: [...new Set([state.reference, ...state.objects.map(({ reference }) => reference)])],
    status: state.status,
    currency: state.currency,
    authorized: integer(state.authorized),
    captured: integer(state.captured),
    refunded: integer(state.refunded),
    chargedBack: integer(state.chargedBack),
    disputed: integer(state.disputed),
    fee: integerOrNull(state.fee),
    net: integerOrNull(state.net),
    settlement: settlement && { amount: integer(settlement.amount), currency: settlement.currency },
    order: view.order,
    counts: view.counts,
    held: view.held,
    buyer: buyer && { id: buyer.id ?? null, email: buyer.email ?? null, name: buyer.name ?? null },
    merchant: state.merchant,
    subscription: state.subscription,
    inReview: state.inReview,
    flags: state.flags,
    live: scope.live,
    createdAt: time(state.createdAt),
    updatedAt: time(state.updatedAt),
    ...(facts && { facts: [...facts].sort(byTime).map(factSnapshot) }),
  };
}

/** One fact, as a payment's `facts` and an order's timeline show it. */
export function factSnapshot(fact: StoredFact): JsonObject {
  return {
    object: fact.kind,
    reference: fact.reference,
    status: fact.status ?? null,
    amount: "amount" in fact && fact.amount !== undefined ? integer(fact.amount) : null,
    at: time(fact.at),
    notification: fact.input,
  };
}

function byTime(left: StoredFact, right: StoredFact): number {
  return left.at - right.at || rankOf(left) - rankOf(right) || compareText(left.key, right.key);
}

/** An order as the API shows it and events freeze it, with the payments that name it. */
export function orderSnapshot(
  order: { readonly state: OrderState },
  payments: readonly PaymentToShow[],
  options: { readonly notifyUrls?: Readonly<Record<string, string>> },
): JsonObject {
  const { state } = order;
  const shown = new Map(payments.map((payment) => [payment.id, payment]));
  return {
    reference: state.reference,
    status: state.status,
    ...expectationSnapshot(state.expectation),
    paid: integer(state.paid),
    refunded: integer(state.refunded),
    chargedBack: integer(state.lost),
    due: integer(state.due),
    fulfillable: state.fulfillable,
    version: state.version,
    held: [...new Set(state.payments.flatMap(({ held }) => held))],
    payments: state.payments.flatMap(({ id, counts, held }) => {
      const payment = shown.get(id);
      return payment ? [paymentSnapshot(payment, { order: state.reference, counts, held })] : [];
    }),
    ...(options.notifyUrls && { notifyUrls: options.notifyUrls }),
  };
}

function expectationSnapshot(expectation: Expectation | null): JsonObject {
  if (expectation === null) return { currency: null, total: null };
  const { currency, total, payments, recurring, live, customer, lines, expiresAt, returnUrl } = expectation;
  return {
    currency,
    total: integer(total),
    paymentMode: payments,
    recurring,
    live,
    customer: customer && {
      email: customer.email,
      name: customer.name,
      locale: customer.locale,
      company: customer.company,
      address: customer.address,
      taxId: customer.taxId,
    },
    lines: lines.map(lineSnapshot),
    expiresAt: expiresAt === null ? null : time(expiresAt),
    returnUrl,
  };
}

function lineSnapshot({ sku, name, quantity, amount, taxRate, tax, download, license }: OrderLine): JsonObject {
  return {
    sku,
    name,
    quantity,
    taxRate,
    amount: integer(amount),
    tax: integerOrNull(tax),
    ...(download && { download: downloadSnapshot(download) }),
    ...(license !== undefined && { license }),
  };
}

function downloadSnapshot({ file, url, ...terms }: Download): JsonObject {
  return { ...(file !== null && { file }), ...(url !== null && { url }), ...terms };
}

/** Exact, or a defect: sums of amounts within MAX_AMOUNT stay far below 2^53. */
export function integer(amount: bigint): number {
  const number = Number(amount);
  if (!Number.isSafeInteger(number)) throw new Error(`an amount of ${amount} minor units is no exact JSON number`);
  return number;
}

export function integerOrNull(amount: bigint | null): number | null {
  return amount === null ? null : integer(amount);
}

export function time(ms: number): string {
  return new Date(ms).toISOString();
}
