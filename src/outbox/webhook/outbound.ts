import { rootCertificates } from "node:tls";
import type { Agent, Dispatcher } from "undici";
import { BlockedAddress, type Guard } from "./guard.ts";

/**
 * The only way out to addresses that others wrote. Each connection goes to an address that the guard has judged; TLS is
 * verified, redirects are not followed, no more is read than is shown, and everything has an end.
 */

const CONNECT_MS = 5_000;
const WHOLE_MS = 15_000;
/** Read, so that the connection can be used again; an answer that is longer is cut off. */
const MAX_READ = 65_536;
const MAX_SHOWN = 256;

export interface WebhookOutboundOptions {
  /** Told in `User-Agent: Paybell/<version>`. */
  readonly version: string;
  readonly guard: Guard;
  /** PEM of further roots, for tests. The public roots stay trusted. */
  readonly caPem?: readonly string[];
  /** All of it, from the name to the last byte; default 15 s. */
  readonly timeoutMs?: number;
}

export type PostAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly retryAfter: string | null;
      /** The first 256 bytes of the body. */
      readonly shown: string;
    }
  | { readonly kind: "unreachable"; readonly reason: UnreachableReason };

/** `blocked`: it leads where nothing may be sent. `tls`: nobody proved to be who was called. */
export type UnreachableReason = "blocked" | "name_unknown" | "refused" | "tls" | "timeout" | "connection_lost";

export interface WebhookOutbound {
  /** Never rejects. */
  post(
    url: string,
    message: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
    signal: AbortSignal,
  ): Promise<PostAnswer>;
  close(): Promise<void>;
}

export function createWebhookOutbound(options: WebhookOutboundOptions): WebhookOutbound {
  const { guard, version, timeoutMs = WHOLE_MS } = options;
  // Without an endpoint nobody is called, and the client is not loaded.
  let opening: Promise<Client> | null = null;
  const client = (): Promise<Client> => {
    opening ??= openClient(options, timeoutMs);
    return opening;
  };
  return {
    async post(url, message, signal) {
      // A literal address is connected to without being looked up.
      if (guard.problemOf(url) !== null) return { kind: "unreachable", reason: "blocked" };
      const ending = endingWith(signal, timeoutMs);
      try {
        return await exchange(client, url, message, version, ending.signal);
      } catch (error) {
        return { kind: "unreachable", reason: ending.signal.aborted ? "timeout" : reasonOf(error) };
      } finally {
        ending.done();
      }
    },
    close: async () => {
      const opened = await opening;
      await opened?.agent.destroy();
    },
  };
}

interface Client {
  readonly agent: Agent;
  readonly send: typeof import("undici").request;
}

async function openClient({ guard, caPem }: WebhookOutboundOptions, timeoutMs: number): Promise<Client> {
  // Bundled, a CommonJS package has nothing but a default.
  const { default: undici } = await import("undici");
  const agent = new undici.Agent({
    // No bound for one host: many endpoints may share it, and those that hang must leave connections to the others. What is under
    // way is bounded already.
    connections: null,
    pipelining: 1,
    maxHeaderSize: 16_384,
    bodyTimeout: timeoutMs,
    headersTimeout: timeoutMs,
    connect: {
      timeout: Math.min(CONNECT_MS, timeoutMs),
      lookup: guard.lookup,
      // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes nothing here.
      rejectUnauthorized: true,
      ...(caPem ? { ca: [...rootCertificates, ...caPem] } : {}),
    },
  });
  return { agent, send: undici.request };
}

/** `AbortSignal.any` would keep something of each of a million signals with the one that lives as long as the process. */
function endingWith(signal: AbortSignal, ms: number): { readonly signal: AbortSignal; readonly done: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, ms);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    done: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    },
  };
}

async function exchange(
  client: () => Promise<Client>,
  url: string,
  message: Parameters<WebhookOutbound["post"]>[1],
  version: string,
  signal: AbortSignal,
): Promise<PostAnswer> {
  const { agent, send } = await client();
  const response = await send(url, {
    dispatcher: agent,
    method: "POST",
    headers: {
      "content-type": "application/json",
      "user-agent": `Paybell/${version}`,
      "accept-encoding": "identity",
      ...message.headers,
    },
    body: message.body,
    signal,
  });
  const { "retry-after": retryAfter = null } = response.headers;
  const shown = await readStart(response.body);
  return {
    kind: "answered",
    status: response.statusCode,
    retryAfter: Array.isArray(retryAfter) ? (retryAfter[0] ?? null) : retryAfter,
    shown,
  };
}

/** The status is the answer: a body that breaks off, never ends or is too long changes nothing about it. */
async function readStart(body: Dispatcher.ResponseData["body"]): Promise<string> {
  // A body that is left before its end reports that as an error of its own, which nobody would catch.
  body.on("error", () => {});
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      // Proven: undici's body stream has no encoding set, so its chunks are Buffers.
      const bytes = chunk as Uint8Array;
      if (size < MAX_SHOWN) chunks.push(bytes.subarray(0, MAX_SHOWN - size));
      size += bytes.byteLength;
      // Leaving the loop destroys the stream and with it the connection: the rest is never read.
      if (size > MAX_READ) break;
    }
  } catch {
    // Told by the status.
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Of undici's errors: https://undici.nodejs.org/#/docs/api/Errors. */
const TIMEOUT_CODE = /^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$/;
const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO$|HOSTNAME_MISMATCH)/;
const DNS_CODES: ReadonlySet<string> = new Set([
  "ENOTFOUND",
  "ENODATA",
  "EAI_AGAIN",
  "ESERVFAIL",
  "ETIMEOUT",
  "EREFUSED",
]);

function reasonOf(error: unknown): UnreachableReason {
  // Where several addresses were tried, the first failure speaks for all.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (first instanceof BlockedAddress) return "blocked";
  const code = first instanceof Error && "code" in first ? String(first.code) : "";
  if (TIMEOUT_CODE.test(code)) return "timeout";
  if (DNS_CODES.has(code)) return "name_unknown";
  if (TLS_CODE.test(code)) return "tls";
  if (code === "ETIMEDOUT") return "timeout";
  return code === "ECONNREFUSED" || code === "EHOSTUNREACH" || code === "ENETUNREACH" ? "refused" : "connection_lost";
}
