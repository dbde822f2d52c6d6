import { createHash } from "node:crypto";
import type { NewInput } from "../../src/store/store.ts";

/** A journal row as the receiver makes it. */
export function newInput(key: string, parts: Partial<NewInput> = {}): NewInput {
  const body = parts.body ?? Buffer.from(`{"id":"${key}"}`);
  return {
    id: `ntf_${key}`,
    kind: "notification",
    gateway: "stripe",
    account: "default",
    key,
    bodyHash: createHash("sha256").update(body).digest("hex"),
    nonce: null,
    body,
    headers: {},
    query: "",
    receivedAt: new Date("2026-01-05T10:00:00Z"),
    state: "received",
    source: null,
    ...parts,
  };
}
