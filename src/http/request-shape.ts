import type { IncomingMessage } from "node:http";
import type { ErrorWord } from "./errors.ts";

/** What Node's parser lets through and two readers could understand differently. Checked before anything else is. */

/** Node drops headers beyond its own count in silence; a gateway sends some twenty. */
const MAX_HEADERS = 100;
const MAX_URL = 8_192;

/** Headers of which Node keeps the first and drops the others, so that the next hop might have read another one. */
const SINGLE = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-type",
  "host",
  "transfer-encoding",
]);

/** RFC 9110 §7.2 with RFC 3986's host: a name, an IPv4 or a bracketed IPv6 address, and a port. */
const HOST = /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?$/;

/** The error word for a request that is none, or null. */
export function shapeProblem(request: IncomingMessage): ErrorWord | null {
  const url = request.url ?? "";
  if (url.length > MAX_URL) return "url_too_long";
  // Absolute and asterisk forms (RFC 9112 §3.2) are for proxies and for OPTIONS: we are neither.
  if (!url.startsWith("/") || hasControl(url)) return "malformed";
  if (request.rawHeaders.length / 2 > MAX_HEADERS) return "headers_too_large";
  if (hasRepeatedSingle(request.rawHeaders)) return "malformed";
  const { host } = request.headers;
  if (host === undefined ? request.httpVersion !== "1.0" : !HOST.test(host)) return "malformed";
  const transfer = request.headers["transfer-encoding"];
  if (transfer !== undefined && transfer.toLowerCase() !== "chunked") return "malformed";
  return null;
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x21 || text.charCodeAt(i) === 0x7f) return true;
  return false;
}

function hasRepeatedSingle(rawHeaders: readonly string[]): boolean {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? "";
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}

/** All headers by lower-case name; one that came twice is joined with ", ", also where Node keeps only the first. */
export function headerMap(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? "";
    const value = rawHeaders[i + 1] ?? "";
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

/** `type/subtype` and parameters with token or simple quoted values: RFC 9110 §8.3.1, and nothing besides. */
const MEDIA_TYPE =
  /^([a-z0-9!#$&^_.+-]{1,64}\/[a-z0-9!#$&^_.+-]{1,64})((?:[ \t]*;[ \t]*[a-z0-9!#$&^_.+-]{1,32}=(?:[a-z0-9!#$&^_.+:'-]{1,64}|"[a-z0-9 !#$&^_.+:'-]{0,64}"))*)[ \t]*$/;

/**
 * The media type in lower case, or null when the header is no media type, or names a charset that JSON can't have
 * (RFC 8259 §8.1) or that hides ASCII (UTF-7).
 */
export function readMediaType(header: string | undefined): string | null {
  const match = MEDIA_TYPE.exec((header ?? "").trim().toLowerCase());
  if (!match) return null;
  const [, type = "", parameters = ""] = match;
  const charsets = [...parameters.matchAll(/;[ \t]*charset="?([^";]*)"?/g)].map((found) => found[1]?.trim() ?? "");
  if (charsets.length > 1 || charsets.includes("utf-7")) return null;
  const isJson = /[/+]json$/.test(type);
  if (isJson && charsets.some((charset) => charset !== "utf-8" && charset !== "us-ascii")) return null;
  return type;
}

/** True where the body is what the headers say it is: no coding in between, and so no decompressor to bomb. */
export function isIdentity(encoding: string | undefined): boolean {
  return encoding === undefined || encoding.trim().toLowerCase() === "identity";
}
