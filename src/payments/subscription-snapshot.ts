import { integer, integerOrNull, type JsonObject, time } from "./snapshot.ts";
import type { PeriodFailure, PeriodPayment, SubscriptionState } from "./subscription.ts";

/** A subscription as the API shows it and events freeze it. `links`: where its payments and its order are found. */
export function subscriptionSnapshot({
  id,
  state,
}: {
  readonly id: string;
  readonly state: SubscriptionState;
}): JsonObject {
  const { scope, buyer, price, orders } = state;
  const [order = null] = orders;
  return {
    id,
    gateway: state.gateways[0] ?? scope.provider,
    gateways: state.gateways,
    provider: scope.provider,
    account: scope.account,
    reference: state.reference,
    status: state.status,
    live: scope.live,
    order,
    price: price && { amount: integer(price.amount), currency: price.currency, every: intervalOf(price.every) },
    currentPeriod: { start: timeOrNull(state.periodStart), end: timeOrNull(state.periodEnd) },
    trialEnd: timeOrNull(state.trialEnd),
    nextPaymentAt: timeOrNull(state.nextPaymentAt),
    lastPayment: state.lastPayment && paymentOfPeriod(state.lastPayment),
    failure: state.failure && failureOf(state.failure),
    buyer: buyer && { id: buyer.id ?? null, email: buyer.email ?? null, name: buyer.name ?? null },
    merchant: state.merchant,
    startedAt: timeOrNull(state.startedAt),
    canceledAt: timeOrNull(state.canceledAt),
    endedAt: timeOrNull(state.endedAt),
    createdAt: time(state.createdAt),
    updatedAt: time(state.updatedAt),
    links: {
      self: `/v1/subscriptions/${id}`,
      payments: `/v1/payments?subscription=${encodeURIComponent(state.reference)}&account=${encodeURIComponent(scope.account)}&live=${scope.live}`,
      order: order === null ? null : `/v1/orders/${encodeURIComponent(order)}`,
    },
  };
}

/** A payment of one of its periods, by the object that tells of it: an invoice, or a capture. */
export function paymentOfPeriod({ of, at, amount, currency, periodStart, periodEnd }: PeriodPayment): JsonObject {
  return {
    ...objectOf(of),
    amount: integerOrNull(amount),
    currency,
    at: time(at),
    period: { start: timeOrNull(periodStart), end: timeOrNull(periodEnd) },
  };
}

function failureOf({ at, retryAt, failures }: PeriodFailure): JsonObject {
  return { at: time(at), failures, retryAt: timeOrNull(retryAt) };
}

function objectOf(of: string): JsonObject {
  const end = of.indexOf("/");
  return { object: of.slice(0, end), reference: of.slice(end + 1) };
}

function intervalOf(every: NonNullable<SubscriptionState["price"]>["every"]): JsonObject | null {
  return every ? { unit: every.unit, count: every.count } : null;
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : time(ms);
}
