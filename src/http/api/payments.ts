import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { StoredFact } from "../../payments/fact.ts";
import { paymentSnapshot } from "../../payments/snapshot.ts";
import { subscriptionId } from "../../pipeline/ids.ts";
import type { PaymentView } from "../../store/reading.ts";
import { refuse } from "../errors.ts";
import { resource } from "../methods.ts";
import { read, sendAnswer, sendJson } from "./answer.ts";
import { readBody } from "./body.ts";
import { wantedMode } from "./mode.ts";
import { defined } from "./orders.ts";
import type { ApiParts } from "./parts.ts";
import { paymentQuery, rowId, verdict } from "./schemas.ts";

/** Payments: listed, read with the facts they follow from, and a person's word on the held ones. */
export function paymentRoutes(app: FastifyInstance, parts: ApiParts): void {
  resource(app, "/v1/payments", {
    GET: async (request, reply) => {
      const { limit, cursor, live: wanted, ...rest } = read(paymentQuery, request.query);
      const live = wantedMode(parts, wanted, rest.account);
      const filter = { ...defined(rest), ...(live === null ? {} : { live }) };
      const page = await parts.backend().store.read.payments(filter, { limit, cursor: cursor ?? null });
      return sendJson(reply, 200, {
        data: page.rows.map((payment) => shownPayment(payment)),
        next: page.next,
      });
    },
  });
  resource(app, "/v1/payments/:id", { GET: (request, reply) => readPayment(parts, request, reply) });
  for (const [action, kind] of [
    ["accept", "accepted"],
    ["reject", "rejected"],
  ] as const) {
    resource(app, `/v1/payments/:id/${action}`, {
      POST: async (request, reply) => {
        const id = idOf(request);
        const { by, reason, order } = read(verdict, readBody(request));
        const answer = await parts.backend().commands.decide(id, { kind, by, reason, order: order ?? null });
        return sendAnswer(request, reply, answer, (payment) => paymentSnapshot(payment, payment));
      },
    });
  }
}

async function readPayment(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const payment = await parts.backend().store.read.payment(idOf(request));
  if (!payment) return refuse(request, reply, { error: "not_found", message: "no payment of that id" });
  return sendJson(reply, 200, { ...shownPayment(payment, payment.facts), aliases: payment.aliases });
}

/** With the way to the subscription whose period it pays. */
function shownPayment(payment: PaymentView, facts?: readonly StoredFact[]) {
  const { scope, subscription } = payment.state;
  return {
    ...paymentSnapshot(payment, payment, facts),
    links: {
      subscription: subscription === null ? null : `/v1/subscriptions/${subscriptionId(scope, subscription)}`,
    },
  };
}

function idOf(request: FastifyRequest): string {
  // Proven: the route has this parameter, and Fastify's parameters are strings.
  return read(rowId, (request.params as { readonly id: string }).id, "id");
}
