import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type ShownDownload, shownGoods, withGoods } from "../../outbox/order-goods.ts";
import { refuse } from "../errors.ts";
import { resource } from "../methods.ts";
import { read, sendJson } from "./answer.ts";
import { readBody } from "./body.ts";
import { referenceOf } from "./orders.ts";
import type { ApiParts } from "./parts.ts";
import { renewal } from "./schemas.ts";

/** The downloads of an order: how they stand and were used, and to be had anew. */
export function downloadApiRoutes(app: FastifyInstance, parts: ApiParts): void {
  resource(app, "/v1/orders/:reference/downloads", {
    GET: (request, reply) => sendDownloads(parts, request, reply),
  });
  resource(app, "/v1/orders/:reference/downloads/renew", {
    POST: async (request, reply) => {
      const { by, reason = null, sku = null, expiresAt = null, limit = null } = read(renewal, readBody(request));
      const renewed = { by, reason, sku, expiresAt, limit };
      const answer = await parts.backend().goods.renewDownloads(referenceOf(request), renewed);
      if (answer.kind === "refused") return refuse(request, reply, { error: answer.reason, message: answer.message });
      return sendDownloads(parts, request, reply);
    },
  });
}

async function sendDownloads(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { store } = parts.backend();
  const reference = referenceOf(request);
  const order = await store.read.order(reference);
  if (!order?.record?.state.expectation)
    return refuse(request, reply, { error: "not_found", message: `order ${reference} is not registered` });
  const { goods } = await withGoods(order, store.goods);
  const { downloads } = shownGoods(order.record.state, goods, parts.now());
  const data = downloads.map((download) => ({
    ...shown(download),
    url: download.grant === null ? null : parts.downloadUrl(reference, download.sku),
  }));
  return sendJson(reply, 200, { data, next: null });
}

function shown({ sku, name, status, grant }: ShownDownload) {
  return {
    ...{ sku, name, status },
    count: grant?.count ?? 0,
    limit: grant?.allowed ?? null,
    grantedAt: grant?.grantedAt.toISOString() ?? null,
    expiresAt: grant?.expiresAt.toISOString() ?? null,
    lastUsedAt: grant?.lastUsedAt?.toISOString() ?? null,
    renewals: grant?.renewals ?? 0,
  };
}
