import { retried } from "./retry.ts";
import type { Transactions } from "./session.ts";
import type { Store } from "./store.ts";
import { transactionOn } from "./transaction.ts";

/** The port's transactions over an open database; `onTold` is called after each commit that told events. */
export function transactionsOf(
  database: Pick<Transactions, "dialect" | "transaction">,
  options: { readonly now: () => Date; readonly random: () => number; readonly onTold: () => void },
): Store["transaction"] {
  const { now, random, onTold } = options;
  return async (work) => {
    let tells = false;
    const onEvents = (): void => {
      tells = true;
    };
    const run = () => database.transaction((session) => work(transactionOn(session, database.dialect, now, onEvents)));
    const result = await retried(run, random);
    if (tells) onTold();
    return result;
  };
}
