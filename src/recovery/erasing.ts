import { createHash } from "node:crypto";
import { canonical } from "../payments/canonical.ts";
import type { StoredFact } from "../payments/fact.ts";
import type { StoredDecision } from "../payments/state.ts";
import type { SubscriptionState } from "../payments/subscription.ts";
import { emailKey, keysOfPayment, normalizedEmail, shownKey } from "../pipeline/effects/customer-keys.ts";

type Snapshot = { readonly [name: string]: unknown };

/** Who is to be forgotten: keys of customers, and their e-mails in one spelling. */
export class Identity {
  readonly keys: readonly string[];
  readonly #keys: ReadonlySet<string>;
  readonly #emails: ReadonlySet<string>;

  constructor(keys: readonly string[]) {
    this.keys = keys;
    this.#keys = new Set(keys);
    this.#emails = new Set(keys.map(shownKey).flatMap((key) => (key.kind === "email" ? [key.email] : [])));
  }

  hasEmail(email: string | null | undefined): boolean {
    const normalized = email == null ? null : normalizedEmail(email);
    return normalized !== null && this.#emails.has(normalized);
  }

  /** Whether the fact says that it was them who paid. */
  isBuyerOf({ buyer, scope }: Pick<StoredFact, "buyer" | "scope">): boolean {
    return buyer !== undefined && keysOfPayment({ buyer, scope }).some((key) => this.#keys.has(key));
  }

  /** Whether a snapshot's person is them: by the e-mail, or by the payer's id where the snapshot says whose account it is of. */
  isShownIn(person: Snapshot, { provider, account, live }: Snapshot): boolean {
    const { id, email } = person;
    if (typeof email === "string" && this.hasEmail(email)) return true;
    if (typeof id !== "string" || typeof provider !== "string" || typeof account !== "string") return false;
    return this.isBuyerOf({ buyer: { id }, scope: { provider, account, live: live === true } });
  }

  /** Whether a text has one of the e-mails, as it is or as forms write it. */
  isIn(text: Uint8Array): boolean {
    if (this.#emails.size === 0) return false;
    const lower = Buffer.from(text).toString("utf8").toLowerCase();
    return [...this.#emails].some(
      (email) => lower.includes(email) || lower.includes(encodeURIComponent(email).toLowerCase()),
    );
  }
}

/** Both modes of an e-mail; null for what is none. */
export function keysOfEmail(email: string): readonly string[] | null {
  const keys = [true, false].flatMap((live) => emailKey(email, live) ?? []);
  return keys.length === 0 ? null : keys;
}

export function withoutBuyer({ buyer: _gone, ...fact }: StoredFact): StoredFact {
  // Proven: no kind of fact has to name its buyer.
  return fact as StoredFact;
}

export function withoutCustomer(decision: StoredDecision): StoredDecision {
  if (!("expectation" in decision)) return decision;
  return { ...decision, expectation: { ...decision.expectation, customer: null } };
}

/** Whom an event's snapshot may say nothing of any more. */
export interface Erased {
  readonly payments: ReadonlySet<string>;
  readonly orders: ReadonlySet<string>;
}

/** The snapshot without what it says of them; the same text where it says nothing. */
export function erasedSnapshot(text: string, { payments, orders }: Erased): string {
  const snapshot = JSON.parse(text) as Snapshot; // Proven: our own events are JSON objects.
  const payment = (shown: unknown): unknown =>
    isObject(shown) && payments.has(String(shown.id)) && "buyer" in shown ? { ...shown, buyer: null } : shown;
  const order = (shown: unknown): unknown => {
    if (!isObject(shown)) return shown;
    const isTheirs = orders.has(String(shown.reference)) && "customer" in shown;
    const paid = Array.isArray(shown.payments) ? { payments: shown.payments.map(payment) } : {};
    return { ...shown, ...paid, ...(isTheirs && { customer: null }) };
  };
  return JSON.stringify({
    ...snapshot,
    ...("payment" in snapshot && { payment: payment(snapshot.payment) }),
    ...("order" in snapshot && { order: order(snapshot.order) }),
  });
}

function isObject(value: unknown): value is Snapshot {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whom a subscription names: its own buyer, and whoever paid its periods. */
export function peopleIn({ scope, told: { last } }: SubscriptionState): readonly Pick<StoredFact, "buyer" | "scope">[] {
  return (["buyer", "payer"] as const).map((person) => {
    const [id, email] = [last[`${person}.id`]?.value, last[`${person}.email`]?.value];
    return { scope, buyer: { ...(id !== undefined && { id }), ...(email !== undefined && { email }) } };
  });
}

/** An event's snapshot without who is named in it, where that is them; else the same text. */
export function withoutPerson(text: string, identity: Identity): string {
  const snapshot = JSON.parse(text) as Snapshot; // Proven: our own events are JSON objects.
  let isTheirs = false;
  const clear = (shown: unknown, name: "buyer" | "customer"): unknown => {
    if (!isObject(shown) || !isObject(shown[name]) || !identity.isShownIn(shown[name], shown)) return shown;
    isTheirs = true;
    return { ...shown, [name]: null };
  };
  const order = clear(snapshot.order, "customer");
  const paid = isObject(order) && Array.isArray(order.payments);
  const left = {
    ...snapshot,
    ...("subscription" in snapshot && { subscription: clear(snapshot.subscription, "buyer") }),
    ...("payment" in snapshot && { payment: clear(snapshot.payment, "buyer") }),
    ...("order" in snapshot && {
      order: paid ? { ...order, payments: (order.payments as unknown[]).map((one) => clear(one, "buyer")) } : order,
    }),
  };
  return isTheirs ? JSON.stringify(left) : text;
}

/** What a fact says, as the end of its key has it: see `placeFacts`. */
export function contentOf({ scope: _scope, gateway: _gateway, input: _input, key: _key, ...fact }: StoredFact): string {
  return createHash("sha256").update(canonical(fact)).digest("hex").slice(0, 20);
}

/** By what an erasure names its subject. */
export function erasureOf(kind: "fact" | "input", id: string): string {
  const name = `${kind}:${id}`;
  return name.length <= 500 ? name : `sha256:${createHash("sha256").update(name).digest("hex")}`;
}
