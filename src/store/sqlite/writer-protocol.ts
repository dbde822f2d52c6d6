import type { MessagePort } from "node:worker_threads";
import type { StoreError } from "../store.ts";
import type { Opening } from "./connection.ts";
import type { Rows } from "./statements.ts";

/**
 * What the writer's thread is asked, and what it answers: lists in both directions, as a message costs more than most statements.
 * All of it is what structured cloning can copy.
 */

/** Its `workerData`. */
export interface WriterData {
  readonly opening: Opening;
  /** Two numbers of 32 bits, which it keeps: of those who take turns, how many are busy, and how many wait. */
  readonly load: SharedArrayBuffer;
}

export type Ask =
  | {
      readonly id: number;
      readonly kind: "query" | "execute";
      /** The `id` of what opened the asker's turn; null without one. */
      readonly turn: number | null;
      readonly sql: string;
      readonly values: readonly unknown[];
    }
  | { readonly id: number; readonly kind: "open" }
  | { readonly id: number; readonly kind: "begin"; readonly turn: number; readonly version: string | null };

/** `end`: of a turn. `serve`: another thread as well, through a port of its own. `close`: the connection, and the thread ends. */
export type Order =
  | { readonly kind: "end"; readonly turn: number }
  | { readonly kind: "serve"; readonly port: MessagePort }
  | { readonly kind: "close" };

export type Answer =
  | { readonly id: number; readonly kind: "rows"; readonly result: Rows }
  | { readonly id: number; readonly kind: "changed"; readonly rows: number }
  | { readonly id: number; readonly kind: "opened"; readonly version: string }
  | { readonly id: number; readonly kind: "begun"; readonly isCurrent: boolean }
  /** An error without its class, which cloning would lose: `cause` has the driver's code. */
  | {
      readonly id: number;
      readonly kind: "failed";
      /** Of a StoreError; null for the driver's. */
      readonly reason: StoreError["reason"] | null;
      readonly message: string;
      readonly cause: unknown;
    };
