import * as z from "zod";
import type { Currency, Money } from "../../../payments/money.ts";
import { type Message, skip, tell, type Values } from "../message.ts";
import { type BuyerSubject, buyerValues } from "../order-values.ts";
import { SAMPLE_ORDER, SAMPLE_PAYMENT, SAMPLE_TIME, SAMPLE_URL } from "../samples.ts";
import { subscriptionOf } from "../subscription.ts";
import type { Words } from "../words.ts";

/** To the buyer: a payment of their subscription failed, and nothing has come since. */
export const subscriptionFailed: Message = {
  name: "subscription-failed",
  to: "mail:buyer",
  event: "subscription.payment_failed",
  async tell(standing) {
    const found = await subscriptionOf(standing);
    if (found.kind === "skip") return found;
    const { failure, price, status } = found.subscription.state;
    if (failure === null || status === "canceled") return skip("no_longer_true");
    if (new Date(failure.at).toISOString() !== failedAt(standing.event.snapshot)) return skip("overtaken");
    const subject = { order: found.order, payment: null, url: standing.url };
    return tell(values(subject, { price, retryAt: failure.retryAt }, standing.words));
  },
  sample: (words) =>
    values(
      { order: SAMPLE_ORDER, payment: SAMPLE_PAYMENT, url: SAMPLE_URL },
      // Proven: the samples' currency, which ISO 4217 has.
      { price: { amount: 1_990n, currency: "EUR" as Currency }, retryAt: SAMPLE_TIME },
      words,
    ),
};

function values(
  subject: BuyerSubject,
  { price, retryAt }: { readonly price: Money | null; readonly retryAt: number | null },
  words: Words,
): Values {
  return {
    ...buyerValues(subject, words),
    failure: {
      amount: price === null ? null : words.money(price.amount, price.currency),
      retryOn: retryAt === null ? null : words.day(retryAt),
    },
  };
}

const snapshot = z.object({ subscription: z.object({ failure: z.object({ at: z.string() }) }) });

function failedAt(text: string): string {
  return snapshot.parse(JSON.parse(text)).subscription.failure.at;
}
