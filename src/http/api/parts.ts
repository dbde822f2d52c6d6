import type { Documents } from "../../documents/documents.ts";
import type { Feed } from "../../outbox/feed.ts";
import type { Endpoints } from "../../outbox/outbox.ts";
import type { Commands, GoodsCommands } from "../../pipeline/pipeline.ts";
import type { StockLoads } from "../../pipeline/stock-loads.ts";
import type { GoodsStore } from "../../store/goods.ts";
import type { OutboxStore } from "../../store/outbox.ts";
import type { Reader } from "../../store/reading.ts";
import type { Budget } from "../budget.ts";
import type { BearerParts } from "./bearer.ts";
import type { GoodsTerms } from "./line-goods.ts";

export interface ApiBackend {
  readonly store: { readonly read: Reader; readonly outbox: OutboxStore; readonly goods: GoodsStore };
  readonly commands: Commands;
  readonly stock: StockLoads;
  readonly goods: GoodsCommands;
  readonly documents: Documents;
  readonly endpoints: Endpoints;
}

export interface ApiParts extends Pick<BearerParts, "failures" | "isToken"> {
  /** Throws a StoreError while the database could not be reached yet. */
  readonly backend: () => ApiBackend;
  /** What an order expects, and what lists show, where nobody says. */
  readonly live: boolean;
  /** By gateway id, `live` of an account: `account` names one. */
  readonly liveOfAccount: (account: string) => boolean | null;
  /** Gateway (and `/account`, but for the default one) → where it should post. */
  readonly notifyUrls: Readonly<Record<string, string>>;
  /** The page of a registered order that its buyer may see. */
  readonly buyerUrl: (reference: string) => string;
  /** Where a download of the order is had. */
  readonly downloadUrl: (order: string, sku: string) => string;
  readonly goodsTerms: GoodsTerms;
  readonly feed: Feed;
  readonly streams: Budget;
  readonly now: () => Date;
}
