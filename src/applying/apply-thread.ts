import { setPriority } from "node:os";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { openChannels } from "../channels.ts";
import { GATEWAYS } from "../gateways/registry.ts";
import { applySigned } from "../pipeline/apply.ts";
import { Rules } from "../pipeline/rules.ts";
import { openShared } from "../store/open-shared.ts";
import { StoreError } from "../store/store.ts";
import { type ApplyData, type Batch, type BatchAnswer, unpack } from "./protocol.ts";

/** The thread in which batches are read, folded and written. It starts nothing by itself, and keeps nothing between two. */

// Proven by `startApplyThread`, which starts this file as a thread and with these.
const port = parentPort as MessagePort;
const { shared, accounts, following, version, loopbackHttp } = workerData as ApplyData;

/**
 * Where the processors are all in use, who waits for an answer goes first. A thread's own on Linux alone: elsewhere it would be
 * the process's.
 */
const NICE = 10;
if (process.platform === "linux") setPriority(0, NICE);

const now = (): Date => new Date();
let tells = false;

const store = await openShared(shared, {
  now,
  onTold: () => {
    tells = true;
  },
});
const parts = {
  store,
  rules: new Rules(accounts, following),
  effects: following.effects,
  // They read here, and ask nobody.
  channels: openChannels({ gateways: GATEWAYS, accounts, version, loopbackHttp, now }).byName,
  accounts: new Map(accounts.map((account) => [`${account.provider}/${account.id}`, account])),
  now,
};

port.on("message", (batch: Batch) => {
  void answer(batch).then((said) => port.postMessage(said));
});
port.postMessage({ kind: "ready" } satisfies BatchAnswer);

async function answer({ id, owner, packed }: Batch): Promise<BatchAnswer> {
  try {
    const applied = await applySigned(parts, unpack(packed), owner);
    const told = tells;
    tells = false;
    return { id, kind: "applied", applied, tells: told };
  } catch (error) {
    const { name, message, stack = "" } = error instanceof Error ? error : new Error(String(error));
    return { id, kind: "failed", reason: error instanceof StoreError ? error.reason : null, name, message, stack };
  }
}
