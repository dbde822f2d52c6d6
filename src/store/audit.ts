import type { StoredFact } from "../payments/fact.ts";
import type { HoldReason, OrderState, PaymentState, StoredDecision } from "../payments/state.ts";
import type { OrderStock, StockLevel } from "../payments/stock.ts";
import type { SubscriptionState } from "../payments/subscription.ts";
import type { Posting, PostingPlace } from "./effect-rows.ts";
import type { GoodsTransaction } from "./goods.ts";
import type { LedgerExport, LedgerSum } from "./reading.ts";
import type { Changes, InputKind, InputState, LoadedOrder, NewInput, StockPlace, Transaction } from "./store.ts";

/**
 * The port for whoever compares what is stored with what it should be: rows as they are, also wrong ones, page by page.
 * It needs no lock on a SQLite file and stands beside a running server on both databases.
 */
export interface Audit {
  readonly dialect: "postgresql" | "sqlite";
  /**
   * Every read of `work` sees the same committed moment, whatever a server commits meanwhile (PostgreSQL: a repeatable
   * read, read-only transaction; SQLite: a read transaction). Keep it short: 15 s at most. Rejects with a StoreError.
   */
  snapshot<Result>(work: (view: AuditView) => Promise<Result>): Promise<Result>;
  /** One writing transaction, past the guards, retried whole where it lost against others. Opened only with `writing`. */
  repair<Result>(work: (repair: Repair) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Columns beside the state are copies for look-ups: they must agree with it. */
export interface AuditedPayment {
  readonly id: string;
  readonly aliasOf: string | null;
  readonly provider: string;
  readonly account: string;
  readonly live: boolean;
  readonly gateways: readonly string[];
  readonly reference: string;
  readonly status: string;
  readonly sequence: number;
  readonly createdAt: number;
  /** Null where the text is no payment's state. */
  readonly state: PaymentState | null;
}

export interface AuditedFact {
  readonly key: string;
  readonly input: string;
  readonly gateway: string;
  readonly objectKey: string;
  readonly payment: string | null;
  readonly at: number;
  /** Null where the text is no fact. */
  readonly fact: StoredFact | null;
}

export interface AuditedOrder {
  readonly reference: string;
  /** Null where decisions or payments name an order without a row. */
  readonly row: {
    readonly status: string;
    readonly sequence: number;
    readonly expiresAt: number | null;
    /** Null where the text is no order's state. */
    readonly state: OrderState | null;
    /** What it has taken of the stock, as it says itself. */
    readonly stock: OrderStock | null;
    readonly createdAt: number;
  } | null;
  readonly loaded: Pick<LoadedOrder, "decisions" | "payments">;
}

/** Columns beside the state are copies for look-ups. */
export interface AuditedSubscription {
  readonly id: string;
  readonly provider: string;
  readonly account: string;
  readonly live: boolean;
  readonly gateways: readonly string[];
  readonly reference: string;
  readonly status: string;
  readonly order: string | null;
  readonly sequence: number;
  readonly createdAt: number;
  readonly endsAt: number | null;
  /** Null where the text is no subscription's state. */
  readonly state: SubscriptionState | null;
}

export interface EventSnapshot {
  readonly seq: bigint;
  readonly id: string;
  readonly snapshot: string;
}

export interface AuditedOrderPayment {
  readonly order: string;
  readonly payment: string;
  readonly counts: boolean;
  readonly held: readonly HoldReason[];
}

export interface AuditedEvent {
  readonly seq: bigint;
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly payment: string | null;
  readonly order: string | null;
  readonly sequence: number;
}

export interface AuditedLicenseKey {
  readonly seq: bigint;
  readonly key: string;
  readonly fingerprint: string;
  readonly input: string;
  readonly order: string | null;
  readonly sku: string | null;
  readonly unit: number | null;
}

export interface AuditedSeal {
  readonly number: number;
  /** The seal before it, or the beginning; null where that is missing. */
  readonly before: { readonly last: bigint; readonly hash: string } | null;
  readonly last: bigint;
  readonly hash: string;
  /** Digests of the inputs that may be forgotten, by seq; null where the text says none. */
  readonly mayGo: ReadonlyMap<bigint, string> | null;
}

export interface AuditedInput extends Omit<NewInput, "state" | "kind"> {
  readonly seq: bigint;
  readonly kind: InputKind;
  readonly state: InputState;
  readonly reason: string | null;
  readonly type: string | null;
  readonly payment: string | null;
  readonly dueAt: Date | null;
  readonly settledAt: Date | null;
  /** Its body, headers and query are no longer kept: its facts stand for it. */
  readonly isEmptied: boolean;
}

/** All that orders moved of one SKU, by order. */
export interface AuditedTaking {
  readonly order: string;
  readonly sku: string;
  readonly live: boolean;
  /** Pieces that went out, less those that came back. */
  readonly taken: number;
  /** The highest number among the order's movements of the SKU. */
  readonly version: number;
}

/** A SKU's level beside what its movements come to; null where one of them is missing. */
export interface AuditedLevel {
  readonly place: StockPlace;
  readonly level: StockLevel | null;
  readonly movements: {
    readonly count: number;
    readonly last: number;
    readonly total: number;
    /** Those that do not say what the ones before them come to. */
    readonly wrong: number;
    /** Those whose input is not in the journal. */
    readonly unexplained: number;
    readonly lowAt: number | null;
  } | null;
}

/** What one input moved of one SKU. */
export interface AuditedLoad {
  readonly input: string;
  readonly sku: string;
  readonly delta: number;
}

export interface UnbalancedEntry {
  readonly subject: string;
  readonly version: number;
  readonly currency: string;
  readonly sum: bigint;
}

/** A decision's row beside the input that it came with. */
export interface AuditedDecision {
  readonly order: string;
  readonly sequence: number;
  readonly kind: string;
  readonly input: string;
}

/** Reads of one moment. `after`: what the page before ended with, exclusive; pages follow the key's order in the database. */
export interface AuditView
  extends Pick<Transaction, "loadLinks" | "loadGroupFacts" | "posted">,
    Pick<GoodsTransaction, "licensesOf" | "downloadsOf"> {
  payments(after: string, limit: number): Promise<readonly AuditedPayment[]>;
  paymentsById(ids: readonly string[]): Promise<readonly AuditedPayment[]>;
  /** Those that exist, with what they are aliases of. */
  knownPayments(ids: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  facts(after: string, limit: number): Promise<readonly AuditedFact[]>;
  factsOf(payments: readonly string[]): Promise<readonly AuditedFact[]>;
  factsOfObjects(objectKeys: readonly string[]): Promise<readonly AuditedFact[]>;
  factsByKey(keys: readonly string[]): Promise<readonly AuditedFact[]>;
  factsOfInputs(inputs: readonly string[]): Promise<readonly AuditedFact[]>;
  /** Objects → payments, as stored: aliases are not followed. */
  owners(objectKeys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  objectsOf(payments: readonly string[]): Promise<readonly { readonly key: string; readonly payment: string }[]>;
  objects(after: string, limit: number): Promise<readonly { readonly key: string; readonly payment: string }[]>;
  orderReferences(after: string, limit: number): Promise<readonly string[]>;
  /** One entry a reference, in the same order; payments of unregistered orders are not loaded. */
  orders(references: readonly string[]): Promise<readonly AuditedOrder[]>;
  /** Those that have a row. */
  knownOrders(references: readonly string[]): Promise<ReadonlySet<string>>;
  orderPaymentsOf(payments: readonly string[]): Promise<readonly AuditedOrderPayment[]>;
  orderPaymentsIn(orders: readonly string[]): Promise<readonly AuditedOrderPayment[]>;
  subscriptions(after: string, limit: number): Promise<readonly AuditedSubscription[]>;
  subscriptionsById(ids: readonly string[]): Promise<readonly AuditedSubscription[]>;
  /** What was told, by seq. */
  eventSnapshots(after: bigint, limit: number): Promise<readonly EventSnapshot[]>;
  events(after: bigint, limit: number): Promise<readonly AuditedEvent[]>;
  /** Without the events of subscriptions, which have to do with them and are about something else. */
  eventsAbout(about: {
    readonly payments: readonly string[];
    readonly orders: readonly string[];
  }): Promise<readonly AuditedEvent[]>;
  eventsById(ids: readonly string[]): Promise<readonly AuditedEvent[]>;
  eventsByKey(keys: readonly string[]): Promise<readonly AuditedEvent[]>;
  inputs(after: bigint, limit: number): Promise<readonly AuditedInput[]>;
  inputsById(
    ids: readonly string[],
  ): Promise<readonly { readonly id: string; readonly receivedAt: number; readonly state: InputState }[]>;
  seals(after: number, limit: number): Promise<readonly AuditedSeal[]>;
  /** Oldest first, the lines of an entry together, of both modes where none is asked for. */
  postings(
    after: PostingPlace | null,
    request: Partial<LedgerExport> & { readonly limit: number },
  ): Promise<readonly Posting[]>;
  postingsOf(subjects: readonly string[]): Promise<readonly Posting[]>;
  /** Entries of the subjects that do not sum to zero, by currency. */
  unbalancedEntries(subjects: readonly string[]): Promise<readonly UnbalancedEntry[]>;
  /** The trial balance of what was posted before `until`. */
  ledgerSums(until: Date): Promise<readonly LedgerSum[]>;
  /** Null while there is none. */
  newestSeal(): Promise<{ readonly number: number; readonly hash: string } | null>;
  /** What the seal's hash would be with the inputs as they are; null where nobody can say. */
  sealHash(seal: AuditedSeal & { readonly before: NonNullable<AuditedSeal["before"]> }): Promise<string | null>;
  decisionsOf(orders: readonly string[]): Promise<readonly AuditedDecision[]>;
  /** What the keys lead to, and whose the subjects are: aliases followed, what leads nowhere null. */
  customersOf(keys: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  customerLinks(kind: "order" | "payment", subjects: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  /** All keys of the customers, and all ids that they go by. */
  customersWhole(
    ids: readonly string[],
  ): Promise<{ readonly keys: readonly string[]; readonly customers: readonly string[] }>;
  /** Those of the subjects that were erased, as the journal's erasures have it. */
  erased(subjects: readonly string[]): Promise<ReadonlyMap<string, Erasure>>;
  erasuresBy(inputs: readonly string[]): Promise<readonly (Erasure & { readonly input: string })[]>;
  takingsOf(orders: readonly string[]): Promise<readonly AuditedTaking[]>;
  /** SKUs that have a level or movements, by mode and name. */
  levels(after: StockPlace, limit: number): Promise<readonly AuditedLevel[]>;
  levelsAt(places: readonly StockPlace[]): Promise<readonly AuditedLevel[]>;
  loadsBy(inputs: readonly string[]): Promise<readonly AuditedLoad[]>;
  licenseKeys(after: bigint, limit: number): Promise<readonly AuditedLicenseKey[]>;
  /** Of the keys that the input loaded, in the order of loading. */
  fingerprintsOf(input: string): Promise<readonly string[]>;
  /** First and last id of a payment; null where there is none. */
  paymentRange(): Promise<{ readonly first: string; readonly last: string } | null>;
  /** Guards that don't stand: triggers that are gone or off, `repairs` where somebody left it open. */
  brokenGuards(): Promise<readonly string[]>;
  /** Planner's guesses or counts: for progress alone. */
  sizes(): Promise<
    Readonly<
      Record<
        | "inputs"
        | "seals"
        | "facts"
        | "objects"
        | "payments"
        | "orders"
        | "subscriptions"
        | "stock"
        | "licenses"
        | "postings"
        | "events",
        number
      >
    >
  >;
}

/** What is left of a fact or an input from which a person was erased. */
export interface Erasure {
  /** See `erasureOf`. */
  readonly subject: string;
  readonly rest: string;
}

/** How a person is forgotten: past the guards, journaled, and in no other way. */
export interface Forgetting {
  /** Inputs that are about the payment. */
  inputsAbout(payment: string): Promise<readonly string[]>;
  /** Takes body, headers and query; answers with those that had any. What waits is left as it is. */
  emptyInputs(ids: readonly string[]): Promise<readonly string[]>;
  replaceDecisions(decisions: readonly StoredDecision[]): Promise<void>;
  snapshotsAbout(about: {
    readonly payments: readonly string[];
    readonly orders: readonly string[];
  }): Promise<readonly { readonly id: string; readonly snapshot: string }[]>;
  /** By the events' keys. */
  snapshotsOf(keys: readonly string[]): Promise<readonly { readonly id: string; readonly snapshot: string }[]>;
  replaceSnapshots(events: readonly { readonly id: string; readonly snapshot: string }[]): Promise<void>;
  /** How many issued documents name their buyer. */
  documentsNaming(orders: readonly string[]): Promise<number>;
  /** Takes the buyer out of them; answers with how many had one. */
  eraseDocuments(orders: readonly string[]): Promise<number>;
  /** With keys and links; answers with how many there were. */
  forgetCustomers(ids: readonly string[]): Promise<number>;
  recordErasures(erasures: readonly (Erasure & { readonly input: string })[]): Promise<void>;
}

/** What a repair may do beyond what appliers write. */
export interface Repair
  extends AuditView,
    Forgetting,
    Pick<Transaction, "journal" | "lock" | "lockStock" | "findCustomers" | "countCustomerKeys"> {
  write(changes: Changes): Promise<void>;
  /** Writes facts over what is stored under their keys. */
  replaceFacts(facts: readonly { readonly fact: StoredFact; readonly payment: string | null }[]): Promise<void>;
  /** Undoes a wrong alias: the row is a payment of its own again. */
  separate(payments: readonly string[]): Promise<void>;
  /** Writes over what an input moved of one SKU; the SKU is to be counted anew then. */
  correctLoad(input: string, item: { readonly sku: string; readonly delta: number }): Promise<void>;
  /** Counts the SKU's movements anew, each with what it left, and writes its level by them. */
  recountStock(place: StockPlace): Promise<void>;
  forget(gone: {
    readonly facts?: readonly string[];
    readonly objects?: readonly string[];
    readonly payments?: readonly string[];
    readonly subscriptions?: readonly string[];
    readonly events?: readonly string[];
  }): Promise<void>;
}
