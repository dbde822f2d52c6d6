import { type DownloadLine, downloadLines, entitlementOf } from "../../payments/goods.ts";
import type { EffectRows } from "../../store/effect-rows.ts";
import type { FoldedOrder } from "../fold-orders.ts";
import type { Effect } from "./effect.ts";
import { goodsReady, isPaidToldNow } from "./goods-events.ts";
import { NO_EFFECT } from "./result.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Once an order may be delivered each of its downloads is granted, for good. Whether it may be had at a moment is asked of the
 * order when it is: so what a refund or a dispute stops, and what comes of these, needs nothing to be written.
 */
export const grantDownloads: Effect = async (transaction, _held, { orders, now }) => {
  const entitled = orders.filter(
    ({ state }) => downloadLines(state.expectation).length > 0 && entitlementOf(state) === "granted",
  );
  if (entitled.length === 0) return NO_EFFECT;
  const known = new Set(
    (await transaction.goods.downloadsOf(entitled.map(({ reference }) => reference))).map(grantName),
  );
  const fresh = entitled.flatMap((order) => {
    const rows = grantsOf(order, now).filter((grant) => !known.has(grantName(grant)));
    return rows.length === 0 ? [] : [{ order, rows }];
  });
  return {
    rows: { downloads: fresh.flatMap(({ rows }) => rows) },
    events: fresh
      .filter(({ order }) => !isPaidToldNow(order))
      .map(({ order, rows }) => goodsReady(order, `downloads:${rows.map(({ sku }) => sku).join(",")}`, now)),
  };
};

function grantsOf({ reference, state }: FoldedOrder, now: Date): EffectRows["downloads"] {
  return downloadLines(state.expectation).map((line) => grantOf(reference, line, now));
}

export function grantOf(order: string, { sku, download }: DownloadLine, now: Date): EffectRows["downloads"][number] {
  const expiresAt = new Date(now.getTime() + download.days * DAY_MS);
  return { order, sku, grantedAt: now, expiresAt, allowed: download.limit };
}

function grantName({ order, sku }: { readonly order: string; readonly sku: string }): string {
  return `${order}\n${sku}`;
}
