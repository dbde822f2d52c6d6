import type { Logger } from "pino";
import type { ClaimedDelivery, Judge, OutboxStore, ReceiverKind } from "../store/outbox.ts";
import type { Lease } from "../store/store.ts";
import { type BreakerPolicy, type Judging, judge, type Sign } from "./breaker.ts";
import type { Courier, Delivered } from "./courier.ts";
import type { OutboxObserver } from "./observer.ts";
import { type Ended, reasonOf, settlementOf, signOf } from "./settlement.ts";
import { type WindowBounds, Windows } from "./windows.ts";

export interface DispatcherBounds extends WindowBounds {
  /** What became due, or was told by another process, is seen within it. */
  readonly pollMs: number;
  /** Between two rounds while there is much to do: what ends meanwhile is settled by one commit. */
  readonly restMs: number;
}

export interface DispatcherParts {
  readonly outbox: OutboxStore;
  readonly couriers: Readonly<Partial<Record<ReceiverKind, Courier<ClaimedDelivery>>>>;
  readonly lease: Lease;
  readonly breaker: BreakerPolicy;
  readonly now: () => Date;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly newEventId: () => string;
  readonly log: Logger;
  readonly observer: OutboxObserver;
}

/** Of a lease, the parts within which an attempt must begin, and take: its end must be seen by the database's clock as well. */
const LEASE_TO_BEGIN = 0.4;
const LEASE_TO_END = 0.5;

