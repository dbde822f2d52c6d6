/**
 * One broken promise. `lost`: acknowledged and gone. `doubled`: an effect more than once. `late`: a deadline that was missed,
 * which a crowded machine may be to blame for. `wrong`: anything else.
 */
export interface Finding {
  readonly kind: "lost" | "doubled" | "wrong" | "late";
  /** The invariant of the catalogue: `I1` … `I15`. */
  readonly invariant: string;
  readonly text: string;
}

export function finding(kind: Finding["kind"], invariant: string, text: string): Finding {
  return { kind, invariant, text };
}

/** What was found while it ran is found at the end again, unless it has healed: it is told once. */
export function unique(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((each) => [`${each.kind} ${each.invariant} ${each.text}`, each])).values()];
}
