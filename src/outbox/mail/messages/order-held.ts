import type { OrderState, PaymentState } from "../../../payments/state.ts";
import { HOLD_REASONS, paymentValues, reasonValues } from "../merchant-values.ts";
import { isOvertaken, type Message, skip, tell, type Values } from "../message.ts";
import { SAMPLE_ORDER, SAMPLE_PAYMENT, SAMPLE_PAYMENT_ID } from "../samples.ts";
import { oneLine, type Words } from "../words.ts";

/** To the merchant: genuine payments that do not fit the order they name, and wait for a person's word. */
export const orderHeld: Message = {
  name: "order-held",
  to: "mail:merchant",
  event: "order.held",
  async tell(standing) {
    const { order, words } = standing;
    if (!order?.record) return skip("order_not_registered");
    const { state } = order.record;
    const held = state.payments.filter((view) => view.held.length > 0 && !view.held.includes("rejected"));
    const payments = held.flatMap((view) => {
      const payment = order.payments.find(({ id }) => id === view.id);
      return payment ? [{ id: payment.id, state: payment.state, held: view.held }] : [];
    });
    if (payments.length === 0) return skip("no_longer_true");
    if (await isOvertaken(standing)) return skip("overtaken");
    return tell(values(state, payments, words));
  },
  sample: (words) =>
    values(
      SAMPLE_ORDER,
      [{ id: SAMPLE_PAYMENT_ID, state: SAMPLE_PAYMENT, held: [...HOLD_REASONS, "another_reason"] }],
      words,
    ),
};

interface HeldPayment {
  readonly id: string;
  readonly state: PaymentState;
  readonly held: readonly string[];
}

function values(order: OrderState, payments: readonly HeldPayment[], words: Words): Values {
  const { expectation } = order;
  return {
    test: expectation?.live === false || payments.every(({ state }) => !state.scope.live),
    order: {
      reference: oneLine(order.reference),
      total: expectation === null ? null : words.money(expectation.total, expectation.currency),
    },
    payments: payments.map(({ id, state, held }) => ({
      payment: paymentValues(id, state, words),
      reasons: reasonValues(HOLD_REASONS, held),
    })),
  };
}
