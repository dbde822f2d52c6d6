import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import Stripe from "stripe";
import { type AppParts, buildApp, providerNames, type Surface } from "../../src/app.ts";
import { openChannels } from "../../src/channels.ts";
import type { DocumentSettings } from "../../src/documents/documents.ts";
import { Issuer } from "../../src/documents/issuer.ts";
import { openWriter } from "../../src/documents/writer.ts";
import type { AccountConfig } from "../../src/gateways/account.ts";
import { GATEWAYS } from "../../src/gateways/registry.ts";
import { hashToken } from "../../src/http/api/bearer.ts";
import { streamBudgets } from "../../src/http/streams.ts";
import { createMetrics } from "../../src/metrics.ts";
import { FEED_BOUNDS, Feed } from "../../src/outbox/feed.ts";
import { LINKS_SECRET, makeLinksSecret } from "../../src/outbox/links.ts";
import { startOutbox } from "../../src/outbox/start.ts";
import { EFFECT_NAMES } from "../../src/payments/effect-name.ts";
import { STOCK_RETURNS } from "../../src/payments/stock.ts";
import { newId } from "../../src/pipeline/ids.ts";
import { startPipeline } from "../../src/pipeline/start.ts";
import { openStore } from "../../src/store/open.ts";
import { createDatabase } from "../store/databases.ts";
import { ACCOUNTS, STRIPE_SECRET } from "./edge.ts";

/** The whole service but for its process: a SQLite file, the pipeline, and the app on a socket. */

export const TOKEN = "3vYk1cQ8s7Jr2Lw9Zb5Nf0Hx";

/** A seller of whom everything is configured. */
export const DOCUMENTS: DocumentSettings = {
  seller: {
    name: "Teehaus Müller GmbH",
    address: ["Hafenstraße 12", "20457 Hamburg", "Deutschland"],
    taxId: "DE123456789",
    email: "rechnung@teehaus.example",
    website: "https://teehaus.example",
  },
  language: "en",
  timeZone: "UTC",
  note: [],
  font: null,
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came.
  readonly json: any;
  readonly text: string;
  readonly bytes: Uint8Array;
}

export interface Service {
  readonly url: string;
  readonly parts: AppParts;
  /** The folder of the files that may be downloaded. */
  readonly downloads: string;
  /** With the token, as JSON. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Signed as Stripe signs. */
  notify(event: unknown): Promise<Answer>;
  /** A second app over the same parts, on a port of its own. */
  surface(surface: Surface): Promise<{ readonly url: string; close(): Promise<void> }>;
  close(): Promise<void>;
}

export interface ServiceOptions {
  readonly accounts?: readonly AccountConfig[];
  /** Takes the log's lines; without it nothing is logged. */
  readonly logTo?: (line: string) => void;
  /** A migrated database; without it a SQLite file of its own. */
  readonly databaseUrl?: string;
  readonly now?: () => Date;
  readonly documents?: DocumentSettings;
}

