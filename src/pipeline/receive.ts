import { hash } from "node:crypto";
import type { Logger } from "pino";
import type { Channel, RawNotification, Verdict } from "../gateways/gateway.ts";
import { type NewInput, type Store, StoreError } from "../store/store.ts";
import type { Applier } from "./applier.ts";
import { newId } from "./ids.ts";
import type { Journal, JournaledRow } from "./journal.ts";
import type { Observer } from "./observer.ts";
import type { ReceiveAnswer, Receiver } from "./pipeline.ts";
import type { UnprovenQuota } from "./unproven-quota.ts";

export interface ReceiverParts {
  readonly store: Store;
  /** Proven and unproven notifications have a queue each: invented ones never delay the others. */
  readonly journals: { readonly proven: Journal; readonly unproven: Journal };
  readonly quota: UnprovenQuota;
  readonly applier: Pick<Applier, "push">;
  /** Takes what was stored unproven, to ask about it. */
  readonly onUnproven: (input: NewInput) => void;
  readonly now: () => Date;
  readonly log: Logger;
  readonly observer: Observer;
}

/** Every sender of the field waits at least this long; after it an honest 503 is better than a silence. */
const DEADLINE_MS = 4_000;

type Unavailable = Extract<ReceiveAnswer, { kind: "unavailable" }>;

/** Verify, store, answer: the request ends here. */
export class NotificationReceiver implements Receiver {
  readonly #parts: ReceiverParts;
  #stopping = false;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
  }

  stop(): void {
    this.#stopping = true;
  }

  async receive(channel: Channel, raw: RawNotification, source: string): Promise<ReceiveAnswer> {
    const began = performance.now();
    const answer = await within(DEADLINE_MS, this.#receive(channel, raw, source));
    if (answer.kind === "stored") {
      this.#parts.observer.acknowledged(
        channel.gateway,
        answer.duplicate ? "duplicate" : "stored",
        (performance.now() - began) / 1000,
      );
    } else this.#parts.observer.refused(channel.gateway, answer.reason);
    return answer;
  }

  async #receive(channel: Channel, raw: RawNotification, source: string): Promise<ReceiveAnswer> {
    if (this.#stopping) return unavailable("stopping", 5);
    const verdict = await channel.verify(raw);
    if (verdict.kind === "forged") return { kind: "forged", reason: verdict.reason };
    if (verdict.kind === "unproven_yet" && verdict.reason === "verifier_unreachable")
      return unavailable("verifier_unreachable", 60);
    const proven = verdict.kind === "authentic";
    const journal = proven ? this.#parts.journals.proven : this.#parts.journals.unproven;
    if (!journal.hasRoomFor(raw.body.byteLength)) return unavailable("queue_full", 10);
    if (!proven && !(await this.#parts.quota.admits(source))) return unavailable("unproven_quota", 300);
    return this.#store(channel, inputOf(channel, raw, verdict, source), journal);
  }

  async #store(channel: Channel, input: NewInput, journal: Journal): Promise<ReceiveAnswer> {
    let journaled: JournaledRow;
    try {
      journaled = await journal.push(input);
    } catch (error) {
      this.#parts.log.warn(
        { err: error, gateway: input.gateway },
        "a notification could not be stored; its sender is asked to come again",
      );
      const detail = error instanceof StoreError ? error.reason : "unexpected";
      this.#parts.observer.alarm("store_unavailable", { gateway: input.gateway, input: null, detail });
      return unavailable("store_unavailable", 10);
    }
    const duplicate = journaled.result === "duplicate";
    if (!duplicate && journaled.isOurs) this.#handOn({ ...input, id: journaled.id });
    if (journaled.result === "variant") {
      // Stripe repeats an event with another pending_webhooks count: the meaning is deduplicated by the fold.
      this.#parts.observer.alarm("same_key_other_body", {
        gateway: input.gateway,
        input: journaled.id,
        detail: input.key,
      });
    }
    return { kind: "stored", input: journaled.id, duplicate, reply: channel.acknowledge({ duplicate }) };
  }

  #handOn(input: NewInput): void {
    if (input.state === "unproven") this.#parts.onUnproven(input);
    else this.#parts.applier.push(input);
  }
}

function inputOf(
  channel: Channel,
  raw: RawNotification,
  verdict: Exclude<Verdict, { kind: "forged" }>,
  source: string,
): NewInput {
  const proven = verdict.kind === "authentic";
  return {
    id: newId("ntf", raw.receivedAt),
    kind: "notification",
    gateway: channel.gateway,
    account: channel.account,
    key: storable(channel.identify(raw)),
    bodyHash: hash("sha256", raw.body),
    nonce: proven && verdict.nonce !== null ? storable(verdict.nonce) : null,
    body: raw.body,
    headers: keptHeaders(channel, raw),
    query: clean(raw.query.toString()),
    receivedAt: raw.receivedAt,
    state: proven ? "received" : "unproven",
    source: proven ? null : source,
  };
}

/** Only what the adapter reads: the rest of a request's headers is nobody's business. */
function keptHeaders(channel: Channel, raw: RawNotification): Readonly<Record<string, string>> {
  return Object.fromEntries(
    channel.headers.flatMap((name) => {
      const value = raw.headers.get(name);
      return value === undefined ? [] : [[name, clean(value)]];
    }),
  );
}

/** A key that a database refuses, or that is too long, would fail its batch: its hash is as unique. */
function storable(key: string): string {
  if (key.length > 0 && key.length <= 200 && clean(key) === key) return key;
  return `sha256:${hash("sha256", key)}`;
}

/** PostgreSQL's text has no NUL, and no database a lone surrogate. */
function clean(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

function unavailable(reason: Unavailable["reason"], retryAfterSeconds: number): Unavailable {
  return { kind: "unavailable", reason, retryAfterSeconds };
}

/** The work goes on after the deadline: what it stores then is met again as a duplicate. */
async function within(ms: number, work: Promise<ReceiveAnswer>): Promise<ReceiveAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ReceiveAnswer>((resolve) => {
    timer = setTimeout(() => resolve(unavailable("too_slow", 10)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
