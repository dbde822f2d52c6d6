import { expect, test } from "vitest";
import { NO_LOCKS, withLocks } from "../../src/pipeline/locks.ts";
import type { Store, Transaction } from "../../src/store/store.ts";

/** Records the order in which locks are taken: the rest of a store is not touched by this. */
function recorder() {
  const taken: string[][] = [];
  let transactions = 0;
  const store = {
    transaction: <Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> => {
      transactions += 1;
      const lock = async (keys: readonly string[]): Promise<void> => void taken.push([...keys]);
      // Proven: the subject calls nothing else of a transaction.
      return work({ lock } as unknown as Transaction);
    },
  };
  // Proven: as above.
  return { store: store as unknown as Store, taken, transactions: () => transactions };
}

test("classes are taken in one order, each key once", async () => {
  const { store, taken, transactions } = recorder();
  await withLocks(store, NO_LOCKS, async (_transaction, held) => {
    held.take("objects", ["b", "a", "b"]);
    held.take("payments", ["p"]);
    held.take("payments", ["p"]);
    held.take("orders", ["1001"]);
    held.take("objects", ["a"]);
  });
  expect(taken).toEqual([["objects:b", "objects:a"], ["payments:p"], ["orders:1001"]]);
  expect(transactions()).toBe(1);
});

test("a key of a class already passed starts the work again, holding it from the beginning", async () => {
  const { store, taken, transactions } = recorder();
  const result = await withLocks(store, NO_LOCKS, async (_transaction, held) => {
    held.take("objects", ["a"]);
    held.take("payments", ["p"]);
    held.take("objects", ["c"]);
    return "done";
  });
  expect(result).toBe("done");
  expect(transactions()).toBe(2);
  expect(taken.slice(2)).toEqual([["objects:a", "objects:c"], ["payments:p"]]);
});

test("a neighbourhood that never ends is given up", async () => {
  const { store, transactions } = recorder();
  let round = 0;
  const work = withLocks(store, NO_LOCKS, async (_transaction, held) => {
    held.take("payments", ["p"]);
    held.take("objects", [`new-${round++}`, ...Array.from({ length: round + 1 }, (_, i) => `more-${round}-${i}`)]);
  });
  await expect(work).rejects.toThrow("more to lock");
  expect(transactions()).toBeLessThanOrEqual(8);
});
