import { compareText } from "./arithmetic.ts";
import { type FactOf, last, lastOf, type Statement, statements } from "./attribute.ts";
import { collect } from "./collect.ts";
import type { DisputeFact, ReviewFact } from "./fact.ts";
import { isPaymentRef, type ObjectKind, type ObjectRef, type PaymentKind, type StoredFact } from "./fact.ts";
import type { Currency } from "./money.ts";

export interface Dispute {
  readonly reference: string;
  readonly facts: readonly FactOf<"dispute">[];
  readonly status: Statement<NonNullable<DisputeFact["status"]>> | null;
  readonly currency: Currency | null;
  readonly amount: bigint | null;
  readonly movesMoney: boolean;
  readonly withdrawn: bigint | null;
  readonly reinstated: bigint | null;
  /** The payment objects it is about. */
  readonly about: readonly ObjectRef<PaymentKind>[];
}

export interface Review {
  readonly reference: string;
  readonly status: NonNullable<ReviewFact["status"]> | null;
}

export function foldDispute(reference: string, facts: readonly FactOf<"dispute">[]): Dispute {
  return {
    reference,
    facts,
    status: lastOf(statements(facts, (fact) => fact.status)),
    currency: last(facts, (fact) => fact.currency),
    amount: last(facts, (fact) => fact.amount),
    movesMoney: last(facts, (fact) => fact.movesMoney) ?? false,
    withdrawn: last(facts, (fact) => fact.withdrawn),
    reinstated: last(facts, (fact) => fact.reinstated),
    about: facts.flatMap((fact) => fact.links.filter(isPaymentRef)),
  };
}

export function foldReview(reference: string, facts: readonly FactOf<"review">[]): Review {
  return { reference, status: last(facts, (fact) => fact.status) };
}

/** The facts of each kind by reference, in the order of the references. */
export class Objects {
  readonly #byKind: ReadonlyMap<ObjectKind, readonly StoredFact[]>;

  constructor(facts: readonly StoredFact[]) {
    this.#byKind = collect(facts, ({ kind }) => kind);
  }

  of<Kind extends ObjectKind>(kind: Kind): ReadonlyMap<string, readonly FactOf<Kind>[]> {
    const own = (this.#byKind.get(kind) ?? []).filter((fact): fact is FactOf<Kind> => fact.kind === kind);
    if (own.length === 0) return new Map();
    return new Map([...collect(own, ({ reference }) => reference)].sort(([left], [right]) => compareText(left, right)));
  }
}
