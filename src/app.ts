import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Config } from "./config/config.ts";
import type { Documents } from "./documents/documents.ts";
import type { AnyGateway, Channel } from "./gateways/gateway.ts";
import type { ApiParts } from "./http/api/parts.ts";
import { apiRoutes } from "./http/api/routes.ts";
import { DownloadFolder } from "./http/download/folder.ts";
import { type DownloadParts, downloadRoutes } from "./http/download/routes.ts";
import { FailureLimit } from "./http/failure-limit.ts";
import { healthRoutes, liveRoute } from "./http/health.ts";
import { ipnRoutes } from "./http/ipn.ts";
import { metricsRoute } from "./http/metrics-route.ts";
import { type PageParts, pageRoutes } from "./http/page/routes.ts";
import { buildServer } from "./http/server.ts";
import type { Streams } from "./http/streams.ts";
import type { Metrics } from "./metrics.ts";
import type { Feed } from "./outbox/feed.ts";
import { buyerUrl, downloadUrl } from "./outbox/links.ts";
import { withGoods } from "./outbox/order-goods.ts";
import { ORDER_WATCH_BOUNDS, OrderWatch } from "./outbox/order-watch.ts";
import type { Outbox } from "./outbox/start.ts";
import type { Pipeline } from "./pipeline/start.ts";
import type { OutboxBacklog } from "./store/outbox.ts";
import type { Backlog } from "./store/reading.ts";
import { type Store, StoreError } from "./store/store.ts";

/** Wires the edge and opens nothing: what it needs is given, and whoever calls it listens, or injects. */

export interface Backend {
  readonly store: Store;
  readonly documents: Documents;
  readonly pipeline: Pick<Pipeline, "receiver" | "commands" | "stock" | "goods" | "depth">;
  /** The key of the buyers' links. */
  readonly linksSecret: string;
  readonly outbox: Pick<Outbox, "endpoints">;
}

export interface AppParts {
  readonly version: string;
  readonly config: Pick<Config, "accounts" | "notices" | "publicUrl" | "shop" | "trustProxy" | "effects" | "downloads">;
  readonly gateways: readonly AnyGateway[];
  /** `<gateway>/<account>` → channel. */
  readonly channels: ReadonlyMap<string, Channel>;
  /** Null while the database could not be reached yet: then IPN and API answer 503. */
  readonly backend: () => Backend | null;
  /** May answer what is some seconds old. */
  readonly backlog: () => Promise<Backlog | null>;
  readonly feed: Feed;
  /** Shared by the apps of one process. */
  readonly streams: Streams;
  /** The same. */
  readonly outboxBacklog: () => Promise<OutboxBacklog | null>;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly now: () => Date;
  /** True once the process was asked to stop. */
  readonly isStopping: () => boolean;
  /** True while the event loop lags: then gateways are asked to come again. */
  readonly isLate: () => boolean;
}

/** `public`: IPN routes, buyers' pages and /health/live. `admin`: all the others. `all`: everything on one port. */
export type Surface = "all" | "public" | "admin";

/** A minute's failures: see `FailureLimit`. */
const FAILURE_LIMITS = { soft: 20, hard: 200, passesPerSecond: 25 };

export function buildApp(parts: AppParts, surface: Surface = "all"): FastifyInstance {
  const app = buildServer({ log: parts.log, trustProxy: parts.config.trustProxy, isStopping: parts.isStopping });
  const gateways = new Map(parts.gateways.map((gateway) => [gateway.id, gateway]));
  liveRoute(app);
  if (surface !== "admin") {
    app.register(
      ipnRoutes({
        ...parts,
        gateways,
        receiver: () => parts.backend()?.pipeline.receiver ?? null,
        failures: new FailureLimit(FAILURE_LIMITS, parts.now),
        observer: parts.metrics.observer,
      }),
    );
    pageRoutes(app, pageParts(parts));
    downloadRoutes(app, downloadParts(parts));
  }
  if (surface !== "public") {
    healthRoutes(app, {
      ...parts,
      accounts: parts.config.accounts,
      notices: parts.config.notices,
      gateways,
      backend: () => healthBackend(parts.backend()),
      alarms: parts.metrics.alarms,
      lastAsked: parts.metrics.lastAsked,
    });
    metricsRoute(app, parts.metrics);
    app.register(apiRoutes(apiParts(parts)));
  }
  return app;
}

