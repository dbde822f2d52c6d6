import { once } from "node:events";
import { connect } from "node:net";
import { pino } from "pino";
import Stripe from "stripe";
import { type AppParts, buildApp, type Surface } from "../../src/app.ts";
import { openChannels } from "../../src/channels.ts";
import type { AccountConfig } from "../../src/gateways/account.ts";
import type { Channel, RawNotification } from "../../src/gateways/gateway.ts";
import { GATEWAYS } from "../../src/gateways/registry.ts";
import { streamBudgets } from "../../src/http/streams.ts";
import { createMetrics } from "../../src/metrics.ts";
import { FEED_BOUNDS, Feed } from "../../src/outbox/feed.ts";
import type { Observer } from "../../src/pipeline/observer.ts";
import type { ReceiveAnswer } from "../../src/pipeline/pipeline.ts";
import { StoreError } from "../../src/store/store.ts";

/** The true app over a true socket, with a receiver that verifies and remembers in memory. */

export const STRIPE_SECRET = "whsec_8fK2mZq0Lr5Tn9Vx3Wb7";

export const JSON_TYPE = { "Content-Type": "application/json" };
export const EVENT = JSON.stringify({ id: "evt_1", object: "event", type: "payment_intent.created" });

export function signature(body: string, at = Math.floor(Date.now() / 1000)): string {
  return Stripe.webhooks.generateTestHeaderString({ payload: body, secret: STRIPE_SECRET, timestamp: at });
}

/** The headers with which Stripe sends it. */
export function signed(body = EVENT): Record<string, string> {
  return { ...JSON_TYPE, "Stripe-Signature": signature(body) };
}

const COMMON = { id: "default", live: false, merchants: [], orders: "optional", ignore: {}, orderFields: {} } as const;

export const ACCOUNTS: readonly AccountConfig[] = [
  {
    ...COMMON,
    provider: "stripe",
    receivers: [],
    settings: { stripe: { webhookSecrets: [STRIPE_SECRET], secretKey: null, apiUrl: "https://api.stripe.com" } },
  },
  {
    ...COMMON,
    provider: "paypal",
    receivers: ["merchant@example.com"],
    settings: { "paypal-ipn": { postbackUrl: "http://127.0.0.1:9/verify" } },
  },
];

export interface Received {
  readonly channel: Channel;
  readonly raw: RawNotification;
  readonly source: string;
}

export interface Edge {
  readonly port: number;
  readonly received: Received[];
  readonly logged: string[];
  readonly observer: Observer;
  close(): Promise<void>;
}

export interface EdgeOptions {
  readonly surface?: Surface;
  readonly backend?: AppParts["backend"];
  readonly isStopping?: () => boolean;
  readonly isLate?: () => boolean;
  readonly trustProxy?: readonly string[];
  readonly now?: () => Date;
  /** Instead of verifying. */
  readonly answer?: ReceiveAnswer;
  readonly notices?: AppParts["config"]["notices"];
  readonly backlog?: AppParts["backlog"];
}

export async function startEdge(options: EdgeOptions = {}): Promise<Edge> {
  const now = options.now ?? (() => new Date());
  const received: Received[] = [];
  const logged: string[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => logged.push(line) });
  const { byName } = openChannels({ gateways: GATEWAYS, accounts: ACCOUNTS, version: "0", loopbackHttp: true, now });
  const receiver = {
    async receive(channel: Channel, raw: RawNotification, source: string): Promise<ReceiveAnswer> {
      received.push({ channel, raw, source });
      if (options.answer) return options.answer;
      const verdict = await channel.verify(raw);
      if (verdict.kind === "forged") return verdict;
      return { kind: "stored", input: "ntf_1", duplicate: false, reply: channel.acknowledge({ duplicate: false }) };
    },
  };
  const backlog = options.backlog ?? (async () => null);
  const listeners = () => ({ events: 0, pages: 0 });
  const outboxBacklog = async () => null;
  const metrics = createMetrics({
    ...{ now, log, backlog, outboxBacklog, depth: () => null, outboxDepth: () => null, load: () => [], listeners },
  });
  const away = () => {
    throw new StoreError("unavailable", "the edge's tests have no database");
  };
  const app = buildApp(
    {
      version: "0.0.0",
      config: {
        accounts: ACCOUNTS,
        notices: options.notices ?? [],
        publicUrl: "https://pay.example.com",
        shop: "Ann's Tea",
        trustProxy: options.trustProxy ?? [],
        effects: new Set(),
        downloads: { folder: null, days: 30, limit: 10 },
      },
      gateways: GATEWAYS,
      channels: byName,
      // Proven: the edge's tests ask this backend for nothing but its receiver.
      backend: options.backend ?? (() => ({ pipeline: { receiver } }) as unknown as ReturnType<AppParts["backend"]>),
      backlog,
      feed: new Feed({ read: away, log }, FEED_BOUNDS),
      streams: streamBudgets(),
      outboxBacklog,
      metrics,
      log,
      now,
      isStopping: options.isStopping ?? (() => false),
      isLate: options.isLate ?? (() => false),
    },
    options.surface,
  );
  await app.listen({ host: "127.0.0.1", port: 0 });
  const address = app.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { port, received, logged, observer: metrics.observer, close: () => app.close() };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly milliseconds: number;
  /** Everything the server wrote. */
  readonly text: string;
}

/** Writes bytes (or several pieces, with pauses between), and reads until the server closes, or has answered whole. */
export async function exchange(
  port: number,
  pieces: readonly (string | Buffer | { readonly waitMs: number })[],
  options: { readonly untilClosed?: boolean; readonly timeoutMs?: number } = {},
): Promise<RawAnswer> {
  const began = performance.now();
  const socket = connect({ host: "127.0.0.1", port });
  let text = "";
  let isDone = false;
  const finished = new Promise<void>((resolve) => {
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (!options.untilClosed && isWhole(text)) resolve();
    });
    socket.on("close", () => resolve());
    socket.on("error", () => resolve());
    setTimeout(resolve, options.timeoutMs ?? 15_000).unref();
  });
  await once(socket, "connect");
  const send = async (): Promise<void> => {
    for (const piece of pieces) {
      if (isDone || socket.destroyed) return;
      if (typeof piece === "object" && "waitMs" in piece)
        await new Promise((resolve) => setTimeout(resolve, piece.waitMs));
      else socket.write(piece);
    }
  };
  await Promise.race([finished, send().then(() => finished)]);
  isDone = true;
  socket.destroy();
  return { ...parseAnswer(text), milliseconds: performance.now() - began, text };
}

function isWhole(text: string): boolean {
  const at = text.indexOf("\r\n\r\n");
  if (at < 0) return false;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, at))?.[1];
  return length !== undefined && text.length >= at + 4 + Number(length);
}

function parseAnswer(text: string): Pick<RawAnswer, "status" | "headers" | "body"> {
  const at = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, Math.max(0, at)).split("\r\n");
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  return { status: Number(first.split(" ")[1] ?? 0), headers, body: at < 0 ? "" : text.slice(at + 4) };
}

/** A request's text: the usual headers unless others of the same name are given, and the body's length. */
export function request(
  line: string,
  headers: Readonly<Record<string, string>> = {},
  body: string | Buffer = "",
): Buffer {
  const all = {
    Host: "localhost",
    ...(body.length > 0 ? { "Content-Length": String(Buffer.byteLength(body)) } : {}),
    ...headers,
  };
  const head = Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${head}\r\n`, "latin1"), Buffer.from(body)]);
}
