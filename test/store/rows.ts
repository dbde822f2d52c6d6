import { createHash } from "node:crypto";
import { objectKey, type Scope, type StoredFact } from "../../src/payments/fact.ts";
import { type Currency, readCurrency } from "../../src/payments/money.ts";
import type { Expectation, OrderState, PaymentState, StoredDecision } from "../../src/payments/state.ts";
import { NO_EFFECT_ROWS } from "../../src/store/effect-rows.ts";
import type { Changes, InputOutcome, NewEvent, NewInput, PaymentRecord, Store } from "../../src/store/store.ts";

/** Rows to write, with everything but what a test is about filled in. */

export const NOON = new Date("2026-01-05T12:00:00.123Z");
export const LEASE = { owner: "test-1-a", forMs: 60_000 };
export const SCOPE: Scope = { provider: "stripe", account: "default", live: false };

const USD = currency("USD");

function currency(code: string): Currency {
  const read = readCurrency(code);
  if (read === null) throw new Error(`no currency ${code}`);
  return read;
}

export function minutesAfterNoon(minutes: number): Date {
  return new Date(NOON.getTime() + minutes * 60_000);
}

let made = 0;

/** A received Stripe notification whose body says its key; ids differ even for equal keys. */
export function inputOf(key: string, parts: Partial<NewInput> & { readonly text?: string } = {}): NewInput {
  const { text = `{"id":"${key}"}`, ...given } = parts;
  const body = given.body ?? Buffer.from(text);
  made += 1;
  return {
    id: `ntf_${String(made).padStart(6, "0")}_${key}`.slice(0, 100),
    kind: "notification",
    gateway: "stripe",
    account: "default",
    key,
    bodyHash: createHash("sha256").update(body).digest("hex"),
    nonce: null,
    body,
    headers: { "stripe-signature": "t=1,v1=00" },
    query: "",
    receivedAt: NOON,
    state: "received",
    source: null,
    ...given,
  };
}

export function captureOf(
  reference: string,
  parts: Partial<Extract<StoredFact, { kind: "capture" }>> = {},
): StoredFact {
  return {
    kind: "capture",
    reference,
    at: NOON.getTime(),
    joins: [],
    links: [],
    status: "succeeded",
    currency: USD,
    amount: 1999n,
    scope: SCOPE,
    key: `stripe/evt_${reference}#0`,
    gateway: "stripe",
    input: "ntf_1",
    ...parts,
  };
}

export function disputeOf(reference: string, capture: string): StoredFact {
  return {
    kind: "dispute",
    reference,
    at: NOON.getTime(),
    joins: [],
    links: [{ kind: "capture", reference: capture }],
    status: "open",
    currency: USD,
    amount: 1999n,
    scope: SCOPE,
    key: `stripe/evt_${reference}#0`,
    gateway: "stripe",
    input: "ntf_1",
  };
}

export const captureKey = (reference: string): string => objectKey(SCOPE, { kind: "capture", reference });

export function paymentOf(
  id: string,
  parts: Partial<PaymentState> = {},
  record: Partial<PaymentRecord> = {},
): PaymentRecord {
  const state: PaymentState = {
    scope: SCOPE,
    objects: [{ kind: "capture", reference: `ch_${id}` }],
    reference: `ch_${id}`,
    groups: [],
    subscription: null,
    status: "paid",
    currency: USD,
    authorized: 0n,
    captured: 1999n,
    refunded: 0n,
    chargedBack: 0n,
    disputed: 0n,
    fee: null,
    net: null,
    settlement: null,
    buyer: null,
    orders: [],
    receivers: [],
    merchant: null,
    inReview: false,
    flags: [],
    milestones: [],
    ever: { paidAt: null, captured: 0n, refunded: 0n, lost: 0n, lapsed: [] },
    createdAt: NOON.getTime(),
    updatedAt: NOON.getTime(),
    ...parts,
  };
  return { id, state, gateways: ["stripe"], sequence: 1, ...record };
}

export function expectationOf(parts: Partial<Expectation> = {}): Expectation {
  return {
    currency: USD,
    total: 1999n,
    payments: "exact",
    recurring: false,
    live: false,
    customer: null,
    lines: [],
    expiresAt: null,
    returnUrl: null,
    ...parts,
  };
}

export function orderOf(reference: string, parts: Partial<OrderState> = {}): OrderState {
  return {
    reference,
    status: "open",
    expectation: expectationOf(),
    paid: 0n,
    refunded: 0n,
    lost: 0n,
    due: 1999n,
    fulfillable: false,
    payments: [],
    milestones: [],
    version: 1,
    ...parts,
  };
}

export function registrationOf(order: string, sequence = 1): StoredDecision {
  return { kind: "registered", expectation: expectationOf(), order, sequence, at: NOON.getTime(), input: "inp_1" };
}

export function eventOf(key: string, parts: Partial<NewEvent> = {}): NewEvent {
  const event = {
    id: `evt_${key}`,
    type: "payment.paid",
    key,
    payment: null,
    order: null,
    sequence: 1,
    live: null,
    snapshot: "{}",
  };
  return { ...event, ...parts };
}

export function outcomeOf(id: string, parts: Partial<InputOutcome> = {}): InputOutcome {
  return {
    id,
    state: "applied",
    reason: null,
    type: "charge.succeeded",
    live: false,
    payment: null,
    dueAt: null,
    ...parts,
  };
}

const NOTHING: Changes = {
  facts: [],
  payments: [],
  flags: [],
  flagsGone: [],
  merged: [],
  objects: [],
  links: [],
  decisions: [],
  orders: [],
  orderPayments: [],
  orderPaymentsGone: [],
  events: [],
  outcomes: [],
  effects: NO_EFFECT_ROWS,
  released: [],
};

/** Writes changes in a transaction of their own. */
export function write(store: Store, changes: Partial<Changes>, owner: string | null = null): Promise<void> {
  return store.transaction((transaction) =>
    transaction.write({ ...NOTHING, ...changes }, owner === null ? null : { owner }),
  );
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