function healthBackend(backend: Backend | null) {
  return backend && { store: backend.store, depth: backend.pipeline.depth };
}

function openedBackend(parts: AppParts): Backend {
  const opened = parts.backend();
  if (!opened) throw new StoreError("unavailable", "the database could not be reached yet");
  return opened;
}

function pageParts(parts: AppParts): PageParts {
  const read = async (reference: string) => {
    const { store } = openedBackend(parts);
    const order = await store.read.order(reference);
    return order && withGoods(order, store.goods);
  };
  return {
    linksSecret: () => openedBackend(parts).linksSecret,
    read,
    watch: new OrderWatch({ feed: parts.feed, read }, ORDER_WATCH_BOUNDS),
    streams: parts.streams.pages,
    shop: parts.config.shop,
    downloadUrl: downloadUrls(parts),
    now: parts.now,
  };
}

function downloadParts(parts: AppParts): DownloadParts {
  const { config, streams, log, now } = parts;
  return {
    linksSecret: () => openedBackend(parts).linksSecret,
    read: async (reference) => openedBackend(parts).store.read.order(reference),
    goods: () => openedBackend(parts).store.goods,
    folder: new DownloadFolder(config.downloads.folder),
    isEnabled: config.effects.has("downloads"),
    ...{ transfers: streams.transfers, transfersOfLink: streams.transfersOfLink },
    ...{ shop: config.shop, log, now },
  };
}

function downloadUrls(parts: AppParts): (order: string, sku: string) => string {
  return (order, sku) => downloadUrl(parts.config.publicUrl, openedBackend(parts).linksSecret, { order, sku });
}

function apiParts(parts: AppParts): ApiParts {
  const backend = (): Backend => openedBackend(parts);
  const { accounts, downloads, effects } = parts.config;
  return {
    backend: () => {
      const { store, documents, pipeline, outbox } = backend();
      const { commands, stock, goods } = pipeline;
      return { store, documents, commands, stock, goods, endpoints: outbox.endpoints };
    },
    isToken: (hash) => Promise.resolve(backend()).then(({ store }) => store.tokens.has(hash)),
    failures: new FailureLimit(FAILURE_LIMITS, parts.now),
    live: accounts.some((account) => account.live),
    liveOfAccount: (id) => {
      const modes = new Set(accounts.filter((account) => account.id === id).map((account) => account.live));
      return modes.size === 1 ? modes.has(true) : null;
    },
    notifyUrls: notifyUrls(parts.config.publicUrl, parts.channels),
    buyerUrl: (reference) => buyerUrl(parts.config.publicUrl, backend().linksSecret, reference),
    downloadUrl: downloadUrls(parts),
    goodsTerms: { ...downloads, effects, folder: new DownloadFolder(downloads.folder) },
    feed: parts.feed,
    streams: parts.streams.events,
    now: parts.now,
  };
}

/** Provider id → as a buyer knows it. */
export function providerNames(gateways: readonly AnyGateway[]): ReadonlyMap<string, string> {
  return new Map(gateways.map(({ provider, providerName }) => [provider, providerName]));
}

/** `stripe` → `https://pay.example.com/ipn/stripe`, `stripe/eu` → `…/ipn/stripe/eu`. */
export function notifyUrls(
  publicUrl: string,
  channels: ReadonlyMap<string, Channel>,
): Readonly<Record<string, string>> {
  const urls = [...channels.values()].map(({ gateway, account }) => {
    const path = account === "default" ? gateway : `${gateway}/${account}`;
    return [path, `${publicUrl}/ipn/${path}`] as const;
  });
  return Object.fromEntries(urls);
}
