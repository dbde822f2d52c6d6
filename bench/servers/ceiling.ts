import { destination, pino } from "pino";
import { type Backend, buildApp } from "../../src/app.ts";
import { openChannels } from "../../src/channels.ts";
import { loadConfig } from "../../src/config/config.ts";
import { GATEWAYS } from "../../src/gateways/registry.ts";
import { streamBudgets } from "../../src/http/streams.ts";
import { createMetrics } from "../../src/metrics.ts";
import { FEED_BOUNDS, Feed } from "../../src/outbox/feed.ts";
import type { Receiver } from "../../src/pipeline/pipeline.ts";

/** Paybell's own edge, and a receiver that verifies and forgets. */

const now = (): Date => new Date();
const answer = loadConfig();
if (!answer.ok) throw new Error(answer.problems.join("\n"));
const { config } = answer;
const log = pino({ base: null, timestamp: () => `,"time":"${now().toISOString()}"` }, destination({ sync: false }));
const channels = openChannels({
  gateways: GATEWAYS,
  accounts: config.accounts,
  version: "bench",
  loopbackHttp: true,
  now,
});
const metrics = createMetrics({
  ...{ now, log, backlog: async () => null, depth: () => null, load: () => [] },
  ...{ listeners: () => ({ events: 0, pages: 0 }), outboxBacklog: async () => null, outboxDepth: () => null },
});

const receiver: Receiver = {
  async receive(channel, raw) {
    const began = performance.now();
    const verdict = await channel.verify(raw);
    if (verdict.kind !== "authentic") return { kind: "forged", reason: "mismatch" };
    metrics.observer.acknowledged(channel.gateway, "stored", (performance.now() - began) / 1000);
    return { kind: "stored", input: "none", duplicate: false, reply: channel.acknowledge({ duplicate: false }) };
  },
};

// Proven by what is sent to it: the IPN routes ask for the receiver alone, and nothing else is called here.
const backend = { pipeline: { receiver } } as unknown as Backend;

const noStore = (): never => {
  throw new Error("the ceiling has no store");
};

const app = buildApp(
  {
    version: "bench",
    config,
    gateways: GATEWAYS,
    channels: channels.byName,
    backend: () => backend,
    backlog: async () => null,
    metrics,
    log,
    now,
    ...{
      outboxBacklog: async () => null,
      feed: new Feed({ read: noStore, log }, FEED_BOUNDS),
      streams: streamBudgets(),
    },
    ...{ isStopping: () => false, isLate: () => false },
  },
  "public",
);
await app.listen({ host: config.host, port: config.port });
process.once("SIGTERM", () => process.exit(0));
