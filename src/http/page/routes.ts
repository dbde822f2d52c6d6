import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { readBuyerToken } from "../../outbox/links.ts";
import type { OrderWithGoods } from "../../outbox/order-goods.ts";
import type { OrderWatch } from "../../outbox/order-watch.ts";
import { StoreError } from "../../store/store.ts";
import type { Budget } from "../budget.ts";
import { type EventStream, EventStreams } from "../event-stream.ts";
import { resource } from "../methods.ts";
import { networkOf } from "../network.ts";
import { buyerView } from "./buyer-view.ts";
import { sendNotice, sendPage } from "./notice.ts";
import { renderPage, renderParts } from "./render.ts";
import { type Language, languageOf } from "./words.ts";

export interface PageParts {
  /** Throws a StoreError while the database could not be reached yet. */
  readonly linksSecret: () => string;
  /** Rejects with the store's error. */
  readonly read: (reference: string) => Promise<OrderWithGoods | null>;
  readonly watch: OrderWatch;
  readonly streams: Budget;
  /** What the buyer knows the merchant by. */
  readonly shop: string;
  /** Where a download of the order is had. */
  readonly downloadUrl: (order: string, sku: string) => string;
  readonly now: () => Date;
}

/** Where there is no room for a stream the client is told the state, and to ask again then. */
const POLL_MS = 30_000;

/**
 * The page of one order, for whoever has its link: without a script it is whole, with one it follows the order. A wrong token
 * is known by its code alone, before any order is looked for: nothing about an order shows in the answer, nor in its time.
 */
export function pageRoutes(app: FastifyInstance, parts: PageParts): void {
  const streams = new EventStreams(app);
  resource(app, "/o/:token", {
    GET: async (request, reply) => {
      try {
        const order = await findOrder(parts, request);
        const view = order && buyerView(order, parts.now());
        if (!view) return notice(parts, request, reply, "notFound");
        return sendPage(reply.code(200), renderPage(view, { ...parts, language: languageFor(request, order) }));
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        return notice(parts, request, reply, "unavailable");
      }
    },
  });
  resource(app, "/o/:token/events", { GET: (request, reply) => follow(parts, streams, request, reply) });
}

async function findOrder(parts: PageParts, request: FastifyRequest): Promise<OrderWithGoods | null> {
  // Proven: both routes have this parameter, and Fastify's parameters are strings.
  const { token } = request.params as { readonly token: string };
  const reference = readBuyerToken(parts.linksSecret(), token);
  return reference === null ? null : parts.read(reference);
}

function languageFor(request: FastifyRequest, order: OrderWithGoods | null): Language {
  const locale = order?.record?.state.expectation?.customer?.locale ?? null;
  return languageOf(request.headers["accept-language"], locale);
}

function notice(
  { shop }: PageParts,
  request: FastifyRequest,
  reply: FastifyReply,
  kind: "notFound" | "unavailable",
): FastifyReply {
  return sendNotice(request, reply, { kind, shop, locale: null });
}

async function follow(
  parts: PageParts,
  streams: EventStreams,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const order = await findOrder(parts, request);
  if (!order || !buyerView(order, parts.now())) return notice(parts, request, reply, "notFound");
  const page = new FollowedPage(parts, languageFor(request, order));
  const stop = await watch(parts, request, order.reference, page);
  const stream = streams.open(reply, () => stop?.());
  // Read again: what changed before it was watched was told to nobody.
  page.show((await parts.read(order.reference).catch(() => null)) ?? order);
  await page.tell(stream, stop !== null);
  return reply;
}

/** What stops it; null where there is no room. */
async function watch(
  parts: PageParts,
  request: FastifyRequest,
  reference: string,
  page: FollowedPage,
): Promise<(() => void) | null> {
  const giveBack = parts.streams.take(networkOf(request.ip), 1);
  if (giveBack === null) return null;
  try {
    const stop = await parts.watch.watch(reference, (order) => page.show(order));
    if (stop === null) giveBack();
    return (
      stop &&
      (() => {
        stop();
        giveBack();
      })
    );
  } catch (error) {
    giveBack();
    throw error;
  }
}

/** One open page: it is sent the newest state, never a queue of older ones. */
class FollowedPage {
  readonly #parts: PageParts;
  readonly #language: Language;
  #newest: OrderWithGoods | null = null;
  #told = "";
  #wake: () => void = () => {};

  constructor(parts: PageParts, language: Language) {
    this.#parts = parts;
    this.#language = language;
  }

  show(order: OrderWithGoods): void {
    this.#newest = order;
    this.#wake();
  }

  /** Until the stream ends; where it is not followed, once. */
  async tell(stream: EventStream, isFollowed: boolean): Promise<void> {
    stream.signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!stream.signal.aborted) {
      await this.#sendNewest(stream);
      if (!isFollowed) return stream.end(POLL_MS);
      if (this.#newest === null && !stream.signal.aborted) await this.#changed();
    }
  }

  async #sendNewest(stream: EventStream): Promise<void> {
    const view = this.#newest && buyerView(this.#newest, this.#parts.now());
    this.#newest = null;
    if (!view) return;
    const parts = renderParts(view, { ...this.#parts, language: this.#language });
    if (parts.version === this.#told) return;
    this.#told = parts.version;
    await stream.send([{ data: parts }]);
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
