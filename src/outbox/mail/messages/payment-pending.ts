import { isOvertaken, type Message, skip, tell } from "../message.ts";
import { buyerValues, countedPayment, isUnpaid } from "../order-values.ts";
import { SAMPLE_ORDER, SAMPLE_PAYMENT, SAMPLE_URL } from "../samples.ts";

/** To the buyer: the payment was begun, and the money takes days to come. */
export const paymentPending: Message = {
  name: "payment-pending",
  to: "mail:buyer",
  event: "payment.pending",
  async tell(standing) {
    const found = await countedPayment(standing);
    if (found.kind === "skip") return found;
    if (found.payment.status !== "pending" || !isUnpaid(found.order)) return skip("no_longer_true");
    if (await isOvertaken(standing)) return skip("overtaken");
    return tell(buyerValues({ ...found, url: standing.url }, standing.words));
  },
  sample: (words) => buyerValues({ order: SAMPLE_ORDER, payment: SAMPLE_PAYMENT, url: SAMPLE_URL }, words),
};
