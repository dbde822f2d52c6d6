import type { FastifyError, FastifyInstance, FastifyRequest } from "fastify";
import { StoreError } from "../../store/store.ts";
import { refuse } from "../errors.ts";
import { InvalidRequest } from "./answer.ts";
import { requireToken } from "./bearer.ts";
import { isRequestOf, JSON_MEDIA } from "./body.ts";
import { customerRoutes } from "./customers.ts";
import { deliveryRoutes } from "./deliveries.ts";
import { documentRoutes } from "./documents.ts";
import { downloadApiRoutes } from "./downloads.ts";
import { endpointRoutes } from "./endpoints.ts";
import { eventRoutes } from "./events.ts";
import { ledgerRoutes } from "./ledger.ts";
import { LICENSE_TYPES } from "./license-keys.ts";
import { LICENSE_LOAD_ROUTE, licenseRoutes } from "./licenses.ts";
import { notificationRoutes } from "./notifications.ts";
import { orderRoutes } from "./orders.ts";
import type { ApiParts } from "./parts.ts";
import { paymentRoutes } from "./payments.ts";
import { STOCK_CSV, stockRoutes } from "./stock.ts";
import { subscriptionRoutes } from "./subscriptions.ts";

/** A cursor is the store's to read; the rest of a query was read before it got there. */
function invalidCursor(error: FastifyError, { query }: FastifyRequest): InvalidRequest | null {
  const isCursor = error instanceof StoreError && error.reason === "data" && Object.hasOwn(Object(query), "cursor");
  return isCursor ? new InvalidRequest([{ path: "cursor", message: "is none that a list answered with" }]) : null;
}

/** What is taken besides JSON. */
const MEDIA_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  [STOCK_CSV, ["text/csv"]],
  [LICENSE_LOAD_ROUTE, LICENSE_TYPES],
]);

/** The merchant's API: a token first, then the media type, then the body. */
export function apiRoutes(parts: ApiParts): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    app.addHook("onRequest", requireToken(parts));
    app.addHook("onRequest", async (request, reply) => {
      const types = MEDIA_TYPES.get(request.routeOptions.url ?? "") ?? [JSON_MEDIA];
      if (!isRequestOf(request, types))
        return refuse(request, reply, {
          error: "unsupported_media_type",
          message: `send ${types.join(", ")}`,
          unread: true,
        });
    });
    const others = app.errorHandler;
    app.setErrorHandler<FastifyError>((error, request, reply) => {
      const invalid = error instanceof InvalidRequest ? error : invalidCursor(error, request);
      if (invalid === null) return others.call(app, error, request, reply);
      return refuse(request, reply, { error: "invalid", message: invalid.message, fields: invalid.fields });
    });
    eventRoutes(app, parts);
    orderRoutes(app, parts);
    stockRoutes(app, parts);
    customerRoutes(app, parts);
    documentRoutes(app, parts);
    downloadApiRoutes(app, parts);
    licenseRoutes(app, parts);
    paymentRoutes(app, parts);
    subscriptionRoutes(app, parts);
    ledgerRoutes(app, parts);
    notificationRoutes(app, parts);
    endpointRoutes(app, parts);
    deliveryRoutes(app, parts);
  };
}
