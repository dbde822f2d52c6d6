import type { Fact, ObjectKind, ObjectRef, PaymentKind, Scope, StoredFact } from "../../../src/payments/fact.ts";
import { type Currency, readCurrency } from "../../../src/payments/money.ts";
import type {
  Decision,
  Expectation,
  HoldReason,
  OrderState,
  PaymentState,
  StoredDecision,
} from "../../../src/payments/state.ts";

/** One thing that arrives: a notification with its facts, or a decision about an order. */
export interface Message {
  readonly name: string;
  readonly facts: readonly StoredFact[];
  readonly decision: StoredDecision | null;
  /** The history ends the same without it. */
  readonly isRedundant: boolean;
}

/** A story with its end, which must be the same whatever the order, repetition and batching of its messages. */
export interface History {
  readonly name: string;
  readonly messages: readonly Message[];
  /** By any of the payment's references: what must be so in the end. */
  readonly payments: Readonly<Record<string, Partial<PaymentState>>>;
  readonly orders?: Readonly<Record<string, Partial<Omit<OrderState, "payments">>>>;
  /** By reference: why payments are held, where they are. */
  readonly held?: Readonly<Record<string, readonly HoldReason[]>>;
  /** The types of all milestones, each as often as it is told. */
  readonly told: readonly string[];
  /** Keys of milestones that some orders of arrival tell and some do not, as `orderMilestones` says, with the reason. */
  readonly untrueLater?: readonly string[];
}

export const USD = currency("USD");
export const EUR = currency("EUR");

function currency(code: string): Currency {
  const known = readCurrency(code);
  if (known === null) throw new Error(code);
  return known;
}

const START = Date.UTC(2026, 0, 5, 10, 0, 0);

/** `seconds` into the story. */
export function at(seconds: number): number {
  return START + seconds * 1000;
}

/** A fact without what every fact has and most stories do not care for. */
export type Told = Fact extends infer Each
  ? Each extends Fact
    ? Omit<Each, "joins" | "links"> & Partial<Pick<Each, "joins" | "links">>
    : never
  : never;

function channel(provider: string, gateway: string) {
  return (name: string, ...facts: readonly Told[]): Message => ({
    name,
    decision: null,
    isRedundant: false,
    facts: facts.map((fact, index) =>
      stored(fact, { provider, account: "default", live: true }, gateway, `${name}#${index}`),
    ),
  });
}

export function stored(fact: Told, scope: Scope, gateway: string, key: string): StoredFact {
  return { joins: [], links: [], ...fact, scope, gateway, key: `${gateway}/${key}`, input: `ntf_${key}` };
}

export const stripe = channel("stripe", "stripe");
export const paypal = channel("paypal", "paypal");
export const ipn = channel("paypal", "paypal-ipn");
export const outside = channel("outside", "outside");

/** Stripe's test mode. */
export function inTestMode(message: Message): Message {
  return { ...message, facts: message.facts.map((fact) => ({ ...fact, scope: { ...fact.scope, live: false } })) };
}

export function redundant(message: Message): Message {
  return { ...message, isRedundant: true };
}

export function ref<Kind extends ObjectKind>(kind: Kind, reference: string): ObjectRef<Kind> {
  return { kind, reference };
}

export function joins(...refs: readonly ObjectRef<PaymentKind>[]) {
  return { joins: refs };
}

export function order(value: string, rank = 0) {
  return { orders: [{ rank, value }] };
}

/** Decisions about one order, numbered as they are made. */
export function orderOf(reference: string) {
  let sequence = 0;
  const decide = (seconds: number, decision: Decision): Message => {
    sequence += 1;
    return {
      name: `${decision.kind} ${reference} (${sequence})`,
      facts: [],
      isRedundant: false,
      decision: { ...decision, order: reference, sequence, at: at(seconds), input: `inp_${reference}_${sequence}` },
    };
  };
  return {
    register: (seconds: number, total: bigint, more: Partial<Expectation> = {}) =>
      decide(seconds, { kind: "registered", expectation: { ...EXPECTED, total, ...more } }),
    change: (seconds: number, total: bigint, more: Partial<Expectation> = {}) =>
      decide(seconds, { kind: "changed", expectation: { ...EXPECTED, total, ...more } }),
    cancel: (seconds: number) => decide(seconds, { kind: "canceled", reason: null }),
    expire: (seconds: number) => decide(seconds, { kind: "expired" }),
    /** `object`: `stripe/default/live/capture/ch_1`. */
    accept: (seconds: number, object: string) => decide(seconds, { kind: "accepted", payment: object, ...BY_ANN }),
    reject: (seconds: number, object: string) => decide(seconds, { kind: "rejected", payment: object, ...BY_ANN }),
  };
}

const BY_ANN = { by: "ann", reason: "the customer called" };

const EXPECTED: Expectation = {
  currency: USD,
  total: 1999n,
  payments: "exact",
  recurring: false,
  live: true,
  customer: null,
  lines: [],
  expiresAt: null,
  returnUrl: null,
};
