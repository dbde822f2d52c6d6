import type { MessagePort } from "node:worker_threads";
import type { StoredFact } from "../payments/fact.ts";
import type { Currency } from "../payments/money.ts";
import type {
  HoldReason,
  OrderState,
  OrderStatus,
  PaymentFlag,
  PaymentState,
  PaymentStatus,
  StoredDecision,
} from "../payments/state.ts";
import type { OrderStock, StockLevel, StockMovement } from "../payments/stock.ts";
import type { SubscriptionStatus } from "../payments/subscription.ts";
import type { EventView, Lease, NewEvent, Page, PageRequest } from "./common.ts";
import type { DocumentStore } from "./documents.ts";
import type { EffectRows, KnownCustomer, Posted, Posting, PostingPlace, SubscriptionRecord } from "./effect-rows.ts";
import type { GoodsStore, GoodsTransaction } from "./goods.ts";
import type { OutboxStore } from "./outbox.ts";

export type { EventView, Lease, NewEvent, Page, PageRequest } from "./common.ts";
export type { SubscriptionRecord } from "./effect-rows.ts";

/**
 * The port to the database, made for batches: what the pipeline, the API and the commands ask of it, in their words.
 * Two implementations of one behaviour (PostgreSQL, SQLite) pass one contract suite.
 *
 * Errors: everything here may reject with a `StoreError`; nothing else is expected of it.
 */

/** The kinds of input: everything that may change state is journaled as one of these before it acts. */
export type InputKind =
  /** What a gateway sent. */
  | "notification"
  /** A provider's answer about a notification: an API's confirmation, a verifier's word. */
  | "answer"
  /** An order registered, changed or canceled; an operator's word on a payment; an order's deadline that passed. */
  | "decision"
  /** A time that passed, of which the provider does not tell. */
  | "deadline"
  /** Money recorded by hand. */
  | "outside_payment"
  /** Levels of the stock that a person set or corrected. */
  | "stock"
  /** License keys loaded into a pool. Its body names none of them. */
  | "supply"
  /** An order's downloads renewed. */
  | "renewal"
  /** Somebody was forgotten: what was erased, with no word of whom. */
  | "erasure";

/** Waiting states, then outcomes. An input with an outcome is never touched again but for `quarantined` → `applied`. */
export type InputState =
  | "received"
  | "unproven"
  | "unconfirmed"
  | "parked"
  | "applied"
  | "stale"
  | "ignored"
  | "quarantined"
  | "rejected";

export interface NewInput {
  /** `ntf_…` for notifications, `inp_…` for the others; ordered by time. */
  readonly id: string;
  readonly kind: InputKind;
  /** Gateway id; `outside` or `api` where no gateway is concerned. */
  readonly gateway: string;
  readonly account: string;
  /** At most 200 characters, no NUL. */
  readonly key: string;
  /** Lower-case hex SHA-256 of the body. */
  readonly bodyHash: string;
  readonly nonce: string | null;
  readonly body: Uint8Array;
  /** The kept headers, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The URL's query without `?`. */
  readonly query: string;
  readonly receivedAt: Date;
  /** `received`, or `unproven` where the sender is still to be proven. */
  readonly state: InputState;
  /** Where it came from, for bounds on unproven input; null once proven. */
  readonly source: string | null;
}

/**
 * `stored`: a new row, owned by the given owner until its lease ends. `duplicate`: same key and body as the row `id`, counted there.
 * `variant`: stored, but another body came under the same key before; an alarm, told by the meaning if there is any.
 */
export interface Journaled {
  readonly id: string;
  readonly result: "stored" | "duplicate" | "variant";
}

/** An input that waits, handed to one worker. */
export interface WaitingInput extends NewInput {
  readonly seq: bigint;
  /** Counted before it is run, so that a crash counts. */
  readonly attempts: number;
  /** How often it was run alone and did not end well. */
  readonly failures: number;
  readonly leasedUntil: Date;
}

/** A lease given back. */
export interface Released {
  readonly id: string;
  readonly dueAt: Date;
  /** False where it was claimed and not run. */
  readonly countAttempt: boolean;
  /** What to add to its failures; absent: nothing. */
  readonly failures?: 1 | -1;
}

