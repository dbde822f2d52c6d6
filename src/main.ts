import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { destination, type Logger, pino } from "pino";
import { type AppParts, type Backend, buildApp, notifyUrls, providerNames } from "./app.ts";
import { type ApplyThread, startApplyThread } from "./applying/start-apply-thread.ts";
import { openChannels } from "./channels.ts";
import { type Config, loadConfig } from "./config/config.ts";
import { Issuer } from "./documents/issuer.ts";
import { openWriter, type Write } from "./documents/writer.ts";
import { GATEWAYS } from "./gateways/registry.ts";
import { hashToken } from "./http/api/bearer.ts";
import { LoopLag } from "./http/loop-lag.ts";
import { streamBudgets } from "./http/streams.ts";
import { createMetrics } from "./metrics.ts";
import { FEED_BOUNDS, Feed } from "./outbox/feed.ts";
import { buyerUrl, downloadUrl, LINKS_SECRET, makeLinksSecret } from "./outbox/links.ts";
import { type Mail, openMail } from "./outbox/mail/open.ts";
import { type Outbox, startOutbox } from "./outbox/start.ts";
import { resolveName } from "./outbox/webhook/resolve.ts";
import { newId } from "./pipeline/ids.ts";
import { Rules } from "./pipeline/rules.ts";
import { type Pipeline, startPipeline } from "./pipeline/start.ts";
import { PROJECT } from "./project.ts";
import { Sampler } from "./recovery/sampler.ts";
import { remembered } from "./remembered.ts";
import { banner, lateBanner } from "./start/banner.ts";
import { type Connecting, keepConnecting } from "./start/connect.ts";
import { type ApiToken, ensureApiToken, type FirstRun, makePrivateFolder, startFirstRun } from "./start/first-run.ts";
import { openAudit } from "./store/audit/open-audit.ts";
import { migrate } from "./store/migrate.ts";
import { openStore } from "./store/open.ts";
import { type Store, StoreError } from "./store/store.ts";

/** The process: config, store, listen, graceful stop. The only place that may exit. */

interface Running extends Backend {
  readonly pipeline: Pipeline;
  readonly applying: ApplyThread | null;
  readonly outbox: Outbox;
  readonly token: ApiToken;
}

/** How long a single SQLite file may be held by the process that is just ending. */
const FILE_GIVE_UP_MS = 10_000;
const SAMPLE_EVERY_MS = 30_000;
const BACKLOG_FRESH_MS = 5_000;
/** What the banner waits for the database before it says that it isn't there. */
const BANNER_WAIT_MS = 3_000;
/** What the log's reader gets to take the last lines; a part of the time to stop. */
const LAST_WORDS_MS = 250;

const now = (): Date => new Date();

async function main(): Promise<void> {
  // Whatever is written from here on (database, tokens, secrets) is its owner's alone, in whatever folder it lies.
  process.umask(0o077);
  const answer = loadConfig();
  if (!answer.ok) return refuseToStart(answer.problems);
  const { config } = answer;
  // Bounded: when nobody reads the logs they are dropped, and requests are served all the same.
  const sink = destination({ dest: 1, sync: false, maxLength: 8 << 20 });
  const log = pino({ level: config.logLevel, base: null, timestamp: () => `,"time":"${now().toISOString()}"` }, sink);
  const exit: Exit = (code) => exitAfterLastWords(code, sink);
  // Whoever read our output may be gone; that is no reason to stop taking notifications.
  process.stdout.on("error", () => undefined);
  // What nobody expected leaves a state that nobody knows: end, and let what is stored be taken up by the next process.
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "something happened that nobody expected");
    fail("something happened that nobody expected", error, exit);
  });
  await serve(config, log, exit);
}

