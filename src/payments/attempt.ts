import { largest, sum } from "./arithmetic.ts";
import { type FactOf, last, lastOf, type Statement, statements } from "./attribute.ts";
import type { Capture } from "./capture.ts";
import type { AuthorizationFact } from "./fact.ts";
import type { Currency } from "./money.ts";
import type { PaymentStatus } from "./state.ts";

export interface Authorization {
  readonly reference: string;
  readonly status: Statement<NonNullable<AuthorizationFact["status"]>> | null;
  readonly currency: Currency | null;
  readonly amount: bigint;
}

export function foldAuthorization(reference: string, facts: readonly FactOf<"authorization">[]): Authorization {
  return {
    reference,
    status: lastOf(statements(facts, (fact) => fact.status)),
    currency: last(facts, (fact) => fact.currency),
    amount: last(facts, (fact) => fact.amount) ?? 0n,
  };
}

/** Everything that may speak for a payment of which nothing was captured. */
export interface Attempts {
  readonly captures: readonly Capture[];
  readonly authorizations: readonly Authorization[];
  readonly intents: ReadonlyMap<string, readonly FactOf<"intent">[]>;
  readonly sessions: ReadonlyMap<string, readonly FactOf<"session">[]>;
  /** The intents that an authorization belongs to. */
  readonly intentsOf: (authorization: string) => readonly string[];
}

/** What each word means for a payment without money. `succeeded` without an amount known is still on its way. */
const MEANINGS = {
  pending: "pending",
  requires_action: "requires_action",
  authorized: "authorized",
  succeeded: "pending",
  failed: "failed",
  canceled: "canceled",
  voided: "canceled",
  expired: "expired",
} as const satisfies Readonly<Record<string, PaymentStatus>>;

/** Ties between objects of one purchase: a later stage of an attempt explains an earlier one. */
const STAGES: readonly PaymentStatus[] = ["pending", "requires_action", "authorized", "failed", "expired", "canceled"];

interface Spoken {
  readonly at: number;
  readonly status: PaymentStatus;
}

/** Live authorization → `authorized`, else the newest attempt's word; null when nothing was attempted. */
export function attemptStatus(attempts: Attempts): PaymentStatus | null {
  if (attempts.authorizations.some((authorization) => isHolding(authorization, attempts))) return "authorized";
  const newest = spoken(attempts).reduce<Spoken | null>((max, each) => (max && !isNewer(each, max) ? max : each), null);
  return newest?.status ?? null;
}

function isNewer(left: Spoken, right: Spoken): boolean {
  if (left.at !== right.at) return left.at > right.at;
  return STAGES.indexOf(left.status) > STAGES.indexOf(right.status);
}

function spoken(attempts: Attempts): readonly Spoken[] {
  const containers = [...attempts.intents.values(), ...attempts.sessions.values()];
  return [
    ...attempts.captures.map(({ status }) => status),
    ...attempts.authorizations.map(({ status }) => status),
    ...containers.map((facts) => containerStatus(facts)),
  ].flatMap((status) => {
    if (status === null || status.value === "live" || status.value === "captured") return [];
    return [{ at: status.at, status: MEANINGS[status.value] }];
  });
}

function containerStatus(facts: readonly FactOf<"intent" | "session">[]) {
  return lastOf(statements(facts, (fact) => fact.status));
}

/** A live authorization holds the money until its intent is over: Stripe may tell the end of the intent only. */
function isHolding(authorization: Authorization, attempts: Attempts): boolean {
  const { status } = authorization;
  if (status?.value !== "live") return false;
  const ends = attempts.intentsOf(authorization.reference).flatMap((intent) => {
    const word = containerStatus(attempts.intents.get(intent) ?? []);
    return word && (word.value === "canceled" || word.value === "expired") ? [word.at] : [];
  });
  return ends.every((at) => at < status.at);
}

/** What is or was held for capture: of authorizations that were not let go, or, where none is told, what an intent says. */
export function authorizedAmount(attempts: Attempts, counts: (currency: Currency | null) => boolean): bigint {
  const held = attempts.authorizations.filter(
    ({ status, currency }) => (status?.value === "live" || status?.value === "captured") && counts(currency),
  );
  const intents = [...attempts.intents.values()].filter(
    (facts) => containerStatus(facts)?.value === "authorized" && counts(last(facts, (fact) => fact.currency)),
  );
  const byObjects = sum(held.map(({ amount }) => amount));
  const byIntents = sum(intents.map((facts) => last(facts, (fact) => fact.amount) ?? 0n));
  return largest([byObjects, byIntents]);
}
