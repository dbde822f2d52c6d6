import type { GoodsStore } from "../../store/goods.ts";
import type { Reader } from "../../store/reading.ts";
import type { LoadedOrder } from "../../store/store.ts";
import type { Courier, Delivered, DueDelivery } from "../courier.ts";
import { NO_GOODS, shownGoods, withGoods } from "../order-goods.ts";
import { readAddress } from "./address.ts";
import type { Letter } from "./mailer.ts";
import type { Message, SkipReason, Standing } from "./message.ts";
import { MESSAGES } from "./messages/index.ts";
import type { Templates } from "./templates.ts";
import { wordsOf } from "./words.ts";

/** Receipts as documents/ makes them; null where there is none for the order. */
export interface Receipts {
  /** Rejects when too many wait for theirs: then the mail is tried again. */
  receiptFor(reference: string): Promise<{ readonly fileName: string; readonly pdf: Uint8Array } | null>;
}

export interface MailCourierParts {
  readonly read: Reader;
  readonly templates: Templates;
  /** Whether a receiver of events is told any. */
  readonly isEnabled: (receiver: string) => Promise<boolean>;
  readonly send: (letter: Letter, signal: AbortSignal) => Promise<Delivered>;
  /** Where the merchant hears; null: nowhere. */
  readonly merchant: string | null;
  readonly language: string;
  readonly merchantEvents: readonly string[];
  /** Null where no receipts are issued. */
  readonly receipts: Receipts | null;
  /** The buyer's own page of an order; null where there is none. */
  readonly buyerUrl: ((reference: string) => string) | null;
  readonly goods: GoodsStore;
  readonly downloadUrl: (order: string, sku: string) => string;
  readonly now: () => Date;
}

/**
 * Takes events to people. Each is looked at again before it goes out: what has ceased to be true is not told. The buyer is
 * written to at the address that the merchant registered with the order, and at no other: what a gateway tells as the
 * payer's address was typed by whoever paid.
 */
export class MailCourier implements Courier {
  readonly #parts: MailCourierParts;

  constructor(parts: MailCourierParts) {
    this.#parts = parts;
  }

  async deliver(delivery: DueDelivery, signal: AbortSignal): Promise<Delivered> {
    const message = MESSAGES.find(({ to, event }) => to === delivery.receiver && event === delivery.event.type);
    if (!message) return skipped("not_mailed");
    const { order: reference } = delivery.event;
    const order = reference === null ? null : await this.#parts.read.order(reference);
    const to = message.to === "mail:buyer" ? buyerOf(order) : this.#merchant();
    if ("reason" in to) return skipped(to.reason);
    const letter = await this.#write(message, delivery, order, to);
    return "reason" in letter ? skipped(letter.reason) : this.#parts.send(letter, signal);
  }

  async #write(
    message: Message,
    { id, event }: DueDelivery,
    order: LoadedOrder | null,
    { address, locale }: Addressee,
  ): Promise<Letter | { readonly reason: SkipReason }> {
    const { read, templates, receipts, buyerUrl, merchantEvents, isEnabled } = this.#parts;
    const language = templates.languageFor(message.name, locale);
    const telling = await message.tell({
      event,
      read,
      order,
      words: wordsOf(language, locale !== null && isWithin(locale, language) ? locale : language),
      url: order === null || buyerUrl === null ? null : buyerUrl(order.reference),
      ...(await this.#goods(order)),
      isEnabled,
      isMailed: (type) => merchantEvents.includes(type),
    });
    if (telling.kind === "skip") return telling;
    const attachment = telling.attachReceipt && order ? ((await receipts?.receiptFor(order.reference)) ?? null) : null;
    const values = { ...telling.values, receipt: attachment !== null };
    return { id, to: address, language, ...templates.render(message.name, language, values), attachment };
  }

  async #goods(order: LoadedOrder | null): Promise<Pick<Standing, "goods" | "downloadUrl" | "waitingIn">> {
    const { goods, downloadUrl, now } = this.#parts;
    const known = order && (await withGoods(order, goods));
    return {
      goods: known?.record ? shownGoods(known.record.state, known.goods, now()) : NO_GOODS,
      downloadUrl: (sku) => downloadUrl(order?.reference ?? "", sku),
      waitingIn: async ({ name, live }) =>
        (await goods.pools()).find((pool) => pool.pool === name && pool.live === live)?.waiting ?? 0,
    };
  }

  #merchant(): Addressee | { readonly reason: SkipReason } {
    const { merchant, language } = this.#parts;
    return merchant === null ? { reason: "no_address" } : { address: merchant, locale: language };
  }
}

interface Addressee {
  readonly address: string;
  readonly locale: string | null;
}

function buyerOf(order: LoadedOrder | null): Addressee | { readonly reason: SkipReason } {
  const expectation = order?.record?.state.expectation ?? null;
  if (expectation === null) return { reason: "order_not_registered" };
  const { email, locale } = expectation.customer ?? { email: null, locale: null };
  if (email === null) return { reason: "no_address" };
  const address = readAddress(email);
  return address === null ? { reason: "address_invalid" } : { address, locale };
}

function isWithin(locale: string, language: string): boolean {
  return locale === language || locale.startsWith(`${language}-`);
}

function skipped(reason: SkipReason): Delivered {
  return { kind: "skipped", reason };
}
