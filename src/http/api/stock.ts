import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isLow, type StockLevel } from "../../payments/stock.ts";
import type { LoadAnswer, StockItem, StockLoad } from "../../pipeline/stock-loads.ts";
import type { Reader, StockMovementView } from "../../store/reading.ts";
import type { StockPlace } from "../../store/store.ts";
import { refuse } from "../errors.ts";
import { resource } from "../methods.ts";
import { InvalidRequest, read, sendJson } from "./answer.ts";
import { readBody } from "./body.ts";
import { CSV_TYPE } from "./csv.ts";
import type { ApiParts } from "./parts.ts";
import { invalid, LEVELS_HEADER, levelRow, readItems } from "./stock-csv.ts";
import {
  importQuery,
  levelQuery,
  levelToChange,
  levelToSet,
  modeQuery,
  movementQuery,
  stockSku,
} from "./stock-schemas.ts";

/** Where levels go in and out as CSV; the one route of the API that takes no JSON. */
export const STOCK_CSV = "/v1/stock.csv";

const EXPORT_PAGE = 100;

/** The stock: levels by SKU, set and corrected by a person, and what moved them. */
export function stockRoutes(app: FastifyInstance, parts: ApiParts): void {
  resource(app, "/v1/stock", {
    GET: async (request, reply) => {
      const { limit, cursor, live = parts.live, low = false } = read(levelQuery, request.query);
      const page = await reader(parts).stockLevels({ live, low }, { limit, cursor: cursor ?? null });
      return sendJson(reply, 200, { data: page.rows.map(shownLevel), next: page.next });
    },
  });
  resource(app, STOCK_CSV, {
    GET: (request, reply) => exportLevels(parts, request, reply),
    POST: (request, reply) => importLevels(parts, request, reply),
  });
  resource(app, "/v1/stock/:sku", {
    GET: async (request, reply) => {
      const { live = parts.live } = read(modeQuery, request.query);
      return sendLevel(parts, request, reply, { live, sku: skuOf(request) });
    },
    PUT: async (request, reply) => {
      const { level, lowAt, live = parts.live, ...rest } = read(levelToSet, readBody(request));
      return loadOne(parts, request, reply, { ...rest, live }, { level, ...(lowAt !== undefined && { lowAt }) });
    },
    POST: async (request, reply) => {
      const { change, lowAt, live = parts.live, ...rest } = read(levelToChange, readBody(request));
      return loadOne(parts, request, reply, { ...rest, live }, { change, ...(lowAt !== undefined && { lowAt }) });
    },
  });
  resource(app, "/v1/stock/:sku/movements", {
    GET: async (request, reply) => {
      const { limit, cursor, live = parts.live } = read(movementQuery, request.query);
      const place = { live, sku: skuOf(request) };
      const page = await reader(parts).stockMovements(place, { limit, cursor: cursor ?? null });
      if (page.rows.length === 0 && (await reader(parts).stockLevel(place)) === null) return unknownSku(request, reply);
      return sendJson(reply, 200, { data: page.rows.map(shownMovement), next: page.next });
    },
  });
}

function reader(parts: ApiParts): Reader {
  return parts.backend().store.read;
}

function skuOf(request: FastifyRequest): string {
  // Proven: the routes have this parameter, and Fastify's parameters are strings.
  return read(stockSku, (request.params as { readonly sku: string }).sku, "sku");
}

type Uncounted<Item> = Item extends { readonly sku: string } ? Omit<Item, "sku"> : never;

async function loadOne(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  who: Omit<StockLoad, "items">,
  item: Uncounted<StockItem>,
): Promise<FastifyReply> {
  const sku = skuOf(request);
  const answer = await parts.backend().stock.load({ ...who, items: [{ sku, ...item }] });
  if (answer.kind === "refused") return refuse(request, reply, { error: answer.reason, message: answer.message });
  if (answer.kind === "invalid") {
    if (answer.problems.some(({ reason }) => reason === "unknown_sku")) return unknownSku(request, reply);
    throw new InvalidRequest([{ path: "change", message: PROBLEMS.out_of_bounds }]);
  }
  return sendLevel(parts, request, reply, { live: who.live, sku });
}

async function sendLevel(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  place: StockPlace,
): Promise<FastifyReply> {
  const level = await reader(parts).stockLevel(place);
  return level === null ? unknownSku(request, reply) : sendJson(reply, 200, shownLevel(level));
}

function unknownSku(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return refuse(request, reply, { error: "not_found", message: "nobody keeps count of that SKU: PUT sets its level" });
}

const PROBLEMS: Readonly<Record<"unknown_sku" | "out_of_bounds", string>> = {
  unknown_sku: "nobody keeps count of that SKU, so there is nothing to change: set its level",
  out_of_bounds: "comes to more than can be counted",
};

async function importLevels(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { live = parts.live, ...who } = read(importQuery, request.query);
  const rows = readItems(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
  const answer: LoadAnswer = await parts.backend().stock.load({ ...who, live, items: rows.map(({ item }) => item) });
  if (answer.kind === "refused") return refuse(request, reply, { error: answer.reason, message: answer.message });
  if (answer.kind === "invalid")
    throw invalid(
      answer.problems.map(({ index, reason }) => ({ path: `line ${rows[index]?.line}`, message: PROBLEMS[reason] })),
    );
  return sendJson(reply, answer.created ? 201 : 200, { imported: rows.length, live });
}

function exportLevels(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { live = parts.live } = read(modeQuery, request.query);
  return reply
    .type(CSV_TYPE)
    .header("content-disposition", 'attachment; filename="stock.csv"')
    .send(Readable.from(exported(reader(parts), live)));
}

/** A page at a time, as fast as it is read. */
async function* exported(store: Reader, live: boolean): AsyncGenerator<string> {
  let cursor: string | null = null;
  yield LEVELS_HEADER;
  do {
    const page: Awaited<ReturnType<Reader["stockLevels"]>> = await store.stockLevels(
      { live },
      { limit: EXPORT_PAGE, cursor },
    );
    yield page.rows.map(levelRow).join("");
    cursor = page.next;
  } while (cursor !== null);
}

function shownLevel(level: StockLevel) {
  const { sku, onHand, lowAt, live } = level;
  return { sku, level: onHand, lowAt, low: isLow(level), oversold: onHand < 0, live };
}

export function shownMovement({ sku, sequence, delta, onHand, oversold, cause, at }: StockMovementView) {
  return { sku, sequence, change: delta, level: onHand, oversold, at: at.toISOString(), cause: shownCause(cause) };
}

function shownCause(cause: StockMovementView["cause"]) {
  if (cause.kind === "order") return { kind: "order", order: cause.order, status: cause.status };
  const { input, by, reason } = cause;
  return { kind: "loaded", input, by, reason };
}
