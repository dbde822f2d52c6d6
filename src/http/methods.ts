import { METHODS } from "node:http";
import type { FastifyInstance, RouteHandlerMethod } from "fastify";
import { refuse } from "./errors.ts";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Methods of Node's parser that Fastify does not know would end as 404, though the resource exists. CONNECT never gets here. */
const ALL_METHODS = METHODS.filter((method) => method !== "CONNECT");

export function knowAllMethods(app: FastifyInstance): void {
  const known = new Set<string>(app.supportedMethods);
  for (const method of ALL_METHODS) if (!known.has(method)) app.addHttpMethod(method, { hasBody: false });
}

/** How long an answer may take, in ms, the body's ten seconds included. */
const HANDLER_MS = 20_000;

/** For what asks whether a service lives: many such tools ask by HEAD. Node sends no body then. */
export function getAndHead(handler: RouteHandlerMethod): Partial<Readonly<Record<Method, RouteHandlerMethod>>> {
  return { GET: handler, HEAD: handler };
}

/** One resource with the methods that it has; every other is 405 with Allow, decided before a body is read. */
export function resource(
  app: FastifyInstance,
  url: string,
  handlers: Partial<Readonly<Record<Method, RouteHandlerMethod>>>,
  /** `handlerTimeout`: for an answer that takes longer than others, in ms. */
  options: { readonly handlerTimeout?: number } = {},
): void {
  const allowed = Object.entries(handlers);
  const { handlerTimeout = HANDLER_MS } = options;
  for (const [method, handler] of allowed) app.route({ method, url, handler, handlerTimeout });
  const allow = allowed.map(([method]) => method).join(", ");
  app.route({
    method: ALL_METHODS.filter((method) => !allowed.some(([name]) => name === method)),
    url,
    onRequest: async (request, reply) => refuse(request, reply, { error: "method_not_allowed", allow, unread: true }),
    handler: (request, reply) => refuse(request, reply, { error: "method_not_allowed", allow, unread: true }),
  });
}
