import type { OrderState, PaymentState, StoredDecision } from "../payments/state.ts";
import type { OrderStock } from "../payments/stock.ts";

/** What the store's ports share. */

export interface Lease {
  /** One process: `<hostname>-<pid>-<random>`. */
  readonly owner: string;
  readonly forMs: number;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Opaque; null on the last page. */
  readonly next: string | null;
}

export interface PageRequest {
  /** 1 to 100. */
  readonly limit: number;
  readonly cursor: string | null;
}

export interface NewEvent {
  /** `evt_…` */
  readonly id: string;
  readonly type: string;
  /** Unique: a milestone's key, or for a passing state `<type>:<aggregate>:<sequence>`. An event whose key exists is dropped. */
  readonly key: string;
  readonly payment: string | null;
  readonly order: string | null;
  readonly sequence: number;
  /** Whether it is about live money; null where it is about none. */
  readonly live: boolean | null;
  /** JSON text, frozen. */
  readonly snapshot: string;
}

export interface EventView {
  readonly id: string;
  readonly type: string;
  readonly payment: string | null;
  readonly order: string | null;
  readonly sequence: number;
  readonly live: boolean | null;
  readonly at: Date;
  readonly snapshot: string;
}

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

export interface LoadedOrder {
  readonly reference: string;
  /** Null where nothing is known of it yet. */
  readonly record: OrderRecord | null;
  readonly decisions: readonly StoredDecision[];
  /** Payments that name it, joined ones once, sorted by id. */
  readonly payments: readonly PaymentRecord[];
}

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

export interface OrderRecord {
  readonly state: OrderState;
  readonly sequence: number;
  /** What it has taken of the stock; null while it never had anything to take. */
  readonly stock: OrderStock | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
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

/** Where a SKU's level is found: test orders have levels of their own. */
export interface StockPlace {
  readonly live: boolean;
  readonly sku: string;
}