/**
 * Brings what is due to its receivers: claims, lets the couriers carry it, settles, round after round. Nothing is kept in
 * memory but what is under way; the backlog is the table. A receiver that is slow or away holds up nobody else.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #bounds: DispatcherBounds;
  readonly #kinds: readonly ReceiverKind[];
  readonly #judging: Judging;
  readonly #windows: Windows;
  readonly #underWay = new Set<AbortController>();
  /** What one receiver is told of one order or payment goes one after another: the newest of each such line. */
  readonly #lines = new Map<string, Promise<boolean>>();
  #ended: Ended[] = [];
  #stopping = false;
  #cutOff = false;
  #woken = false;
  #wake: () => void = () => {};
  #lastRound = Number.NEGATIVE_INFINITY;
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: DispatcherParts, bounds: DispatcherBounds) {
    this.#parts = parts;
    this.#bounds = bounds;
    this.#windows = new Windows(bounds);
    const { breaker: policy, random, newEventId } = parts;
    this.#judging = { policy, random, newEventId };
    // Proven: the type's keys are kinds.
    this.#kinds = Object.keys(parts.couriers) as ReceiverKind[];
  }

  /** Attempts under way. */
  get depth(): number {
    return this.#windows.underWay;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Something may be due. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Takes no more, lets end what is under way until the deadline, cuts it off then; what was not done is given back. */
  async stop(deadline: Promise<void>): Promise<void> {
    this.#stopping = true;
    this.wake();
    await Promise.race([this.#loop, deadline]);
    this.#cutOff = true;
    for (const controller of this.#underWay) controller.abort();
    this.wake();
    await this.#loop;
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#woken = false;
      this.#lastRound = performance.now();
      const isSettled = await this.#settle();
      // Cut off, and the store is not to be had: what is under way is left to its lease.
      if (this.#stopping && (this.#windows.underWay === 0 || (this.#cutOff && !isSettled))) return;
      const againInMs = this.#stopping ? null : await this.#claim();
      await this.#rest(Math.min(againInMs ?? this.#bounds.pollMs, this.#bounds.pollMs));
    }
  }

  async #rest(ms: number): Promise<void> {
    if (!this.#woken) await this.#sleep(ms);
    const rest = this.#bounds.restMs - (performance.now() - this.#lastRound);
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
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

  async #claim(): Promise<number | null> {
    const { outbox, lease, breaker } = this.#parts;
    const request = { lease, kinds: this.#kinds, ...this.#windows.room, probeFrom: breaker.tripAfter };
    try {
      const { deliveries, againInMs } = await outbox.claim(request);
      for (const delivery of deliveries) this.#begin(delivery);
      return againInMs;
    } catch (error) {
      this.#unavailable(error);
      return null;
    }
  }

  #begin(delivery: ClaimedDelivery): void {
    this.#windows.begin(delivery.receiver);
    const claimed = performance.now();
    const line = lineOf(delivery);
    const done = this.#inTurn(delivery, line === null ? undefined : this.#lines.get(line), claimed);
    if (line === null) return;
    this.#lines.set(line, done);
    void done.then(() => {
      if (this.#lines.get(line) === done) this.#lines.delete(line);
    });
  }

  /** After what goes before it; whether it was taken. Behind one that was not, it would overtake that: it is given back. */
  async #inTurn(delivery: ClaimedDelivery, before: Promise<boolean> | undefined, claimed: number): Promise<boolean> {
    const isFree = before === undefined || (await before);
    const isLate = performance.now() - claimed > this.#parts.lease.forMs * LEASE_TO_BEGIN;
    const began = performance.now();
    const at = this.#parts.now();
    const answer = isFree && !isLate && !this.#cutOff ? await this.#carry(delivery) : ({ kind: "undone" } as const);
    this.#ended.push({ delivery, answer, at, durationMs: Math.round(performance.now() - began) });
    this.wake();
    return answer.kind === "delivered" || answer.kind === "skipped";
  }

  /** Never rejects. */
  async #carry(delivery: ClaimedDelivery): Promise<Ended["answer"]> {
    const { couriers, lease, log } = this.#parts;
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), lease.forMs * LEASE_TO_END);
    this.#underWay.add(controller);
    try {
      const courier = couriers[delivery.to.kind];
      if (courier === undefined) throw new Error(`nobody takes anything to ${delivery.to.kind}`);
      const answer: Delivered = await courier.deliver(delivery, controller.signal);
      return this.#cutOff && answer.kind === "failed" ? { kind: "undone" } : answer;
    } catch (error) {
      if (this.#cutOff) return { kind: "undone" };
      log.error({ err: error, delivery: delivery.id }, "a delivery failed for a reason of our own; it is tried again");
      return { kind: "defect" };
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(controller);
    }
  }

  /** Of what has ended; it stays where it is while the store is away. False then. */
  async #settle(): Promise<boolean> {
    // More end while these are being settled.
    const ended = [...this.#ended];
    if (ended.length === 0) return true;
    const { outbox, lease, random, breaker } = this.#parts;
    const settlements = ended.map((one) => settlementOf(one, random()));
    const ends = new Map<string, string>();
    try {
      const held = await outbox.settle(settlements, lease.owner, this.#judges(ended, ends));
      this.#ended = this.#ended.slice(ended.length);
      for (const one of ended) this.#windows.end(one.delivery.receiver, wentOf(signOf(one, breaker.tripAfter)));
      for (const [index, one] of ended.entries()) {
        if (held.has(one.delivery.id)) this.#report(one, settlements[index]?.dueInMs ?? null);
      }
      for (const [receiver, detail] of ends) this.#parts.observer.alarm("endpoint_disabled", { receiver, detail });
      return true;
    } catch (error) {
      this.#unavailable(error);
      return false;
    }
  }

  /** One word on all the answers of each receiver. `ends` is told of those that are told nothing any more. */
  #judges(ended: readonly Ended[], ends: Map<string, string>): ReadonlyMap<string, Judge> {
    const signs = new Map<string, Sign[]>();
    for (const one of ended) {
      const sign = signOf(one, this.#parts.breaker.tripAfter);
      // Most tell nothing: only the receiver that a probe paused has to be freed again.
      const { receiver } = one.delivery;
      if (sign.kind !== "untold" || sign.isProbe) signs.set(receiver, [...(signs.get(receiver) ?? []), sign]);
    }
    return new Map(
      [...signs].map(([id, told]): [string, Judge] => [
        id,
        (receiver, now) => {
          const judgement = judge(receiver, told, now, this.#judging);
          const { state, failures } = judgement.health;
          if (judgement.event !== null) ends.set(id, `${state} after ${failures} failures in a row`);
          return judgement;
        },
      ]),
    );
  }

  /** The one wide line of an attempt. */
  #report({ delivery, answer, durationMs }: Ended, dueInMs: number | null): void {
    const { log, observer } = this.#parts;
    if (answer.kind === "undone") return;
    const result = answer.kind === "defect" ? "failed" : answer.kind;
    const reason = reasonOf(answer);
    observer.attempted(delivery.to.kind, result, reason, durationMs / 1000);
    const { id, receiver, event, attempts } = delivery;
    log.info(
      {
        ...{ delivery: id, receiver, about: event.id, type: event.type, order: event.order, payment: event.payment },
        ...{ attempts, result, reason, durationMs, dueInMs },
      },
      "delivery",
    );
  }

  #unavailable(error: unknown): void {
    const detail = error instanceof Error ? error.message : "unknown";
    this.#parts.observer.alarm("store_unavailable", { receiver: null, detail });
    this.#parts.log.warn({ err: error }, "the dispatcher could not reach the store; it tries again");
  }
}

function wentOf({ kind }: Sign): "well" | "badly" | null {
  return kind === "untold" ? null : kind === "up" ? "well" : "badly";
}

function lineOf({ receiver, event: { order, payment } }: ClaimedDelivery): string | null {
  const about = order ?? payment;
  return about === null ? null : `${receiver} ${about}`;
}
