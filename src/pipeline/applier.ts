import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import {
  type InputState,
  type Lease,
  type NewInput,
  type Released,
  type Store,
  StoreError,
  type WaitingInput,
} from "../store/store.ts";
import type { Applied, ApplyParts } from "./apply.ts";
import { NOTHING_WRITTEN } from "./nothing-written.ts";
import type { Observer } from "./observer.ts";

export interface ApplierBounds {
  readonly batchRows: number;
  /** Inputs kept in memory between the journal and the applier; beyond it they are claimed from the table later. */
  readonly queueRows: number;
  readonly pollMs: number;
  /**
   * What failed alone so often, for its data or with its process, is not tried again. An innocent may be met too where processes
   * die of other reasons, but only while it is run.
   */
  readonly maxFailures: number;
}

/** `applyBatch` on inputs whose proof is their signature, in whatever thread; rejects as it does. */
export type Apply = (inputs: readonly NewInput[], owner: string) => Promise<readonly Applied[]>;

/** The same in another thread; null while that is still loading, and the batch is better applied here. */
export type ApplyElsewhere = (...batch: Parameters<Apply>) => ReturnType<Apply> | null;

export interface ApplierParts extends ApplyParts {
  readonly store: Store;
  readonly apply: Apply;
  readonly lease: Lease;
  readonly log: Logger;
  readonly observer: Observer;
  /** Something waits for the provider's word now. */
  readonly onUnconfirmed: () => void;
  /** For how many milliseconds the journal has had more to write without a pause; 0 where it has nothing. */
  readonly journalBusyMs: () => number;
}

interface Queued {
  readonly input: NewInput;
  readonly failures: number;
  /** It is run alone, and a failure is counted already. */
  readonly isAlone: boolean;
  /** Until when its lease surely lasts, ms since 1970: later it is somebody else's to claim. */
  readonly until: number;
}

/** Of a lease, the part within which a batch is begun: its end must be seen by the database's clock as well. */
const LEASE_USED = 0.8;

/** A leftover that was claimed more often than a slow database explains is run alone. */
const SUSPECT_ATTEMPTS = 3;

/** What comes in bursts is journaled sooner: whoever sends for so long without a pause sends as much as is taken. */
const FLOOD_MS = 250;
/**
 * And of the queue so much is in use where that is more than is applied: seconds of work, which wait a little longer all the same.
 * One account gets half of it (see `admit`), of which the batches under way have just been taken.
 */
const FLOOD_SHARE = 0.35;
/** In a flood applying rests so many times as long as it works, a second at most. */
const [RESTS, MOST_REST_MS] = [8, 1_000];

const CLAIMED: readonly InputState[] = ["received", "parked"];

/**
 * Brings journaled inputs to their outcome. What this process journaled comes straight through memory; what a crash, an
 * unknown commit or another process left behind is claimed from the table. One bad input never holds the others.
 */
export class Applier {
  readonly #parts: ApplierParts;
  readonly #bounds: ApplierBounds;
  #queue: Queued[] = [];
  /** What is to be given back before anything else is claimed. */
  #notRun: readonly Released[] = [];
  #stopping = false;
  /** Stopping, and the store is not to be had: what is queued is left to its lease. */
  #givenUp = false;
  #wake: () => void = () => {};
  #loop: Promise<void> | null = null;
  /** The batch that was begun last. */
  #underWay: Promise<void> = Promise.resolve();
  /** How long the last batch took. */
  #lastMs = 0;
  #lastClaim = 0;
  /** While suspects come, leftovers are claimed one at a time. */
  #isSuspecting = false;
  /** The last claim took as many as it might: there is more. */
  #isMoreLeft = false;

  constructor(parts: ApplierParts, bounds: ApplierBounds) {
    this.#parts = parts;
    this.#bounds = bounds;
  }

  get depth(): number {
    return this.#queue.length;
  }

