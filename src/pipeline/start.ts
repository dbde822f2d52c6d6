import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Logger } from "pino";
import type { AccountConfig } from "../gateways/account.ts";
import type { Channel } from "../gateways/gateway.ts";
import type { EffectName } from "../payments/effect-name.ts";
import type { StockReturn } from "../payments/stock.ts";
import type { Journaled, Lease, NewInput, Store } from "../store/store.ts";
import { Applier, type ApplierParts, type ApplyElsewhere } from "./applier.ts";
import { applySigned } from "./apply.ts";
import { AskLater } from "./ask-later.ts";
import { OrderCommands } from "./commands.ts";
import { Goods } from "./goods-commands.ts";
import { Journal } from "./journal.ts";
import type { Observer } from "./observer.ts";
import type { Commands, GoodsCommands, Receiver } from "./pipeline.ts";
import { NotificationReceiver } from "./receive.ts";
import { Rules } from "./rules.ts";
import { loadStock, type StockLoads } from "./stock-loads.ts";
import { endSubscription } from "./subscription-deadline.ts";
import { Sweeper } from "./sweeper.ts";
import { UnprovenQuota } from "./unproven-quota.ts";

export interface PipelineParts {
  readonly store: Store;
  /** `<gateway>/<account>` → channel. */
  readonly channels: ReadonlyMap<string, Channel>;
  readonly accounts: readonly AccountConfig[];
  readonly now: () => Date;
  readonly log: Logger;
  readonly observer: Observer;
  readonly effects: ReadonlySet<EffectName>;
  /** What gives an order's goods back to the stock. */
  readonly stockReturns: ReadonlySet<StockReturn>;
  /** How long bodies of settled notifications are kept; null is for ever. */
  readonly keepBodiesMs: number | null;
  /** Where batches are applied; absent: in this thread. */
  readonly apply?: ApplyElsewhere;
}

export interface Pipeline {
  readonly receiver: Receiver;
  readonly commands: Commands;
  readonly stock: StockLoads;
  readonly goods: GoodsCommands;
  /** What stands in memory: for /health and /metrics. */
  readonly depth: () => { readonly journal: number; readonly apply: number };
  /** Stops taking, finishes what is under way within `deadlineMs`, gives the leases back. */
  stop(deadlineMs: number): Promise<void>;
}

/** Long enough for a slow batch and a slow postback, short enough that what a crash left is picked up within half a minute. */
const LEASE_MS = 30_000;
const PROVEN = { batchRows: 200, batchBytes: 4 << 20, queueRows: 4_000, queueBytes: 64 << 20 };
const UNPROVEN = { batchRows: 50, batchBytes: 1 << 20, queueRows: 500, queueBytes: 8 << 20 };
/** The queue is a few seconds' work: what overflows is journaled under a lease that has ended, and claimed from the table. */
const APPLIER = { batchRows: 200, queueRows: 2_000, pollMs: 1_000, maxFailures: 10 };
/** SQLite has one writer: what is received meanwhile waits until all of a batch is written. */
const SQLITE_BATCH_ROWS = 100;
const ASKING = {
  concurrency: 4,
  perSecond: 20,
  queueRows: 500,
  claimRows: 20,
  pollMs: 1_000,
  giveUpAfterMs: 4 * 24 * 3_600_000,
};
const QUOTA = { waiting: 20_000, waitingFromSource: 2_000, perMinuteFromSource: 600, sources: 10_000 };
const SWEEP_EVERY_MS = 10_000;

/** Wires the recipe: receive → journal → apply, and what is asked later. Starts at once; opens nothing. */
export function startPipeline(parts: PipelineParts): Pipeline {
  const { store, now, log, observer } = parts;
  const lease: Lease = { owner: `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`, forMs: LEASE_MS };
  const rules = new Rules(parts.accounts, parts);
  const applierParts: ApplierParts = {
    ...parts,
    store,
    rules,
    lease,
    accounts: new Map(parts.accounts.map((account) => [`${account.provider}/${account.id}`, account])),
    onUnconfirmed: () => asker.wake(),
    journalBusyMs: () => journals.proven.busyMs,
    apply: (inputs, owner) => parts.apply?.(inputs, owner) ?? applySigned(applierParts, inputs, owner),
  };
  const batchRows = store.dialect === "sqlite" ? SQLITE_BATCH_ROWS : APPLIER.batchRows;
  const applier: Applier = new Applier(applierParts, { ...APPLIER, batchRows });
  const journals = {
    proven: new Journal(
      journaling({ store, lease, observer }, (inputs) => applier.admit(inputs)),
      PROVEN,
    ),
    unproven: new Journal(
      journaling({ store, lease, observer }, (inputs) => inputs.map(() => true)),
      UNPROVEN,
    ),
  };
  const asker: AskLater = new AskLater(applierParts, ASKING);
  const quota = new UnprovenQuota((source) => store.countUnproven(source), QUOTA, now);
  const onUnproven = (input: Parameters<AskLater["push"]>[0]): void => asker.push(input);
  const receiver = new NotificationReceiver({ store, journals, quota, applier, onUnproven, now, log, observer });
  const applying = { store, rules, effects: parts.effects, now };
  const commands = new OrderCommands(applying);
  const goods = new Goods(applying);
  const sweeper = new Sweeper(
    { ...parts, commands, goods, endSubscription: (id) => endSubscription(applying, id) },
    SWEEP_EVERY_MS,
  );
  applier.start();
  asker.start();
  sweeper.start();
  return {
    receiver,
    commands,
    stock: { load: (load) => loadStock({ store, now }, load) },
    goods,
    depth: () => ({ journal: journals.proven.depth + journals.unproven.depth, apply: applier.depth }),
    async stop(deadlineMs) {
      receiver.stop();
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, deadlineMs);
      });
      await Promise.race([Promise.all([journals.proven.idle(), journals.unproven.idle(), sweeper.stop()]), deadline]);
      await Promise.all([applier.stop(deadline), asker.stop(deadline)]);
      clearTimeout(timer);
    },
  };
}

/** One commit, or two where there is no room in memory for some: these are due at once, for whoever has time. */
function journaling(
  { store, lease, observer }: { readonly store: Store; readonly lease: Lease; readonly observer: Observer },
  admit: (inputs: readonly NewInput[]) => readonly boolean[],
): ConstructorParameters<typeof Journal>[0] {
  const commit = async (inputs: readonly NewInput[], forMs: number): Promise<readonly Journaled[]> => {
    if (inputs.length === 0) return [];
    const began = performance.now();
    const journaled = await store.journal(inputs, { ...lease, forMs });
    observer.committed("journal", inputs.length, (performance.now() - began) / 1000);
    return journaled;
  };
  return async (inputs) => {
    const isOurs = admit(inputs);
    const ours = (
      await commit(
        inputs.filter((_, i) => isOurs[i]),
        lease.forMs,
      )
    ).values();
    const others = (
      await commit(
        inputs.filter((_, i) => !isOurs[i]),
        0,
      )
    ).values();
    return isOurs.map((own) => {
      const { value } = (own ? ours : others).next();
      if (value === undefined) throw new Error("the store answered for fewer inputs than it was given");
      return { isOurs: own, ...value };
    });
  };
}
