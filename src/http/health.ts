import type { FastifyInstance } from "fastify";
import type { AccountConfig } from "../gateways/account.ts";
import type { AnyGateway, Channel } from "../gateways/gateway.ts";
import { remembered } from "../remembered.ts";
import type { OutboxBacklog } from "../store/outbox.ts";
import type { Backlog } from "../store/reading.ts";
import type { InputState, Store } from "../store/store.ts";
import { JSON_TYPE } from "./errors.ts";
import { getAndHead, resource } from "./methods.ts";

/** What of the backend the edge reads to tell how it is. */
export interface HealthBackend {
  readonly store: Pick<Store, "dialect" | "ping">;
  readonly depth: () => { readonly journal: number; readonly apply: number };
}

export interface Alarm {
  readonly kind: string;
  readonly gateway: string;
  readonly count: number;
  readonly last: Date;
}

/** A question to a provider: about a sender, or about money. */
export interface Asked {
  readonly answer: string;
  readonly at: Date;
}

export interface HealthParts {
  readonly version: string;
  readonly accounts: readonly AccountConfig[];
  readonly gateways: ReadonlyMap<string, AnyGateway>;
  readonly channels: ReadonlyMap<string, Channel>;
  /** What the configuration leaves unproven or unserved. */
  readonly notices: readonly { readonly account: string; readonly gateway: string | null; readonly message: string }[];
  readonly backend: () => HealthBackend | null;
  /** Null while there is no database. */
  readonly backlog: () => Promise<Backlog | null>;
  /** Null while there is no database. */
  readonly outboxBacklog: () => Promise<OutboxBacklog | null>;
  readonly alarms: () => readonly Alarm[];
  readonly lastAsked: () => ReadonlyMap<string, Asked>;
  readonly isStopping: () => boolean;
  readonly now: () => Date;
}

/** States that wait for our own work: if they are old, something stands still. The others wait for somebody else. */
const OURS: ReadonlySet<InputState> = new Set<InputState>(["received"]);
const STUCK_SECONDS = 60;
const CANNOT_CONFIRM = "facts about money wait: the provider's API does not let our credentials read them (403)";
/** An alarm of yesterday is history: it stays in the metrics. */
const ALARM_MS = 3_600_000;
const FRESH_MS = 1_000;

export function liveRoute(app: FastifyInstance): void {
  resource(
    app,
    "/health/live",
    getAndHead((_request, reply) => reply.type(JSON_TYPE).send({ status: "live" })),
  );
}

export function healthRoutes(app: FastifyInstance, parts: HealthParts): void {
  const pinged = remembered(FRESH_MS, parts.now, () => pingDatabase(parts));
  // That there is none yet costs nothing to see, and must not be remembered for longer than it is so.
  const database = async () => (parts.backend() ? pinged() : "starting");
  const ready = getAndHead(async (_request, reply) => {
    const state = parts.isStopping() ? "stopping" : await database();
    // A backlog does not make it unready: a replica that is behind still takes notifications, and without it the others fall behind more.
    reply.code(state === "ok" ? 200 : 503).type(JSON_TYPE);
    return {
      status: state === "ok" ? "ready" : "not_ready",
      database: state,
      depth: parts.backend()?.depth() ?? null,
    };
  });
  resource(app, "/health/ready", ready);
  const summary = getAndHead(async (_request, reply) => {
    const state = await database();
    const known = state === "ok" ? await parts.backlog().catch(() => null) : null;
    const outbox = state === "ok" ? await parts.outboxBacklog().catch(() => null) : null;
    const report = healthReport(parts, state, known, outbox);
    reply.code(report.status === "down" ? 503 : 200).type(JSON_TYPE);
    return report;
  });
  resource(app, "/health", summary);
}

async function pingDatabase(parts: HealthParts): Promise<"ok" | "unreachable" | "starting"> {
  const backend = parts.backend();
  if (!backend) return "starting";
  return backend.store.ping().then(
    () => "ok",
    () => "unreachable",
  );
}

