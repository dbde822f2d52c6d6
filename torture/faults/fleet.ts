import { type Finding, finding } from "../checks/finding.ts";
import { pause } from "../pause.ts";
import type { Random } from "../random.ts";
import { STEPS } from "../servers/patches.mjs";
import { NO_PLAN, type Plan, type ServerOptions, type ServerSlot } from "../servers/server.ts";

export interface FleetParts {
  readonly size: number;
  readonly random: Random;
  readonly mutation: string | null;
  /** How long a process serves, in the mean, before it is attacked from outside. */
  readonly everyMs: number;
  server(
    slot: number,
    report: Pick<ServerOptions, "onExit" | "onServing" | "onLeak" | "onDefect">,
  ): Promise<ServerSlot>;
}

/** How processes ended, and what else was seen of them. */
export interface FleetTally {
  /** By step, and `anywhere` for a SIGKILL at random. */
  readonly kills: Map<string, number>;
  terms: number;
  starts: number;
  wrongClocks: number;
  /** Ended by themselves; `waited`: for a file that could not be opened for longer than a service waits for its own disk. */
  readonly brokenDown: { readonly text: string; readonly waited: boolean }[];
  readonly leaks: string[];
  /** What the servers themselves called unexpected: requests answered 500. */
  readonly defects: string[];
}

/** Around the two commits on which everything rests: first in every round. */
const AROUND_COMMITS = ["K3", "K4", "K5", "K7c", "K8"];
const OTHERS = Object.keys(STEPS).filter((step) => step !== "K12" && !AROUND_COMMITS.includes(step));
/** What a process comes to a few times only before it is attacked from outside: batches of deliveries, and mails. */
const SELDOM: ReadonlySet<string> = new Set(["K9", "K11"]);
/** What a start ought to take at the most, and after how long nobody waits any more. */
const READY_MS = 60_000;
const NEVER_READY_MS = 180_000;
const STARTING_MS = 1_000;
/** Beyond a signature's tolerance, and within it. */
const CLOCKS_MS = [-600_000, -120_000, 120_000, 600_000];

