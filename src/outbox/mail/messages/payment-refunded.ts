import type { Currency } from "../../../payments/money.ts";
import type { PaymentState } from "../../../payments/state.ts";
import { isOvertaken, type Message, skip, tell } from "../message.ts";
import { type BuyerSubject, buyerValues, countedPayment } from "../order-values.ts";
import { SAMPLE_ORDER, SAMPLE_PAYMENT, SAMPLE_URL } from "../samples.ts";
import type { Words } from "../words.ts";

/** To the buyer: money is on its way back, a part or all of it. Told with the sum so far: what two refunds at once come to is told once. */
export const paymentRefunded: Message = {
  name: "payment-refunded",
  to: "mail:buyer",
  event: "payment.refunded",
  async tell(standing) {
    const found = await countedPayment(standing);
    if (found.kind === "skip") return found;
    const { payment, order } = found;
    // A refund that failed since gave the money back to the merchant.
    if (payment.refunded === 0n || payment.currency === null) return skip("no_longer_true");
    if (await isOvertaken(standing)) return skip("overtaken");
    const subject = { order, payment, url: standing.url };
    return tell(values(subject, payment.currency, standing.words));
  },
  sample: (words) =>
    values(
      { order: SAMPLE_ORDER, payment: SAMPLE_PAYMENT, url: SAMPLE_URL },
      // Proven: the samples' currency, which ISO 4217 has.
      "EUR" as Currency,
      words,
    ),
};

function values(subject: BuyerSubject & { readonly payment: PaymentState }, currency: Currency, words: Words) {
  const { captured, refunded } = subject.payment;
  return {
    ...buyerValues(subject, words),
    refund: {
      whole: refunded >= captured,
      amount: words.money(refunded, currency),
      of: words.money(captured, currency),
    },
  };
}
