import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { chance } from "../chance.ts";
import { StoreError } from "../store/store.ts";
import { type ErrorWord, HARDENED_HEADERS, isReadAway, JSON_TYPE, refuse, STATUS_OF } from "./errors.ts";
import { knowAllMethods } from "./methods.ts";
import { shapeProblem } from "./request-shape.ts";

/** A server with no routes yet: limits on everything, one shape of error, the same headers on every answer. */

/** Gateways' events are far smaller; so are orders of a thousand lines. */
export const BODY_LIMIT = 262_144;

export interface ServerParts {
  readonly log: Logger;
  readonly trustProxy: readonly string[];
  /** True once the process is asked to stop: what comes then is asked to come again. */
  readonly isStopping: () => boolean;
}

export function buildServer(parts: ServerParts): FastifyInstance {
  const app = Fastify({
    logger: false,
    genReqId: newRequestId,
    requestIdHeader: false,
    trustProxy: parts.trustProxy.length > 0 ? [...parts.trustProxy] : false,
    bodyLimit: BODY_LIMIT,
    connectionTimeout: 15_000,
    // From the first byte to the last of one request; Fastify's default is none.
    requestTimeout: 10_000,
    // Longer than the 60 s of most load balancers, so that it is they who close an idle connection.
    keepAliveTimeout: 65_000,
    maxRequestsPerSocket: 1_000,
    exposeHeadRoutes: false,
    // We answer that ourselves (below), in our own words.
    return503OnClosing: false,
    // References of orders may have 200 characters, each of up to 9 when percent-encoded; gateways are looked up in a Map.
    routerOptions: { maxParamLength: 1_800, caseSensitive: true, ignoreTrailingSlash: false },
    // Checked by ourselves, for an answer in our own words.
    http: {
      headersTimeout: 5_000,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16_384,
      requireHostHeader: false,
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => answerError(error, request, reply, parts.log),
  });
  app.server.maxConnections = 10_000;
  app.server.on("checkExpectation", answerExpectation);
  knowAllMethods(app);
  app.addHook("onRequest", (request, reply, next) => {
    reply.headers(HARDENED_HEADERS);
    const problem = shapeProblem(request.raw);
    if (problem) refuse(request, reply, { error: problem, close: true });
    else if (parts.isStopping()) refuseStopping(request, reply);
    else next();
  });
  // A connection that stays open would keep the process from ending.
  app.addHook("onSend", (_request, reply, _payload, next) => {
    if (parts.isStopping()) reply.header("connection", "close");
    next();
  });
  app.setNotFoundHandler((request, reply) => refuse(request, reply, { error: "not_found", unread: true }));
  app.setErrorHandler<FastifyError>((error, request, reply) => answerError(error, request, reply, parts.log));
  return app;
}

function newRequestId(): string {
  return `req_${chance().toString("hex", 0, 12)}`;
}

/** On a connection that ends, and so behind the body. */
function refuseStopping(request: FastifyRequest, reply: FastifyReply): void {
  const answer = (): void => void refuse(request, reply, { error: "unavailable", retryAfterSeconds: 5, close: true });
  if (isReadAway(request)) request.raw.once("end", answer).resume();
  else answer();
}

function answerError(
  error: Error & { readonly code?: string },
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): void {
  const word = wordOf(error);
  if (word === "internal")
    log.error({ err: error, request: request.id, route: request.routeOptions?.url }, "a request failed unexpectedly");
  const retry = word === "unavailable" ? { retryAfterSeconds: 10 } : {};
  refuse(request, reply, { error: word, unread: true, close: word === "malformed", ...retry });
}

/** The codes that Fastify gives its own errors, and what the store rejects with; anything else is our own mistake. */
function wordOf(error: Error & { readonly code?: string }): ErrorWord {
  // `data`: a value that no database takes, or a cursor that is not one of ours.
  if (error instanceof StoreError) return error.reason === "data" ? "invalid" : "unavailable";
  switch (error.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return "too_large";
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return "unsupported_media_type";
    case "FST_ERR_MAX_PARAM_LENGTH":
      return "url_too_long";
    case "FST_ERR_HANDLER_TIMEOUT":
      return "unavailable";
    case "FST_ERR_BAD_URL":
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
    case "ECONNRESET":
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return "malformed";
    default:
      return "internal";
  }
}

/** What Node's parser refuses never becomes a request: it is answered on the bare socket. */
function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(rawAnswer(clientErrorWord(error.code)));
  // Whoever keeps sending after the answer has had its chance to read it.
  setTimeout(() => socket.destroy(), 1_000).unref();
}

function clientErrorWord(code: string | undefined): ErrorWord {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return "timeout";
    case "HPE_HEADER_OVERFLOW":
      return "headers_too_large";
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return "too_large";
    default:
      return "malformed";
  }
}

function rawAnswer(word: ErrorWord): string {
  const body = JSON.stringify({ error: word, id: newRequestId() });
  const headers = {
    ...HARDENED_HEADERS,
    "content-type": JSON_TYPE,
    "content-length": String(body.length),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${STATUS_OF[word]} ${word}\r\n${lines.join("")}\r\n${body}`;
}

/** `Expect:` with anything but 100-continue (RFC 9110 §10.1.1); Node would answer without a body. */
function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const body = JSON.stringify({ error: "expectation_failed", id: newRequestId() });
  response.writeHead(STATUS_OF.expectation_failed, {
    ...HARDENED_HEADERS,
    "content-type": JSON_TYPE,
    connection: "close",
  });
  response.end(body);
}
