import type { EventView, Lease, NewEvent, Page, PageRequest } from "./common.ts";

/** The port to who is told of events, and to what is on its way to them. Rejects with StoreErrors, like `Store`. */

export type ReceiverKind = "endpoint" | "mail";

/** Only `enabled` ones are told. `disabled`: by a person; `gone`: it answered 410; `broken`: it failed for too long. */
export type ReceiverState = "enabled" | "disabled" | "gone" | "broken";

export interface SigningSecret {
  /** `whsec_…` */
  readonly secret: string;
  /** Signs until then; null for the newest, which has no end. */
  readonly until: Date | null;
}

/** How a receiver has answered lately. */
export interface ReceiverHealth {
  readonly state: ReceiverState;
  /** Failed attempts in a row, and since when. */
  readonly failures: number;
  readonly failingSince: Date | null;
  /** Nothing is sent to it before, by the database's clock. */
  readonly pausedUntil: Date | null;
}

export interface NewReceiver {
  /** `ep_…`, or `mail:buyer`, `mail:merchant`. */
  readonly id: string;
  readonly kind: ReceiverKind;
  readonly description: string;
  /** Event types: whole, `payment.*` for all of a kind, or `*`. */
  readonly events: readonly string[];
  /** Only what is about live money, or about test money; null for both. What is about no money is always told. */
  readonly live: boolean | null;
  /** Null for mail. */
  readonly url: string | null;
  /** Newest first; empty for mail. */
  readonly secrets: readonly SigningSecret[];
  /** Deliveries a second at most, by all processes together. */
  readonly rate: number;
  readonly state: ReceiverState;
}

export interface Receiver extends NewReceiver, ReceiverHealth {
  readonly createdAt: Date;
  readonly changedAt: Date;
}

export type DeliveryState =
  /** Due, under way, or put off. */
  | "waiting"
  | "delivered"
  /** Given up. */
  | "failed"
  /** There was nothing to tell any more. */
  | "skipped";

/** One attempt, as people see it. */
export interface Attempt {
  /** ISO 8601 */
  readonly at: string;
  readonly result: "delivered" | "failed" | "refused" | "skipped";
  readonly reason: string | null;
  /** At most 256 characters. */
  readonly answer: string | null;
  readonly durationMs: number;
}

/** A delivery handed to one process until its lease ends. */
export interface ClaimedDelivery {
  /** `dlv_…` */
  readonly id: string;
  readonly receiver: string;
  /** As it was when this was claimed. */
  readonly to: Receiver;
  /** Counted before it is run, so that a crash counts. */
  readonly attempts: number;
  readonly log: readonly Attempt[];
  readonly event: EventView;
}

export interface ClaimRequest {
  readonly lease: Lease;
  /** Kinds that somebody takes. */
  readonly kinds: readonly ReceiverKind[];
  /** How many each receiver may still be given; those not named are idle and may be given `room`. */
  readonly room: number;
  readonly rooms: ReadonlyMap<string, { readonly room: number; readonly isIdle: boolean }>;
  /** At most so many in all; but each that is idle may be given one whatever the others have. */
  readonly limit: number;
  /** From so many failures in a row on a receiver is given one delivery at a time, to see whether it is back. */
  readonly probeFrom: number;
}

export interface Claimed {
  readonly deliveries: readonly ClaimedDelivery[];
  /** When more may be taken of what is due already and had to wait for its receiver's rate; null where nothing has. */
  readonly againInMs: number | null;
}

/** What became of a claimed delivery. */
export interface Settlement {
  readonly id: string;
  readonly receiver: string;
  readonly state: DeliveryState;
  readonly reason: string | null;
  /** How far from now a waiting one is due again, by the database's clock; null once it is settled. */
  readonly dueInMs: number | null;
  readonly log: readonly Attempt[];
  /** True gives it back with its attempt, which was not made: due now, in its old place among the others. */
  readonly isUndone: boolean;
}

/** What a receiver's answers make of it, and what is to be told of that. Decided under its row's lock. */
export interface Judgement {
  readonly health: ReceiverHealth;
  readonly event: NewEvent | null;
}

/** Pure. `now` is the database's clock. */
export type Judge = (receiver: Receiver, now: Date) => Judgement;

export interface DeliveryFilter {
  readonly receiver?: string;
  readonly state?: readonly DeliveryState[];
  readonly event?: string;
  readonly order?: string;
}

export interface DeliveryView {
  readonly seq: bigint;
  readonly id: string;
  readonly receiver: string;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly attempts: number;
  readonly dueAt: Date | null;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
  readonly event: Pick<EventView, "id" | "type" | "payment" | "order" | "sequence" | "at">;
}

export interface RedeliverRequest {
  readonly receiver: string;
  /** Ids of events, the first included, the last not: they are ordered by time. */
  readonly from: string;
  readonly to: string;
  /** Whole types, `payment.*`, or `*`. */
  readonly types: readonly string[];
  /** Only what was given up; otherwise also what was delivered, and what was never meant for this receiver. */
  readonly onlyFailed: boolean;
  /** 1 to 1000 */
  readonly limit: number;
}

export interface OutboxBacklog {
  /** What waits for receivers that are enabled, by receiver; `oldest` is when the oldest of it was told. */
  readonly waiting: readonly {
    readonly receiver: string;
    readonly kind: ReceiverKind;
    readonly count: number;
    readonly oldest: Date;
  }[];
  /** Receivers that are not as they should be: broken, gone, or failing. */
  readonly failing: readonly (ReceiverHealth & { readonly receiver: string; readonly kind: ReceiverKind })[];
}

export interface OutboxStore {
  /** Calls `listener` after each commit of this process that told events. Returns how to end that. */
  onTold(listener: () => void): () => void;
  /** False where the id is taken, or `max` receivers of its kind exist already. */
  addReceiver(receiver: NewReceiver, max: number): Promise<boolean>;
  /** Makes it, or makes its kind, description, events, live, rate and `enabled`/`disabled` as given; health and secrets stay. */
  putReceiver(receiver: NewReceiver): Promise<void>;
  /** Null where there is none. What `change` returns is written over; enabling one forgets its failures. */
  changeReceiver(id: string, change: (receiver: Receiver) => Partial<NewReceiver>): Promise<Receiver | null>;
  /** With what waits for it, which is `skipped` then. */
  removeReceiver(id: string): Promise<boolean>;
  receiver(id: string): Promise<Receiver | null>;
  /** Newest first. */
  receivers(kind: ReceiverKind, page: PageRequest): Promise<Page<Receiver>>;
  /** Takes what is due for enabled receivers that are not paused, each within its room and its rate, in the order it became due. */
  claim(request: ClaimRequest): Promise<Claimed>;
  /** Only what the owner still holds; returns the ids of that. `judges` by receiver: one word on all its answers. */
  settle(
    settlements: readonly Settlement[],
    owner: string,
    judges: ReadonlyMap<string, Judge>,
  ): Promise<ReadonlySet<string>>;
  /** Newest first. */
  deliveries(filter: DeliveryFilter, page: PageRequest): Promise<Page<DeliveryView>>;
  delivery(id: string): Promise<(DeliveryView & { readonly log: readonly Attempt[] }) | null>;
  /** Due now, from the first attempt on, under its old id. Null where there is none; what is under way is left alone. */
  redeliver(id: string): Promise<DeliveryView | null>;
  /** The same for many; `next` is the event to go on from, null after the last. */
  redeliverMany(request: RedeliverRequest): Promise<{ readonly count: number; readonly next: string | null }>;
  backlog(): Promise<OutboxBacklog>;
}
