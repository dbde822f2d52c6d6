import { compareText } from "./arithmetic.ts";
import { last, lastOf, type Statement, statements } from "./attribute.ts";
import { type Buyer, isGroupKind, type StoredFact } from "./fact.ts";

/** References that a payment may carry; what is beyond is noise. */
const MAX_ORDERS = 8;

/**
 * The order references in the order of the account's fields: of each object and field the newest value. A payment's own
 * come before its invoice's and subscription's, which a renewal has nothing but.
 */
export function ordersOf(facts: readonly StoredFact[]): readonly string[] {
  const newest = new Map<string, Statement<string> & { readonly field: number; readonly isGroup: boolean }>();
  for (const fact of facts) {
    for (const { rank, value } of fact.orders ?? []) {
      const place = `${fact.kind}/${fact.reference}/${rank}`;
      const told = {
        value,
        at: fact.at,
        rank: 0,
        key: `${fact.key}/${value}`,
        field: rank,
        isGroup: isGroupKind(fact.kind),
      };
      const before = newest.get(place);
      if (!before || lastOf([before, told]) === told) newest.set(place, told);
    }
  }
  const sorted = [...newest.values()].sort(
    (left, right) =>
      left.field - right.field || Number(left.isGroup) - Number(right.isGroup) || compareText(left.value, right.value),
  );
  return [...new Set(sorted.map(({ value }) => value))].slice(0, MAX_ORDERS);
}

/** Each of the buyer's attributes as last told by the payment, else by its invoice or subscription. */
export function buyerOf(own: readonly StoredFact[], groups: readonly StoredFact[]): Buyer | null {
  const told = (name: keyof Buyer) =>
    last(own, (fact) => fact.buyer?.[name]) ?? last(groups, (fact) => fact.buyer?.[name]);
  const [id, email, name] = [told("id"), told("email"), told("name")];
  if (id === null && email === null && name === null) return null;
  const buyer: { -readonly [Name in keyof Buyer]: Buyer[Name] } = {};
  if (id !== null) buyer.id = id;
  if (email !== null) buyer.email = email;
  if (name !== null) buyer.name = name;
  return buyer;
}

/** Everyone told as paid, sorted. */
export function receiversOf(facts: readonly StoredFact[]): readonly string[] {
  return [...new Set(facts.flatMap((fact) => fact.receivers ?? []))].sort();
}

export function merchantOf(facts: readonly StoredFact[]): string | null {
  return lastOf(statements(facts, (fact) => fact.merchant))?.value ?? null;
}
