import { isOvertaken, type Message, skip, tell } from "../message.ts";
import { buyerValues, countedPayment, isUnpaid } from "../order-values.ts";
import { SAMPLE_ORDER, SAMPLE_PAYMENT, SAMPLE_URL } from "../samples.ts";

/** To the buyer: the payment did not go through, and no other of the order is under way. */
export const paymentFailed: Message = {
  name: "payment-failed",
  to: "mail:buyer",
  event: "payment.failed",
  async tell(standing) {
    const found = await countedPayment(standing);
    if (found.kind === "skip") return found;
    const isUnderWay = standing.order?.payments.some(({ state }) => UNDER_WAY.has(state.status)) ?? false;
    if (found.payment.status !== "failed" || !isUnpaid(found.order) || isUnderWay) return skip("no_longer_true");
    if (await isOvertaken(standing)) return skip("overtaken");
    return tell(buyerValues({ ...found, url: standing.url }, standing.words));
  },
  sample: (words) => buyerValues({ order: SAMPLE_ORDER, payment: SAMPLE_PAYMENT, url: SAMPLE_URL }, words),
};

const UNDER_WAY: ReadonlySet<string> = new Set(["pending", "requires_action", "authorized"]);
