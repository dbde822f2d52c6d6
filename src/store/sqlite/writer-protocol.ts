import type { MessagePort } from "node:worker_threads";
import type { Rows } from "./statements.ts";

/** What the writer's thread is asked, and what it answers. All of it is what structured cloning can copy. */

export interface Ask {
  readonly id: number;
  readonly kind: "query" | "execute";
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Closes the connection and ends the thread; or serves another thread as well, through a port of its own. */
export type Order = { readonly kind: "close" } | { readonly kind: "serve"; readonly port: MessagePort };

export type Answer =
  | { readonly id: number; readonly kind: "rows"; readonly result: Rows }
  | { readonly id: number; readonly kind: "changed"; readonly rows: number }
  /** The driver's error without its class, which cloning would lose: `cause` has its code. */
  | { readonly id: number; readonly kind: "failed"; readonly message: string; readonly cause: unknown };
