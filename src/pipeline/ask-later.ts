import { createHash } from "node:crypto";
import type { Channel, Confirmation, Item, ProviderAnswer, Verdict } from "../gateways/gateway.ts";
import type { StoredFact } from "../payments/fact.ts";
import type { InputOutcome, InputState, NewInput } from "../store/store.ts";
import { type ApplierParts, reportOutcome } from "./applier.ts";
import { type ApplyTask, applyBatch } from "./apply.ts";
import { placeFacts } from "./fact-key.ts";
import { newId } from "./ids.ts";
import { NOTHING_WRITTEN } from "./nothing-written.ts";
import { rawOf, readNotification } from "./read.ts";

export interface AskBounds {
  /** Questions under way at once: a flood of invented notifications must not hammer the provider. */
  readonly concurrency: number;
  readonly perSecond: number;
  readonly queueRows: number;
  /** As many as can be asked about within a lease also where the provider is slow. */
  readonly claimRows: number;
  readonly pollMs: number;
  /** How long a provider may be out of reach before a person is told: PayPal itself retries for up to four days. */
  readonly giveUpAfterMs: number;
}

const GIVEN_UP_PAUSE_MS = 24 * 3_600_000;

interface Queued {
  readonly input: NewInput;
  /** Until when it may still be asked about under its lease, ms since 1970. */
  readonly until: number;
}

const ASKED: readonly InputState[] = ["unproven", "unconfirmed"];

/** What to do with an input after its provider was asked. */
type Step =
  | { readonly kind: "apply"; readonly task: ApplyTask }
  | { readonly kind: "settle"; readonly state: "rejected" | "quarantined"; readonly reason: string }
  | { readonly kind: "wait"; readonly reason: string; readonly afterMs: number | null };

/**
 * Proof that needs the network: IPN's postback, PayPal's API. Always in the background, outside any transaction, never
 * part of an acknowledgement; retried with growing pauses, and never taken for an answer when there was none.
 */
export class AskLater {
  readonly #parts: ApplierParts;
  readonly #bounds: AskBounds;
  readonly #queue: Queued[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #failures = new Map<string, number>();
  #stopping = false;
  #wake: () => void = () => {};
  #loop: Promise<void> | null = null;

