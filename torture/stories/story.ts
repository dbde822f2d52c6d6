import type { Expected, Happening } from "../model/model.ts";
import type { Random } from "../random.ts";

export type GatewayId = "stripe" | "paypal" | "paypal-ipn";

/** One notification as its gateway would send it; signed anew at each attempt where the gateway does so. */
export interface Message {
  readonly gateway: GatewayId;
  /** The journal's key, where the gateway has one: the event's id. */
  readonly key: string;
  readonly body: string;
}

/** What the merchant's shop does about its order, besides registering it; a person in the shop looks at what is held. */
export type Command =
  | { readonly what: "change_total"; readonly total: number }
  | { readonly what: "cancel" }
  /** Nobody does anything: the deadline passes, and the shop waits until it sees that. */
  | { readonly what: "see_expired" }
  /** Money from outside. `at`: seconds since 1970 UTC. */
  | {
      readonly what: "record";
      readonly reference: string;
      readonly method: "bank_transfer" | "cash" | "correction";
      readonly amount: number;
      readonly at: number;
    }
  /** `reference`: one of the payment's, by which the person finds it. */
  | { readonly what: "accept" | "reject"; readonly reference: string };

/** Turns of a subscription that are told once each, whatever the order of arrival; renewals once for each period. */
export const TURNS = ["started", "renewed", "canceled", "ended"] as const;

/** How a subscription ends, as a person who knows its story would say it. */
export interface SubscriptionEnd {
  readonly provider: "stripe" | "paypal";
  readonly reference: string;
  readonly status: "active" | "canceled" | "ended";
  /** How often each turn of it is told; absent: never. */
  readonly told: Readonly<Partial<Record<(typeof TURNS)[number], number>>>;
  /** What its periods were paid by: `invoice/in_1`, `capture/5TY…`. */
  readonly paid: readonly string[];
}

/** One purchase from its beginning to its end: what happened, and by which notifications and commands it is told. */
export interface Story {
  readonly name: string;
  readonly happenings: readonly Happening[];
  readonly messages: readonly Message[];
  /** One after the other, beside the messages. */
  readonly commands?: readonly Command[];
  /** Told once the commands are done. */
  readonly late?: readonly Message[];
  readonly subscription?: SubscriptionEnd;
  /** Its end depends on which of two clocks is ahead: told while all are right. */
  readonly needsPeace?: true;
  readonly order: Expected & {
    readonly currency: string;
    /** `late`: when all else was told. */
    readonly registers: "any_time" | "late";
    /** Seconds since 1970 UTC. */
    readonly expiresAt: number | null;
    /** The buyer's, of this order alone; null where the shop knows none. */
    readonly email: string | null;
  };
}

/** What a story is told with: ids of its own, a clock of its own, amounts of its own. */
export interface Setting {
  readonly id: string;
  readonly random: Random;
  /** Minor units, at least 1,000 and a multiple of 100, so that parts of it are whole. */
  readonly amount: number;
  /** Seconds since 1970 UTC of the story's beginning, days ago. */
  readonly start: number;
  readonly receiver: string;
}

export type Template = (setting: Setting) => Story;

/** In every e-mail address and in every body: none of it may ever be printed by the service. */
export const CANARY = "canary7q4x";
export const BUYER_EMAIL = `${CANARY}.ann@buyer.example`;

export function orderReference({ id }: Setting): string {
  return `order-${id}`;
}

export function orderOf(setting: Setting, more: Partial<Story["order"]> = {}): Story["order"] {
  return {
    reference: orderReference(setting),
    total: setting.amount,
    mode: "exact",
    isRecurring: false,
    isRegistered: true,
    registers: "any_time",
    expiresAt: null,
    neverCount: [],
    currency: "USD",
    email: emailOf(setting),
    ...more,
  };
}

/** Of about every third buyer. */
function emailOf({ id }: Setting): string | null {
  return /[0-9b]$/.test(id) ? `${CANARY}.${id}@buyer.example` : null;
}

/** 1999 → `19.99`. */
export function decimal(amount: number): string {
  return `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, "0")}`;
}
