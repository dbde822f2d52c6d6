import { last, lastOf, statements } from "./attribute.ts";
import type { StoredFact } from "./fact.ts";
import { Objects } from "./group.ts";
import { nameOf } from "./linked.ts";
import { type Json, orderSnapshot, type PaymentToShow, paymentSnapshot } from "./snapshot.ts";
import type { HoldReason, OrderLine, OrderState } from "./state.ts";

type JsonObject = Readonly<Record<string, Json>>;

/** An order may have a thousand lines, and be named by any number of payments; what is sent to others stays below 20 kB. */
const MAX_LINES = 25;
const MAX_PAYMENTS = 10;
const MAX_REFERENCES = 25;
const MAX_DISPUTES = 10;

/** An order as its own events freeze it: its newest payments and first lines, and how many of each are left out. */
export function frozenOrder({ state }: { readonly state: OrderState }, payments: readonly PaymentToShow[]): JsonObject {
  const newest = state.payments.slice(-MAX_PAYMENTS);
  const { payments: shown = [], ...order } = boundedOrder(state, newest, payments);
  return {
    ...order,
    payments: Array.isArray(shown) ? shown.map(withFewReferences) : [],
    omitted: { lines: omittedLines(state), payments: state.payments.length - newest.length },
  };
}

/** A payment as its own events freeze it, with what is known of its disputes. `groupFacts`: those of the groups in its reach. */
export function frozenPayment(
  payment: PaymentToShow,
  view: { readonly order: string | null; readonly counts: boolean; readonly held: readonly HoldReason[] },
  groupFacts: readonly StoredFact[],
): JsonObject {
  return { ...withFewReferences(paymentSnapshot(payment, view)), disputes: disputesOf(payment, groupFacts) };
}

/** The order that a payment is for, as the payment's events freeze it. */
export function frozenOrderOfPayment({ state }: { readonly state: OrderState }): JsonObject {
  const { payments: _none, ...order } = boundedOrder(state, [], []);
  return { ...order, omitted: { lines: omittedLines(state) } };
}

function boundedOrder(
  state: OrderState,
  shown: OrderState["payments"],
  payments: readonly PaymentToShow[],
): Record<string, Json> {
  const { expectation } = state;
  const bounded = {
    ...state,
    payments: shown,
    expectation: expectation && { ...expectation, lines: expectation.lines.slice(0, MAX_LINES).map(withoutPlace) },
  };
  // What holds the order is told whole, also where the payment is left out.
  const held = [...new Set(state.payments.flatMap((payment) => payment.held))];
  return { ...orderSnapshot({ state: bounded }, payments, {}), held };
}

/** Where a download lies is between the merchant and us, and may be long. */
function withoutPlace({ download, ...line }: OrderLine): OrderLine {
  return download ? { download: { ...download, file: null, url: null }, ...line } : line;
}

function omittedLines({ expectation }: OrderState): number {
  return Math.max(0, (expectation?.lines.length ?? 0) - MAX_LINES);
}

function withFewReferences<Shown extends Json>(payment: Shown): Shown {
  if (typeof payment !== "object" || payment === null || !("references" in payment)) return payment;
  const { references } = payment;
  return Array.isArray(references) ? { ...payment, references: references.slice(0, MAX_REFERENCES) } : payment;
}

function disputesOf({ state }: PaymentToShow, groupFacts: readonly StoredFact[]): Json {
  const own = new Set(state.groups.map(nameOf));
  const disputes = new Objects(groupFacts.filter((fact) => own.has(nameOf(fact)))).of("dispute");
  return [...disputes].slice(0, MAX_DISPUTES).map(([reference, facts]) => {
    const amount = last(facts, (fact) => fact.amount);
    const dueBy = last(facts, (fact) => fact.deadline);
    return {
      reference,
      status: lastOf(statements(facts, (fact) => fact.status))?.value ?? null,
      // Exact: amounts are bounded far below 2^53.
      amount: amount === null ? null : Number(amount),
      currency: last(facts, (fact) => fact.currency),
      dueBy: dueBy === null ? null : new Date(dueBy).toISOString(),
    };
  });
}
