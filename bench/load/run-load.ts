import { type Answer, Connection } from "./connection.ts";
import type { PreparedRequests } from "./notifications.ts";
import type { Load, LoadResult } from "./protocol.ts";

/** How long answers are waited for after the last request was sent: longer than any sender of the field waits. */
const GRACE_MS = 10_000;
const TICK_MS = 1;

/** Sends what is due, when it is due. Open loop: a slow answer delays nothing but its own connection, and what waits for one counts from when it was due. */
export class LoadRun {
  readonly #load: Load;
  readonly #requests: PreparedRequests;
  readonly #acknowledged: number[] = [];
  readonly #latenciesMs: number[] = [];
  readonly #answeredAt: number[] = [];
  readonly #refusalsMs: number[] = [];
  readonly #others = new Map<string, number>();
  readonly #idle: Connection[] = [];
  #connections: readonly Connection[] = [];
  #startedAt = 0;
  #sent = 0;
  #underWay = 0;
  #inTime = 0;
  #withoutRetryAfter = 0;
  #allowed: number;
  #onAnswer: () => void = () => undefined;

  constructor(load: Load, requests: PreparedRequests) {
    this.#load = load;
    this.#requests = requests;
    this.#allowed = load.allowed ?? Number.POSITIVE_INFINITY;
  }

  get acknowledged(): number {
    return this.#acknowledged.length;
  }

  allow(upTo: number): void {
    this.#allowed = Math.max(this.#allowed, upTo);
  }

  async run(): Promise<LoadResult> {
    await this.#open();
    const { seconds } = this.#load;
    this.#startedAt = performance.now();
    while (this.#elapsed() < seconds && this.#sent < this.#load.count) {
      this.#sendDue();
      await pause(TICK_MS);
    }
    const sentFor = Math.min(seconds, this.#elapsed());
    await this.#settled();
    for (const connection of this.#connections) connection.close();
    return {
      seconds: sentFor,
      sent: this.#sent,
      inTime: this.#inTime,
      acknowledged: Uint32Array.from(this.#acknowledged),
      latenciesMs: Float64Array.from(this.#latenciesMs),
      answeredAt: Float64Array.from(this.#answeredAt),
      others: Object.fromEntries(this.#others),
      refusalsMs: Float64Array.from(this.#refusalsMs),
      withoutRetryAfter: this.#withoutRetryAfter,
    };
  }

  #open(): Promise<void> {
    const { connections, ports } = this.#load;
    return new Promise((resolve) => {
      const onIdle = (connection: Connection): void => {
        this.#idle.push(connection);
        if (this.#startedAt > 0) this.#sendDue();
        else if (this.#idle.length === connections) resolve();
      };
      this.#connections = Array.from(
        { length: connections },
        (_, index) => new Connection(ports[index % ports.length] ?? 0, onIdle),
      );
    });
  }

  #elapsed(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  #sendDue(): void {
    const { rate, seconds, count } = this.#load;
    const elapsed = this.#elapsed();
    if (elapsed >= seconds) return;
    // What was refused never gets an outcome: another one takes its place, or a short refusal would end the sending for good.
    const allowed = this.#allowed + this.#refusalsMs.length;
    const due = Math.min(count, allowed, rate === null ? count : Math.floor(elapsed * rate) + 1);
    while (this.#sent < due) {
      const connection = this.#idle.pop();
      if (connection === undefined) return;
      this.#send(connection, this.#sent);
      this.#sent += 1;
    }
  }

  #send(connection: Connection, index: number): void {
    const { rate } = this.#load;
    const sentAt = performance.now();
    const dueAt = rate === null ? sentAt : this.#startedAt + (index / rate) * 1000;
    this.#underWay += 1;
    connection.send(this.#requests.at(index), (answer) => {
      this.#underWay -= 1;
      this.#note(answer, index, { sentAt, dueAt });
      this.#onAnswer();
    });
  }

  #note(answer: Answer, index: number, { sentAt, dueAt }: { readonly sentAt: number; readonly dueAt: number }): void {
    const now = performance.now();
    if (answer !== "lost" && answer.status >= 200 && answer.status < 300) {
      this.#acknowledged.push(index);
      this.#latenciesMs.push(now - dueAt);
      this.#answeredAt.push(performance.timeOrigin + now);
      if (this.#elapsed() <= this.#load.seconds) this.#inTime += 1;
      return;
    }
    const word = answer === "lost" ? "lost" : String(answer.status);
    this.#others.set(word, (this.#others.get(word) ?? 0) + 1);
    if (answer === "lost" || answer.status !== 503) return;
    this.#refusalsMs.push(now - sentAt);
    if (!answer.hasRetryAfter) this.#withoutRetryAfter += 1;
  }

  async #settled(): Promise<void> {
    const until = performance.now() + GRACE_MS;
    while (this.#underWay > 0 && performance.now() < until) {
      await Promise.race([pause(100), new Promise<void>((resolve) => (this.#onAnswer = resolve))]);
    }
    if (this.#underWay > 0) this.#others.set("unanswered", this.#underWay);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