async function serve(given: Config, log: Logger, exit: Exit): Promise<void> {
  const version = readVersion();
  const firstRun = given.accounts.length === 0 ? await startFirstRun(given.dataDir, now) : null;
  const config = firstRun ? { ...given, accounts: firstRun.accounts } : given;
  const channels = openChannels({
    gateways: GATEWAYS,
    accounts: config.accounts,
    version,
    loopbackHttp: !config.production,
    now,
  });
  const writer = await openWriter(config.documents.font);
  const opening = openMail({ settings: config.mail, now });
  const problems = [
    ...channels.problems,
    ...(writer.ok ? [] : [writer.problem]),
    ...(opening.ok ? [] : opening.problems),
  ];
  if (problems.length > 0 || !writer.ok || !opening.ok) return refuseToStart(problems);
  const { mail } = opening;

  let isStopping = false;
  const lag = new LoopLag();
  const backlog = remembered(
    BACKLOG_FRESH_MS,
    now,
    async () => (await connecting.current()?.store.read.backlog()) ?? null,
  );
  const outboxBacklog = remembered(
    BACKLOG_FRESH_MS,
    now,
    async () => (await connecting.current()?.store.outbox.backlog()) ?? null,
  );
  const depth = () => connecting.current()?.pipeline.depth() ?? null;
  const load = () => connecting.current()?.store.load() ?? [];
  const streams = streamBudgets();
  const listeners = () => ({ events: streams.events.total, pages: streams.pages.total });
  const metrics = createMetrics({
    ...{ now, log, backlog, depth, load, listeners, outboxBacklog },
    outboxDepth: () => connecting.current()?.outbox.depth() ?? null,
  });
  const feed = new Feed({ read: () => storeOf(connecting).read, log }, FEED_BOUNDS);
  const pipelineParts = {
    channels: channels.byName,
    accounts: config.accounts,
    now,
    log,
    observer: metrics.observer,
    keepBodiesMs: config.keepBodiesMs,
    effects: config.effects,
    stockReturns: config.stockReturns,
  };
  const outboxParts = {
    ...{ version, now, log, observer: metrics.outboxObserver, random: Math.random, resolve: resolveName, newId },
    ...{
      publicUrl: config.publicUrl,
      production: config.production,
      endpointAllow: config.endpointAllow,
    },
  };
  const sampler = new Sampler({
    open: () => openAudit({ url: config.databaseUrl, now }),
    rules: new Rules(config.accounts, config),
    log,
    everyMs: SAMPLE_EVERY_MS,
    random: Math.random,
    onSampled: metrics.checked,
  });
  const connecting: Connecting<Running> = keepConnecting({
    open: () => openBackend(config, writer.write, pipelineParts, { ...outboxParts, mail, onTold: () => feed.wake() }),
    giveUpAfterMs: config.databaseUrl.startsWith("file:") ? FILE_GIVE_UP_MS : null,
    log,
  });
  const backend = () => connecting.current();
  const parts: AppParts = {
    version,
    config,
    gateways: GATEWAYS,
    channels: channels.byName,
    backend,
    backlog,
    feed,
    streams,
    outboxBacklog,
    metrics,
    log,
    now,
    isStopping: () => isStopping,
    isLate: () => lag.isLate,
  };
  connecting.opened
    .then(() => {
      if (!isStopping) sampler.start();
    })
    .catch((error: unknown) => {
      if (!isStopping) fail("the database can't be opened", error, exit);
    });
  const apps = await listen(config, parts);
  const stop = gracefully(config, log, exit, async (deadline) => {
    isStopping = true;
    const running = connecting.stop();
    await closeApps(apps, (deadline - Date.now()) / 2);
    const opened = await running;
    await Promise.all([feed.idle(), sampler.stop()]);
    const leftMs = Math.max(0, deadline - Date.now());
    await Promise.all([opened?.pipeline.stop(leftMs), opened?.outbox.stop(leftMs)]);
    mail.close();
    await opened?.applying?.close();
    await opened?.store.close();
    await Promise.all([channels.close(), firstRun?.standIn.close()]);
  });
  process.on("SIGTERM", stop).on("SIGINT", stop);
  await Promise.race([connecting.opened.catch(() => null), sleep(BANNER_WAIT_MS)]);
  if (isStopping) return;
  tell(config, channels.byName, version, backend(), firstRun);
  log.info({ event: "started", version, port: config.port, accounts: config.accounts.length }, "listening");
  if (backend() !== null) return;
  const late = await connecting.opened.catch(() => null);
  if (late) process.stdout.write(lateBanner(late.token));
}

async function openBackend(
  config: Config,
  write: Write,
  parts: Omit<Parameters<typeof startPipeline>[0], "store">,
  {
    mail,
    onTold,
    ...outboxParts
  }: Omit<Parameters<typeof startOutbox>[0], "store" | "couriers"> & {
    readonly mail: Mail;
    readonly onTold: () => void;
  },
): Promise<Running> {
  if (config.databaseUrl.startsWith("file:")) {
    makePrivateFolder(dirname(config.databaseUrl.slice("file:".length)));
  }
  const { applied } = await migrate(config.databaseUrl);
  if (applied.length > 0)
    parts.log.info({ event: "migrated", applied }, "the database was brought to this version's schema");
  const onWarning = (message: string): void => parts.log.warn({ event: "database" }, message);
  const store = await openStore({ url: config.databaseUrl, now, onWarning, threads: true });
  const applying = startApplyThread({
    ...{ store, accounts: config.accounts },
    following: { effects: config.effects, stockReturns: config.stockReturns },
    ...{ version: outboxParts.version, loopbackHttp: !config.production },
  });
  try {
    const token = await ensureApiToken({
      given: config.apiToken,
      dataDir: config.dataDir,
      tokens: store.tokens,
      hash: hashToken,
    });
    const linksSecret = await store.secrets.getOrMake(LINKS_SECRET, makeLinksSecret);
    const documents = new Issuer({ store, settings: config.documents, write, providers: providerNames(GATEWAYS), now });
    store.outbox.onTold(onTold);
    // Before anything is told: what is told is meant for the receivers of that moment.
    for (const receiver of mail.receivers) await store.outbox.putReceiver(receiver);
    const pipeline = startPipeline({ ...parts, store, ...(applying && { apply: applying.apply }) });
    const courier = mail.courier({
      store,
      receipts: documents,
      buyerUrl: (reference) => buyerUrl(config.publicUrl, linksSecret, reference),
      downloadUrl: (order, sku) => downloadUrl(config.publicUrl, linksSecret, { order, sku }),
    });
    const outbox = startOutbox({ ...outboxParts, store, couriers: courier === null ? {} : { mail: courier } });
    return { store, documents, token, linksSecret, pipeline, applying, outbox };
  } catch (error) {
    await applying?.close();
    await store.close();
    throw error;
  }
}

