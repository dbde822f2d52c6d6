import type { StoredFact } from "./fact.ts";
import type { OrderState, PaymentState, StoredDecision } from "./state.ts";
import type { SubscriptionState } from "./subscription.ts";

/**
 * Our own rows as JSON text: the types as they are, amounts as strings of digits. Only what `encode…` wrote is read back,
 * so decoding turns the amounts into bigint and trusts the rest; text that is not such JSON throws.
 */

/** Every attribute that is an amount. A new one belongs here: the round trip test generates all attributes. */
const AMOUNTS: ReadonlySet<string> = new Set([
  "amount",
  "fee",
  "net",
  "refundedTotal",
  "claimed",
  "withdrawn",
  "reinstated",
  "authorized",
  "captured",
  "refunded",
  "chargedBack",
  "disputed",
  "lost",
  "total",
  "paid",
  "due",
  "tax",
]);

export function encodeFact(fact: StoredFact): string {
  return encode(fact);
}

export function decodeFact(text: string): StoredFact {
  // Proven by the pair: `encodeFact` wrote it.
  return decode(text, "key") as unknown as StoredFact;
}

export function encodePaymentState(state: PaymentState): string {
  return encode(state);
}

export function decodePaymentState(text: string): PaymentState {
  // Proven by the pair: `encodePaymentState` wrote it.
  return decode(text, "milestones") as unknown as PaymentState;
}

export function encodeOrderState(state: OrderState): string {
  return encode(state);
}

export function decodeOrderState(text: string): OrderState {
  // Proven by the pair: `encodeOrderState` wrote it.
  return decode(text, "milestones") as unknown as OrderState;
}

export function encodeSubscriptionState(state: SubscriptionState): string {
  return encode(state);
}

export function decodeSubscriptionState(text: string): SubscriptionState {
  // Proven by the pair: `encodeSubscriptionState` wrote it.
  return decode(text, "milestones") as unknown as SubscriptionState;
}

export function encodeDecision(decision: StoredDecision): string {
  return encode(decision);
}

export function decodeDecision(text: string): StoredDecision {
  // Proven by the pair: `encodeDecision` wrote it.
  return decode(text, "sequence") as unknown as StoredDecision;
}

function encode(value: object): string {
  return JSON.stringify(value, (_name, member: unknown) => (typeof member === "bigint" ? member.toString() : member));
}

/** `witness` is an attribute that every row of the kind has: a row of another kind is refused instead of half read. */
function decode(text: string, witness: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !(witness in value))
    throw new Error(`a stored row lacks ${witness}`);
  revive(value);
  // Proven: an object, by the test above.
  return value as Record<string, unknown>;
}

/** In place, on what JSON.parse has just made: a reviver function costs a call for every member, this one for every object. */
function revive(value: object): void {
  for (const [name, member] of Object.entries(value)) {
    if (AMOUNTS.has(name)) Reflect.set(value, name, reviveAmount(name, member));
    else if (typeof member === "object" && member !== null) revive(member);
  }
}

function reviveAmount(name: string, member: unknown): unknown {
  if (member === null) return null;
  if (typeof member === "string" && /^-?\d+$/.test(member)) return BigInt(member);
  throw new Error(`a stored row's ${name} is not an amount`);
}
