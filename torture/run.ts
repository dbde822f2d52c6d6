import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkApi } from "./checks/api.ts";
import { checkEnds } from "./checks/ends.ts";
import { type Finding, finding, unique } from "./checks/finding.ts";
import { Footprint, type Most } from "./checks/footprint.ts";
import { historiesOf } from "./checks/history.ts";
import { checkJournal } from "./checks/journal.ts";
import { checkLaws } from "./checks/laws.ts";
import { checkLedger } from "./checks/ledger.ts";
import { checkGoods, supplyAll } from "./checks/licenses.ts";
import { checkRecovery } from "./checks/recovery.ts";
import { checkRefusals } from "./checks/refusals.ts";
import { checkStock } from "./checks/stock.ts";
import { checkSubscriptions } from "./checks/subscriptions.ts";
import { checkTold } from "./checks/told.ts";
import { checkTransitions } from "./checks/transitions.ts";
import { Watch } from "./checks/watch.ts";
import { measureCrowd } from "./crowd.ts";
import type { TortureDatabase } from "./databases/database.ts";
import { freePort } from "./databases/free-port.ts";
import { openPostgresqlCluster } from "./databases/postgresql-cluster.ts";
import { openSqliteFile } from "./databases/sqlite-file.ts";
import { type Fault, faultsOf, LANES } from "./faults/faults.ts";
import { Fleet, type FleetTally } from "./faults/fleet.ts";
import { type Fire, injectFaults, sendForgeries, tellStories } from "./fire.ts";
import type { Forgery } from "./gateways/forger.ts";
import { type PaypalSide, startPaypalSide } from "./gateways/paypal-side.ts";
import { Sending, type Tally } from "./gateways/sending.ts";
import { PAYPAL_WEBHOOK_ID, STRIPE_SECRET } from "./gateways/signer.ts";
import { countGoods } from "./goods.ts";
import type { Dialect, Options } from "./options.ts";
import { drain, exam } from "./quiet.ts";
import { type Random, randomOf } from "./random.ts";
import { settleAll } from "./receivers/operator.ts";
import { type Arrived, type Receivers, startReceivers } from "./receivers/receivers.ts";
import { buildTortured } from "./servers/build.ts";
import { ServerSlot } from "./servers/server.ts";
import { CANARY, type Story } from "./stories/story.ts";
import { RECEIVER } from "./stories/tell.ts";
import { type Slice, Timeline } from "./timeline.ts";

/** What one database went through, and what came of it. */
export interface RunResult {
  readonly dialect: Dialect;
  readonly version: string;
  readonly processes: number;
  readonly seconds: number;
  /** From the beginning to the first finding, when it was seen; null where there is none. */
  readonly caughtAfter: number | null;
  readonly stories: number;
  /** Stories whose end was compared while the others went on, and how often the database was looked at for it. */
  readonly comparedUnderFire: number;
  readonly looks: number;
  readonly notifications: number;
  readonly tally: Tally;
  readonly fleet: FleetTally;
  readonly faults: ReadonlyMap<string, number>;
  readonly databaseFaults: number;
  readonly receiverFaults: number;
  /** Commits whose answers the proxies cut off. */
  readonly cutCommits: number;
  readonly forgeries: number;
  readonly drainSeconds: number;
  /** What others were told. */
  readonly arrived: Arrived;
  readonly eventsStored: number;
  /** Deliveries made by hand at the end, and how long it took until all were settled. */
  readonly pulledIn: number;
  readonly settleSeconds: number;
  /** The part of the time in which some process of the machine waited for a processor. */
  readonly crowded: number | null;
  readonly most: Most;
  readonly hasSmallDisk: boolean;
  /** Acknowledged a slice of time, and what was done meanwhile. */
  readonly timeline: readonly Slice[];
  readonly findings: readonly Finding[];
}

export interface RunParts {
  readonly root: string;
  readonly dialect: Dialect;
  readonly options: Options;
  readonly say: (line: string) => void;
}

const API_TOKEN = "canary7q4x-api-token-of-the-torture-0123456789";
const SAY_EVERY_MS = 5_000;
const MEASURE_EVERY_MS = 1_000;
const SAMPLE = 50;
const MAX_DEFECTS = 20;

