import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { InputView } from "../../store/reading.ts";
import { refuse } from "../errors.ts";
import { resource } from "../methods.ts";
import { read, sendJson } from "./answer.ts";
import { defined } from "./orders.ts";
import type { ApiParts } from "./parts.ts";
import { notificationQuery, rowId } from "./schemas.ts";

/** What gateways sent: every byte of it, and what became of it. */
export function notificationRoutes(app: FastifyInstance, parts: ApiParts): void {
  resource(app, "/v1/notifications", {
    GET: async (request, reply) => {
      const { limit, cursor, outcome, ...rest } = read(notificationQuery, request.query);
      const filter = { ...defined(rest), ...(outcome ? { state: outcome } : {}), kind: "notification" } as const;
      const page = await parts.backend().store.read.inputs(filter, { limit, cursor: cursor ?? null });
      return sendJson(reply, 200, { data: page.rows.map(shownNotification), next: page.next });
    },
  });
  resource(app, "/v1/notifications/:id", {
    GET: async (request, reply) => {
      const input = await find(parts, request);
      if (!input) return notFound(request, reply);
      return sendJson(reply, 200, {
        ...shownNotification(input),
        headers: input.headers,
        query: input.query,
        ...(input.isEmptied ? { body: null, bodyEncoding: null } : shownBody(input.body)),
      });
    },
  });
  resource(app, "/v1/notifications/:id/body", {
    GET: async (request, reply) => {
      const input = await find(parts, request);
      if (!input) return notFound(request, reply);
      if (input.isEmptied) return refuse(request, reply, { error: "no_longer_kept", message: GONE });
      // A stranger wrote it: it must never be taken for a page of ours.
      return reply
        .type("application/octet-stream")
        .header("content-disposition", `attachment; filename="${input.id}.bin"`)
        .send(Buffer.from(input.body));
    },
  });
}

const GONE = "its body was kept for as long as KEEP_BODIES_DAYS says; bodyHash is its SHA-256";

async function find(parts: ApiParts, request: FastifyRequest) {
  // Proven: the routes have this parameter, and Fastify's parameters are strings.
  const id = read(rowId, (request.params as { readonly id: string }).id, "id");
  const input = await parts.backend().store.read.input(id);
  return input?.kind === "notification" ? input : null;
}

function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return refuse(request, reply, { error: "not_found", message: "no notification of that id" });
}

function shownNotification(input: InputView) {
  return {
    id: input.id,
    gateway: input.gateway,
    account: input.account,
    key: input.key,
    type: input.type,
    live: input.live,
    outcome: input.state,
    reason: input.reason,
    payment: input.payment,
    receivedAt: input.receivedAt.toISOString(),
    settledAt: input.settledAt?.toISOString() ?? null,
    dueAt: input.dueAt?.toISOString() ?? null,
    attempts: input.attempts,
    repeats: input.repeats,
    size: input.isEmptied ? null : input.size,
    bodyHash: input.bodyHash,
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text where it is text, else base64: no byte is lost on the way to whoever has to find out what came. */
function shownBody(bytes: Uint8Array): { readonly body: string; readonly bodyEncoding: "utf8" | "base64" } {
  try {
    return { body: utf8.decode(bytes), bodyEncoding: "utf8" };
  } catch {
    return { body: Buffer.from(bytes).toString("base64"), bodyEncoding: "base64" };
  }
}