/** What became of an input. Written only while the lease is still held (`owner`), else the whole transaction rolls back with `lease_lost`. */
export interface InputOutcome {
  readonly id: string;
  readonly state: InputState;
  /** snake_case word; null for plain `applied`. */
  readonly reason: string | null;
  /** The gateway's own event type, at most 100 characters; null where unreadable. */
  readonly type: string | null;
  readonly live: boolean | null;
  readonly payment: string | null;
  /** When a still waiting input is due again, by the caller's clock (kept as that far from now); null with an outcome. */
  readonly dueAt: Date | null;
}

export interface PaymentRecord {
  /** `pay_…`, ordered by time. */
  readonly id: string;
  readonly state: PaymentState;
  /** Channels that told facts of it, sorted. */
  readonly gateways: readonly string[];
  /** Grows by one with each change: the `sequence` of its events. */
  readonly sequence: number;
}

/** A payment with everything it is computed from. */
export interface LoadedPayment extends PaymentRecord {
  readonly facts: readonly StoredFact[];
}

export interface OrderRecord {
  readonly state: OrderState;
  readonly sequence: number;
  /** What it has taken of the stock; null while it never had anything to take. */
  readonly stock: OrderStock | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface LoadedOrder {
  readonly reference: string;
  /** Null where nothing is known of it yet. */
  readonly record: OrderRecord | null;
  readonly decisions: readonly StoredDecision[];
  /** Payments that name it, joined ones once, sorted by id. */
  readonly payments: readonly PaymentRecord[];
}

/** All rows of one batch; each table is written once, sorted by key. Facts and events that exist already are passed over; who wants the new events gets a delivery of each. */
export interface Changes {
  readonly facts: readonly { readonly fact: StoredFact; readonly payment: string | null }[];
  readonly payments: readonly PaymentRecord[];
  /** Flags that arose, with the time at which they are to be told, by the caller's clock; null: they are told now. */
  readonly flags: readonly { readonly payment: string; readonly flag: PaymentFlag; readonly dueAt: Date | null }[];
  /** Flags that stand no more. */
  readonly flagsGone: readonly { readonly payment: string; readonly flag: PaymentFlag }[];
  /** Payments that turned out to be others: readable as aliases from now on, their facts and objects moved. */
  readonly merged: readonly { readonly from: string; readonly into: string }[];
  /** Object keys → the payment they belong to. */
  readonly objects: readonly { readonly key: string; readonly payment: string }[];
  readonly links: readonly { readonly from: string; readonly to: string }[];
  readonly decisions: readonly StoredDecision[];
  readonly orders: readonly {
    readonly state: OrderState;
    readonly sequence: number;
    readonly stock: OrderStock | null;
  }[];
  /** What each order makes of the payments that name it: written over what was there. */
  readonly orderPayments: readonly {
    readonly order: string;
    readonly payment: string;
    readonly counts: boolean;
    readonly held: readonly HoldReason[];
  }[];
  /** Payments that no longer name the order. */
  readonly orderPaymentsGone: readonly { readonly order: string; readonly payment: string }[];
  readonly events: readonly NewEvent[];
  readonly effects: EffectRows;
  readonly outcomes: readonly InputOutcome[];
  /** Payments that no longer are held: their notifications' `quarantined` (for a hold reason) or `parked` becomes `applied`. */
  readonly released: readonly string[];
}

/** One transaction. Reads see what was committed when the statement began; `lock` first, then read. */
export interface Transaction {
  /** Inputs that the transaction itself brings (decisions, answers, outside payments), already with their outcome. */
  journal(inputs: readonly (NewInput & { readonly reason: string | null })[]): Promise<readonly Journaled[]>;
  /** Waits for and takes the named locks, in sorted order, until the transaction ends. Also for what does not exist yet. */
  lock(keys: readonly string[]): Promise<void>;
  /** The payments that objects belong to (keys without one are absent), following merges. */
  findPayments(objectKeys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** With all their facts; aliases are followed, each payment comes once. */
  loadPayments(ids: readonly string[]): Promise<readonly LoadedPayment[]>;
  /** The payment's flags that are due and were not told yet. */
  dueFlags(payment: string, now: Date): Promise<readonly PaymentFlag[]>;
  /** All links that touch the objects, from either end. */
  loadLinks(objectKeys: readonly string[]): Promise<readonly { readonly from: string; readonly to: string }[]>;
  /** All facts about the groups. */
  loadGroupFacts(objectKeys: readonly string[]): Promise<readonly StoredFact[]>;
  /**
   * One entry for each reference, in the same order. Without `evenUnregistered` the payments of an order without decisions
   * are not loaded: anybody may name an order, so there may be millions, and nothing is computed from them.
   */
  loadOrders(
    references: readonly string[],
    options?: { readonly evenUnregistered: boolean },
  ): Promise<readonly LoadedOrder[]>;
  /** Those of the keys that are known, with the customers that they lead to. */
  findCustomers(keys: readonly string[]): Promise<readonly KnownCustomer[]>;
  /** How many keys lead to each of the customers. */
  countCustomerKeys(customers: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** The levels of those SKUs that have one, locked and then read, by one statement. */
  lockStock(places: readonly StockPlace[]): Promise<readonly StockLevel[]>;
  /** Our own inputs that came under the key, in the order of receipt. */
  inputsByKey(key: string): Promise<readonly { readonly id: string; readonly body: Uint8Array }[]>;
  /** Those that are known, by id. */
  loadSubscriptions(ids: readonly string[]): Promise<readonly SubscriptionRecord[]>;
  /** Which of the facts' keys are stored already. */
  knownFacts(keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** Ids of those inputs whose nonce another body used earlier (a lower seq), or was already applied under. */
  reusedNonces(
    inputs: readonly {
      readonly gateway: string;
      readonly account: string;
      readonly nonce: string;
      readonly id: string;
    }[],
  ): Promise<ReadonlySet<string>>;
  /** What is posted of payments and orders, by subject; those of which nothing is are absent. */
  posted(subjects: readonly string[]): Promise<readonly Posted[]>;
  /** What each order makes of each of the payments. */
  countsOf(payments: readonly string[]): Promise<readonly OrderCount[]>;
  readonly goods: GoodsTransaction;
  write(changes: Changes, lease: { readonly owner: string } | null): Promise<void>;
}

export interface OrderCount {
  readonly order: string;
  readonly payment: string;
  readonly counts: boolean;
}

/** Where a SKU's level is found: test orders have levels of their own. */
export interface StockPlace {
  readonly live: boolean;
  readonly sku: string;
}

export class StoreError extends Error {
  override readonly name = "StoreError";
  /**
   * `unavailable`: connection, timeout, disk, pool; uses up no attempts, answered 503. `unknown_commit`: the COMMIT's own
   * answer was lost. `lease_lost`: another worker has it. `data`: a value the database refuses; bisect. `busy`: retried
   * deadlocks and still no way through. `conflict`: a unique key taken by someone else meanwhile, or a
   * database of another version.
   */
  readonly reason: "unavailable" | "unknown_commit" | "lease_lost" | "data" | "busy" | "conflict";
  constructor(reason: StoreError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

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

/** A row of the journal in the order of receipt. */
export interface JournalPlace {
  readonly receivedAt: Date;
  readonly seq: bigint;
}

/** How far the journal can be sealed, once those who were writing then have ended. */
export interface SealMark {
  readonly upTo: bigint;
  /** Transactions, in the database's words. */
  readonly writers: readonly string[];
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

/** What can be sent to another thread; `statements` and `turns` are transferred. */
export type SharedStore =
  | { readonly dialect: "postgresql"; readonly url: string }
  | { readonly dialect: "sqlite"; readonly statements: MessagePort; readonly turns: MessagePort };

/** One way into the database: a pool's connections on PostgreSQL, the writer's turns on SQLite. */
export interface LaneLoad {
  readonly lane: "journal" | "work";
  readonly busy: number;
  readonly idle: number;
  /** Units of work that wait for a connection, or for their turn. */
  readonly waiting: number;
}

export interface Store {
  readonly dialect: "postgresql" | "sqlite";
  /**
   * One commit for all rows, sorted by key: durable when it resolves. Rows come back in the order given. Two rows of one
   * call with the same key and body: the first is `stored`, the second `duplicate`. Rejects whole.
   */
  journal(inputs: readonly NewInput[], lease: Lease): Promise<readonly Journaled[]>;
  /** Takes waiting inputs that are due and whose lease has ended, oldest first, skipping locked ones. Counts an attempt. */
  claim(request: {
    readonly states: readonly InputState[];
    readonly limit: number;
    readonly lease: Lease;
  }): Promise<readonly WaitingInput[]>;
  /**
   * Counts a failure of an input before it is run alone, so that one counts of which its process dies; give it back by `release`
   * where it was none. False: the lease is no longer `owner`'s.
   */
  beginAlone(id: string, owner: string): Promise<boolean>;
  /** Gives leases back early (graceful stop), or puts a waiting input off until `dueAt`; never changes an outcome. */
  release(inputs: readonly Released[], owner: string): Promise<void>;
  /** How many unproven inputs are stored, in all and from one source: the bound of invented IPNs. */
  countUnproven(source: string): Promise<{ readonly total: number; readonly fromSource: number }>;
  /** Forgets unproven and rejected inputs received before `before`; returns how many. */
  expireUnproven(before: Date, limit: number): Promise<number>;
  /** Forgets rejected inputs beyond the newest `keep`, at most `limit` at once; returns how many. */
  forgetRejected(keep: number, limit: number): Promise<number>;
  /**
   * Looks at so many inputs, in the order of receipt, after the given place and received before `before`: those that are
   * settled (`applied`, `stale`, `ignored`) and came from outside lose body, headers and query. The row stays with its key
   * and its body's hash: what comes again is still a duplicate. `next` is null when there are no more.
   */
  emptyBodies(request: {
    readonly before: Date;
    readonly after: JournalPlace | null;
    readonly limit: number;
  }): Promise<{ readonly emptied: number; readonly next: JournalPlace | null }>;
  /**
   * Seals the next inputs in the order of seq, up to the mark: none that could still be joined by a lower one, none that may
   * be settled in a moment. `sealed`: how many, 0 when there is nothing to do, or somebody to wait for. Give `mark` back the next time.
   */
  seal(mark: SealMark | null): Promise<{ readonly sealed: number; readonly mark: SealMark | null }>;
  /** References of orders whose `expiresAt` has passed and that are still unpaid, the longest overdue first. (Parked inputs past their deadline come by `claim`.) */
  overdueOrders(now: Date, limit: number): Promise<readonly string[]>;
  /** Ids of canceled subscriptions whose period has ended, the longest ago first. */
  endedSubscriptions(now: Date, limit: number): Promise<readonly string[]>;
  /** Ids of payments with a flag that is due and was not told yet, the longest overdue first. */
  flaggedPayments(now: Date, limit: number): Promise<readonly string[]>;
  /** Runs `work` in one transaction; retried whole on deadlocks and serialization failures, with jitter, at most 5 times. */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  readonly read: Reader;
  readonly documents: DocumentStore;
  readonly goods: GoodsStore;
  /** Who is told of events, and what is on its way to them. */
  readonly outbox: OutboxStore;
  readonly tokens: {
    /** Stores the hash if there is none yet; false where one exists already. */
    putFirst(hash: string): Promise<boolean>;
    has(hash: string): Promise<boolean>;
    replaceAll(hash: string): Promise<void>;
  };
  readonly secrets: {
    /** The secret of that name; where there is none yet, the one that `make` returns. All processes get the same. */
    getOrMake(name: string, make: () => string): Promise<string>;
  };
  /** How busy the database's lanes are right now, for /metrics. Reads counters, asks nobody. */
  load(): readonly LaneLoad[];
  /**
   * For another thread of this process, which opens it by `openShared`; null where the store stays in its thread. `tell` is to be
   * called for what was committed there and tells events.
   */
  share(): { readonly shared: SharedStore; readonly tell: () => void } | null;
  /** Resolves when a trivial statement was answered; rejects within 2 s otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
