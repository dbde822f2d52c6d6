import type { Store, Transaction } from "../store/store.ts";

/** The classes of the lock space, always taken in this order. */
const CLASSES = ["objects", "payments", "orders", "customerKeys", "customerMerges", "skus"] as const;

/**
 * One lock space. Within a class the store sorts. What is read is read after its lock. Where loading reveals more to lock
 * in a class already passed, the work starts again with the larger set. Names of SKUs are locked by who makes levels; who
 * moves one locks its row (`lockStock`), which comes last of all.
 */
export type LockSet = Readonly<Record<(typeof CLASSES)[number], ReadonlySet<string>>>;

export const NO_LOCKS: LockSet = {
  objects: new Set(),
  payments: new Set(),
  orders: new Set(),
  customerKeys: new Set(),
  customerMerges: new Set(),
  skus: new Set(),
};

/** Thrown inside a transaction: nothing was written; start again holding these from the beginning. */
class WiderLocks extends Error {
  override readonly name = "WiderLocks";
  readonly wider: LockSet;
  constructor(wider: LockSet) {
    super("more to lock than was known");
    this.wider = wider;
  }
}

/** A set that grows with each new neighbour; a chain longer than this is somebody's attack or our mistake. */
const MAX_ROUNDS = 8;

export async function withLocks<Result>(
  store: Pick<Store, "transaction">,
  first: LockSet,
  work: (transaction: Transaction, held: HeldLocks) => Promise<Result>,
): Promise<Result> {
  let wanted = first;
  for (let round = 1; ; round++) {
    try {
      return await store.transaction(async (transaction) => {
        const held = new HeldLocks(transaction, wanted);
        return work(transaction, held);
      });
    } catch (error) {
      if (!(error instanceof WiderLocks) || round >= MAX_ROUNDS) throw error;
      wanted = union(wanted, error.wider);
    }
  }
}

/** What this transaction holds, class by class. */
export class HeldLocks {
  readonly #transaction: Transaction;
  readonly #wanted: LockSet;
  readonly #held = new Map<keyof LockSet, ReadonlySet<string>>();
  #class = -1;

  constructor(transaction: Transaction, wanted: LockSet) {
    this.#transaction = transaction;
    this.#wanted = wanted;
  }

  /**
   * Takes the locks of one class, once for each class, in order; later needs of that class throw WiderLocks. Asked for, and not
   * waited for: the transaction reads behind them, and where one is refused its next statement tells.
   */
  take(kind: keyof LockSet, keys: Iterable<string>): void {
    const index = CLASSES.indexOf(kind);
    const held = this.#held.get(kind);
    const all = new Set([...keys, ...this.#wanted[kind]]);
    const missing = [...all].filter((key) => !held?.has(key));
    if (missing.length === 0) return;
    if (index <= this.#class) throw new WiderLocks({ ...NO_LOCKS, [kind]: new Set(missing) });
    this.#class = index;
    this.#transaction.lock(missing.map((key) => `${kind}:${key}`)).catch(() => undefined);
    this.#held.set(kind, new Set([...(held ?? []), ...missing]));
  }
}

function union(a: LockSet, b: LockSet): LockSet {
  const both = (kind: keyof LockSet): ReadonlySet<string> => new Set([...a[kind], ...b[kind]]);
  return {
    objects: both("objects"),
    payments: both("payments"),
    orders: both("orders"),
    customerKeys: both("customerKeys"),
    customerMerges: both("customerMerges"),
    skus: both("skus"),
  };
}
