import type { AccountConfig } from "../gateways/account.ts";
import type { Channel, Item, RawNotification } from "../gateways/gateway.ts";
import type { StoredFact } from "../payments/fact.ts";
import type { NewInput } from "../store/store.ts";
import { authenticate } from "./authentic.ts";
import { placeFacts } from "./fact-key.ts";

/** What one proven notification says, worked out before any transaction. */
export type Reading =
  | {
      readonly kind: "facts";
      readonly type: string;
      readonly live: boolean;
      readonly items: readonly Item[];
      readonly facts: readonly StoredFact[];
    }
  | {
      readonly kind: "ignored";
      readonly reason: "not_applicable" | "configured";
      readonly type: string | null;
      readonly live: boolean | null;
    }
  | { readonly kind: "unreadable"; readonly reason: "unreadable" | "account_gone"; readonly detail: string };

/**
 * Total for what is proven: an adapter that throws makes its notification unreadable, never the batch. Throws for what is
 * not: no caller has any business with it, and no byte of it may be read.
 */
export function readNotification(
  input: NewInput,
  channel: Channel | undefined,
  account: AccountConfig | undefined,
): Reading {
  if (input.state === "unproven" || input.state === "rejected") {
    throw new Error(`${input.id} is ${input.state}: nobody has proven its sender`);
  }
  if (!channel || !account) {
    return { kind: "unreadable", reason: "account_gone", detail: "the gateway or the account is no longer configured" };
  }
  const parsed = parse(input, channel);
  if (parsed.kind === "unreadable") return { kind: "unreadable", reason: "unreadable", detail: parsed.detail };
  return readItems(parsed.payload, input, channel, account);
}

function readItems(items: readonly Item[], input: NewInput, channel: Channel, account: AccountConfig): Reading {
  const [first] = items;
  const type = first?.type.slice(0, 100) ?? null;
  const live = first?.live ?? null;
  const wanted = items.filter((item) => !isIgnored(item.type, account.ignore[channel.gateway] ?? []));
  const facts = placeFacts(wanted, {
    gateway: channel.gateway,
    provider: channel.provider,
    account: channel.account,
    input: input.id,
    receivedAt: input.receivedAt,
  });
  if (items.length > 0 && wanted.length === 0) return { kind: "ignored", reason: "configured", type, live };
  if (type === null || live === null || facts.length === 0)
    return { kind: "ignored", reason: "not_applicable", type, live };
  return { kind: "facts", type, live, items: wanted, facts };
}

function parse(input: NewInput, channel: Channel): ReturnType<Channel["read"]> {
  try {
    return channel.read(authenticate(rawOf(input), { kind: "journaled_as_proven" }));
  } catch (error) {
    return { kind: "unreadable", detail: `the adapter failed: ${error instanceof Error ? error.name : "unknown"}` };
  }
}

/** The notification as it arrived, from its journal row. */
export function rawOf(input: NewInput): RawNotification {
  return {
    body: input.body,
    headers: new Map(Object.entries(input.headers)),
    query: new URLSearchParams(input.query),
    receivedAt: input.receivedAt,
  };
}

/** `invoice.*` matches any ending; everything else must be equal. */
function isIgnored(type: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern));
}
