import type { MessagePort } from "node:worker_threads";
import type { StoredFact } from "../payments/fact.ts";
import type { HoldReason, OrderState, PaymentFlag, StoredDecision } from "../payments/state.ts";
import type { OrderStock, StockLevel } from "../payments/stock.ts";
import type { InputState, Lease, LoadedOrder, NewEvent, NewInput, PaymentRecord, StockPlace } from "./common.ts";
import type { DocumentStore } from "./documents.ts";
import type { EffectRows, KnownCustomer, Posted, SubscriptionRecord } from "./effect-rows.ts";
import type { GoodsStore, GoodsTransaction } from "./goods.ts";
import type { OutboxStore } from "./outbox.ts";
import type { Reader } from "./reading.ts";

export type {
  EventView,
  InputKind,
  InputState,
  Lease,
  LoadedOrder,
  NewEvent,
  NewInput,
  OrderRecord,
  Page,
  PageRequest,
  PaymentRecord,
  StockPlace,
} from "./common.ts";
export type { SubscriptionRecord } from "./effect-rows.ts";

/**
 * The port to the database, made for batches: what the pipeline, the API and the commands ask of it, in their words.
 * Two implementations of one behaviour (PostgreSQL, SQLite) pass one contract suite.
 *
 * Errors: everything here may reject with a `StoreError`; nothing else is expected of it.
 */

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

/** A payment with everything it is computed from. */
export interface LoadedPayment extends PaymentRecord {
  readonly facts: readonly StoredFact[];
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

/**
 * One transaction. Its statements run in the order in which they are asked for, whether waited for or not, and after one that
 * failed every other one does. Reads see what was committed when the statement began; `lock` first, then read.
 */
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

/** What can be sent to another thread; the port is transferred. */
export type SharedStore =
  | { readonly dialect: "postgresql"; readonly url: string }
  | { readonly dialect: "sqlite"; readonly port: MessagePort };

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
