import { setTimeout as pause } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { AnyGateway, Channel, RawNotification } from "../gateways/gateway.ts";
import type { Observer } from "../pipeline/observer.ts";
import type { ReceiveAnswer, Receiver } from "../pipeline/pipeline.ts";
import { Budget } from "./budget.ts";
import { type ErrorWord, isReadAway, type Refusal, refuse } from "./errors.ts";
import type { FailureLimit } from "./failure-limit.ts";
import { networkOf } from "./network.ts";
import { headerMap, isIdentity, readMediaType } from "./request-shape.ts";
import { BODY_LIMIT } from "./server.ts";

/** Where gateways post. Raw bytes to the pipeline, and the pipeline's answer in HTTP's words; nothing here reads a body. */

export interface IpnParts {
  readonly gateways: ReadonlyMap<string, AnyGateway>;
  /** `<gateway>/<account>` → channel. A Map, so that `__proto__` is just another unknown name. */
  readonly channels: ReadonlyMap<string, Channel>;
  /** Null while the database could not be reached yet. */
  readonly receiver: () => Receiver | null;
  readonly failures: FailureLimit;
  readonly observer: Observer;
  readonly log: Logger;
  readonly now: () => Date;
  readonly isLate: () => boolean;
}

/**
 * In bytes: a body is held in memory until it is whole, and whoever sends all of it but the last byte holds it for ten seconds;
 * ten thousand connections of 256 KiB would be 2.5 GB. Eight networks at their own bound reach the whole one; 16 MiB are eight
 * thousand events at once from one gateway.
 */
const BODIES = { total: 128 << 20, perNetwork: 16 << 20 };

/**
 * Nobody is asked to come again sooner than this after he came. Who is refused at once sends the next one at once: in a flood of
 * 10 kB each over 3,000 connections 5,900 and 7,300 a second were refused, and 833 and 883 acknowledged; a second later each, 2,400 and 2,600.
 */
const REFUSED_AFTER_MS = 1_000;

declare module "fastify" {
  interface FastifyRequest {
    /** When its headers were read, by `performance.now()`; Fastify keeps it only where there is a `handlerTimeout`. */
    arrivedAt: number;
  }
}

interface Target {
  readonly gateway: AnyGateway;
  readonly channel: Channel;
}

/** Every method, so that a wrong one is 405 with Allow. */
export function ipnRoutes(parts: IpnParts): (app: FastifyInstance) => Promise<void> {
  const bodies = new Budget(BODIES);
  return async (app) => {
    // Without the first line `text/plain` would still be decoded; signatures cover bytes.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    app.decorateRequest("arrivedAt", 0);
    app.addHook("onRequest", (request, reply, next) => {
      request.arrivedAt = performance.now();
      const refusal = refusalBeforeBody(parts, request) ?? takeBody(bodies, request, reply);
      if (!refusal) return next();
      countRefusal(parts, request, refusal.error);
      if (refusal.error === "unavailable") void refuseLater(request, reply, refusal);
      else refuse(request, reply, { ...refusal, unread: true });
    });
    app.addHook("onError", async (request, _reply, error) => {
      const code = "code" in error ? String(error.code) : "unexpected";
      countRefusal(parts, request, code === "FST_ERR_CTP_BODY_TOO_LARGE" ? "too_large" : "malformed");
    });
    // Without Fastify's `handlerTimeout`: the body has ten seconds, the receiver its four, and an abort signal for each request is
    // a tenth of what a request costs.
    for (const url of ["/ipn/:gateway", "/ipn/:gateway/:account"]) {
      app.all(url, (request, reply) => receive(parts, request, reply));
    }
  };
}

/** In the order of cost: load, route, method, type, rate. The size is Fastify's next check; nothing of the body was read yet. */
function refusalBeforeBody(parts: IpnParts, request: FastifyRequest): Refusal | null {
  // Before anything that costs: what is turned away is what lets the loop catch up.
  if (parts.isLate()) return { error: "unavailable", retryAfterSeconds: 10 };
  const target = findTarget(parts, request);
  if (!target) return { error: "not_found" };
  const { method } = target.gateway;
  if (request.method !== method) return { error: "method_not_allowed", allow: method };
  if (method === "POST" && !isAcceptedType(target.gateway, request)) return { error: "unsupported_media_type" };
  if (parts.failures.isShut(request.ip)) return { error: "too_many_requests", retryAfterSeconds: 60 };
  return null;
}

/** What has come of the body meanwhile is forgotten, and not held. */
async function refuseLater(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): Promise<void> {
  if (isReadAway(request)) request.raw.resume();
  await untilRefused(request);
  refuse(request, reply, { ...refusal, unread: true });
}

/** A body that was read is held, and counts, until then: within its bound, and beyond it the answer is the same. */
async function untilRefused({ arrivedAt }: FastifyRequest): Promise<void> {
  const early = arrivedAt + REFUSED_AFTER_MS - performance.now();
  if (early > 0) await pause(early);
}