/** The processes under attack: each is started again soon after it died, often with the step armed at which it dies next. */
export class Fleet {
  readonly tally: FleetTally = {
    kills: new Map(),
    terms: 0,
    starts: 0,
    wrongClocks: 0,
    brokenDown: [],
    leaks: [],
    defects: [],
  };
  readonly slots: ServerSlot[] = [];
  readonly #parts: FleetParts;
  #isPeace = true;
  /** Steps still to be armed in this round. */
  #round: string[] = [];
  readonly #exited: (() => void)[] = [];

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  get kills(): number {
    return [...this.tally.kills.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Kills the first process at moments of its migrations, then starts all and waits until one is ready. */
  async begin(): Promise<readonly Finding[]> {
    for (let slot = 0; slot < this.#parts.size; slot += 1) {
      const onExit: ServerOptions["onExit"] = (end) => this.#ended(slot, end);
      const onDefect: ServerOptions["onDefect"] = (line) => this.tally.defects.push(line);
      const onLeak: ServerOptions["onLeak"] = (canary, line) => this.tally.leaks.push(`${canary} in: ${line}`);
      const onServing = (): void => {
        const own = this.slots[slot];
        if (own && !this.#isPeace) this.#doom(own, this.#parts.everyMs);
      };
      this.slots.push(await this.#parts.server(slot, { onExit, onServing, onLeak, onDefect }));
    }
    // A mutation breaks nothing there, and it is to be caught soon.
    const deaths = this.#parts.mutation === null ? 3 : 0;
    for (let i = 0; i < deaths; i += 1) await this.#dieMigrating();
    for (const slot of this.slots) this.#start(slot, NO_PLAN);
    return this.ready();
  }

  /** Empty once all were ready in time. */
  async ready(): Promise<readonly Finding[]> {
    const began = Date.now();
    for (const slot of this.slots) {
      while (!(await isReady(slot))) {
        const waited = Date.now() - began;
        const text = `a server is not ready after ${Math.round(waited / 1000)} s: ${slot.tail.slice(-800)}`;
        if (waited > NEVER_READY_MS) return [finding("wrong", "I9", text)];
        await pause(200);
      }
    }
    const seconds = (Date.now() - began) / 1000;
    return seconds * 1000 > READY_MS
      ? [finding("late", "I9", `servers were ready after ${Math.round(seconds)} s`)]
      : [];
  }

  /** The first strikes come soon: those that follow are of processes with a step armed at which they die. */
  attack(): void {
    this.#isPeace = false;
    for (const slot of this.slots) this.#doom(slot, STARTING_MS);
  }

  /** No attack any more: whole and honest processes with the right time. */
  async peace(): Promise<readonly Finding[]> {
    this.#isPeace = true;
    await Promise.all(this.slots.map((slot) => slot.stop(15_000)));
    await pause(1_500);
    for (const slot of this.slots) this.#start(slot, NO_PLAN);
    return this.ready();
  }

  async end(): Promise<void> {
    this.#isPeace = true;
    await Promise.all(this.slots.map((slot) => slot.stop(15_000)));
  }

  /** Counted from when it serves, so that slow machines get to serving at all. */
  #doom(slot: ServerSlot, meanMs: number): void {
    const { random } = this.#parts;
    const doomed = slot.processId;
    const strike = (): void => {
      if (this.#isPeace || doomed === null || slot.processId !== doomed) return;
      if (random.isTrue(0.2)) {
        this.tally.terms += 1;
        slot.signal("SIGTERM");
      } else if (slot.signal("SIGKILL")) this.#count("anywhere");
    };
    setTimeout(strike, meanMs * (0.3 + 1.4 * random.next()));
  }

  #ended(index: number, end: Parameters<ServerOptions["onExit"]>[0]): void {
    if (end.step !== null) this.#count(end.step);
    else if (!end.expected) {
      const waited = end.tail.includes("the database can't be opened yet");
      const text = `exit code ${end.code}: ${end.complaint.slice(-600)}${end.tail.slice(-600)}`;
      this.tally.brokenDown.push({ text, waited });
    }
    for (const wake of this.#exited.splice(0)) wake();
    if (this.#isPeace) return;
    setTimeout(
      () => {
        const slot = this.slots[index];
        if (slot && !this.#isPeace) this.#start(slot, this.#nextPlan());
      },
      this.#parts.random.between(50, 800),
    );
  }

  #start(slot: ServerSlot, plan: Plan): void {
    this.tally.starts += 1;
    slot.start(plan);
    // At times before it has got anywhere.
    if (!this.#isPeace && this.#parts.random.isTrue(0.1)) this.#doom(slot, STARTING_MS);
  }

  #nextPlan(): Plan {
    const { random } = this.#parts;
    const isWrong = random.isTrue(0.1);
    if (isWrong) this.tally.wrongClocks += 1;
    const clockMs = isWrong ? random.pick(CLOCKS_MS) : 0;
    const step = random.isTrue(0.8) ? this.#nextStep() : null;
    const most = step !== null && SELDOM.has(step) ? 3 : 12;
    return { step, count: random.between(1, most), clockMs };
  }

  /** Every step once a round. */
  #nextStep(): string | null {
    const { random } = this.#parts;
    if (this.#round.length === 0) this.#round = [...random.shuffled(AROUND_COMMITS), ...random.shuffled(OTHERS)];
    return this.#round.shift() ?? null;
  }

  #count(step: string): void {
    this.tally.kills.set(step, (this.tally.kills.get(step) ?? 0) + 1);
  }

  async #dieMigrating(): Promise<void> {
    const [first] = this.slots;
    if (!first) return;
    const died = new Promise<void>((resolve) => this.#exited.push(resolve));
    this.#start(first, { step: "K12", count: 1, clockMs: 0 });
    await Promise.race([died, pause(8_000)]);
    await first.stop(5_000);
  }
}

async function isReady({ url }: ServerSlot): Promise<boolean> {
  const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
  return answer?.status === 200;
}