export async function run(parts: RunParts): Promise<RunResult> {
  const program = await buildTortured(parts.root, parts.options.mutation);
  const folder = mkdtempSync(join(tmpdir(), "paybell-torture-"));
  const processes = parts.dialect === "sqlite" ? 1 : parts.options.processes;
  const began = Date.now();
  const database = await (parts.dialect === "sqlite"
    ? openSqliteFile(folder)
    : openPostgresqlCluster(folder, processes));
  const clean = async (): Promise<void> => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  };
  // Whoever ends the torture by hand leaves no cluster, no mount and no server behind.
  let isEnding = false;
  const endEarly = (): void => {
    if (isEnding) return;
    isEnding = true;
    void clean().finally(() => process.exit(130));
  };
  process.on("SIGINT", endEarly).on("SIGTERM", endEarly);
  try {
    return await new Run({ ...parts, program, database, folder, processes, began }).go();
  } finally {
    process.off("SIGINT", endEarly).off("SIGTERM", endEarly);
    await clean();
  }
}

interface PlacedParts extends RunParts {
  readonly program: string;
  readonly database: TortureDatabase;
  readonly folder: string;
  readonly processes: number;
  /** ms since 1970 UTC. */
  readonly began: number;
}

/** Who takes part in a run. */
interface Staff {
  readonly fleet: Fleet;
  readonly sending: Sending;
  readonly receivers: Receivers;
}

/** One run on one database: peace, fire, peace again, and the reckoning. */
class Run {
  readonly #parts: PlacedParts;
  readonly #stories: Story[] = [];
  readonly #forgeries: Forgery[] = [];
  readonly #faults = new Map<string, number>();
  readonly #findings: Finding[] = [];
  readonly #footprint = new Footprint();
  readonly #timeline: Timeline;
  readonly #crowd = measureCrowd();
  /** Aborted once there is nothing more to learn: a mutation is caught. */
  readonly #over = new AbortController();
  #caughtAfter: number | null = null;
  readonly #faultsIn = new Map<Fault["lane"], number>();
  #drainSeconds = 0;
  #eventsStored = 0;
  #settled = { pulledIn: 0, seconds: 0 };

  constructor(parts: PlacedParts) {
    this.#parts = parts;
    this.#timeline = new Timeline(parts.options.minutes * 60_000);
  }

