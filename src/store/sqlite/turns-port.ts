import type { MessagePort } from "node:worker_threads";
import { StoreError } from "../store.ts";
import type { Turns } from "./turns.ts";

/** Turns at the writer for another thread: it asks, is told when it is its turn, and gives it back. */

type Wish =
  | { readonly kind: "take"; readonly id: number; readonly what: "work" | "writer" }
  | { readonly kind: "give"; readonly id: number };

interface Granted {
  readonly id: number;
  /** Why not, where it is not granted. */
  readonly refused: string | null;
}

export function serveTurns(port: MessagePort, turns: Turns): void {
  const held = new Map<number, () => void>();
  const say = (granted: Granted): void => port.postMessage(granted);
  const grant = (id: number, giveBack: () => void): void => {
    held.set(id, giveBack);
    say({ id, refused: null });
  };
  const take = async (id: number, what: "work" | "writer"): Promise<void> => {
    if (what === "writer") grant(id, await turns.takeWriter());
    else await turns.exclusively(() => new Promise<void>((giveBack) => grant(id, giveBack)));
  };
  port.on("message", (wish: Wish) => {
    if (wish.kind === "give") {
      held.get(wish.id)?.();
      held.delete(wish.id);
    } else {
      take(wish.id, wish.what).catch((error: unknown) =>
        say({ id: wish.id, refused: error instanceof Error ? error.message : "unknown" }),
      );
    }
  });
}

/** The other end. */
export class TurnsClient implements Pick<Turns, "exclusively" | "takeWriter"> {
  readonly #port: MessagePort;
  readonly #wishes = new Map<number, (granted: Granted) => void>();
  #lastId = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (granted: Granted) => {
      this.#wishes.get(granted.id)?.(granted);
      this.#wishes.delete(granted.id);
    });
  }

  async exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const giveBack = await this.#take("work");
    try {
      return await work();
    } finally {
      giveBack();
    }
  }

  takeWriter(): Promise<() => void> {
    return this.#take("writer");
  }

  async #take(what: "work" | "writer"): Promise<() => void> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { refused } = await new Promise<Granted>((resolve) => {
      this.#wishes.set(id, resolve);
      this.#ask({ kind: "take", id, what });
    });
    if (refused !== null) throw new StoreError("unavailable", refused);
    return () => this.#ask({ kind: "give", id });
  }

  #ask(wish: Wish): void {
    this.#port.postMessage(wish);
  }
}
