import * as z from "zod";
import type { Currency } from "../../../payments/money.ts";
import { type Message, type Standing, skip, tell, type Values } from "../message.ts";
import { type BuyerSubject, buyerValues } from "../order-values.ts";
import { SAMPLE_ORDER, SAMPLE_PAYMENT, SAMPLE_TIME, SAMPLE_URL } from "../samples.ts";
import { subscriptionOf } from "../subscription.ts";
import type { Words } from "../words.ts";

/** To the buyer: a further period was paid. Of several that come to be known at once the last is told. */
export const subscriptionRenewed: Message = {
  name: "subscription-renewed",
  to: "mail:buyer",
  event: "subscription.renewed",
  async tell(standing) {
    const found = await subscriptionOf(standing);
    if (found.kind === "skip") return found;
    const { lastPayment } = found.subscription.state;
    const renewal = renewalIn(standing.event.snapshot);
    if (lastPayment?.of !== `${renewal.object}/${renewal.reference}`) return skip("overtaken");
    const standingOfPayment = await paymentOf(standing);
    if (standingOfPayment !== null) return skip(standingOfPayment);
    const { amount, currency } = lastPayment;
    const money = amount === null || currency === null ? null : { amount, currency };
    const paid = { money, at: lastPayment.at, until: found.subscription.state.periodEnd };
    return tell(values({ order: found.order, payment: null, url: standing.url }, paid, standing.words));
  },
  sample: (words) =>
    values(
      { order: SAMPLE_ORDER, payment: SAMPLE_PAYMENT, url: SAMPLE_URL },
      // Proven: the samples' currency, which ISO 4217 has.
      { money: { amount: 1_990n, currency: "EUR" as Currency }, at: SAMPLE_TIME, until: SAMPLE_TIME + 30 * 86_400_000 },
      words,
    ),
};

interface Paid {
  readonly money: { readonly amount: bigint; readonly currency: Currency } | null;
  readonly at: number;
  readonly until: number | null;
}

function values(subject: BuyerSubject, { money, at, until }: Paid, words: Words): Values {
  return {
    ...buyerValues(subject, words),
    renewal: {
      amount: money === null ? null : words.money(money.amount, money.currency),
      paidOn: words.day(at),
      until: until === null ? null : words.day(until),
    },
  };
}

/** Why nothing is said of the payment that renewed it, where it is known: held, or given back. */
async function paymentOf({ event, read, order }: Standing) {
  const payment = event.payment === null ? null : await read.payment(event.payment);
  if (payment === null) return null;
  const view = order?.record?.state.payments.find(({ id }) => id === payment.id);
  if (view !== undefined && !view.counts) return "payment_held" as const;
  return payment.state.captured > payment.state.refunded ? null : ("no_longer_true" as const);
}

const snapshot = z.object({ renewal: z.object({ object: z.string(), reference: z.string() }) });

function renewalIn(text: string): z.infer<typeof snapshot>["renewal"] {
  return snapshot.parse(JSON.parse(text)).renewal;
}