export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { accounts = ACCOUNTS, logTo, now = () => new Date(), documents: settings = DOCUMENTS } = options;
  const folder = mkdtempSync(join(tmpdir(), "paybell-"));
  const own = options.databaseUrl === undefined ? await createDatabase("sqlite") : null;
  const url = own?.url ?? options.databaseUrl ?? "";
  const store = await openStore({ url, now });
  await store.tokens.putFirst(hashToken(TOKEN));
  const downloads = join(folder, "downloads");
  mkdirSync(downloads);
  const log = logTo ? pino({ level: "trace" }, { write: logTo }) : pino({ level: "silent" });
  const channels = openChannels({ gateways: GATEWAYS, accounts, version: "0", loopbackHttp: true, now });
  const backlog = () => store.read.backlog();
  const streams = streamBudgets();
  const outboxBacklog = () => store.outbox.backlog();
  const metrics = createMetrics({
    now,
    log,
    backlog,
    outboxBacklog,
    depth: () => pipeline.depth(),
    outboxDepth: () => outbox.depth(),
    load: () => store.load(),
    listeners: () => ({ events: streams.events.total, pages: streams.pages.total }),
  });
  const feed = new Feed({ read: () => store.read, log }, FEED_BOUNDS);
  const linksSecret = await store.secrets.getOrMake(LINKS_SECRET, makeLinksSecret);
  const pipeline = startPipeline({
    store,
    channels: channels.byName,
    accounts,
    now,
    log,
    observer: metrics.observer,
    keepBodiesMs: null,
    effects: new Set(EFFECT_NAMES),
    stockReturns: new Set(STOCK_RETURNS),
  });
  store.outbox.onTold(() => feed.wake());
  const writer = await openWriter(null);
  if (!writer.ok) throw new Error(writer.problem);
  const documents = new Issuer({ store, settings, write: writer.write, providers: providerNames(GATEWAYS), now });
  const outbox = startOutbox({
    ...{ store, now, log, newId, random: Math.random, version: "0.0.0", publicUrl: "https://pay.example.com" },
    ...{ production: false, endpointAllow: [], couriers: {}, observer: metrics.outboxObserver },
    resolve: (name) => Promise.reject(new Error(`the tests know no name server that could be asked for ${name}`)),
  });
  const parts: AppParts = {
    version: "0.0.0",
    config: {
      ...{ accounts, notices: [], publicUrl: "https://pay.example.com", shop: "Ann's Tea", trustProxy: [] },
      effects: new Set(EFFECT_NAMES),
      downloads: { folder: downloads, days: 30, limit: 3 },
    },
    gateways: GATEWAYS,
    channels: channels.byName,
    backend: () => ({ store, documents, pipeline, outbox, linksSecret }),
    backlog,
    outboxBacklog,
    feed,
    streams,
    metrics,
    log,
    now,
    isStopping: () => false,
    isLate: () => false,
  };
  const listen = async (surface: Surface) => {
    const app = buildApp(parts, surface);
    return { url: await app.listen({ host: "127.0.0.1", port: 0 }), close: () => app.close() };
  };
  const main = await listen("all");
  return {
    url: main.url,
    parts,
    downloads,
    surface: listen,
    call: (method, path, body) =>
      ask(`${main.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${TOKEN}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    notify: (event) => {
      const body = JSON.stringify(event);
      const header = Stripe.webhooks.generateTestHeaderString({ payload: body, secret: STRIPE_SECRET });
      return ask(`${main.url}/ipn/stripe`, {
        method: "POST",
        headers: { "content-type": "application/json", "stripe-signature": header },
        body,
      });
    },
    async close() {
      await main.close();
      await feed.idle();
      await Promise.all([pipeline.stop(2_000), outbox.stop(2_000)]);
      await store.close();
      await channels.close();
      await own?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  return {
    status: response.status,
    headers: response.headers,
    text,
    bytes,
    json: isJson && text !== "" ? JSON.parse(text) : null,
  };
}

/** A payment intent that succeeded, as Stripe tells it. */
export function succeeded(about: {
  readonly intent: string;
  readonly order: string;
  readonly amount?: number;
  readonly currency?: string;
}) {
  const { intent, order, amount = 1999, currency = "usd" } = about;
  const created = Math.floor(Date.now() / 1000) - 10;
  return {
    id: `evt_${intent}`,
    object: "event",
    api_version: "2024-06-20",
    type: "payment_intent.succeeded",
    created,
    livemode: false,
    pending_webhooks: 1,
    data: {
      object: {
        id: intent,
        object: "payment_intent",
        amount,
        amount_received: amount,
        currency,
        status: "succeeded",
        created,
        livemode: false,
        latest_charge: `ch_${intent}`,
        metadata: { order_id: order },
      },
    },
  };
}

/** Asks again until it is so; the last answer either way. */
export async function eventually(read: () => Promise<Answer>, isSo: (answer: Answer) => boolean): Promise<Answer> {
  const end = Date.now() + 5_000;
  for (;;) {
    const answer = await read();
    if (isSo(answer) || Date.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