  /**
   * Which of the inputs there is room for, before they are journaled: the others are better left in the table, due at once, than
   * under a lease that nobody uses. One account's flood takes half of the room, so that another's sale does not wait behind it.
   */
  admit(inputs: readonly NewInput[]): readonly boolean[] {
    const { queueRows } = this.#bounds;
    let taken = this.#queue.length;
    if (taken + inputs.length <= queueRows / 2) return inputs.map(() => true);
    const byChannel = new Map<string, number>();
    const isTaken = (input: NewInput): boolean => {
      const channel = `${input.gateway}/${input.account}`;
      const own = byChannel.get(channel) ?? 0;
      if (own >= queueRows / 2) return false;
      byChannel.set(channel, own + 1);
      return true;
    };
    for (const { input } of this.#queue) isTaken(input);
    return inputs.map((input) => {
      if (taken >= queueRows || !isTaken(input)) return false;
      taken += 1;
      return true;
    });
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** What was admitted, and just journaled under this process's lease. */
  push(input: NewInput): void {
    this.#queue.push(this.#queued(input, 0));
    this.#wake();
  }

  /** Ends after the batches under way and what is queued, or at the deadline; what is left is given back. */
  async stop(deadline: Promise<void>): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await Promise.race([this.#loop, deadline]);
    for (const { input } of this.#queue) this.#putBack(input);
    this.#queue = [];
    await this.#giveBack().catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (true) {
      const claimed = this.#stopping ? 0 : await this.#claimWhenDue();
      const batch = this.#nextBatch();
      if (batch.length > 0) await this.#begin(batch);
      else if (this.#stopping) await this.#underWay;
      if (this.#stopping && (this.#queue.length === 0 || this.#givenUp)) return this.#underWay;
      if (batch.length > 0) continue;
      if (claimed === 0 && this.#queue.length === 0) await this.#sleep(this.#bounds.pollMs);
    }
  }

  /** Resolves when the next may begin: two are under way at most, so that one is read and folded while the other is written. */
  async #begin(batch: readonly Queued[]): Promise<void> {
    const before = this.#underWay;
    this.#underWay = this.#apply(batch);
    await before;
    await this.#giveWay();
  }

  /** Whoever is not answered sends again; what is stored can wait. So in a flood what arrives goes first, and applying goes on beside it. */
  async #giveWay(): Promise<void> {
    const isFlood =
      this.#queue.length >= FLOOD_SHARE * this.#bounds.queueRows && this.#parts.journalBusyMs() >= FLOOD_MS;
    if (this.#stopping || !isFlood) return;
    await pause(Math.min(RESTS * this.#lastMs, MOST_REST_MS));
  }

  #nextBatch(): readonly Queued[] {
    this.#dropOutlasted(this.#bounds.batchRows);
    return this.#queue.splice(0, this.#bounds.batchRows);
  }

  /** What waited here until its lease was all but over was not run: that attempt is given back before anything is claimed. */
  #dropOutlasted(first: number): void {
    const now = Date.now();
    const seen = this.#queue.slice(0, first);
    const isOutlasted = ({ until }: Queued): boolean => until <= now;
    if (!seen.some(isOutlasted)) return;
    for (const { input } of seen.filter(isOutlasted)) this.#putBack(input);
    this.#queue = [...seen.filter((queued) => !isOutlasted(queued)), ...this.#queue.slice(first)];
  }

  /** Leftovers come in when less than a batch is queued, at once while there are more, and at least every tenth poll. */
  async #claimWhenDue(): Promise<number> {
    const { pollMs, batchRows } = this.#bounds;
    const since = Date.now() - this.#lastClaim;
    const isDue = since >= (this.#queue.length === 0 ? pollMs : 10 * pollMs);
    if (!isDue && !(this.#isMoreLeft && this.#queue.length < batchRows)) return 0;
    this.#lastClaim = Date.now();
    try {
      this.#dropOutlasted(this.#queue.length);
      await this.#giveBack();
      const limit = this.#isSuspecting ? 1 : batchRows;
      const claimed = await this.#parts.store.claim({ states: CLAIMED, limit, lease: this.#parts.lease });
      const [suspect, ...others] = claimed.filter(isSuspect);
      this.#isSuspecting = suspect !== undefined;
      this.#isMoreLeft = claimed.length === limit;
      for (const input of claimed) if (!isSuspect(input)) this.#queue.push(this.#queued(input, input.failures));
      // Whoever has time takes them.
      for (const other of others) this.#putBack(other);
      await this.#giveBack();
      if (suspect) await this.#runAlone(suspect);
      return claimed.length;
    } catch (error) {
      this.#unavailable(error);
      return 0;
    }
  }

  /** What was claimed and not run, or not to its end for no fault of its own. */
  #putBack(input: NewInput, more: { readonly failures?: -1; readonly laterByMs?: number } = {}): void {
    const { failures, laterByMs = 0 } = more;
    const dueAt = new Date(this.#parts.now().getTime() + laterByMs);
    this.#notRun = [
      ...this.#notRun,
      { id: input.id, dueAt, countAttempt: false, ...(failures === undefined ? {} : { failures }) },
    ];
  }

  /** Stays to be given back while the store is away. */
  async #giveBack(): Promise<void> {
    const back = this.#notRun;
    if (back.length > 0) await this.#parts.store.release(back, this.#parts.lease.owner);
    this.#notRun = this.#notRun.slice(back.length);
  }

  /** What may be what kills processes takes no neighbour with it, and its death is counted before it is run. */
  async #runAlone(input: WaitingInput): Promise<void> {
    if (input.failures >= this.#bounds.maxFailures)
      return this.#quarantine(input, "it failed, or its process died, each time that it was run alone");
    await this.#underWay;
    if (!(await this.#parts.store.beginAlone(input.id, this.#parts.lease.owner))) return;
    await this.#apply([{ ...this.#queued(input, input.failures + 1), isAlone: true }]);
  }

  #queued(input: NewInput, failures: number): Queued {
    return { input, failures, isAlone: false, until: Date.now() + this.#parts.lease.forMs * LEASE_USED };
  }

  async #apply(batch: readonly Queued[]): Promise<void> {
    const { observer, lease } = this.#parts;
    const began = performance.now();
    try {
      const applied = await this.#parts.apply(
        batch.map(({ input }) => input),
        lease.owner,
      );
      this.#lastMs = performance.now() - began;
      observer.committed("apply", batch.length, this.#lastMs / 1000);
      this.#report(batch, applied);
    } catch (error) {
      await this.#failed(batch, error);
    }
  }

  async #failed(batch: readonly Queued[], error: unknown): Promise<void> {
    const reason = error instanceof StoreError ? error.reason : "data";
    // A key that somebody else took meanwhile is its own input's affair, as data are: an outage ends, it may not.
    const isOwn = reason === "data" || reason === "conflict";
    if (!isOwn && reason !== "lease_lost") {
      // Not to be had now, which is no fault of the inputs': they stay here, and run again while their lease lasts.
      this.#unavailable(error);
      // What is run alone is not kept under way through an outage: a death in it would be taken for its own.
      for (const { input } of batch.filter(({ isAlone }) => isAlone))
        this.#putBack(input, { failures: -1, laterByMs: this.#bounds.pollMs });
      this.#queue.unshift(...batch.filter(({ isAlone }) => !isAlone));
      if (!this.#stopping) await this.#sleep(this.#bounds.pollMs);
      else this.#givenUp = true;
      return;
    }
    const [only, ...others] = batch;
    if (others.length > 0) {
      const middle = batch.length >> 1;
      await this.#apply(batch.slice(0, middle));
      await this.#apply(batch.slice(middle));
    } else if (only && isOwn) await this.#failedAlone(only, error);
    // Alone and its lease lost: another process has it, or it was settled by a commit whose answer was lost.
  }

  async #failedAlone({ input, failures: before, isAlone }: Queued, error: unknown): Promise<void> {
    const detail = error instanceof Error ? `${error.name}: ${error.message}` : "unknown failure";
    const failures = isAlone ? before : before + 1;
    this.#parts.log.error({ input: input.id, gateway: input.gateway, failures, err: error }, "an input failed alone");
    if (failures >= this.#bounds.maxFailures) return this.#quarantine(input, detail);
    const dueAt = new Date(this.#parts.now().getTime() + 2 ** failures * 1000);
    const counted = { id: input.id, dueAt, countAttempt: true, ...(isAlone ? {} : { failures: 1 as const }) };
    await this.#parts.store.release([counted], this.#parts.lease.owner).catch(() => undefined);
  }

  async #quarantine(input: NewInput, detail: string): Promise<void> {
    const { store, lease, observer } = this.#parts;
    observer.alarm("poison", { gateway: input.gateway, input: input.id, detail });
    const outcome = {
      id: input.id,
      state: "quarantined",
      reason: "poison",
      type: null,
      live: null,
      payment: null,
      dueAt: null,
    } as const;
    await store
      .transaction((transaction) =>
        transaction.write({ ...NOTHING_WRITTEN, outcomes: [outcome] }, { owner: lease.owner }),
      )
      .catch((error: unknown) => this.#unavailable(error));
  }

  #report(batch: readonly Queued[], applied: readonly Applied[]): void {
    batch.forEach(({ input }, i) => {
      const one = applied[i];
      if (one) reportOutcome(this.#parts, input, one);
    });
    if (applied.some(({ outcome }) => outcome.state === "unconfirmed")) this.#parts.onUnconfirmed();
  }

  #unavailable(error: unknown): void {
    const detail = error instanceof Error ? error.message : "unknown";
    this.#parts.observer.alarm("store_unavailable", { gateway: "-", input: null, detail });
    this.#parts.log.warn({ err: error }, "the applier could not reach the store; it tries again");
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function isSuspect({ attempts, state }: WaitingInput): boolean {
  return attempts > SUSPECT_ATTEMPTS && state === "received";
}

/** The one wide line of a notification's life after its answer, and its alarms. */
export function reportOutcome(
  parts: Pick<ApplierParts, "observer" | "log" | "now">,
  input: NewInput,
  { outcome, nonceReused }: Applied,
): void {
  const { observer, log } = parts;
  const durationMs = parts.now().getTime() - input.receivedAt.getTime();
  const { state, reason, payment, type } = outcome;
  observer.settled(input.gateway, state, reason, durationMs / 1000);
  log.info(
    {
      gateway: input.gateway,
      account: input.account,
      input: input.id,
      key: input.key,
      type,
      payment,
      outcome: state,
      reason,
      durationMs,
    },
    "notification",
  );
  const about = { gateway: input.gateway, input: input.id, detail: reason ?? "" };
  if (nonceReused) observer.alarm("nonce_reused", about);
  if (state === "quarantined") observer.alarm(reason === "unknown_order" ? "parked_overdue" : "quarantined", about);
}