  async go(): Promise<RunResult> {
    const { folder, database, options } = this.#parts;
    // Both ways are gone: PayPal asked about each webhook here, its signature believed there.
    const side = await startPaypalSide(folder, database.dialect === "postgresql");
    const receivers = await startReceivers(this.#random("receivers"));
    const fleet = this.#fleet(side, receivers);
    const sending = new Sending({
      random: this.#random("sending"),
      side,
      apiToken: API_TOKEN,
      urls: () => fleet.slots.map(({ url }) => url),
      onAcknowledged: () => this.#timeline.acknowledged(),
    });
    const watch = new Watch({
      database,
      sending,
      onFinding: (each) => this.#found(each),
      mayLook: () => database.server !== null || fleet.slots.some(({ processId }) => processId !== null),
    });
    const killAll = (): void => void fleet.slots.map((slot) => slot.signal("SIGKILL"));
    process.once("exit", killAll);
    const stopMeasuring = this.#measure(fleet, sending);
    try {
      await this.#begin({ fleet, sending, watch, receivers });
      if (!this.#isOver) await this.#fire({ fleet, sending, side, receivers });
      if (!this.#isOver) await this.#rest(fleet, sending, receivers);
      sending.end();
      await watch.stop();
      if (options.mutation === null || this.#caughtAfter === null)
        await this.#reckon({ fleet, sending, side, receivers });
      stopMeasuring();
      await fleet.end();
      return this.#result({ fleet, sending, watch, receivers });
    } finally {
      stopMeasuring();
      killAll();
      process.off("exit", killAll);
      await side.close();
      await receivers.close();
    }
  }

  get #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  #random(stream: string): Random {
    return randomOf(this.#parts.options.seed, `${this.#parts.dialect} ${stream}`);
  }

  #found(each: Finding): void {
    // What is late says nothing of what is broken.
    const isCaught = each.kind !== "late";
    if (isCaught) this.#caughtAfter ??= (Date.now() - this.#parts.began) / 1000;
    if (unique([...this.#findings, each]).length > this.#findings.length) {
      this.#findings.push(each);
      if (this.#findings.length <= 5) this.#parts.say(`${each.kind.toUpperCase()}, ${each.invariant}: ${each.text}`);
    }
    if (isCaught && this.#parts.options.mutation !== null) this.#over.abort();
  }

  #fleet(side: PaypalSide, receivers: Receivers): Fleet {
    const { processes, folder, program, database, options } = this.#parts;
    return new Fleet({
      size: processes,
      random: this.#random("fleet"),
      mutation: options.mutation,
      everyMs: processes === 1 ? 5_000 : 4_000 * processes,
      server: async (slot, report) => {
        const dataDir = join(folder, `data-${slot}`);
        mkdirSync(dataDir, { recursive: true });
        const env = { ...environment(database.urlFor(slot), dataDir), ...side.env, ...receivers.env };
        return new ServerSlot({ program, port: await freePort(), env, canaries: [CANARY], ...report });
      },
    });
  }

  /** Progress for people, and what every process takes. */
  #measure(fleet: Fleet, sending: Sending): () => void {
    const progress = setInterval(() => this.#parts.say(this.#progressLine(fleet, sending)), SAY_EVERY_MS);
    let killsBefore = 0;
    const measuring = setInterval(() => {
      for (const { processId } of fleet.slots) this.#footprint.measure(processId);
      // A database that is down has no connections to count.
      void this.#footprint.measureConnections(this.#parts.database).catch(() => undefined);
      this.#timeline.killed(fleet.kills - killsBefore);
      killsBefore = fleet.kills;
    }, MEASURE_EVERY_MS);
    return () => {
      clearInterval(progress);
      clearInterval(measuring);
    };
  }

  #progressLine(fleet: Fleet, sending: Sending): string {
    const { attempts, acknowledged } = sending.tally;
    const seconds = Math.round((Date.now() - this.#parts.began) / 1000);
    return `${seconds} s: ${this.#stories.length} stories, ${attempts} sent, ${acknowledged} acknowledged, ${sending.pending} under way, ${fleet.kills} kills, ${this.#faultsIn.get("database") ?? 0} database faults`;
  }

  async #begin({ fleet, sending, watch, receivers }: Staff & { readonly watch: Watch }): Promise<void> {
    const { say, processes, database, options } = this.#parts;
    for (const each of await fleet.begin()) this.#found(each);
    say(
      `${database.version}, ${processes} process${processes > 1 ? "es" : ""}: ready, ${fleet.kills} killed while migrating`,
    );
    await countGoods(fleet.slots[0]?.url ?? "", API_TOKEN);
    await receivers.endpoints.register(fleet.slots[0]?.url ?? "", API_TOKEN);
    watch.start();
    const onFinding = (each: Finding): void => this.#found(each);
    const calm = { database, sending, say, over: this.#over.signal };
    await exam(calm, { seed: options.seed, stories: this.#stories, onFinding });
  }

  async #fire({ fleet, sending, side, receivers }: Staff & { readonly side: PaypalSide }): Promise<void> {
    const { database, options, say } = this.#parts;
    const { seed, rate } = options;
    const fire: Fire = { seed, until: Date.now() + options.minutes * 60_000, over: this.#over.signal };
    const faults = faultsOf({ database, side, receivers, slots: fleet.slots, random: this.#random("faults") });
    this.#timeline.start();
    fleet.attack();
    const onFault = (fault: Fault): void => {
      this.#faults.set(fault.name, (this.#faults.get(fault.name) ?? 0) + 1);
      this.#faultsIn.set(fault.lane, (this.#faultsIn.get(fault.lane) ?? 0) + 1);
      this.#timeline.faulted();
    };
    await Promise.all([
      tellStories(fire, { rate, sending, stories: this.#stories, random: this.#random("pace") }),
      ...LANES.map((lane) => {
        // In lanes: a process that is frozen for long keeps nobody from cutting off the database.
        return injectFaults(fire, {
          faults: faults.filter((fault) => fault.lane === lane),
          random: this.#random(`times of faults ${lane}`),
          onFault,
          say,
        });
      }),
      sendForgeries(fire, {
        forgeries: this.#forgeries,
        random: this.#random("forger"),
        side,
        urls: () => fleet.slots.map(({ url }) => url),
      }),
    ]);
  }

  async #rest(fleet: Fleet, sending: Sending, receivers: Receivers): Promise<void> {
    const { say, database } = this.#parts;
    say("no more faults: waiting for quiet");
    receivers.heal();
    await database.server?.startIfDown();
    for (const each of await fleet.peace()) this.#found(each);
    const { seconds, findings } = await drain({ database, sending, say, over: this.#over.signal });
    this.#drainSeconds = seconds;
    const url = fleet.slots[0]?.url ?? "";
    const { endpoints } = receivers;
    const unsupplied = await supplyAll({ database, url, token: API_TOKEN });
    const settled = await settleAll({ url, apiToken: API_TOKEN, database, endpoints, say, over: this.#over.signal });
    this.#settled = settled;
    for (const each of [...findings, ...unsupplied, ...settled.findings]) this.#found(each);
  }

  /** All invariants, while the whole and undisturbed service still runs. */
  async #reckon({ fleet, sending, side, receivers }: Staff & { readonly side: PaypalSide }): Promise<void> {
    const { say, root, database, processes } = this.#parts;
    say("checking what is left");
    const url = fleet.slots[0]?.url ?? "";
    const stories = this.#stories;
    const sample = this.#random("sample").shuffled(stories).slice(0, SAMPLE);
    const { sent } = sending;
    const env = {
      ...environment(database.urlFor(0), join(this.#parts.folder, "data-0")),
      ...side.env,
      ...receivers.env,
    };
    const findings = [
      ...(await checkJournal(database, { sent, forgeries: this.#forgeries })),
      ...(await checkEnds(database, stories)),
      ...(await checkLedger(database, stories)),
      ...(await checkTransitions(database, stories)),
      ...(await checkLaws(database)),
      ...(await checkStock(database, stories)),
      ...(await checkSubscriptions(database, stories)),
      ...(await checkApi(url, API_TOKEN, sample)),
      ...(await checkGoods({ database, url, token: API_TOKEN, stories })),
      ...(await checkTold({ database, url, token: API_TOKEN, receivers, stories })),
      ...(await checkRefusals({ database, url, token: API_TOKEN, side, stories: sample })),
      ...(await checkRecovery({ root, env, say })),
      ...this.#footprint.check(await this.#footprint.measureConnections(database), processes),
      ...checkProcesses(fleet.tally),
    ];
    for (const each of findings) this.#found(each);
    for (const line of await historiesOf(database, stories, this.#findings)) say(line);
    const [counted] = await database.query("select count(*) as stored from events");
    this.#eventsStored = Number(counted?.stored ?? 0);
  }

  #result({ fleet, sending, watch, receivers }: Staff & { readonly watch: Watch }): RunResult {
    const { database, dialect, processes, began } = this.#parts;
    return {
      dialect,
      version: database.version,
      processes,
      seconds: (Date.now() - began) / 1000,
      caughtAfter: this.#caughtAfter,
      stories: this.#stories.length,
      comparedUnderFire: watch.compared,
      looks: watch.looks,
      notifications: sending.sent.length,
      tally: sending.tally,
      fleet: fleet.tally,
      faults: this.#faults,
      databaseFaults: this.#faultsIn.get("database") ?? 0,
      receiverFaults: this.#faultsIn.get("receivers") ?? 0,
      cutCommits: database.server?.proxies.reduce((sum, { cuts }) => sum + cuts, 0) ?? 0,
      forgeries: this.#forgeries.length,
      drainSeconds: this.#drainSeconds,
      arrived: receivers.arrived,
      eventsStored: this.#eventsStored,
      pulledIn: this.#settled.pulledIn,
      settleSeconds: this.#settled.seconds,
      crowded: this.#crowd(),
      most: this.#footprint.most,
      hasSmallDisk: database.disk !== null,
      timeline: this.#timeline.slices,
      findings: unique(this.#findings),
    };
  }
}

function environment(databaseUrl: string, dataDir: string): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: databaseUrl,
    DATA_DIR: dataDir,
    API_TOKEN,
    STRIPE_WEBHOOK_SECRET: STRIPE_SECRET,
    PAYPAL_WEBHOOK_ID,
    PAYPAL_RECEIVER: RECEIVER,
    TRUST_PROXY: "127.0.0.1",
  };
}

/** I11, and that no process ended by itself. */
function checkProcesses(fleet: FleetTally): readonly Finding[] {
  return [
    ...fleet.brokenDown.map(({ text, waited }) =>
      finding(waited ? "late" : "wrong", "I9", `a process ended by itself, ${text}`),
    ),
    ...fleet.defects
      .slice(0, MAX_DEFECTS)
      .map((text) => finding("wrong", "F", `a request failed unexpectedly: ${text}`)),
    ...fleet.leaks.map((text) => finding("wrong", "I11", `printed: ${text}`)),
  ];
}
