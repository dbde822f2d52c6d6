import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as z from "zod";
import { paymentSnapshot } from "../../payments/snapshot.ts";
import { emailKey, shownKey } from "../../pipeline/effects/customer-keys.ts";
import type { CustomerView } from "../../store/reading.ts";
import { refuse } from "../errors.ts";
import { resource } from "../methods.ts";
import { InvalidRequest, read, sendJson } from "./answer.ts";
import { listedOrder } from "./orders.ts";
import type { ApiParts } from "./parts.ts";
import { paging, printable, rowId, yesNo } from "./schemas.ts";

const customerQuery = z.strictObject({ email: printable(320).optional(), live: yesNo.optional(), ...paging });

/** How many orders and payments a customer is shown with; the lists of both have all. */
const SHOWN = 25;

/** Customers: found by e-mail, read with their orders and payments. */
export function customerRoutes(app: FastifyInstance, parts: ApiParts): void {
  resource(app, "/v1/customers", {
    GET: async (request, reply) => {
      const { email, live = parts.live, limit, cursor } = read(customerQuery, request.query);
      const key = email === undefined ? undefined : emailKey(email, live);
      if (key === null) throw new InvalidRequest([{ path: "email", message: "is no e-mail address" }]);
      const filter = { live, ...(key !== undefined && { key }) };
      const page = await parts.backend().store.read.customers(filter, { limit, cursor: cursor ?? null });
      return sendJson(reply, 200, { data: page.rows.map(shownCustomer), next: page.next });
    },
  });
  resource(app, "/v1/customers/:id", { GET: (request, reply) => readCustomer(parts, request, reply) });
}

async function readCustomer(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { read: reader } = parts.backend().store;
  // Proven: the route has this parameter, and Fastify's parameters are strings.
  const id = read(rowId, (request.params as { readonly id: string }).id, "id");
  const found = await reader.customer(id);
  if (found === null) return refuse(request, reply, { error: "not_found", message: "no customer of that id" });
  const first = { limit: SHOWN, cursor: null };
  const orders = await reader.orders({ customer: found.id }, first);
  const payments = await reader.payments({ customer: found.id }, first);
  return sendJson(reply, 200, {
    ...shownCustomer(found),
    orders: { data: orders.rows.map(listedOrder), next: orders.next },
    payments: { data: payments.rows.map((payment) => paymentSnapshot(payment, payment)), next: payments.next },
  });
}

function shownCustomer({ id, live, name, createdAt, aliases, keys }: CustomerView) {
  const shown = keys.map(shownKey);
  return {
    ...{ id, live, name },
    emails: shown.flatMap((key) => (key.kind === "email" ? [key.email] : [])),
    payers: shown.flatMap((key) =>
      key.kind === "payer" ? [{ provider: key.provider, account: key.account, id: key.id }] : [],
    ),
    aliases,
    createdAt: createdAt.toISOString(),
  };
}
