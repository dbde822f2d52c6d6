import type { Currency } from "../payments/money.ts";
import type { OrderStock, StockLevel, StockMovement } from "../payments/stock.ts";
import type { SubscriptionState } from "../payments/subscription.ts";
import type { DownloadGrant, LicenseWait } from "./goods.ts";

/** The rows of what follows from payments and orders, written in the transaction that changes them. */
export interface EffectRows {
  readonly postings: readonly Posting[];
  /** As they are after all movements. */
  readonly stockLevels: readonly StockLevel[];
  readonly stockMovements: readonly StockMovement[];
  /** New ones, and those whose name changed. */
  readonly customers: readonly NewCustomer[];
  readonly customerKeys: readonly { readonly key: string; readonly customer: string }[];
  readonly customerLinks: readonly CustomerLink[];
  /** Customers that turned out to be others. */
  readonly customersMerged: readonly { readonly from: string; readonly into: string }[];
  /** Order → what it has taken now: written with the order. */
  readonly orderStock: ReadonlyMap<string, OrderStock>;
  /** Free keys that this transaction holds, each to its unit. */
  readonly licensesGiven: readonly {
    readonly seq: bigint;
    readonly order: string;
    readonly sku: string;
    readonly unit: number;
    readonly at: Date;
  }[];
  readonly licensesChanged: readonly { readonly seq: bigint; readonly revokedAt: Date | null }[];
  readonly licenseWaits: readonly Omit<LicenseWait, "seq">[];
  /** Those that exist are passed over. */
  readonly downloads: readonly Pick<DownloadGrant, "order" | "sku" | "grantedAt" | "expiresAt" | "allowed">[];
  readonly subscriptions: readonly SubscriptionRecord[];
}

export const NO_EFFECT_ROWS: EffectRows = {
  postings: [],
  customers: [],
  customerKeys: [],
  customerLinks: [],
  customersMerged: [],
  stockLevels: [],
  stockMovements: [],
  orderStock: new Map(),
  licensesGiven: [],
  licensesChanged: [],
  licenseWaits: [],
  downloads: [],
  subscriptions: [],
};

export interface NewCustomer {
  /** `cus_…`, ordered by time. */
  readonly id: string;
  readonly live: boolean;
  readonly name: string | null;
}

/** Whose an order or a payment is. */
export interface CustomerLink {
  readonly kind: "order" | "payment";
  /** The order's reference or the payment's id. */
  readonly subject: string;
  readonly customer: string;
}

/** A customer's key with the customer that it leads to now. */
export interface KnownCustomer {
  readonly key: string;
  readonly customer: string;
  readonly name: string | null;
}

/** One line of a ledger entry. The lines of one subject and version are one entry, and sum to zero in each currency. */
export interface Posting {
  /** The payment's id, or what `orderSubject` or `payoutSubject` makes of an order's reference, of a payout's key. */
  readonly subject: string;
  /** Counts the subject's entries from 1; two transactions that would write the same one are a `conflict`. */
  readonly version: number;
  readonly account: string;
  readonly currency: Currency;
  /** Minor units; a debit is positive. */
  readonly amount: bigint;
  readonly live: boolean;
  /** The order that the payment counted for, or named first, when this was posted. */
  readonly order: string | null;
  /** What it follows from: the fact, and the input it came with; both null where a rebuild posted it. */
  readonly fact: string | null;
  readonly input: string | null;
  /** When that happened, by the provider's time. */
  readonly effectiveAt: Date;
  readonly at: Date;
}

/** What is posted of one subject, with what was posted of payments that turned out to be it. */
export interface Posted {
  readonly subject: string;
  /** Of its newest entry; 0 where all are its aliases'. */
  readonly version: number;
  readonly live: boolean;
  readonly balances: readonly { readonly account: string; readonly currency: Currency; readonly amount: bigint }[];
}

/** Where a line stands among all: by the time it was posted, the lines of an entry together. */
export type PostingPlace = Pick<Posting, "at" | "subject" | "version" | "account" | "currency">;

export interface SubscriptionRecord {
  /** `sbn_…`, made of the key of its object. */
  readonly id: string;
  readonly state: SubscriptionState;
  /** Grows by one with each change: the `sequence` of its events. */
  readonly sequence: number;
}
