import type { MessagePort, Worker } from "node:worker_threads";

/**
 * Messages for another thread, those of one turn of the event loop in one list: waking a thread costs more than most statements,
 * and what is written in a transaction arrives whole, so that nothing waits between its statements.
 */
export class Outgoing<Message> {
  readonly #port: Pick<MessagePort | Worker, "postMessage">;
  #messages: Message[] = [];

  constructor(port: Pick<MessagePort | Worker, "postMessage">) {
    this.#port = port;
  }

  add(message: Message): void {
    this.#messages.push(message);
    // Behind all promises that can go on now: what they ask for comes along.
    if (this.#messages.length === 1) process.nextTick(() => this.#send());
  }

  #send(): void {
    const messages = this.#messages;
    this.#messages = [];
    this.#port.postMessage(messages);
  }
}
