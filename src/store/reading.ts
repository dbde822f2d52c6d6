import type { StoredFact } from "../payments/fact.ts";
import type { Currency } from "../payments/money.ts";
import type { HoldReason, OrderStatus, PaymentStatus } from "../payments/state.ts";
import type { StockLevel, StockMovement } from "../payments/stock.ts";
import type { SubscriptionStatus } from "../payments/subscription.ts";
import type {
  EventView,
  InputKind,
  InputState,
  LoadedOrder,
  NewInput,
  OrderRecord,
  Page,
  PageRequest,
  PaymentRecord,
  StockPlace,
} from "./common.ts";
import type { Posted, Posting, PostingPlace, SubscriptionRecord } from "./effect-rows.ts";

/**
 * What is read of the database, beside the pipeline: filters, views and pages for the API, the pages and the commands. No lock
 * is held, and nothing is changed.
 */

export interface PaymentFilter {
  readonly gateway?: string;
  readonly account?: string;
  /** Any of its references, or an alias's. */
  readonly reference?: string;
  readonly order?: string;
  /** The provider's reference of the subscription that it pays a period of. */
  readonly subscription?: string;
  readonly status?: readonly PaymentStatus[];
  /** By the payment's createdAt. */
  readonly since?: Date;
  readonly until?: Date;
  readonly live?: boolean;
  /** Of a customer, or of one who turned out to be that one. */
  readonly customer?: string;
  /** Only payments held for at least one order. */
  readonly held?: boolean;
}

export interface StockFilter {
  readonly live: boolean;
  /** Only levels at or below their threshold. */
  readonly low?: boolean;
}

/** A movement as the API shows it. */
export interface StockMovementView extends StockMovement {
  readonly at: Date;
}

export interface CustomerFilter {
  readonly live: boolean;
  /** One of the customer's keys. */
  readonly key?: string;
}

export interface CustomerView {
  readonly id: string;
  readonly live: boolean;
  readonly name: string | null;
  readonly createdAt: Date;
  readonly aliases: readonly string[];
  /** At most 100. */
  readonly keys: readonly string[];
}

export interface OrderFilter {
  /** Of a customer: registered for them, or paid by them. */
  readonly customer?: string;
  readonly status?: readonly OrderStatus[];
  readonly since?: Date;
  readonly until?: Date;
}

export interface SubscriptionFilter {
  readonly gateway?: string;
  readonly account?: string;
  /** The provider's own. */
  readonly reference?: string;
  readonly order?: string;
  readonly status?: readonly SubscriptionStatus[];
  readonly live?: boolean;
}

export interface InputFilter {
  /** Absent: of every kind. */
  readonly kind?: InputKind;
  readonly gateway?: string;
  readonly account?: string;
  readonly state?: readonly InputState[];
  readonly reason?: string;
  readonly payment?: string;
  readonly since?: Date;
  readonly until?: Date;
}

export interface LedgerFilter {
  /** Also an alias's id. */
  readonly payment?: string;
  /** What was posted of it, and of the payments that name it. */
  readonly order?: string;
  /** The account, or one above it. */
  readonly account?: string;
  readonly currency?: string;
  readonly live?: boolean;
  /** By the time it was posted. */
  readonly since?: Date;
  readonly until?: Date;
}

/** Test and live money are never in one export. */
export interface LedgerExport extends Pick<LedgerFilter, "since" | "until"> {
  readonly live: boolean;
}

/** What an account holds in one currency: debits less credits. */
export interface LedgerSum {
  readonly live: boolean;
  readonly account: string;
  readonly currency: Currency;
  readonly debits: bigint;
  readonly credits: bigint;
}

/** A payment as the API shows it: with what its order makes of it. */
export interface PaymentView extends PaymentRecord {
  readonly aliases: readonly string[];
  /** Of the registered order that it names first; null where there is none. */
  readonly order: string | null;
  readonly counts: boolean;
  readonly held: readonly HoldReason[];
  readonly changedAt: Date;
}

export interface InputView extends Omit<NewInput, "body"> {
  readonly seq: bigint;
  readonly reason: string | null;
  readonly type: string | null;
  readonly live: boolean | null;
  readonly payment: string | null;
  readonly attempts: number;
  readonly repeats: number;
  readonly settledAt: Date | null;
  readonly dueAt: Date | null;
  readonly size: number;
  /** Its body, headers and query are no longer kept. */
  readonly isEmptied: boolean;
}

