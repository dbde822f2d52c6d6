import type { ShownGoods } from "../order-goods.ts";
import type { Values } from "./message.ts";
import { SAMPLE_TIME } from "./samples.ts";
import { oneLine, type Words } from "./words.ts";

/** What the buyer's messages say of downloads and keys: only of what may be had now. */

/** A mail is no list of a thousand keys: the rest stands on the buyer's page. */
const MAX_KEYS = 100;

export function goodsValues(goods: ShownGoods, downloadUrl: (sku: string) => string, words: Words): Values {
  const downloads = goods.downloads.flatMap(({ sku, name, status, grant }) =>
    status !== "ready" || grant === null
      ? []
      : [{ name: oneLine(name), url: downloadUrl(sku), until: words.day(grant.expiresAt.getTime()) }],
  );
  const keys = goods.licenses.flatMap((line) => line.keys.map((key) => ({ name: oneLine(line.name), key: key.key })));
  return {
    hasDownloads: downloads.length > 0,
    downloads,
    hasKeys: keys.length > 0,
    keys: keys.slice(0, MAX_KEYS).map(({ name, key }) => ({ name, key: oneLine(key, 500) })),
    moreKeys: keys.length > MAX_KEYS ? String(keys.length - MAX_KEYS) : null,
    keysMissing: goods.licenses.some(({ missing }) => missing > 0),
  };
}

/** Everything that the templates may show. */
export function sampleGoods(words: Words): Values {
  const url = "https://pay.example.com/d/MTAwMQ.VEVBLTE.x7Qm2Zk9Wb4Tn8Lr1Vp6Sd";
  return {
    hasDownloads: true,
    downloads: [{ name: "The book of tea.pdf", url, until: words.day(SAMPLE_TIME + 30 * 86_400_000) }],
    hasKeys: true,
    keys: [{ name: "Tea timer, professional", key: "7Q2M-ZK9W-B4TN-8LR1" }],
    moreKeys: "23",
    keysMissing: true,
  };
}