function healthReport(parts: HealthParts, database: string, backlog: Backlog | null, outbox: OutboxBacklog | null) {
  const now = parts.now();
  const waiting = (backlog?.waiting ?? []).map(({ state, count, oldest }) => ({
    state,
    count,
    oldest: oldest.toISOString(),
    ageSeconds: secondsBetween(oldest, now),
  }));
  const isStuck = waiting.some(({ state, ageSeconds }) => OURS.has(state) && ageSeconds > STUCK_SECONDS);
  const alarms = parts.alarms().filter(({ last }) => now.getTime() - last.getTime() < ALARM_MS);
  const status = database !== "ok" ? "down" : isStuck || alarms.length > 0 ? "degraded" : "ok";
  return {
    status,
    version: parts.version,
    database: { status: database, kind: parts.backend()?.store.dialect ?? null },
    backlog: { waiting, inMemory: parts.backend()?.depth() ?? null },
    outbox: outbox && outboxReport(outbox, now),
    gateways: [...parts.channels.values()].map((channel) => channelReport(parts, channel, backlog, now)),
    alarms: alarms.map(({ last, ...alarm }) => ({ ...alarm, last: last.toISOString() })),
    notices: parts.notices.filter(({ account }) => account === "*").map(({ message }) => message),
    // What is configured to be incomplete and so has no channel of its own.
    unserved: parts.notices.filter((notice) => isUnserved(parts, notice)),
  };
}

/** Without addresses: whoever asks here needs no token. */
function outboxReport({ waiting, failing }: OutboxBacklog, now: Date) {
  const oldest = waiting.reduce<Date | null>((least, one) => (least && least <= one.oldest ? least : one.oldest), null);
  return {
    waiting: waiting.reduce((sum, { count }) => sum + count, 0),
    oldestSeconds: oldest && secondsBetween(oldest, now),
    /** Receivers that are told nothing any more (gone, broken), or that failed when they were told last. */
    failing: failing.map(({ receiver, state, failures, failingSince, pausedUntil }) => ({
      receiver,
      state,
      failures,
      failingSince: failingSince?.toISOString() ?? null,
      pausedUntil: pausedUntil?.toISOString() ?? null,
    })),
  };
}

function isUnserved(parts: HealthParts, notice: HealthParts["notices"][number]): boolean {
  return notice.gateway !== null && !parts.channels.has(`${notice.gateway}/${notice.account}`);
}

function channelReport(parts: HealthParts, channel: Channel, backlog: Backlog | null, now: Date) {
  const { gateway, account } = channel;
  const heard = (backlog?.heard ?? []).filter((one) => one.gateway === gateway && one.account === account);
  const last = heard.reduce<Date | null>((newest, one) => (newest && newest >= one.last ? newest : one.last), null);
  const asked = parts.lastAsked().get(`${gateway}/${account}`);
  const config = parts.accounts.find((one) => one.id === account && one.provider === channel.provider);
  return {
    gateway,
    account,
    mode: channel.live ? "live" : "test",
    orders: config?.orders ?? "optional",
    lastHeard: last?.toISOString() ?? null,
    silentForSeconds: last ? secondsBetween(last, now) : null,
    /** Kinds of events that never came, though others of the gateway did: they seem not to be subscribed to. */
    neverHeard: last ? neverHeard(parts.gateways.get(gateway)?.subscribe ?? [], heard) : [],
    /** What the provider's verifier or API answered last; null where nothing was asked since the start. */
    lastAsked: asked ? { answer: asked.answer, at: asked.at.toISOString() } : null,
    notices: [
      ...parts.notices
        .filter((one) => one.account === account && one.gateway === gateway)
        .map(({ message }) => message),
      ...(asked?.answer === "cannot_confirm" ? [CANNOT_CONFIRM] : []),
    ],
  };
}

/**
 * `charge.dispute.created` and `charge.dispute.closed` are one kind: whoever gets one has subscribed to it. A kind is only
 * named when none of its events ever came; that is a hint, as nothing may have been disputed yet.
 */
function neverHeard(subscribe: readonly string[], heard: Backlog["heard"]): readonly string[] {
  const kinds = new Set(subscribe.map(kindOf));
  for (const { type } of heard) if (type !== null) kinds.delete(kindOf(type));
  return [...kinds].sort();
}

function kindOf(type: string): string {
  const at = type.lastIndexOf(".");
  return at < 0 ? type : `${type.slice(0, at)}.*`;
}

function secondsBetween(earlier: Date, later: Date): number {
  return Math.max(0, Math.round((later.getTime() - earlier.getTime()) / 1000));
}
