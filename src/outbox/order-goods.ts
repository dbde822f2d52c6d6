import {
  type DownloadStatus,
  downloadLines,
  downloadStatus,
  entitlementOf,
  type LicenseLine,
  licenseLines,
} from "../payments/goods.ts";
import type { OrderState } from "../payments/state.ts";
import type { DownloadGrant, GivenKey, GoodsStore, OrderGoods } from "../store/goods.ts";
import type { LoadedOrder } from "../store/store.ts";

/** What an order gives besides what is shipped, as pages, mails and the API show it. */

export interface OrderWithGoods extends LoadedOrder {
  /** Null where none of its lines is of that kind. */
  readonly goods: OrderGoods | null;
}

/** Asks for the goods of an order only where it has some. */
export async function withGoods(order: LoadedOrder, goods: Pick<GoodsStore, "ofOrder">): Promise<OrderWithGoods> {
  const expectation = order.record?.state.expectation;
  const hasGoods = downloadLines(expectation).length + licenseLines(expectation).length > 0;
  return { ...order, goods: hasGoods ? await goods.ofOrder(order.reference) : null };
}

export interface ShownDownload {
  readonly sku: string;
  readonly name: string;
  readonly status: DownloadStatus;
  /** Null while it was never granted. */
  readonly grant: DownloadGrant | null;
  /** How often it may still be had. */
  readonly left: number;
}

export interface ShownLicenses {
  readonly sku: string;
  readonly name: string;
  readonly pool: string;
  /** Only those that hold: what was taken back is no longer the buyer's. */
  readonly keys: readonly GivenKey[];
  /** Units that wait for theirs. */
  readonly missing: number;
}

export interface ShownGoods {
  readonly downloads: readonly ShownDownload[];
  readonly licenses: readonly ShownLicenses[];
}

export const NO_GOODS: ShownGoods = { downloads: [], licenses: [] };

/** By line, in the order of lines. */
export function shownGoods(state: OrderState, goods: OrderGoods | null, now: Date): ShownGoods {
  if (goods === null) return NO_GOODS;
  const downloads = downloadLines(state.expectation).map(({ sku, download }) => {
    const grant = goods.downloads.find((one) => one.sku === sku) ?? null;
    const left = grant === null ? 0 : Math.max(0, grant.allowed - grant.count);
    return { sku, name: download.name, status: downloadStatus(state, grant, now), grant, left };
  });
  const isGranted = entitlementOf(state) === "granted";
  return {
    downloads,
    licenses: licenseLines(state.expectation).map((line) => shownLicenses(line, goods, isGranted)),
  };
}

function shownLicenses(
  { sku, name, license: pool, quantity }: LicenseLine,
  goods: OrderGoods,
  isGranted: boolean,
): ShownLicenses {
  const keys = goods.licenses.filter((key) => key.pool === pool && key.sku === sku && !key.isRevoked);
  return { ...{ sku, name, pool, keys }, missing: isGranted ? Math.max(0, quantity - keys.length) : 0 };
}
