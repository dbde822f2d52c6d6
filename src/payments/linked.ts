import { compareText } from "./arithmetic.ts";
import { type GroupKind, isGroupKind, isPaymentRef, type ObjectRef, type StoredFact } from "./fact.ts";

type GroupRef = ObjectRef<GroupKind>;

/**
 * The groups linked with a payment, sorted: by its own facts, by the groups' facts, and the subscription of an invoice that
 * is linked. Not further, or a subscription would link all of its invoices and their payments with each other.
 */
export function linkedGroups(
  own: readonly StoredFact[],
  objects: readonly ObjectRef[],
  groups: readonly StoredFact[],
): readonly GroupRef[] {
  const names = new Set(objects.map(nameOf));
  const direct = new Map<string, GroupRef>();
  for (const fact of own) for (const ref of fact.links) add(direct, ref);
  for (const fact of groups) {
    if (fact.links.some((ref) => isPaymentRef(ref) && names.has(nameOf(ref)))) add(direct, fact);
  }
  const linked = new Map(direct);
  for (const fact of groups) {
    if (fact.kind !== "invoice" || !direct.has(nameOf(fact))) continue;
    for (const ref of fact.links) if (ref.kind === "subscription") add(linked, ref);
  }
  return [...linked.values()].sort(compareRefs);
}

function add(groups: Map<string, GroupRef>, { kind, reference }: ObjectRef): void {
  if (isGroupKind(kind)) groups.set(`${kind}/${reference}`, { kind, reference });
}

export function nameOf(ref: ObjectRef): string {
  return `${ref.kind}/${ref.reference}`;
}

export function compareRefs(left: ObjectRef, right: ObjectRef): number {
  return compareText(left.kind, right.kind) || compareText(left.reference, right.reference);
}
