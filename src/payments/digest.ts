import { canonical } from "./canonical.ts";
import type { OrderState, PaymentState } from "./state.ts";

/** Canonical text of a payment's state: equal exactly when the states are. It holds no ids of ours. */
export function digestPayment(state: PaymentState): string {
  return canonical(state);
}

/**
 * The same of an order. `references`: payment id → what stands for it, as our own ids differ from run to run; an id without
 * an entry stands for itself.
 */
export function digestOrder(state: OrderState, references: ReadonlyMap<string, string>): string {
  const payments = state.payments
    .map((payment) => canonical({ ...payment, id: references.get(payment.id) ?? payment.id }))
    .sort();
  return canonical({ ...state, payments });
}