function storeOf(connecting: Connecting<Running>): Store {
  const opened = connecting.current();
  if (opened === null) throw new StoreError("unavailable", "the database could not be reached yet");
  return opened.store;
}

/**
 * Connections that wait to be accepted; the system may allow fewer (Linux: net.core.somaxconn, 4,096). With Node's 511 the others of a
 * thousand that come at once were dropped, and tried again after a second, and after two more.
 */
const WAITING_CONNECTIONS = 4_096;

async function listen(config: Config, parts: AppParts): Promise<readonly ReturnType<typeof buildApp>[]> {
  const { admin } = config;
  const main = buildApp(parts, admin ? "public" : "all");
  await main.listen({ host: config.host, port: config.port, backlog: WAITING_CONNECTIONS });
  if (!admin) return [main];
  const second = buildApp(parts, "admin");
  await second.listen(admin);
  return [main, second];
}

/**
 * What is whole is answered within seconds. Whoever still sends its request after half of the time, a byte now and then, was
 * promised nothing, and must not keep the others from ending in order.
 */
async function closeApps(apps: readonly ReturnType<typeof buildApp>[], withinMs: number): Promise<void> {
  const cut = setTimeout(() => {
    for (const app of apps) app.server.closeAllConnections();
  }, withinMs);
  await Promise.all(apps.map((app) => app.close()));
  clearTimeout(cut);
}

/** The first signal ends in order, within the deadline; a second one, or the deadline, ends at once. */
function gracefully(
  config: Config,
  log: Logger,
  exit: Exit,
  end: (deadline: number) => Promise<void>,
): (signal: string) => void {
  let isEnding = false;
  return (signal) => {
    if (isEnding) return exit(1);
    isEnding = true;
    log.info({ event: "stopping", signal }, "finishing what is under way");
    setTimeout(() => {
      log.error(
        { event: "stopped" },
        "the deadline has passed; what was acknowledged is stored and will be taken up again",
      );
      exit(1);
    }, config.shutdownTimeoutMs - LAST_WORDS_MS).unref();
    end(Date.now() + config.shutdownTimeoutMs - 500).then(
      () => {
        log.info({ event: "stopped" }, "nothing is under way any more");
        exit(0);
      },
      (error: unknown) => fail("stopping went wrong", error, exit),
    );
  };
}

function tell(
  config: Config,
  channels: AppParts["channels"],
  version: string,
  running: Running | null,
  firstRun: FirstRun | null,
): void {
  const urls = notifyUrls(config.publicUrl, channels);
  const text = banner({
    version,
    config,
    gateways: GATEWAYS,
    urls,
    token: running?.token ?? null,
    testAccounts: firstRun?.path ?? null,
  });
  process.stdout.write(`${text}\n`);
}

function refuseToStart(problems: readonly string[]): void {
  process.stderr.write(`Paybell can't start:\n${problems.map((problem) => `  - ${problem}\n`).join("")}`);
  process.exitCode = 1;
}

function fail(what: string, error: unknown, exit: Exit): void {
  process.stderr.write(`Paybell: ${what}: ${error instanceof Error ? error.message : String(error)}\n`);
  exit(1);
}

type Exit = (code: number) => void;

/**
 * Ends the process when the log is written, or cannot be: whoever does not read it, or is gone, keeps no process alive.
 * pino's own flush at exit tries for ever, whatever the error.
 */
function exitAfterLastWords(code: number, sink: ReturnType<typeof destination>): void {
  const end = (): void => {
    sink.flushSync = () => undefined;
    process.exit(code);
  };
  sink.once("drain", end);
  setTimeout(end, LAST_WORDS_MS);
}

function readVersion(): string {
  const text = readFileSync(new URL("package.json", PROJECT), "utf8");
  const { version } = JSON.parse(text) as { readonly version: string }; // Proven: our own package.json has one.
  return version;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

main().catch((error: unknown) => fail("starting went wrong", error, process.exit));