/** Reserves what the body announces, until the answer is out or the connection gone; a body without a length may have all. */
function takeBody(bodies: Budget, request: FastifyRequest, reply: FastifyReply): Refusal | null {
  const { "content-length": length, "transfer-encoding": transfer } = request.headers;
  const bytes = transfer === undefined ? Number(length ?? 0) : BODY_LIMIT;
  const giveBack = bodies.take(networkOf(request.ip), bytes);
  if (giveBack === null) return { error: "unavailable", retryAfterSeconds: 10 };
  reply.raw.once("close", giveBack);
  return null;
}

function isAcceptedType(gateway: AnyGateway, request: FastifyRequest): boolean {
  const type = readMediaType(request.headers["content-type"]);
  return type !== null && gateway.mediaTypes.includes(type) && isIdentity(request.headers["content-encoding"]);
}

function findTarget(parts: IpnParts, request: FastifyRequest): Target | null {
  // Proven: both routes have a `gateway`, one of them an `account`, and Fastify's parameters are strings.
  const { gateway: id, account = "default" } = request.params as {
    readonly gateway: string;
    readonly account?: string;
  };
  const gateway = parts.gateways.get(id);
  const channel = parts.channels.get(`${id}/${account}`);
  return gateway && channel ? { gateway, channel } : null;
}

async function receive(parts: IpnParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const target = findTarget(parts, request);
  if (!target) return refuse(request, reply, { error: "not_found" });
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (target.gateway.method === "POST" && body.byteLength === 0) {
    countRefusal(parts, request, "empty_body");
    return refuse(request, reply, { error: "empty_body" });
  }
  const receiver = parts.receiver();
  const answer = receiver
    ? await receiver.receive(target.channel, rawNotification(request, body, parts.now()), networkOf(request.ip))
    : ({ kind: "unavailable", reason: "store_unavailable", retryAfterSeconds: 10 } as const);
  if (!receiver) parts.observer.refused(target.gateway.id, "store_unavailable");
  if (answer.kind === "unavailable") await untilRefused(request);
  respond(parts, target.channel, answer, request, reply);
  logLine(parts.log, target.channel, answer, {
    request,
    status: reply.statusCode,
    bytes: body.byteLength,
    durationMs: performance.now() - request.arrivedAt,
  });
  return reply;
}

function rawNotification(request: FastifyRequest, body: Uint8Array, receivedAt: Date): RawNotification {
  const { url, rawHeaders } = request.raw;
  const at = url?.indexOf("?") ?? -1;
  const query = new URLSearchParams(at < 0 ? "" : url?.slice(at + 1));
  return { body, headers: headerMap(rawHeaders), query, receivedAt };
}

function respond(
  parts: IpnParts,
  channel: Channel,
  answer: ReceiveAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  switch (answer.kind) {
    case "stored": {
      // What still has to be proven says nothing about its sender.
      if (channel.prove === null) parts.failures.succeed(request.ip);
      const { status, contentType, body } = answer.reply;
      reply.code(status);
      if (contentType !== null) reply.type(contentType);
      // An empty string would be given a content type by Fastify.
      reply.send(body === "" ? undefined : body);
      return;
    }
    case "forged": {
      const tooMany = parts.failures.fail(request.ip);
      if (tooMany) refuse(request, reply, { error: "too_many_requests", retryAfterSeconds: 60 });
      // Where no signature exists, "malformed" tells an attacker nothing; elsewhere every cause has the same answer.
      else
        refuse(request, reply, {
          error: channel.prove !== null && answer.reason === "malformed" ? "malformed" : "not_authentic",
        });
      return;
    }
    case "unavailable":
      refuse(request, reply, { error: "unavailable", retryAfterSeconds: answer.retryAfterSeconds });
      return;
  }
}

function countRefusal(parts: IpnParts, request: FastifyRequest, error: ErrorWord): void {
  // An unknown name is a stranger's: as a metric's label it would grow without bound.
  const gateway = findTarget(parts, request)?.gateway.id ?? "unknown";
  parts.observer.refused(gateway, error);
  parts.log.debug(
    { event: "refused", request: request.id, gateway, reason: error, source: request.ip },
    "refused before reading",
  );
}

/** One wide line a request. The sender's address only where it is refused: for good traffic nobody needs it. */
function logLine(
  log: Logger,
  channel: Channel,
  answer: ReceiveAnswer,
  about: {
    readonly request: FastifyRequest;
    readonly status: number;
    readonly bytes: number;
    readonly durationMs: number;
  },
): void {
  const line = (result: string) => ({
    event: "notification",
    result,
    request: about.request.id,
    gateway: channel.gateway,
    account: channel.account,
    status: about.status,
    bytes: about.bytes,
    durationMs: Math.round(about.durationMs * 10) / 10,
  });
  switch (answer.kind) {
    case "stored":
      log.info(
        { notification: answer.input, ...line(answer.duplicate ? "duplicate" : "stored") },
        "notification received",
      );
      return;
    case "forged":
      log.warn({ ...line("forged"), reason: answer.reason, source: about.request.ip }, "notification refused");
      return;
    case "unavailable":
      log.warn(
        { ...line("unavailable"), reason: answer.reason },
        "notification not stored: its sender is asked to come again",
      );
      return;
  }
}
