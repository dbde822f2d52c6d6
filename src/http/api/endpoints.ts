import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { EndpointAnswer } from "../../outbox/outbox.ts";
import { firstIdAt } from "../../pipeline/ids.ts";
import type { Receiver } from "../../store/outbox.ts";
import { refuse } from "../errors.ts";
import { resource } from "../methods.ts";
import { InvalidRequest, read, sendJson } from "./answer.ts";
import { readBody } from "./body.ts";
import { defined } from "./orders.ts";
import { endpointChange, endpointId, endpointQuery, newEndpoint, nothing, redelivery } from "./outbox-schemas.ts";
import type { ApiParts } from "./parts.ts";

/** How many events one request sends again: whoever wants more goes on with `next`. */
const MAX_REDELIVERED = 1_000;

/** Merchants' endpoints: where events are sent to. */
export function endpointRoutes(app: FastifyInstance, parts: ApiParts): void {
  resource(app, "/v1/endpoints", {
    GET: async (request, reply) => {
      const { limit, cursor } = read(endpointQuery, request.query);
      const page = await parts.backend().store.outbox.receivers("endpoint", { limit, cursor: cursor ?? null });
      return sendJson(reply, 200, { data: page.rows.map(shownEndpoint), next: page.next });
    },
    POST: async (request, reply) => {
      const { live, ...wanted } = read(newEndpoint, readBody(request));
      const answer = await parts
        .backend()
        .endpoints.create({ ...wanted, live: live === undefined ? parts.live : live });
      return sendEndpoint(request, reply, answer, 201, ({ endpoint, secret }) => ({
        ...shownEndpoint(endpoint),
        secret,
      }));
    },
  });
  resource(app, "/v1/endpoints/:id", {
    GET: async (request, reply) => {
      const found = await parts.backend().store.outbox.receiver(idOf(request));
      return found ? sendJson(reply, 200, shownEndpoint(found)) : notFound(request, reply);
    },
    PATCH: async (request, reply) => {
      const change = read(endpointChange, readBody(request));
      const answer = await parts.backend().endpoints.change(idOf(request), defined(change));
      return sendEndpoint(request, reply, answer, 200, shownEndpoint);
    },
    DELETE: async (request, reply) => {
      const isRemoved = await parts.backend().store.outbox.removeReceiver(idOf(request));
      return isRemoved ? reply.code(204).send() : notFound(request, reply);
    },
  });
  resource(app, "/v1/endpoints/:id/rotate", {
    POST: async (request, reply) => {
      read(nothing, readBody(request, { mayBeEmpty: true }));
      const answer = await parts.backend().endpoints.rotate(idOf(request));
      return sendEndpoint(request, reply, answer, 200, ({ endpoint, secret }) => ({
        ...shownEndpoint(endpoint),
        secret,
      }));
    },
  });
  resource(app, "/v1/endpoints/:id/test", {
    POST: async (request, reply) => {
      read(nothing, readBody(request, { mayBeEmpty: true }));
      const answer = await parts.backend().endpoints.test(idOf(request));
      return sendEndpoint(request, reply, answer, 200, (attempt) => attempt);
    },
  });
  resource(app, "/v1/endpoints/:id/redeliver", { POST: (request, reply) => redeliver(parts, request, reply) });
}

async function redeliver(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { since, until, types, onlyFailed, cursor } = read(redelivery, readBody(request));
  const { outbox } = parts.backend().store;
  const endpoint = await outbox.receiver(idOf(request));
  if (!endpoint) return notFound(request, reply);
  const answer = await outbox.redeliverMany({
    receiver: endpoint.id,
    from: cursor ?? firstIdAt("evt", since),
    to: firstIdAt("evt", until ?? new Date(parts.now().getTime() + 1)),
    types: types ?? endpoint.events,
    onlyFailed,
    limit: MAX_REDELIVERED,
  });
  return sendJson(reply, 200, answer);
}

async function sendEndpoint<Value>(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: EndpointAnswer<Value>,
  status: number,
  show: (value: Value) => unknown,
): Promise<FastifyReply> {
  switch (answer.kind) {
    case "done":
      return sendJson(reply, status, show(answer.value));
    case "not_found":
      return notFound(request, reply);
    case "too_many":
      return refuse(request, reply, { error: "too_many_endpoints", message: "there are as many endpoints as may be" });
    case "invalid_url":
      throw new InvalidRequest([{ path: "url", message: answer.message }]);
  }
}

function idOf(request: FastifyRequest): string {
  // Proven: the routes have this parameter, and Fastify's parameters are strings.
  return read(endpointId, (request.params as { readonly id: string }).id);
}

function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return refuse(request, reply, { error: "not_found", message: "no endpoint of that id" });
}

/** Without its secrets, whoever asks. */
function shownEndpoint(endpoint: Receiver) {
  return {
    id: endpoint.id,
    url: endpoint.url,
    description: endpoint.description,
    events: endpoint.events,
    live: endpoint.live,
    rate: endpoint.rate,
    enabled: endpoint.state === "enabled",
    state: endpoint.state,
    failures: endpoint.failures,
    failingSince: endpoint.failingSince?.toISOString() ?? null,
    pausedUntil: endpoint.pausedUntil?.toISOString() ?? null,
    createdAt: endpoint.createdAt.toISOString(),
    updatedAt: endpoint.changedAt.toISOString(),
  };
}
