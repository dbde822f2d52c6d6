import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { resource } from "../methods.ts";
import { readMediaType } from "../request-shape.ts";
import { read, sendAnswer, sendJson } from "./answer.ts";
import { readBody } from "./body.ts";
import { checkKeys, keysInText } from "./license-keys.ts";
import { referenceOf } from "./orders.ts";
import type { ApiParts } from "./parts.ts";
import { licenseLoad, licenseQuery, poolName } from "./schemas.ts";

export const LICENSE_LOAD_ROUTE = "/v1/licenses/:pool";

/** License keys: loaded into pools, counted, and shown with the orders that were given some. Free ones are never shown again. */
export function licenseRoutes(app: FastifyInstance, parts: ApiParts): void {
  resource(app, "/v1/licenses", {
    GET: async (_request, reply) => {
      const pools = await parts.backend().store.goods.pools();
      return sendJson(reply, 200, { data: pools, next: null });
    },
  });
  resource(app, LICENSE_LOAD_ROUTE, { POST: (request, reply) => load(parts, request, reply) });
  resource(app, "/v1/orders/:reference/licenses", {
    GET: async (request, reply) => {
      const { licenses, waits } = await parts.backend().store.goods.ofOrder(referenceOf(request));
      const data = licenses.map(({ pool, sku, unit, key, givenAt, revokedAt }) => ({
        ...{ pool, sku, unit, key, givenAt: givenAt.toISOString() },
        revokedAt: revokedAt?.toISOString() ?? null,
      }));
      const missing = waits
        .filter((wait) => wait.missing > 0)
        .map(({ pool, sku, missing: units, since }) => ({ pool, sku, units, since: since.toISOString() }));
      return sendJson(reply, 200, { data, missing, next: null });
    },
  });
}

async function load(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  // Proven: the route has this parameter, and Fastify's parameters are strings.
  const { pool } = request.params as { readonly pool: string };
  const name = read(poolName, pool, "pool");
  const query = read(licenseQuery, request.query);
  const keys = keysOf(request);
  checkKeys(keys);
  const live = query.live ?? parts.live;
  const answer = await parts.backend().goods.loadLicenses({ pool: name, live }, keys);
  return sendAnswer(request, reply, answer, ({ loaded }) => ({ pool: name, live, loaded }), { makes: true });
}

function keysOf(request: FastifyRequest): readonly string[] {
  const type = request.headers["content-type"];
  if (readMediaType(type) === "application/json") return read(licenseLoad, readBody(request)).keys;
  return keysInText(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0), type);
}
