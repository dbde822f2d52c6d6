import { connect, type Socket } from "node:net";

/** What came back for one request; `lost` where the connection ended before it did. */
export type Answer = { readonly status: number; readonly hasRetryAfter: boolean } | "lost";

/**
 * One keep-alive connection with one request under way. By hand, because a sender that costs as much as the receiver would
 * be what is measured: an HTTP client library takes some 50 µs a request, this some 10.
 */
export class Connection {
  readonly #port: number;
  readonly #onIdle: (connection: Connection) => void;
  #socket: Socket | null = null;
  #answer: ((answer: Answer) => void) | null = null;
  #received = "";
  #isClosed = false;

  constructor(port: number, onIdle: (connection: Connection) => void) {
    this.#port = port;
    this.#onIdle = onIdle;
    this.#open();
  }

  /** Only on an idle connection. */
  send(request: Uint8Array, answer: (answer: Answer) => void): void {
    this.#answer = answer;
    this.#socket?.write(request);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  #open(): void {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    this.#socket = socket;
    this.#received = "";
    socket.setEncoding("latin1");
    socket.on("connect", () => this.#onIdle(this));
    socket.on("data", (chunk: string) => this.#read(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#settle("lost");
      // A server that is overrun refuses connections: asking it at once again would be a second flood.
      if (!this.#isClosed) setTimeout(() => this.#isClosed || this.#open(), 5);
    });
  }

  #read(chunk: string): void {
    this.#received += chunk;
    const bodyAt = this.#received.indexOf("\r\n\r\n") + 4;
    if (bodyAt < 4) return;
    const head = this.#received.slice(0, bodyAt).toLowerCase();
    const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
    if (this.#received.length < bodyAt + length) return;
    this.#received = this.#received.slice(bodyAt + length);
    const isLast = head.includes("\r\nconnection: close");
    this.#settle({ status: Number(head.slice(9, 12)), hasRetryAfter: head.includes("\r\nretry-after: ") });
    if (isLast) this.#socket?.destroy();
    else this.#onIdle(this);
  }

  #settle(answer: Answer): void {
    const told = this.#answer;
    this.#answer = null;
    told?.(answer);
  }
}
