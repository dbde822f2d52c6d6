import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { AccountConfig } from "../gateways/account.ts";
import type { ApplyElsewhere } from "../pipeline/applier.ts";
import type { Applied } from "../pipeline/apply.ts";
import type { Following } from "../pipeline/rules.ts";
import { type Store, StoreError } from "../store/store.ts";
import { type ApplyData, type Batch, type BatchAnswer, pack } from "./protocol.ts";

export interface ApplyThread {
  readonly apply: ApplyElsewhere;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (applied: readonly Applied[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Reading, folding and writing take as long as receiving does: in a thread of their own they have a processor of their own, and
 * no request waits for them. Null where the store stays in its thread. Of an error of the thread itself nobody is told: it ends
 * the process, as it would without the thread, and what was under way is found by its lease.
 */
export function startApplyThread(parts: {
  readonly store: Pick<Store, "share">;
  readonly accounts: readonly AccountConfig[];
  readonly following: Following;
  readonly version: string;
  readonly loopbackHttp: boolean;
}): ApplyThread | null {
  const { accounts, following, version, loopbackHttp } = parts;
  const share = parts.store.share();
  if (share === null) return null;
  const { shared, tell } = share;
  const data: ApplyData = { shared, accounts, following, version, loopbackHttp };
  const worker = new Worker(new URL(`./apply-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: data,
    transferList: shared.dialect === "sqlite" ? [shared.port] : [],
    name: "apply",
  });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let isReady = false;
  worker.on("message", (answer: BatchAnswer) => {
    if (answer.kind === "ready") {
      isReady = true;
      return;
    }
    const { resolve, reject } = waiting.get(answer.id) ?? {};
    waiting.delete(answer.id);
    if (answer.kind === "failed") return reject?.(errorOf(answer));
    if (answer.tells) tell();
    resolve?.(answer.applied);
  });
  const ended = once(worker, "exit").then(() => {
    for (const { reject } of waiting.values()) reject(new StoreError("unavailable", "the applying thread has ended"));
  });
  return {
    apply: (inputs, owner) => {
      if (!isReady) return null;
      return new Promise((resolve, reject) => {
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        const batch: Batch = { id: lastId, owner, packed: pack(inputs) };
        worker.postMessage(batch, [batch.packed.bodies]);
      });
    },
    // Nothing is under way, or nobody waits for it any more; then it ends as a transaction ends whose process is gone.
    close: async () => {
      await worker.terminate();
      await ended;
    },
  };
}

function errorOf({ reason, name, message, stack }: Extract<BatchAnswer, { kind: "failed" }>): Error {
  return reason === null
    ? Object.assign(new Error(message), { name, stack })
    : Object.assign(new StoreError(reason, message), { stack });
}
