import { createHash } from "node:crypto";
import { pause } from "../pause.ts";
import type { Random } from "../random.ts";
import type { Command, Message, Story } from "../stories/story.ts";
import { isAccepted, send } from "./http.ts";
import type { PaypalSide } from "./paypal-side.ts";
import { Shop, type ShopAnswer } from "./shop.ts";
import { bytesOf, newTransmissionId, sign } from "./signer.ts";

/** One notification of a story, with the bytes that must be found in the journal once anybody said 200 to it. */
export interface Sent {
  readonly message: Message;
  readonly hash: string;
  acknowledged: number;
}

/** One telling of a story, and whether everybody has got their answer. */
export interface Telling {
  readonly story: Story;
  readonly sent: readonly Sent[];
  /** Deliveries, registrations and commands that nobody has said 2xx to yet. */
  readonly left: number;
}

export interface Tally {
  attempts: number;
  acknowledged: number;
  /** Deliveries beyond the first of a notification, acknowledged or not. */
  duplicates: number;
  /** Answers other than 2xx, by status. */
  readonly refused: Map<number, number>;
  lost: number;
  torn: number;
  registered: number;
  /** Cancellations, changes, decisions and records of the shop that were done. */
  commands: number;
}

export interface SendingParts {
  readonly random: Random;
  readonly side: PaypalSide;
  readonly apiToken: string;
  /** Servers to choose from, whether they run or not. */
  readonly urls: () => readonly string[];
  /** Told of each acknowledged attempt. */
  readonly onAcknowledged: () => void;
}

/** Gateways' own pauses, scaled down; grown by three, so that a backlog is not a flood. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** How often somebody looks whether it is time for what they want to do. */
const LOOK_EVERY_MS = 1_000;
/** So many of the ones and of the others leave no doubt. */
const REPETITIONS = 6;
const FIRSTS = 40;
const TORN = 0.01;
/** Late enough for two processes' clocks that differ a little to agree that it was later. */
const LATE_MS = 2_000;
const ADDRESSES = 40;

/**
 * The gateways and the merchant's shop: each message comes at a moment of its own, some more than once, again and again until
 * somebody says 2xx. Gateways promise neither order nor uniqueness.
 */
export class Sending {
  readonly tally: Tally = {
    attempts: 0,
    acknowledged: 0,
    duplicates: 0,
    refused: new Map(),
    lost: 0,
    torn: 0,
    registered: 0,
    commands: 0,
  };
  readonly sent: Sent[] = [];
  readonly tellings: Telling[] = [];
  readonly #parts: SendingParts;
  readonly #shop: Shop;
  #acknowledged: Sent[] = [];
  /** Deliveries of what had been acknowledged before they were made. */
  readonly #repeated = { refused: new Set<Sent>(), accepted: 0 };
  #pending = 0;
  #isOver = false;

  constructor(parts: SendingParts) {
    this.#parts = parts;
    this.#shop = new Shop(parts.apiToken);
  }

  /** Deliveries, registrations and commands that nobody has said 2xx to yet. */
  get pending(): number {
    return this.#pending;
  }

  /** What was acknowledged for the first time since this was asked last. */
  takeAcknowledged(): readonly Sent[] {
    const taken = this.#acknowledged;
    this.#acknowledged = [];
    return taken;
  }

  /**
   * Whether what was acknowledged once is refused when it is repeated, and nothing else is. On a machine that is too crowded
   * to answer in time both are refused at times, and both are accepted at times.
   */
  get isRefusingRepetitions(): boolean {
    const { refused, accepted } = this.#repeated;
    return accepted === 0 && refused.size >= REPETITIONS && this.tally.acknowledged >= FIRSTS;
  }

  /** Nobody tries any more. */
  end(): void {
    this.#isOver = true;
  }

