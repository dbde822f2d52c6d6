import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type ExportFormat, exported } from "../../books/export.ts";
import { trialBalance } from "../../books/trial-balance.ts";
import { difference, readSubject } from "../../payments/ledger.ts";
import type { Posting } from "../../store/effect-rows.ts";
import { refuse } from "../errors.ts";
import { resource } from "../methods.ts";
import { read, sendJson } from "./answer.ts";
import { wantedMode } from "./mode.ts";
import { defined } from "./orders.ts";
import type { ApiParts } from "./parts.ts";
import { balancesQuery, ledgerExportQuery, ledgerQuery, rowId, statementQuery } from "./schemas.ts";

/** A year of a busy shop in one answer; a reader who stops reading is cut off long before. */
const EXPORT_MS = 600_000;
/** Lines read at once for an export. */
const EXPORT_ROWS = 1_000;

const MEDIA_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: "text/csv; charset=utf-8; header=present",
  journal: "text/plain; charset=utf-8",
};

/** The ledger: its lines, what the accounts hold, a payment's statement, and all of it as text. */
export function ledgerRoutes(app: FastifyInstance, parts: ApiParts): void {
  resource(app, "/v1/ledger", {
    GET: async (request, reply) => {
      const { limit, cursor, live: wanted, ...rest } = read(ledgerQuery, request.query);
      const live = wantedMode(parts, wanted, undefined);
      const filter = { ...defined(rest), ...(live === null ? {} : { live }) };
      const page = await parts.backend().store.read.postings(filter, { limit, cursor: cursor ?? null });
      return sendJson(reply, 200, { data: page.rows.map(shownPosting), next: page.next });
    },
  });
  resource(app, "/v1/ledger/balances", {
    GET: async (request, reply) => {
      const { live: wanted, until = parts.now() } = read(balancesQuery, request.query);
      const live = wantedMode(parts, wanted, undefined);
      const sums = await parts.backend().store.read.ledgerSums(until);
      const balance = trialBalance(sums.filter((sum) => live === null || sum.live === live));
      return sendJson(reply, 200, { until: until.toISOString(), data: balance.accounts, totals: balance.totals });
    },
  });
  resource(app, "/v1/payments/:id/ledger", { GET: (request, reply) => statement(parts, request, reply) });
  const exportAs = (format: ExportFormat) => ({
    GET: (request: FastifyRequest, reply: FastifyReply) => sendExport(parts, format, request, reply),
  });
  resource(app, "/v1/ledger/export.csv", exportAs("csv"), { handlerTimeout: EXPORT_MS });
  resource(app, "/v1/ledger/export.journal", exportAs("journal"), { handlerTimeout: EXPORT_MS });
}

async function statement(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  // Proven: the route has this parameter, and Fastify's parameters are strings.
  const id = read(rowId, (request.params as { readonly id: string }).id, "id");
  const { limit, cursor } = read(statementQuery, request.query);
  const { read: reader } = parts.backend().store;
  const payment = await reader.payment(id);
  if (!payment) return refuse(request, reply, { error: "not_found", message: "no payment of that id" });
  const page = await reader.postings({ payment: payment.id }, { limit, cursor: cursor ?? null });
  const [posted] = await reader.posted([payment.id]);
  const balances = difference(posted?.balances ?? [], []);
  return sendJson(reply, 200, {
    ...{ payment: payment.id, aliases: payment.aliases, order: payment.order, live: payment.state.scope.live },
    balances: balances.map(({ account, currency, amount }) => ({ account, currency, balance: amount })),
    data: page.rows.map(shownPosting),
    next: page.next,
  });
}

/** Read from the database as it is sent, and no faster than the client takes it. */
async function sendExport(
  parts: ApiParts,
  format: ExportFormat,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { live = parts.live, since, until = parts.now() } = read(ledgerExportQuery, request.query);
  const { read: reader } = parts.backend().store;
  const period = { ...defined({ since }), until };
  const text = exported(format, {
    live,
    source: (after) => reader.postingsAfter(after, { live, ...period, limit: EXPORT_ROWS }),
  });
  return reply
    .type(MEDIA_TYPES[format])
    .header("content-disposition", `attachment; filename="ledger-${live ? "live" : "test"}.${format}"`)
    .send(Readable.from(text, { objectMode: false }));
}

function shownPosting({ subject, version, order, amount, at, effectiveAt, ...rest }: Posting) {
  const own = readSubject(subject);
  return {
    entry: `${subject}#${version}`,
    ...{ account: rest.account, currency: rest.currency, amount, live: rest.live },
    ...{ order: own.order ?? order, payment: own.payment, payout: own.payout, fact: rest.fact, input: rest.input },
    happenedAt: effectiveAt.toISOString(),
    postedAt: at.toISOString(),
  };
}
