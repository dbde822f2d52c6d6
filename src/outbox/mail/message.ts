import type { Reader } from "../../store/reading.ts";
import type { LoadedOrder } from "../../store/store.ts";
import type { DueDelivery } from "../courier.ts";
import type { ShownGoods } from "../order-goods.ts";
import type { Words } from "./words.ts";

/** What a template may show: texts ready to be read, truths, and lists of these. */
export type Value = string | boolean | null | Values | readonly Values[];
export interface Values {
  readonly [name: string]: Value;
}

export type MailReceiver = "mail:buyer" | "mail:merchant";

/** Why there is nothing to tell. */
export type SkipReason =
  /** No message is made of this type of event. */
  | "not_mailed"
  /** What the merchant did not register may be anybody's: nothing is sent for it. */
  | "order_not_registered"
  | "no_address"
  | "address_invalid"
  /** Held for the merchant to look at. */
  | "payment_held"
  | "no_longer_true"
  /** A newer event of the same kind tells it as it stands now. */
  | "overtaken"
  /** Another of the merchant's mails tells it. */
  | "told_otherwise";

export type Telling =
  | { readonly kind: "tell"; readonly values: Values; readonly attachReceipt: boolean }
  | { readonly kind: "skip"; readonly reason: SkipReason };

/** What is true now, for a message to look at before it goes out. */
export interface Standing {
  readonly event: DueDelivery["event"];
  readonly read: Reader;
  readonly words: Words;
  /** The order that the event names, if anything is known of it. */
  readonly order: LoadedOrder | null;
  /** The buyer's own page; null where there is none. */
  readonly url: string | null;
  /** What the order gives besides what is shipped, as it stands now. */
  readonly goods: ShownGoods;
  /** Where a download of the order is had. */
  downloadUrl(sku: string): string;
  /** How many units wait for a key of the pool. */
  waitingIn(pool: { readonly name: string; readonly live: boolean }): Promise<number>;
  /** Whether a receiver of events is told any. */
  isEnabled(receiver: string): Promise<boolean>;
  /** Whether the merchant is mailed events of the type. */
  isMailed(type: string): boolean;
}

/** One kind of mail: one file here, and its templates in each language's folder under the same name. */
export interface Message {
  /** The templates' name: `<language>/<name>.html` and `.txt`. */
  readonly name: string;
  readonly to: MailReceiver;
  /** The type of event that it tells. */
  readonly event: string;
  tell(standing: Standing): Promise<Telling>;
  /** Everything that the templates may show, filled in. */
  sample(words: Words): Values;
}

export function skip(reason: SkipReason): Extract<Telling, { kind: "skip" }> {
  return { kind: "skip", reason };
}

export function tell(values: Values, options: { readonly attachReceipt: boolean } = { attachReceipt: false }): Telling {
  return { kind: "tell", values, ...options };
}

/** Whether a newer event of the same type is about the same payment, or where the event is about none the same order. */
export async function isOvertaken({ event, read }: Standing): Promise<boolean> {
  const about =
    event.payment === null
      ? { ...(event.order !== null && { order: event.order }), payments: [] }
      : { payments: [event.payment] };
  const events = await read.eventsOf(about);
  const alike = events.filter(({ type, payment }) => type === event.type && payment === event.payment);
  const own = alike.findIndex(({ id }) => id === event.id);
  return own >= 0 && own < alike.length - 1;
}
