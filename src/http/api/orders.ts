import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { NO_GOODS, shownGoods, withGoods } from "../../outbox/order-goods.ts";
import { type Json, orderSnapshot, paymentSnapshot } from "../../payments/snapshot.ts";
import type { Expectation } from "../../payments/state.ts";
import { subscriptionSnapshot } from "../../payments/subscription-snapshot.ts";
import type { KnownOrder } from "../../pipeline/pipeline.ts";
import type { Reader } from "../../store/reading.ts";
import type { LoadedOrder, OrderRecord } from "../../store/store.ts";
import { refuse } from "../errors.ts";
import { resource } from "../methods.ts";
import { read, sendAnswer, sendJson } from "./answer.ts";
import { readBody } from "./body.ts";
import { lineGoods } from "./line-goods.ts";
import type { ApiParts } from "./parts.ts";
import { cancellation, change, orderQuery, orderReference, outsidePayment, registration } from "./schemas.ts";
import { shownMovement } from "./stock.ts";
import { timelineOf } from "./timeline.ts";

/** Orders: registered, changed, canceled, paid from outside, listed, read with all that happened to them. */
export function orderRoutes(app: FastifyInstance, parts: ApiParts): void {
  const show = (order: KnownOrder) => shownOrder(parts, order);
  resource(app, "/v1/orders", {
    GET: async (request, reply) => {
      const { limit, cursor, ...filter } = read(orderQuery, request.query);
      const page = await parts.backend().store.read.orders(defined(filter), { limit, cursor: cursor ?? null });
      const data = page.rows.map(listedOrder);
      return sendJson(reply, 200, { data, next: page.next });
    },
    POST: async (request, reply) => {
      const { reference, live, expiresAt, ...rest } = read(registration, readBody(request));
      const lines = await lineGoods(rest.lines, parts.goodsTerms);
      const expectation: Expectation = { ...rest, lines, expiresAt, live: live ?? parts.live };
      const answer = await parts.backend().commands.register(reference, expectation);
      return sendAnswer(request, reply, answer, show, { makes: true });
    },
  });
  resource(app, "/v1/orders/:reference", {
    GET: (request, reply) => readOrder(parts, request, reply),
    PATCH: async (request, reply) => {
      const reference = referenceOf(request);
      const { version, lines: told, ...rest } = read(change, readBody(request));
      const lines = told && (await lineGoods(told, parts.goodsTerms));
      const expectation = defined({ ...rest, lines });
      const answer = await parts.backend().commands.change(reference, { version, expectation });
      return sendAnswer(request, reply, answer, show);
    },
  });
  resource(app, "/v1/orders/:reference/cancel", {
    POST: async (request, reply) => {
      const reference = referenceOf(request);
      const { reason } = read(cancellation, readBody(request, { mayBeEmpty: true }));
      return sendAnswer(request, reply, await parts.backend().commands.cancel(reference, reason ?? null), show);
    },
  });
  resource(app, "/v1/orders/:reference/payments", {
    POST: async (request, reply) => {
      const reference = referenceOf(request);
      const { at, ...payment } = read(outsidePayment, readBody(request));
      const paid = { ...payment, at: at ?? parts.now() };
      const answer = await parts.backend().commands.recordPayment(reference, paid);
      return sendAnswer(request, reply, answer, show, { makes: true });
    },
  });
}

async function readOrder(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { read: reader } = parts.backend().store;
  const order = await reader.order(referenceOf(request));
  if (!order?.record)
    return refuse(request, reply, {
      error: "not_found",
      message: "no order of that reference, and no payment names it",
    });
  const [timeline, subscriptions] = await Promise.all([timelineOf(order, reader), subscriptionsOf(order, reader)]);
  const { stock } = order.record;
  const movements = stock === null || stock.version === 0 ? [] : await reader.stockMovementsOf(order.reference);
  return sendJson(reply, 200, {
    ...orderSnapshot(order.record, order.payments, { notifyUrls: parts.notifyUrls }),
    ...(subscriptions && { subscriptions }),
    ...linkOf(parts, order.record),
    ...(await keysOf(parts, order)),
    stock: movements.map(shownMovement),
    ...timeline,
  });
}

/** More than an order has, unless somebody gave many subscriptions its name. */
const MAX_SUBSCRIPTIONS = 10;

/** Those that name it, newest first; null of an order that is paid once. */
async function subscriptionsOf({ reference, record, payments }: LoadedOrder, reader: Reader) {
  const isRecurring = record?.state.expectation?.recurring ?? false;
  if (!isRecurring && payments.every(({ state }) => state.subscription === null)) return null;
  const page = await reader.subscriptions({ order: reference }, { limit: MAX_SUBSCRIPTIONS, cursor: null });
  return page.rows.map(subscriptionSnapshot);
}

type Shown = Readonly<Record<string, Json>>;

/** Of an order that is to be given license keys: how many units wait for theirs. */
async function keysOf(parts: ApiParts, order: LoadedOrder): Promise<Shown> {
  const { record, goods } = await withGoods(order, parts.backend().store.goods);
  const { licenses } = record === null ? NO_GOODS : shownGoods(record.state, goods, parts.now());
  return licenses.length === 0 ? {} : { licensesMissing: licenses.reduce((sum, { missing }) => sum + missing, 0) };
}

/** Payments that only name an order are shown too: until it is registered and checked they count for nothing. */
function shownOrder(parts: ApiParts, { record, payments }: KnownOrder): Shown {
  const views = new Map(record.state.payments.map((view) => [view.id, view]));
  const shown = payments.map((payment) => {
    const { counts, held } = views.get(payment.id) ?? { counts: false, held: [] };
    return paymentSnapshot(payment, { order: record.state.reference, counts, held });
  });
  const order = orderSnapshot(record, payments, { notifyUrls: parts.notifyUrls });
  return { ...order, ...linkOf(parts, record), payments: shown, ...timesOf(record) };
}

/** An order that nobody registered has no page: anybody may name one. */
function linkOf(parts: ApiParts, { state }: OrderRecord): Shown {
  return { buyerUrl: state.expectation === null ? null : parts.buyerUrl(state.reference) };
}

/** Without the payments, which a list does not load: an empty list of them would be a lie. */
export function listedOrder(record: OrderRecord): Shown {
  const { payments: _unknown, ...order } = orderSnapshot(record, [], {});
  return { ...order, ...timesOf(record) };
}

function timesOf({ createdAt, updatedAt }: OrderRecord): Shown {
  return { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

export function referenceOf(request: FastifyRequest): string {
  // Proven: the route has this parameter, and Fastify's parameters are strings.
  const { reference } = request.params as { readonly reference: string };
  return read(orderReference, reference, "reference");
}

/** exactOptionalPropertyTypes: an absent member and one that is undefined are two things to whoever spreads them. */
export function defined<Row extends object>(row: Row): { [Key in keyof Row]: Exclude<Row[Key], undefined> } {
  const entries = Object.entries(row).filter(([, value]) => value !== undefined);
  // Proven: only members without a value were left out, and those are the optional ones.
  return Object.fromEntries(entries) as { [Key in keyof Row]: Exclude<Row[Key], undefined> };
}
