import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { refuse } from "../errors.ts";
import type { FailureLimit } from "../failure-limit.ts";

/** Who may use the API: whoever knows the token. Only its SHA-256 is kept, and only the hash is looked up. */

export interface BearerParts {
  /** Whether this hash is a token's; rejects with the store's error. */
  readonly isToken: (hash: string) => Promise<boolean>;
  readonly failures: FailureLimit;
  readonly now: () => Date;
}

/** RFC 6750 §2.1, of the length that tokens here may have. */
const BEARER = /^Bearer ([A-Za-z0-9\-._~+/!#$%&'*^`|:;,@?()[\]{}<>=]{20,200})$/i;
/** A proven token is asked for again after that long: this is how long a withdrawn one still works. */
const FRESH_MS = 5_000;
const MAX_REMEMBERED = 100;

/** Names under which people put tokens into addresses, where logs and histories keep them (RFC 6750 §5.3). */
const IN_QUERY = new Set(["access_token", "token", "api_token", "api_key", "apikey", "key", "authorization", "auth"]);

export function hashToken(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}

export function requireToken(
  parts: BearerParts,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const proven = new Map<string, number>();
  const isProven = async (hash: string): Promise<boolean> => {
    const now = parts.now().getTime();
    if ((proven.get(hash) ?? 0) > now) return true;
    if (!(await parts.isToken(hash))) return false;
    if (proven.size >= MAX_REMEMBERED) proven.clear();
    proven.set(hash, now + FRESH_MS);
    return true;
  };
  return async (request, reply) => {
    // Proven: Fastify's query parser makes a flat record.
    const names = Object.keys(request.query as Readonly<Record<string, unknown>>);
    if (names.some((name) => IN_QUERY.has(name.toLowerCase()))) {
      return refuse(request, reply, {
        error: "token_in_query",
        message: "send the token as Authorization: Bearer, never in the address",
        unread: true,
      });
    }
    const token = BEARER.exec(request.headers.authorization ?? "")?.[1];
    const hash = token === undefined ? null : hashToken(token);
    // An address that is shut is not looked up any more; a token that was proven just now still works from there.
    if (parts.failures.isShut(request.ip) && (hash === null || !proven.has(hash))) return tooMany(request, reply);
    if (hash !== null && (await isProven(hash))) {
      parts.failures.succeed(request.ip);
      return undefined;
    }
    if (parts.failures.fail(request.ip)) return tooMany(request, reply);
    return refuse(request, reply, {
      error: "unauthorized",
      message: "send the API token as Authorization: Bearer <token>; at its start the service says where it is kept",
      unread: true,
    });
  };
}

function tooMany(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return refuse(request, reply, { error: "too_many_requests", retryAfterSeconds: 60, unread: true });
}
