import { goodsValues, sampleGoods } from "../goods-values.ts";
import { isOvertaken, type Message, skip, tell } from "../message.ts";
import { type BuyerSubject, buyerValues } from "../order-values.ts";
import { SAMPLE_ORDER, SAMPLE_PAYMENT, SAMPLE_TIME, SAMPLE_URL } from "../samples.ts";
import type { Words } from "../words.ts";

/** To the buyer: all that was due has come. With the receipt. */
export const orderPaid: Message = {
  name: "order-paid",
  to: "mail:buyer",
  event: "order.paid",
  async tell(standing) {
    const { order, event, url, words, goods, downloadUrl } = standing;
    if (!order?.record) return skip("order_not_registered");
    if (!PAID.has(order.record.state.status)) return skip("no_longer_true");
    if (await isOvertaken(standing)) return skip("overtaken");
    const [payment] = order.payments.filter(({ state }) => state.captured > 0n);
    const subject = { order: order.record.state, payment: payment?.state ?? null, url };
    const shown = goodsValues(goods, downloadUrl, words);
    return tell({ ...values(subject, event.at.getTime(), words), goods: shown }, { attachReceipt: true });
  },
  sample: (words) => ({
    ...values({ order: SAMPLE_ORDER, payment: SAMPLE_PAYMENT, url: SAMPLE_URL }, SAMPLE_TIME, words),
    goods: sampleGoods(words),
    // Whether the receipt is attached.
    receipt: true,
  }),
};

/** A part given back meanwhile, or too much that came, makes it no less paid; all given back, or a dispute, does. */
const PAID: ReadonlySet<string> = new Set(["paid", "overpaid", "partially_refunded"]);

function values(subject: BuyerSubject, at: number, words: Words) {
  return { ...buyerValues(subject, words), paidOn: words.day(at) };
}
