import type { FastifyReply, FastifyRequest } from "fastify";

/** Every error word that leaves this process, with its status. One table, so that no two places answer one thing differently. */
export const STATUS_OF = {
  malformed: 400,
  empty_body: 400,
  invalid: 400,
  token_in_query: 400,
  not_authentic: 401,
  unauthorized: 401,
  not_found: 404,
  method_not_allowed: 405,
  timeout: 408,
  already_registered: 409,
  version_mismatch: 409,
  order_closed: 409,
  payment_not_held: 409,
  currency_mismatch: 409,
  already_recorded: 409,
  already_loaded: 409,
  not_paid: 409,
  seller_not_configured: 409,
  too_many_endpoints: 409,
  no_longer_kept: 410,
  too_large: 413,
  url_too_long: 414,
  unsupported_media_type: 415,
  expectation_failed: 417,
  too_many_requests: 429,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
} as const;

export type ErrorWord = keyof typeof STATUS_OF;

/** Which part of what was sent is wrong, for the API: `lines.0.amount`. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

export interface Refusal {
  readonly error: ErrorWord;
  /** For people; the API only. */
  readonly message?: string;
  readonly fields?: readonly FieldProblem[];
  readonly allow?: string;
  readonly retryAfterSeconds?: number;
  /** The body was not read: behind the answer it is, or the connection ends (see `isReadAway`). */
  readonly unread?: boolean;
  /** Ends the connection: where this request ends, or whether another one will be heard, is in doubt. */
  readonly close?: boolean;
}

/** Bytes: four times the largest body that is taken, so that whoever sends a little too much is told so. */
const MOST_READ_AWAY = 1_048_576;

/**
 * True where a body that nobody wants is read to its end all the same, and forgotten. Who sends all of it before he looks for an
 * answer would find the connection reset otherwise, and the answer gone with it (RFC 9112 §9.6). One without a length, or a longer
 * one, is cut off.
 */
export function isReadAway({ headers }: FastifyRequest): boolean {
  return headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) <= MOST_READ_AWAY;
}

/** Nothing here is a page, is cached, is framed, or has a referrer to tell. */
export const HARDENED_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export const JSON_TYPE = "application/json; charset=utf-8";

/** The body's first two members are the same everywhere: `{"error":"<word>","id":"<request id>"}`. */
export function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { error, message, fields } = refusal;
  reply.code(STATUS_OF[error]).headers(HARDENED_HEADERS);
  if (refusal.allow !== undefined) reply.header("allow", refusal.allow);
  if (refusal.retryAfterSeconds !== undefined) reply.header("retry-after", String(refusal.retryAfterSeconds));
  // Node reads away what is left of a request on a connection that stays open. Fastify ends it where it refuses a body.
  if (refusal.close || (refusal.unread && !isReadAway(request))) reply.header("connection", "close");
  else if (refusal.unread) reply.removeHeader("connection");
  if (error === "unauthorized") reply.header("www-authenticate", "Bearer");
  const body = { error, id: request.id, ...(message ? { message } : {}), ...(fields ? { fields } : {}) };
  return reply.type(JSON_TYPE).send(JSON.stringify(body));
}
