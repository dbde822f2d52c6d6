import type { Logger } from "pino";
import { type Store, StoreError } from "../store/store.ts";
import type { OrderCommands } from "./commands.ts";
import { tellFlags } from "./flagged.ts";
import type { Goods } from "./goods-commands.ts";
import type { Observer } from "./observer.ts";
import { Retention } from "./retention.ts";
import { Sealing } from "./sealing.ts";

export interface SweeperParts {
  readonly store: Store;
  readonly commands: Pick<OrderCommands, "expire">;
  readonly goods: Pick<Goods, "waiting" | "handOut">;
  /** The time for which a canceled subscription was paid has passed. */
  readonly endSubscription: (id: string) => Promise<void>;
  readonly now: () => Date;
  readonly log: Logger;
  /** How long bodies of settled notifications are kept; null is for ever. */
  readonly keepBodiesMs: number | null;
  readonly observer: Pick<Observer, "alarm">;
}

/** How long an invented or unproven notification is kept before it is forgotten. */
const KEEP_UNPROVEN_MS = 30 * 24 * 60 * 60 * 1000;
/** Rejected ones are kept for a person who looks for the reason, and anybody can have some rejected: newest first, so many. */
const KEEP_REJECTED = 10_000;
const BATCH = 500;

/**
 * What time brings: orders expire, canceled subscriptions end, flags are told, keys go to those who wait, invented
 * notifications are forgotten, old bodies are emptied, the journal is sealed.
 */
export class Sweeper {
  readonly #parts: SweeperParts;
  readonly #everyMs: number;
  readonly #retention: Retention;
  readonly #sealing: Sealing;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: SweeperParts, everyMs: number) {
    this.#parts = parts;
    this.#everyMs = everyMs;
    this.#retention = new Retention({ ...parts, keepMs: parts.keepBodiesMs });
    this.#sealing = new Sealing(parts);
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.sweep().then(() => {
        if (this.#timer !== null) this.start();
      });
    }, this.#everyMs);
  }

  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  async #tellFlags(payment: string): Promise<void> {
    for (const flag of await tellFlags(this.#parts, payment))
      this.#parts.observer.alarm("flagged", { gateway: "-", input: null, detail: `${payment}: ${flag}` });
  }

  /** One that fails for what it is holds up no other, and nothing that comes after. */
  async #each(ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<void> {
    for (const id of ids) {
      try {
        await work(id);
      } catch (error) {
        if (error instanceof StoreError && error.reason !== "data") throw error;
        this.#parts.log.error({ err: error, id }, "a sweep passed over it: run `paybell check`");
      }
    }
  }

  /** One round; never rejects. */
  async sweep(): Promise<void> {
    const { store, commands, goods, endSubscription, now, log } = this.#parts;
    try {
      await this.#each(await store.overdueOrders(now(), BATCH), (reference) => commands.expire(reference));
      await this.#each(await store.endedSubscriptions(now(), BATCH), endSubscription);
      await this.#each(await store.flaggedPayments(now(), BATCH), (payment) => this.#tellFlags(payment));
      await this.#each(await goods.waiting(BATCH), (order) => goods.handOut(order));
      const old = await store.expireUnproven(new Date(now().getTime() - KEEP_UNPROVEN_MS), BATCH);
      const forgotten = old + (await store.forgetRejected(KEEP_REJECTED, BATCH));
      if (forgotten > 0) log.info({ forgotten }, "forgot notifications that nobody proved");
      const emptied = await this.#retention.sweep();
      if (emptied > 0) log.info({ emptied }, "emptied bodies that were kept for long enough");
      await this.#sealing.sweep();
    } catch (error) {
      log.warn({ err: error }, "a sweep did not finish; the next one goes on");
    }
  }
}
