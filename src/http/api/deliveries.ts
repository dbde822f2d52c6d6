import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { DeliveryView } from "../../store/outbox.ts";
import { refuse } from "../errors.ts";
import { resource } from "../methods.ts";
import { read, sendJson } from "./answer.ts";
import { readBody } from "./body.ts";
import { defined } from "./orders.ts";
import { deliveryQuery, nothing } from "./outbox-schemas.ts";
import type { ApiParts } from "./parts.ts";
import { rowId } from "./schemas.ts";

/** What was sent, to whom, and what they answered. */
export function deliveryRoutes(app: FastifyInstance, parts: ApiParts): void {
  resource(app, "/v1/deliveries", {
    GET: async (request, reply) => {
      const { limit, cursor, ...filter } = read(deliveryQuery, request.query);
      const page = await parts.backend().store.outbox.deliveries(defined(filter), { limit, cursor: cursor ?? null });
      return sendJson(reply, 200, { data: page.rows.map(shownDelivery), next: page.next });
    },
  });
  resource(app, "/v1/deliveries/:id", {
    GET: async (request, reply) => {
      const found = await parts.backend().store.outbox.delivery(idOf(request));
      if (!found) return notFound(request, reply);
      return sendJson(reply, 200, { ...shownDelivery(found), log: found.log });
    },
  });
  resource(app, "/v1/deliveries/:id/redeliver", {
    POST: async (request, reply) => {
      read(nothing, readBody(request, { mayBeEmpty: true }));
      const found = await parts.backend().store.outbox.redeliver(idOf(request));
      return found ? sendJson(reply, 200, shownDelivery(found)) : notFound(request, reply);
    },
  });
}

function idOf(request: FastifyRequest): string {
  // Proven: the routes have this parameter, and Fastify's parameters are strings.
  return read(rowId, (request.params as { readonly id: string }).id);
}

function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return refuse(request, reply, { error: "not_found", message: "no delivery of that id" });
}

function shownDelivery(delivery: DeliveryView) {
  const { event } = delivery;
  return {
    id: delivery.id,
    receiver: delivery.receiver,
    event: event.id,
    type: event.type,
    order: event.order,
    payment: event.payment,
    sequence: event.sequence,
    state: delivery.state,
    reason: delivery.reason,
    attempts: delivery.attempts,
    dueAt: delivery.dueAt?.toISOString() ?? null,
    createdAt: delivery.createdAt.toISOString(),
    settledAt: delivery.settledAt?.toISOString() ?? null,
  };
}
