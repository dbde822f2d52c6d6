import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply } from "fastify";
import { HARDENED_HEADERS } from "./errors.ts";

/**
 * Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html) over one answer that does not end. The
 * edge's own limits of time are for requests; here a client that does not read, or that is gone, is found by what is written.
 */

/** A comment this often keeps proxies from taking the silence for an end. */
const HEARTBEAT_MS = 15_000;
/** Whoever reads nothing for so long is cut off: what waits for him is memory. */
const DRAIN_MS = 10_000;
/** What a client waits before it comes again. */
const RETRY_MS = 2_000;
/** Then the client comes again, by itself: with a token that still holds, and to a process that may be another. */
const LIFETIME_MS = 3_600_000;

export interface Message {
  /** What the client sends back as Last-Event-ID. */
  readonly id?: string;
  readonly event?: string;
  /** JSON: one line. */
  readonly data: unknown;
}

export interface EventStream {
  /** Aborts when the client is gone or cut off, when its time is over, or when the server stops. */
  readonly signal: AbortSignal;
  /** Resolves when there is room for more; for one that has ended at once. */
  send(messages: readonly Message[]): Promise<void>;
  /** `retryMs`: when the client is to come again, if not soon. */
  end(retryMs?: number): void;
}

/** The open streams of one app, so that it can end them when it stops. */
export class EventStreams {
  readonly #open = new Set<EventStream>();

  constructor(app: FastifyInstance) {
    app.addHook("preClose", async () => {
      for (const stream of this.#open) stream.end();
    });
  }

  /** Takes the answer over; `onEnd` is called once, whatever ended it. */
  open(reply: FastifyReply, onEnd: () => void): EventStream {
    reply.hijack();
    const stream = startStream(reply.raw);
    const forget = (): void => {
      this.#open.delete(stream);
      onEnd();
    };
    this.#open.add(stream);
    // Whoever left while the stream was prepared has told so already.
    if (stream.signal.aborted) forget();
    else stream.signal.addEventListener("abort", forget, { once: true });
    return stream;
  }
}

function startStream(response: ServerResponse): EventStream {
  const ended = new AbortController();
  const heartbeat = setInterval(() => beat(response), HEARTBEAT_MS);
  const lifetime = setTimeout(() => response.end(), LIFETIME_MS);
  const end = (): void => {
    clearInterval(heartbeat);
    clearTimeout(lifetime);
    ended.abort();
  };
  response.once("close", end);
  if (response.closed || response.socket?.destroyed !== false) end();
  // A client that breaks off is no error of ours.
  response.on("error", () => response.destroy());
  // The server's bound of silence is for requests; a dead peer is found by the heartbeat, or by TCP.
  response.socket?.setTimeout(0).setKeepAlive(true, 30_000).setNoDelay(true);
  response.writeHead(200, {
    ...HARDENED_HEADERS,
    "content-type": "text/event-stream; charset=utf-8",
    // Nginx and its kin would collect events until a buffer is full.
    "x-accel-buffering": "no",
    connection: "close",
  });
  response.write(`retry: ${RETRY_MS}\n\n`);
  return {
    signal: ended.signal,
    send: (messages) => send(response, messages.map(textOf).join(""), ended.signal),
    end: (retryMs) => {
      // Where the client reads no more nothing that is written would ever be flushed.
      if (response.writableNeedDrain) response.destroy();
      else response.end(retryMs === undefined ? "" : `retry: ${retryMs}\n\n`);
    },
  };
}

async function send(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (text === "" || response.writableEnded || response.destroyed || response.write(text)) return;
  const late = setTimeout(() => response.destroy(), DRAIN_MS);
  await once(response, "drain", { signal }).catch(() => undefined);
  clearTimeout(late);
}

/** Not on top of what is not read yet: `send` sees to that. */
function beat(response: ServerResponse): void {
  if (!response.writableNeedDrain && !response.writableEnded) response.write(":\n\n");
}

/** JSON has no line break of its own, and the others are ours. */
function textOf({ id, event, data }: Message): string {
  const head = (id === undefined ? "" : `id: ${id}\n`) + (event === undefined ? "" : `event: ${event}\n`);
  return `${head}data: ${JSON.stringify(data)}\n\n`;
}
