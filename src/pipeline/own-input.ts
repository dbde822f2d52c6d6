import { createHash } from "node:crypto";
import type { InputKind, NewInput } from "../store/store.ts";
import { newId } from "./ids.ts";
import { OUTSIDE } from "./rules.ts";

/** What Paybell itself writes into the journal: `content` as JSON, applied in the transaction that brings it. */
export function inputOf(
  kind: Exclude<InputKind, "notification" | "answer">,
  key: string,
  content: unknown,
  now: Date,
): NewInput {
  const body = Buffer.from(canonicalJson(content));
  return {
    id: newId("inp", now),
    kind,
    gateway: kind === "outside_payment" ? OUTSIDE : "api",
    account: "default",
    key: storedKey(key),
    bodyHash: hash(body),
    nonce: null,
    body,
    headers: {},
    query: "",
    receivedAt: now,
    state: "applied",
    source: null,
  };
}

/** As the journal keeps it: long ones by their hash. */
export function storedKey(key: string): string {
  return key.length <= 200 ? key : `sha256:${hash(Buffer.from(key))}`;
}

/** Amounts as strings of digits: exact in any reader. */
function canonicalJson(content: unknown): string {
  return JSON.stringify(content, (_name, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

export function hash(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}
