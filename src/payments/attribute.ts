import type { Fact, ObjectKind, ObjectRef, StoredFact } from "./fact.ts";

/** The stored facts of one kind. */
export type FactOf<Kind extends ObjectKind> = Extract<StoredFact, { readonly kind: Kind }>;

/** What one fact states, with its place in the order of statements. */
export interface Statement<Value> {
  readonly value: Value;
  readonly at: number;
  readonly rank: number;
  readonly key: string;
}

type StatusesOf<Kind extends ObjectKind> = NonNullable<Extract<Fact, { readonly kind: Kind }>["status"]>;

/**
 * Statuses of each kind, the later in an object's life the further right. It decides between statements of one time:
 * Stripe's clock ticks in seconds and an IPN carries the payment's own date, so ties are common.
 */
const STATUSES: { readonly [Kind in ObjectKind]: readonly StatusesOf<Kind>[] } = {
  intent: ["pending", "requires_action", "failed", "authorized", "expired", "canceled", "succeeded"],
  session: ["pending", "requires_action", "failed", "authorized", "expired", "canceled", "succeeded"],
  authorization: ["pending", "live", "failed", "expired", "voided", "captured"],
  capture: ["pending", "expired", "canceled", "failed", "succeeded"],
  refund: ["pending", "canceled", "succeeded", "failed"],
  reversal: ["held", "lost"],
  reinstatement: ["succeeded"],
  dispute: ["warning", "open", "closed", "won", "lost"],
  review: ["warning", "open", "closed"],
  invoice: ["open", "failed", "uncollectible", "void", "paid"],
  subscription: ["pending", "trialing", "active", "past_due", "paused", "canceled", "ended"],
  payout: ["pending", "in_transit", "paid", "canceled", "failed"],
};

/** The position of the fact's status in its kind's table; -1 where it states none. */
export function rankOf(fact: Fact): number {
  const statuses: readonly string[] = STATUSES[fact.kind];
  return fact.status === undefined ? -1 : statuses.indexOf(fact.status);
}

/** All that the facts state of one attribute. (A loop: this runs for every attribute of every object.) */
export function statements<Each extends StoredFact, Value>(
  facts: readonly Each[],
  pick: (fact: Each) => Value | undefined,
): readonly Statement<Value>[] {
  const stated: Statement<Value>[] = [];
  for (const fact of facts) {
    const value = pick(fact);
    if (value !== undefined) stated.push({ value, at: fact.at, rank: rankOf(fact), key: fact.key });
  }
  return stated;
}

/** The last by (the provider's time, rank, key); null where nothing is stated. */
export function lastOf<Value>(stated: readonly Statement<Value>[]): Statement<Value> | null {
  let last: Statement<Value> | null = null;
  for (const statement of stated) if (last === null || isAfter(statement, last)) last = statement;
  return last;
}

/** The attribute's value as it stands: last-wins among the facts that state it. */
export function last<Each extends StoredFact, Value>(
  facts: readonly Each[],
  pick: (fact: Each) => Value | undefined,
): Value | null {
  return lastOf(statements(facts, pick))?.value ?? null;
}

/**
 * The same for cumulative amounts, where of two totals told for one time the larger is the later: two refunds within one
 * second of Stripe's clock.
 */
export function lastTotal<Each extends StoredFact>(
  facts: readonly Each[],
  pick: (fact: Each) => bigint | undefined,
): Statement<bigint> | null {
  let newest: Statement<bigint> | null = null;
  for (const statement of statements(facts, pick)) {
    if (newest === null || statement.at > newest.at || (statement.at === newest.at && isMore(statement, newest)))
      newest = statement;
  }
  return newest;
}

function isMore(left: Statement<bigint>, right: Statement<bigint>): boolean {
  return left.value === right.value ? isAfter(left, right) : left.value > right.value;
}

function isAfter(left: Statement<unknown>, right: Statement<unknown>): boolean {
  if (left.at !== right.at) return left.at > right.at;
  if (left.rank !== right.rank) return left.rank > right.rank;
  return left.key > right.key;
}

/** The references of one kind among all that the facts name, sorted. */
export function referencesIn(refs: readonly ObjectRef[], kind: ObjectKind): readonly string[] {
  return [...new Set(refs.filter((ref) => ref.kind === kind).map((ref) => ref.reference))].sort();
}
