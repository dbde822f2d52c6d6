import type { MessagePort, Worker } from "node:worker_threads";

/**
 * Messages for another thread, those of one turn of the event loop in one list: waking a thread costs more than most statements,
 * and what is written in a transaction arrives whole, so that nothing waits between its statements.
 */
export class Outgoing<Message> {
  readonly #port: Pick<MessagePort | Worker, "postMessage">;
  #messages: Message[] = [];
  #given: ArrayBuffer[] = [];

  constructor(port: Pick<MessagePort | Worker, "postMessage">) {
    this.#port = port;
  }

  /** `given`: memory in it that is handed over instead of copied; nobody here may use it any more. */
  add(message: Message, given: readonly ArrayBuffer[] = []): void {
    this.#messages.push(message);
    this.#given.push(...given);
    // Behind all promises that can go on now: what they ask for comes along.
    if (this.#messages.length === 1) process.nextTick(() => this.#send());
  }

  #send(): void {
    const [messages, given] = [this.#messages, this.#given];
    this.#messages = [];
    this.#given = [];
    this.#port.postMessage(messages, given);
  }
}
