import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { factSnapshot, paymentSnapshot } from "../../payments/snapshot.ts";
import { subscriptionSnapshot } from "../../payments/subscription-snapshot.ts";
import { refuse } from "../errors.ts";
import { resource } from "../methods.ts";
import { read, sendJson } from "./answer.ts";
import { wantedMode } from "./mode.ts";
import { defined } from "./orders.ts";
import type { ApiParts } from "./parts.ts";
import { rowId, subscriptionQuery } from "./schemas.ts";

/** Subscriptions: listed, and read with their newest payments and the facts they follow from. */
export function subscriptionRoutes(app: FastifyInstance, parts: ApiParts): void {
  resource(app, "/v1/subscriptions", {
    GET: async (request, reply) => {
      const { limit, cursor, live: wanted, ...rest } = read(subscriptionQuery, request.query);
      const live = wantedMode(parts, wanted, rest.account);
      const filter = { ...defined(rest), ...(live === null ? {} : { live }) };
      const page = await parts.backend().store.read.subscriptions(filter, { limit, cursor: cursor ?? null });
      return sendJson(reply, 200, { data: page.rows.map(subscriptionSnapshot), next: page.next });
    },
  });
  resource(app, "/v1/subscriptions/:id", { GET: (request, reply) => readSubscription(parts, request, reply) });
}

async function readSubscription(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  // Proven: the route has this parameter, and Fastify's parameters are strings.
  const id = read(rowId, (request.params as { readonly id: string }).id, "id");
  const subscription = await parts.backend().store.read.subscription(id);
  if (!subscription) return refuse(request, reply, { error: "not_found", message: "no subscription of that id" });
  return sendJson(reply, 200, {
    ...subscriptionSnapshot(subscription),
    payments: subscription.payments.map((payment) => paymentSnapshot(payment, payment)),
    facts: subscription.facts.map(factSnapshot),
  });
}
