import { StoreError } from "./store.ts";

const ATTEMPTS = 5;
const BASE_MS = 10;

/**
 * Runs work again that lost against others (deadlocks, serialization failures, a busy file), after a jittered pause that
 * doubles; gives up with the last `busy`. Only for work that is all or nothing.
 */
export async function retried<Result>(work: () => Promise<Result>, random: () => number): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const lost = error instanceof StoreError && error.reason === "busy";
      if (!lost || attempt === ATTEMPTS) throw error;
      await pause((0.5 + random()) * BASE_MS * 2 ** attempt);
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
