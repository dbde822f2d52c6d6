import { type Message, skip, tell, type Values } from "../message.ts";
import { type BuyerSubject, buyerValues } from "../order-values.ts";
import { SAMPLE_ORDER, SAMPLE_PAYMENT, SAMPLE_TIME, SAMPLE_URL } from "../samples.ts";
import { subscriptionOf } from "../subscription.ts";
import type { Words } from "../words.ts";

/** To the buyer: their subscription is over, and nothing more is taken for it. */
export const subscriptionEnded: Message = {
  name: "subscription-ended",
  to: "mail:buyer",
  event: "subscription.ended",
  async tell(standing) {
    const found = await subscriptionOf(standing);
    if (found.kind === "skip") return found;
    const { status, startedAt, endedAt } = found.subscription.state;
    // One that never began to run was no subscription to its buyer.
    if (status !== "ended" || startedAt === null) return skip("no_longer_true");
    const subject = { order: found.order, payment: null, url: standing.url };
    return tell(values(subject, endedAt ?? standing.event.at.getTime(), standing.words));
  },
  sample: (words) => values({ order: SAMPLE_ORDER, payment: SAMPLE_PAYMENT, url: SAMPLE_URL }, SAMPLE_TIME, words),
};

function values(subject: BuyerSubject, at: number, words: Words): Values {
  return { ...buyerValues(subject, words), endedOn: words.day(at) };
}
