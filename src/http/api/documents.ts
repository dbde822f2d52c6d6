import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { CreditNote, DocumentAnswer, DocumentRefused } from "../../documents/documents.ts";
import { refuse } from "../errors.ts";
import { resource } from "../methods.ts";
import { read, sendJson } from "./answer.ts";
import { referenceOf } from "./orders.ts";
import type { ApiParts } from "./parts.ts";
import { documentNumber } from "./schemas.ts";

/** Receipts, invoices and credit notes: issued when they are asked for first, the same ever after. */
export function documentRoutes(app: FastifyInstance, parts: ApiParts): void {
  resource(app, "/v1/orders/:reference/receipt.pdf", {
    GET: async (request, reply) =>
      sendPdf(request, reply, await parts.backend().documents.receipt(referenceOf(request))),
  });
  resource(app, "/v1/orders/:reference/invoice.pdf", {
    GET: async (request, reply) =>
      sendPdf(request, reply, await parts.backend().documents.invoice(referenceOf(request))),
  });
  resource(app, "/v1/orders/:reference/credit-notes", {
    GET: async (request, reply) => {
      const reference = referenceOf(request);
      const answer = await parts.backend().documents.creditNotes(reference);
      if (answer.kind === "refused") return refuseDocument(request, reply, answer);
      return sendJson(reply, 200, { data: answer.notes.map((note) => shownNote(note, reference)), next: null });
    },
  });
  resource(app, "/v1/orders/:reference/credit-notes/:number.pdf", {
    GET: async (request, reply) => {
      // Proven: the route has this parameter, and Fastify's parameters are strings.
      const { number } = request.params as { readonly number: string };
      const { documents } = parts.backend();
      return sendPdf(request, reply, await documents.creditNote(referenceOf(request), read(documentNumber, number)));
    },
  });
}

function sendPdf(request: FastifyRequest, reply: FastifyReply, answer: DocumentAnswer): FastifyReply {
  if (answer.kind === "refused") return refuseDocument(request, reply, answer);
  const { fileName, pdf } = answer;
  return reply
    .type("application/pdf")
    .header("content-disposition", `attachment; filename="${fileName}"`)
    .send(Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength));
}

function refuseDocument(request: FastifyRequest, reply: FastifyReply, answer: DocumentRefused): FastifyReply {
  const { reason, message } = answer;
  const retry = reason === "unavailable" ? { retryAfterSeconds: 5 } : {};
  return refuse(request, reply, { error: reason, message, ...retry });
}

function shownNote({ number, invoice, currency, amount, issuedAt }: CreditNote, reference: string) {
  return {
    ...{ number, invoice, currency, amount },
    issuedAt: issuedAt.toISOString(),
    pdf: `/v1/orders/${encodeURIComponent(reference)}/credit-notes/${number}.pdf`,
  };
}
