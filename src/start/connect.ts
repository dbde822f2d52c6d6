import type { Logger } from "pino";
import { StoreError } from "../store/store.ts";

/**
 * Opens the database, and where it can't be reached tries again until it can: the process serves its probes and honest 503s
 * meanwhile, and nobody has to restart it. Once open, the store itself survives outages.
 */

export interface Connecting<Value> {
  /** Null until it is open. */
  readonly current: () => Value | null;
  /** Resolves when it is open, rejects with what no waiting can change. */
  readonly opened: Promise<Value>;
  /** Tries no more; resolves with what was open, or null. */
  stop(): Promise<Value | null>;
}

export interface ConnectParts<Value> {
  readonly open: () => Promise<Value>;
  /** After this the failure is final; null: never. One file on one machine is not coming back by itself. */
  readonly giveUpAfterMs: number | null;
  readonly log: Logger;
  readonly wait?: (ms: number) => Promise<void>;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

export function keepConnecting<Value>(parts: ConnectParts<Value>): Connecting<Value> {
  let value: Value | null = null;
  let isStopped = false;
  const wait = parts.wait ?? sleep;
  const connect = async (): Promise<Value> => {
    let waited = 0;
    for (let ms = FIRST_WAIT_MS; ; ms = Math.min(ms * 2, LONGEST_WAIT_MS)) {
      try {
        value = await parts.open();
        return value;
      } catch (error) {
        const isFinal =
          !isPassing(error) || isStopped || (parts.giveUpAfterMs !== null && waited >= parts.giveUpAfterMs);
        if (isFinal) throw error;
        parts.log.warn({ err: error, againInMs: ms }, "the database can't be opened yet");
      }
      await wait(ms);
      waited += ms;
    }
  };
  const opened = connect();
  return {
    current: () => value,
    opened,
    stop: () => {
      isStopped = true;
      // An attempt under way has its own timeouts; what it opens must be closed by whoever stops.
      return Promise.race([opened.catch(() => null), wait(LONGEST_WAIT_MS).then(() => value)]);
    },
  };
}

/** `unknown_commit`: whatever opening writes may be written twice. */
const PASSING: ReadonlySet<StoreError["reason"]> = new Set(["unavailable", "busy", "unknown_commit"]);

function isPassing(error: unknown): boolean {
  return error instanceof StoreError && PASSING.has(error.reason);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