  /** Sends all that tells the story, in any order, within about `withinMs`; returns how many deliveries that will be. */
  tell(story: Story, withinMs: number): number {
    const { random, side } = this.#parts;
    const { order, messages, commands = [], late = [] } = story;
    for (const { gateway, body } of [...messages, ...late]) if (gateway === "paypal") side.learn(body);
    const telling = { story, sent: [] as Sent[], left: 0 };
    this.tellings.push(telling);
    const soon = (): number => random.next() * withinMs;
    const start = async (work: () => Promise<void>, afterMs: number): Promise<void> => {
      telling.left += 1;
      this.#pending += 1;
      await pause(afterMs);
      await work();
      this.#pending -= 1;
      // Who gave up was not answered.
      if (!this.#isOver) telling.left -= 1;
    };
    const deliver = (original: Message): readonly Promise<void>[] =>
      this.#variants(original).flatMap((message) => {
        const sent = this.#remember(message);
        telling.sent.push(sent);
        const transmissionId = newTransmissionId();
        const repetitions = this.#repetitions(withinMs);
        this.tally.duplicates += repetitions.length;
        return [soon(), ...repetitions].map((afterMs) => start(() => this.#deliver(sent, transmissionId), afterMs));
      });

    const register = () => start(() => this.#register(order), soon());
    if (order.isRegistered && order.registers === "any_time") void register();
    const deliveries = messages.flatMap(deliver);
    if (order.isRegistered && order.registers === "late") {
      void start(async () => void (await Promise.all(deliveries)), 0).then(register);
    }
    if (commands.length > 0) {
      void start(async () => {
        for (const command of commands) await this.#command(story, command);
        if (late.length > 0) await pause(LATE_MS);
        late.flatMap(deliver);
      }, soon());
    }
    return telling.left;
  }

  #remember(message: Message): Sent {
    const hash = createHash("sha256").update(bytesOf(message, this.#parts.side)).digest("hex");
    const sent = { message, hash, acknowledged: 0 };
    this.sent.push(sent);
    return sent;
  }

  /** At times gateways tell the same in other bytes: Stripe with another count, IPN marked as sent again. */
  #variants(message: Message): readonly Message[] {
    if (!this.#parts.random.isTrue(0.05)) return [message];
    switch (message.gateway) {
      case "stripe":
        return [message, { ...message, body: message.body.replace('"pending_webhooks":1', '"pending_webhooks":0') }];
      case "paypal-ipn":
        return [message, { ...message, body: `${message.body}&resend=true` }];
      case "paypal":
        return [message];
    }
  }

  /** When a delivery is repeated: seldom, at times at one instant through several routes, at times in a burst. */
  #repetitions(withinMs: number): readonly number[] {
    const { random } = this.#parts;
    if (random.isTrue(0.7)) return [];
    const burst = random.isTrue(0.15) ? random.between(5, 15) : random.between(1, 2);
    const moment = random.next() * withinMs;
    return Array.from({ length: burst }, () => (random.isTrue(0.5) ? moment : random.next() * withinMs));
  }

  async #deliver(sent: Sent, transmissionId: string): Promise<void> {
    const { random, side } = this.#parts;
    const body = bytesOf(sent.message, side);
    await this.#untilAccepted(async (url) => {
      const { path, headers } = sign(sent.message, body, transmissionId, side);
      const isTorn = random.isTrue(TORN);
      if (isTorn) this.tally.torn += 1;
      const isRepeated = sent.acknowledged > 0;
      const answer = await send(url + path, { headers: { ...headers, ...this.#address() }, body, isTorn });
      if (isAccepted(answer)) {
        if (isRepeated) this.#repeated.accepted += 1;
        sent.acknowledged += 1;
        if (sent.acknowledged === 1) this.#acknowledged.push(sent);
        this.tally.acknowledged += 1;
        this.#parts.onAcknowledged();
      } else if (isRepeated && answer.kind === "status") this.#repeated.refused.add(sent);
      return answer;
    });
  }

  async #register(order: Story["order"]): Promise<void> {
    const isDone = await this.#untilAccepted((url) => this.#shop.register(url, order));
    if (isDone) this.tally.registered += 1;
  }

  async #command({ order }: Story, command: Command): Promise<void> {
    const isDone = await this.#untilAccepted((url) => this.#shop.do(url, order, command));
    if (isDone) this.tally.commands += 1;
  }

  /** False where the torture ended before anybody accepted it. */
  async #untilAccepted(attempt: (url: string) => Promise<ShopAnswer>): Promise<boolean> {
    const { random, urls } = this.#parts;
    for (let wait = FIRST_PAUSE_MS; !this.#isOver; ) {
      this.tally.attempts += 1;
      const answer = await attempt(random.pick(urls()));
      if (isAccepted(answer)) return true;
      if (answer.kind === "lost") this.tally.lost += 1;
      if (answer.kind === "status")
        this.tally.refused.set(answer.status, (this.tally.refused.get(answer.status) ?? 0) + 1);
      await pause((answer.kind === "not_yet" ? LOOK_EVERY_MS : wait) * (0.5 + random.next()));
      wait = Math.min(wait * 3, LONGEST_PAUSE_MS);
    }
    return false;
  }

  #address(): Readonly<Record<string, string>> {
    return { "x-forwarded-for": `198.51.100.${this.#parts.random.between(1, ADDRESSES)}` };
  }
}
