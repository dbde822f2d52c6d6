import type { Expectation, StoredDecision } from "./state.ts";

/** What was expected, and for how long: from a registration or change to the next. The first also holds before it was made. */
export interface Term {
  readonly expectation: Expectation;
  /** ms since 1970 UTC, or infinities. */
  readonly from: number;
  readonly until: number;
}

/** `decided`: in their sequence. */
export function termsOf(decided: readonly StoredDecision[]): readonly Term[] {
  const told = decided.flatMap((decision) =>
    decision.kind === "registered" || decision.kind === "changed"
      ? [{ expectation: decision.expectation, at: decision.at }]
      : [],
  );
  return told.map(({ expectation, at }, index) => ({
    expectation,
    from: index === 0 ? Number.NEGATIVE_INFINITY : at,
    until: told[index + 1]?.at ?? Number.POSITIVE_INFINITY,
  }));
}

export interface Closing {
  readonly kind: "canceled" | "expired";
  readonly at: number;
  readonly sequence: number;
}

/**
 * What closed the order last, a cancellation before a deadline; null while it is open. A change made after a closing expects
 * payment again. (An order that was opened again by an accepted payment may be canceled again.)
 */
export function closingOf(decided: readonly StoredDecision[]): Closing | null {
  const closings: Closing[] = [];
  for (const { kind, at, sequence } of decided) {
    if (kind === "registered" || kind === "changed") closings.length = 0;
    if (kind === "canceled" || kind === "expired") closings.push({ kind, at, sequence });
  }
  return closings.findLast(({ kind }) => kind === "canceled") ?? closings.at(-1) ?? null;
}
