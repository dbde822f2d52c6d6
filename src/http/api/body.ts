import type { FastifyRequest } from "fastify";
import { readJson } from "../../gateways/json.ts";
import { isIdentity, readMediaType } from "../request-shape.ts";
import { InvalidRequest } from "./answer.ts";

export const JSON_MEDIA = "application/json";

/** Whether the body may be read at all; decided before it is. */
export function isRequestOf(request: FastifyRequest, types: readonly string[]): boolean {
  const hasNone = request.headers["content-length"] === "0" || request.headers["content-length"] === undefined;
  if (hasNone && request.headers["transfer-encoding"] === undefined) return true;
  return (
    types.includes(readMediaType(request.headers["content-type"]) ?? "") &&
    isIdentity(request.headers["content-encoding"])
  );
}

/** The body as JSON, read as strictly as a gateway's: no key twice, no deep nesting, nothing but UTF-8. */
export function readBody(
  request: FastifyRequest,
  options: { readonly mayBeEmpty: boolean } = { mayBeEmpty: false },
): unknown {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (bytes.byteLength === 0 && options.mayBeEmpty) return {};
  const answer = readJson(bytes);
  if (answer.kind === "unreadable") throw new InvalidRequest([{ path: "", message: answer.detail }], answer.detail);
  return answer.payload;
}
