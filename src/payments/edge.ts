import type { ObjectRef, PaymentKind, StoredFact } from "./fact.ts";

type Ref = ObjectRef<PaymentKind>;

/** The identity edges of one payment, read in both directions. */
export class Edges {
  readonly #neighbours = new Map<string, Map<string, Ref>>();

  constructor(facts: readonly StoredFact[]) {
    for (const fact of facts) {
      // Proven: only payment objects have facts with joins, and callers pass no group facts.
      const from = { kind: fact.kind, reference: fact.reference } as Ref;
      for (const to of fact.joins) {
        this.#add(from, to);
        this.#add(to, from);
      }
    }
  }

  /** References of the given kind that are tied to the object itself, sorted. */
  of(object: Ref, kind: PaymentKind): readonly string[] {
    const neighbours = [...(this.#neighbours.get(nameOf(object))?.values() ?? [])];
    return neighbours
      .filter((ref) => ref.kind === kind)
      .map((ref) => ref.reference)
      .sort();
  }

  /** The captures of an intent: tied to it, or to one of its authorizations. */
  capturesOf(intent: string): readonly string[] {
    const own = { kind: "intent", reference: intent } as const;
    const authorizations = this.of(own, "authorization");
    const through = authorizations.flatMap((reference) => this.of({ kind: "authorization", reference }, "capture"));
    return [...new Set([...this.of(own, "capture"), ...through])].sort();
  }

  #add(from: Ref, to: Ref): void {
    const neighbours = this.#neighbours.get(nameOf(from));
    if (neighbours) neighbours.set(nameOf(to), to);
    else this.#neighbours.set(nameOf(from), new Map([[nameOf(to), to]]));
  }
}

function nameOf(ref: ObjectRef): string {
  return `${ref.kind}/${ref.reference}`;
}
