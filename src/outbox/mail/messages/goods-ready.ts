import { goodsValues, sampleGoods } from "../goods-values.ts";
import { isOvertaken, type Message, skip, tell } from "../message.ts";
import { buyerValues } from "../order-values.ts";
import { SAMPLE_ORDER, SAMPLE_URL } from "../samples.ts";

/** To the buyer: downloads or keys that could not be had yet when the order was paid. */
export const goodsReady: Message = {
  name: "goods-ready",
  to: "mail:buyer",
  event: "order.goods_ready",
  async tell(standing) {
    const { order, url, words, goods, downloadUrl } = standing;
    if (!order?.record) return skip("order_not_registered");
    if (await isOvertaken(standing)) return skip("overtaken");
    const shown = goodsValues(goods, downloadUrl, words);
    if (!order.record.state.fulfillable || !(shown.hasDownloads || shown.hasKeys)) return skip("no_longer_true");
    return tell({ ...buyerValues({ order: order.record.state, payment: null, url }, words), goods: shown });
  },
  sample: (words) => ({
    ...buyerValues({ order: SAMPLE_ORDER, payment: null, url: SAMPLE_URL }, words),
    goods: sampleGoods(words),
  }),
};
