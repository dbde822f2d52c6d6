import { earliest } from "./arithmetic.ts";
import { type FactOf, last, lastOf, type Statement, statements } from "./attribute.ts";
import type { CaptureFact } from "./fact.ts";
import type { Currency } from "./money.ts";

type CaptureStatus = NonNullable<CaptureFact["status"]>;

/** One capture as its facts make it. */
export interface Capture {
  readonly reference: string;
  readonly facts: readonly FactOf<"capture">[];
  readonly status: Statement<CaptureStatus> | null;
  readonly currency: Currency | null;
  readonly amount: bigint | null;
  readonly fee: bigint | null;
  readonly net: bigint | null;
  readonly settlement: CaptureFact["settlement"] | null;
  /** The provider's time of its first success, and of its first failure; null where none is told. */
  readonly succeededAt: number | null;
  readonly failedAt: number | null;
  /** It had succeeded, and failed later. */
  readonly hasLapsed: boolean;
}

export function foldCapture(reference: string, facts: readonly FactOf<"capture">[]): Capture {
  const told = statements(facts, (fact) => fact.status);
  const successes = told.filter(({ value }) => value === "succeeded").map(({ at }) => at);
  const failures = told.filter(({ value }) => value === "failed").map(({ at }) => at);
  const succeededAt = earliest(successes);
  return {
    reference,
    facts,
    status: standing(told),
    currency: last(facts, (fact) => fact.currency),
    amount: last(amountTellers(facts), (fact) => fact.amount),
    fee: last(facts, (fact) => fact.fee),
    net: last(facts, (fact) => fact.net),
    settlement: last(facts, (fact) => fact.settlement),
    succeededAt,
    failedAt: earliest(failures),
    hasLapsed: succeededAt !== null && failures.some((at) => at > succeededAt),
  };
}

/** Once a success tells what was captured, the amounts of pending and failed statements are what would have been. */
export function amountTellers(facts: readonly FactOf<"capture">[]): readonly FactOf<"capture">[] {
  const telling = facts.filter(({ amount, status }) => amount !== undefined && status === "succeeded");
  return telling.length > 0 ? telling : facts;
}

/**
 * Last-wins, with two exceptions that keep money from vanishing by words: a success is undone only by a failure (only a
 * fact that moves money undoes money), and `pending` says that the fate is not known, so it never outlives a fate.
 */
function standing(told: readonly Statement<CaptureStatus>[]): Statement<CaptureStatus> | null {
  const decided = told.some(({ value }) => value === "succeeded")
    ? told.filter(({ value }) => value === "succeeded" || value === "failed")
    : told.filter(({ value }) => value !== "pending");
  return lastOf(decided.length > 0 ? decided : told);
}