/**
 * Where an event stands among all: `(position, seq)` grows in the order in which readers may follow. On PostgreSQL `position`
 * is the writing transaction, because `seq` alone would skip what commits late; on SQLite it is 0.
 */
export interface EventPosition {
  readonly position: bigint;
  readonly seq: bigint;
}

export interface PlacedEvent extends EventView {
  readonly place: EventPosition;
}

export interface EventRequest {
  /** Null: from the beginning. */
  readonly after: EventPosition | null;
  /** 1 to 100. */
  readonly limit: number;
  /** Whole types, or `payment.*` for all of a kind; absent: all. */
  readonly types?: readonly string[];
  readonly order?: string;
  readonly payment?: string;
}

export interface EventPage {
  readonly rows: readonly PlacedEvent[];
  /** How far this looked: the `after` of whoever goes on. Beyond the last row where what follows was filtered out. */
  readonly end: EventPosition | null;
  /** There was more to look at already. A page may be empty and yet not the last. */
  readonly more: boolean;
}

/** What /health and /metrics say of the database. */
export interface Backlog {
  /** Waiting inputs by state, and the oldest one's time of receipt. */
  readonly waiting: readonly { readonly state: InputState; readonly count: number; readonly oldest: Date }[];
  /** Newest notification of each gateway, account and event type. */
  readonly heard: readonly {
    readonly gateway: string;
    readonly account: string;
    readonly type: string | null;
    readonly last: Date;
    readonly count: number;
  }[];
}

/** Reads that hold no lock and change nothing. */
export interface Reader {
  payments(filter: PaymentFilter, page: PageRequest): Promise<Page<PaymentView>>;
  /** By id or alias, with facts sorted by time. */
  payment(id: string): Promise<(PaymentView & { readonly facts: readonly StoredFact[] }) | null>;
  orders(filter: OrderFilter, page: PageRequest): Promise<Page<OrderRecord>>;
  order(reference: string): Promise<LoadedOrder | null>;
  subscriptions(filter: SubscriptionFilter, page: PageRequest): Promise<Page<SubscriptionRecord>>;
  /** By id, with the newest facts about itself and its newest payments, as many of each as a page holds at most. */
  subscription(id: string): Promise<
    | (SubscriptionRecord & {
        readonly payments: readonly PaymentView[];
        readonly facts: readonly StoredFact[];
      })
    | null
  >;
  inputs(filter: InputFilter, page: PageRequest): Promise<Page<InputView>>;
  input(id: string): Promise<(InputView & { readonly body: Uint8Array }) | null>;
  /** Newest first. */
  customers(filter: CustomerFilter, page: PageRequest): Promise<Page<CustomerView>>;
  /** By id or alias. */
  customer(id: string): Promise<CustomerView | null>;
  /** By SKU. */
  stockLevels(filter: StockFilter, page: PageRequest): Promise<Page<StockLevel>>;
  stockLevel(place: StockPlace): Promise<StockLevel | null>;
  /** Newest first. */
  stockMovements(place: StockPlace, page: PageRequest): Promise<Page<StockMovementView>>;
  /** Those of one order, oldest first, at most 1,000. */
  stockMovementsOf(order: string): Promise<readonly StockMovementView[]>;
  /** Events about an order or a payment, oldest first, at most 200. */
  eventsOf(about: { readonly order?: string; readonly payments: readonly string[] }): Promise<readonly EventView[]>;
  /** Oldest first, and only what nothing can precede any more: whoever goes on from `end` misses nothing, whenever it commits. */
  events(request: EventRequest): Promise<EventPage>;
  /** By id, with the place to go on from: its own, or the newest settled one while its own is not. */
  event(id: string): Promise<(PlacedEvent & { readonly resumeAfter: EventPosition | null }) | null>;
  /** The place of the newest event that is settled; null while there is none. */
  newestEvent(): Promise<EventPosition | null>;
  backlog(): Promise<Backlog>;
  /** Newest first. A page may be shorter than its limit, or empty, and yet not the last. */
  postings(filter: LedgerFilter, page: PageRequest): Promise<Page<Posting>>;
  /** Oldest first, the lines of an entry together, at most `limit`. */
  postingsAfter(
    after: PostingPlace | null,
    request: LedgerExport & { readonly limit: number },
  ): Promise<readonly Posting[]>;
  /** The trial balance of what was posted before `until`: each entry wholly or not at all. */
  ledgerSums(until: Date): Promise<readonly LedgerSum[]>;
  /** What is posted of payments and orders, by subject. */
  posted(subjects: readonly string[]): Promise<readonly Posted[]>;
}
