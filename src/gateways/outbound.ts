import { rootCertificates } from "node:tls";
import type { Agent, Dispatcher } from "undici";
import { type Outbound, OutboundError } from "./gateway.ts";

/**
 * The only way out for adapters. Pinned origins, verified TLS, no redirects, a deadline over everything (queueing,
 * connecting, headers and the whole body), a cap on the body's size. What a sender wrote never decides where we call.
 */

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 65_536;
const MAX_CONNECTIONS_PER_ORIGIN = 8;
/** Requests that may be under way or queued at once; beyond it the next is refused rather than kept waiting. */
const MAX_PENDING = 64;

/** Of undici's errors: https://undici.nodejs.org/#/docs/api/Errors. */
const TIMEOUT_CODE = /^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$/;

export interface OutboundOptions {
  /** Told in `User-Agent: Paybell/<version>`: PayPal's verifier answers 403 to a request without one. */
  readonly version: string;
  /** Accept `http://` origins on loopback. Only for test mode, where the service hosts a stand-in itself. */
  readonly loopbackHttp?: boolean;
  /** PEM of further roots, for tests against an https stand-in. The public roots stay trusted. */
  readonly caPem?: readonly string[];
}

export interface ClosableOutbound extends Outbound {
  /** Ends what is under way and gives the sockets back. */
  close(): Promise<void>;
}

type OutboundRequest = Parameters<Outbound["request"]>[0];
type OutboundAnswer = Awaited<ReturnType<Outbound["request"]>>;

/**
 * An `Outbound` that reaches `origins` (`https://api-m.paypal.com`; scheme, host and port exact) and nothing else.
 * Throws `TypeError` for an origin that is not one: that is a mistake in our own code or settings, found at start.
 */
export function createOutbound(origins: readonly string[], options: OutboundOptions): ClosableOutbound {
  const allowed = new Set(origins.map((origin) => checkedOrigin(origin, options.loopbackHttp ?? false)));
  // A thread that calls nobody, and a service whose gateways prove themselves by signatures, never load the client: 15 MiB.
  let opening: Promise<Client> | null = null;
  const client = (): Promise<Client> => {
    opening ??= openClient(options.caPem);
    return opening;
  };
  let pending = 0;
  return {
    async request(wanted) {
      const url = allowedUrl(wanted.url, allowed);
      if (pending >= MAX_PENDING) throw new OutboundError("network", `${pending} requests are under way already`);
      pending += 1;
      try {
        return await exchange(client, url, wanted, options.version);
      } finally {
        pending -= 1;
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

async function openClient(caPem: readonly string[] | undefined): Promise<Client> {
  // Bundled, a CommonJS package has nothing but a default.
  const { default: undici } = await import("undici");
  const agent = new undici.Agent({
    connections: MAX_CONNECTIONS_PER_ORIGIN,
    pipelining: 1,
    maxHeaderSize: 16_384,
    connect: {
      timeout: DEFAULT_TIMEOUT_MS,
      // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes nothing here.
      rejectUnauthorized: true,
      ...(caPem ? { ca: [...rootCertificates, ...caPem] } : {}),
    },
  });
  return { agent, send: undici.request };
}

function checkedOrigin(origin: string, loopbackHttp: boolean): string {
  const url = new URL(origin);
  if (url.origin !== origin) throw new TypeError(`not an origin: ${origin}`);
  const allowed = url.protocol === "https:" || (loopbackHttp && url.protocol === "http:" && isLoopback(url.hostname));
  if (!allowed) throw new TypeError(`only https origins may be called: ${origin}`);
  return origin;
}

/** Literal loopback addresses and `localhost` (RFC 6761 §6.3). Names that merely resolve to loopback are not. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

function allowedUrl(text: string, allowed: ReadonlySet<string>): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !allowed.has(url.origin) || url.username !== "" || url.password !== "") {
    // The address may be an attacker's: it is not repeated in the message, which is logged.
    throw new OutboundError("refused_host", "the address is not among those that may be called");
  }
  return url;
}

async function exchange(
  client: () => Promise<Client>,
  url: URL,
  wanted: OutboundRequest,
  version: string,
): Promise<OutboundAnswer> {
  // Before the deadline, and outside of what is explained: that it can't be loaded is no failure of whoever is called.
  const { agent, send } = await client();
  const signal = AbortSignal.timeout(wanted.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  try {
    const response = await send(url, {
      dispatcher: agent,
      method: wanted.method,
      headers: { "user-agent": `Paybell/${version}`, "accept-encoding": "identity", ...wanted.headers },
      body: wanted.body ?? null,
      signal,
    });
    const body = await readWhole(response, url, wanted.maxBytes ?? DEFAULT_MAX_BYTES);
    return { status: response.statusCode, headers: flatten(response.headers), body };
  } catch (error) {
    throw explained(error, url, signal);
  }
}

async function readWhole(response: Dispatcher.ResponseData, url: URL, maxBytes: number): Promise<Uint8Array> {
  // A body that is left before its end reports that as an error of its own, which nobody would catch: the loop below and the
  // caller already know why it was left.
  response.body.on("error", () => {});
  if (response.statusCode >= 300 && response.statusCode < 400) {
    response.body.destroy();
    throw new OutboundError(
      "redirect",
      `${url.origin} answered ${response.statusCode}, and redirects are not followed`,
    );
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    // Proven: undici's body stream has no encoding set, so its chunks are Buffers.
    const bytes = chunk as Uint8Array;
    size += bytes.byteLength;
    // Leaving the loop destroys the stream and with it the connection: the rest is never read.
    if (size > maxBytes) throw new OutboundError("too_large", `${url.origin} answered more than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function flatten(headers: Dispatcher.ResponseData["headers"]): ReadonlyMap<string, string> {
  const flat = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat.set(name.toLowerCase(), Array.isArray(value) ? value.join(", ") : value);
  }
  return flat;
}

function explained(error: unknown, url: URL, signal: AbortSignal): OutboundError {
  if (error instanceof OutboundError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = signal.aborted || TIMEOUT_CODE.test(code) ? "timeout" : "network";
  return new OutboundError(reason, `${url.origin} gave no whole answer`, { cause: error });
}