  constructor(parts: ApplierParts, bounds: AskBounds) {
    this.#parts = parts;
    this.#bounds = bounds;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Just journaled as unproven, under this process's lease; what does not fit is claimed from the table later. */
  push(input: NewInput): void {
    if (this.#queue.length < this.#bounds.queueRows) this.#enqueue([input]);
    this.wake();
  }

  wake(): void {
    this.#wake();
  }

  async stop(deadline: Promise<void>): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await Promise.race([Promise.all([this.#loop, ...this.#running]), deadline]);
    const left = this.#queue.map(({ input: { id } }) => ({ id, dueAt: this.#parts.now(), countAttempt: false }));
    if (left.length > 0) await this.#parts.store.release(left, this.#parts.lease.owner).catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      if (this.#queue.length === 0) await this.#claim();
      while (this.#running.size >= this.#bounds.concurrency) await Promise.race(this.#running);
      const next = this.#queue.shift();
      if (!next) {
        await this.#sleep(this.#bounds.pollMs);
        continue;
      }
      // Its lease would end before the answer: whoever claims it then asks.
      if (Date.now() > next.until) continue;
      const { input } = next;
      const asking: Promise<void> = this.#ask(input).finally(() => this.#running.delete(asking));
      this.#running.add(asking);
      await this.#sleep(1000 / this.#bounds.perSecond, false);
    }
  }

  #enqueue(inputs: readonly NewInput[]): void {
    const until = Date.now() + this.#parts.lease.forMs / 2;
    this.#queue.push(...inputs.map((input) => ({ input, until })));
  }

  async #claim(): Promise<void> {
    const { store, lease, log } = this.#parts;
    try {
      const claimed = await store.claim({ states: ASKED, limit: this.#bounds.claimRows, lease });
      this.#enqueue(inTurn(claimed));
    } catch (error) {
      log.warn({ err: error }, "what waits for its provider's word could not be claimed; it is tried again");
    }
  }

  async #ask(input: NewInput): Promise<void> {
    const channel = this.#parts.channels.get(`${input.gateway}/${input.account}`);
    try {
      const step = await this.#stepFor(input, channel);
      await this.#take(input, step);
    } catch (error) {
      this.#parts.log.error(
        { err: error, input: input.id, gateway: input.gateway },
        "asking the provider failed; it is tried again",
      );
      await this.#putOff(input, "failed", null).catch(() => undefined);
    }
  }

  async #stepFor(input: NewInput, channel: Channel | undefined): Promise<Step> {
    if (!channel) return { kind: "settle", state: "quarantined", reason: "account_gone" };
    const began = performance.now();
    const took = (): number => (performance.now() - began) / 1000;
    if (input.state === "unproven") {
      if (!channel.prove) return { kind: "settle", state: "quarantined", reason: "account_gone" };
      const verdict = await channel.prove(rawOf(input));
      this.#parts.observer.asked(input, verdict.kind === "unproven_yet" ? "unreachable" : verdict.kind, took());
      return this.#afterProof(input, verdict);
    }
    return this.#confirm(input, channel, took);
  }

  #afterProof(input: NewInput, verdict: Verdict): Step {
    switch (verdict.kind) {
      case "authentic":
        return {
          kind: "apply",
          // Its row says unproven until this is committed; the verifier's word is what makes it readable.
          task: {
            input: { ...input, state: "received" },
            proof: "signed",
            answers: [this.#verifierSaid(input, "VERIFIED", "verified")],
          },
        };
      case "forged":
        return { kind: "settle", state: "rejected", reason: "invalid" };
      case "unproven_yet":
        return { kind: "wait", reason: verdict.reason, afterMs: null };
    }
  }

  #verifierSaid(input: NewInput, word: string, reason: string): ApplyTask["answers"][number] {
    const answer = { key: `proof:${input.id}`, at: this.#parts.now(), body: Buffer.from(word) };
    return { input: answerInput(input, answer, this.#parts.now()), reason, facts: [] };
  }

  async #confirm(input: NewInput, channel: Channel, took: () => number): Promise<Step> {
    const account = this.#parts.accounts.get(`${channel.provider}/${channel.account}`);
    const reading = readNotification(input, channel, account);
    const { confirmation } = channel;
    // Without credentials (any more) the ordinary way decides: signed facts count, a reused nonce is quarantined.
    if (reading.kind !== "facts" || !confirmation)
      return { kind: "apply", task: { input, proof: "signed", answers: [] } };
    const answers: ApplyTask["answers"][number][] = [];
    // A reused nonce puts every item in doubt, so all are asked about when none would need it.
    const needed = reading.items.filter((item) => confirmation.needed(item));
    for (const item of needed.length > 0 ? needed : reading.items) {
      const answer = await confirmation.confirm(item);
      this.#parts.observer.asked(input, answer.kind, took());
      const step = notConfirmed(answer);
      if (step) return step;
      if (answer.kind === "confirmed")
        answers.push(...answer.answers.map((one) => this.#answerOf(input, channel, one)));
    }
    return { kind: "apply", task: { input, proof: "confirmed", answers } };
  }

  #answerOf(input: NewInput, channel: Channel, answer: ProviderAnswer): ApplyTask["answers"][number] {
    const row = answerInput(input, answer, this.#parts.now());
    return { input: row, reason: "confirmed", facts: factsOfAnswer(channel, answer, row) };
  }

  async #take(input: NewInput, step: Step): Promise<void> {
    switch (step.kind) {
      case "apply": {
        const [applied] = await applyBatch(this.#parts, [step.task], this.#parts.lease.owner);
        this.#failures.delete(input.id);
        if (applied) reportOutcome(this.#parts, input, applied);
        return;
      }
      case "settle":
        return this.#settle(input, step.state, step.reason);
      case "wait":
        return this.#putOff(input, step.reason, step.afterMs);
    }
  }

  async #settle(input: NewInput, state: "rejected" | "quarantined", reason: string): Promise<void> {
    const outcome: InputOutcome = { id: input.id, state, reason, type: null, live: null, payment: null, dueAt: null };
    await this.#write(outcome);
    this.#failures.delete(input.id);
    reportOutcome(this.#parts, input, { outcome, nonceReused: false });
  }

  /** Pauses grow from 10 s to an hour; after the last day a person is told, each day anew, until it is forgotten. */
  async #putOff(input: NewInput, reason: string, afterMs: number | null): Promise<void> {
    const failures = (this.#failures.get(input.id) ?? 0) + 1;
    if (this.#failures.size < 10_000) this.#failures.set(input.id, failures);
    const now = this.#parts.now().getTime();
    const age = now - input.receivedAt.getTime();
    const pause = Math.max(
      afterMs ?? 0,
      Math.min(5_000 * 2 ** Math.min(failures, 10), Math.max(10_000, age), 3_600_000),
    );
    const givenUp = age > this.#bounds.giveUpAfterMs;
    const dueAt = new Date(now + (givenUp ? GIVEN_UP_PAUSE_MS : pause * (0.8 + 0.4 * Math.random())));
    await this.#write({
      id: input.id,
      state: input.state,
      reason,
      type: null,
      live: null,
      payment: null,
      dueAt,
    });
    if (givenUp)
      this.#parts.observer.alarm("unproven_expired", { gateway: input.gateway, input: input.id, detail: reason });
  }

  async #write(outcome: InputOutcome): Promise<void> {
    const { store, lease } = this.#parts;
    await store.transaction((transaction) =>
      transaction.write({ ...NOTHING_WRITTEN, outcomes: [outcome] }, { owner: lease.owner }),
    );
  }

  #sleep(ms: number, wakeable = true): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      if (!wakeable) return;
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Null when confirmed. */
function notConfirmed(answer: Confirmation): Step | null {
  switch (answer.kind) {
    case "confirmed":
      return null;
    case "contradicted":
      return { kind: "settle", state: "quarantined", reason: answer.reason };
    case "cannot_confirm":
      // Nothing changes until somebody changes the credentials: once an hour is enough to notice that.
      return { kind: "wait", reason: "cannot_confirm", afterMs: 3_600_000 };
    case "unreachable":
      return { kind: "wait", reason: "api_unreachable", afterMs: answer.retryAfterMs };
  }
}

/** Takes one of each sender in turn, so that a flood from one address does not hold up the others. */
function inTurn<Input extends NewInput>(inputs: readonly Input[]): readonly Input[] {
  const turns = new Map<string, number>();
  return inputs
    .map((input) => {
      const source = input.source ?? "";
      const turn = turns.get(source) ?? 0;
      turns.set(source, turn + 1);
      return { input, turn };
    })
    .sort((a, b) => a.turn - b.turn)
    .map(({ input }) => input);
}

/** The provider's answer as an input of its own, with its outcome already. */
function answerInput(about: NewInput, answer: ProviderAnswer, now: Date): NewInput {
  return {
    id: newId("inp", now),
    kind: "answer",
    gateway: about.gateway,
    account: about.account,
    key: `answer:${answer.key}`.slice(0, 200),
    bodyHash: createHash("sha256").update(answer.body).digest("hex"),
    nonce: null,
    body: answer.body,
    headers: { date: answer.at.toUTCString() },
    query: "",
    receivedAt: now,
    state: "applied",
    source: null,
  };
}

function factsOfAnswer(channel: Channel, answer: ProviderAnswer, row: NewInput): readonly StoredFact[] {
  const parsed = channel.readAnswer(answer);
  const items: readonly Item[] = parsed.kind === "parsed" ? parsed.payload : [];
  return placeFacts(items, {
    gateway: channel.gateway,
    provider: channel.provider,
    account: channel.account,
    input: row.id,
    receivedAt: row.receivedAt,
  });
}
