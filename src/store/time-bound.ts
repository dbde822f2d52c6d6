import { StoreError } from "./store.ts";

/** Rejects `unavailable` where a transaction's work takes longer; the work itself can't be stopped. */
export function timeBound<Result>(work: Promise<Result>, milliseconds: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new StoreError("unavailable", `transaction: not done within ${milliseconds} ms`));
    const timer = setTimeout(late, milliseconds);
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
