import { digestOrder, digestPayment } from "../../src/payments/digest.ts";
import { readCurrency } from "../../src/payments/money.ts";
import type { Expectation, OrderLine } from "../../src/payments/state.ts";
import type { Store } from "../../src/store/store.ts";
import { paymentIntent, signStripe, stripeEvent } from "../end-to-end/senders.ts";
import { eventually, STRIPE_SECRET } from "../end-to-end/server.ts";
import type { Running } from "./running.ts";

const usd = readCurrency("USD");
if (usd === null) throw new Error("USD is a currency");
export const EXPECTED: Expectation = {
  currency: usd,
  total: 1999n,
  payments: "exact",
  recurring: false,
  live: false,
  customer: null,
  lines: [],
  expiresAt: null,
  returnUrl: null,
};

export function line(sku: string, quantity: number): OrderLine {
  return { sku, name: sku, quantity, amount: 0n, taxRate: null, tax: null };
}

const NOW = Math.floor(Date.now() / 1000);

/** One purchase through session, intent and charge; a refund told twice; a dispute that is won. */
export function history(n: string): readonly string[] {
  const charge = (refunded: number) => ({
    id: `ch_${n}`,
    object: "charge",
    amount: 1999,
    amount_captured: 1999,
    amount_refunded: refunded,
    captured: true,
    currency: "usd",
    metadata: {},
    payment_intent: `pi_${n}`,
    refunded: false,
    status: "succeeded",
  });
  const intent = paymentIntent({ id: `pi_${n}`, amount: 1999, order: n, charge: `ch_${n}` });
  const session = {
    id: `cs_${n}`,
    object: "checkout.session",
    amount_total: 1999,
    client_reference_id: n,
    currency: "usd",
    metadata: {},
    mode: "payment",
    payment_intent: `pi_${n}`,
    payment_status: "paid",
    status: "complete",
  };
  const refund = {
    id: `re_${n}`,
    object: "refund",
    amount: 500,
    charge: `ch_${n}`,
    currency: "usd",
    payment_intent: `pi_${n}`,
    status: "succeeded",
  };
  const dispute = (status: string) => ({
    id: `dp_${n}`,
    object: "dispute",
    amount: 300,
    balance_transactions: [],
    charge: `ch_${n}`,
    currency: "usd",
    payment_intent: `pi_${n}`,
    status,
    reason: "fraudulent",
    evidence_details: { due_by: NOW + 9000 },
  });
  const events: readonly [string, object, number][] = [
    [
      "payment_intent.created",
      { ...intent, status: "requires_payment_method", amount_received: 0, latest_charge: null },
      100,
    ],
    ["charge.succeeded", charge(0), 90],
    ["payment_intent.succeeded", intent, 90],
    ["checkout.session.completed", session, 89],
    ["refund.created", refund, 60],
    ["charge.refunded", charge(500), 60],
    ["charge.dispute.created", dispute("needs_response"), 30],
    ["charge.dispute.closed", dispute("won"), 10],
  ];
  return events.map(([type, object, ago], i) =>
    stripeEvent({ id: `evt_${n}_${i}`, type, object: { ...object }, created: NOW - ago }),
  );
}

/** Signed at one time and received at another: by the same clock, where nobody says. */
export function send({ receiver, stripe }: Running, body: string, signedAt = new Date(), receivedAt = signedAt) {
  const headers = new Map(Object.entries(signStripe(body, STRIPE_SECRET, Math.floor(signedAt.getTime() / 1000))));
  return receiver.receive(
    stripe,
    { body: Buffer.from(body), headers, query: new URLSearchParams(), receivedAt },
    "192.0.2.1",
  );
}

export async function end(store: Store, reference: string): Promise<string> {
  const page = await store.read.payments({ order: reference }, { limit: 10, cursor: null });
  const order = await store.read.order(reference);
  const references = new Map(page.rows.map((payment) => [payment.id, payment.state.reference]));
  const digests = [
    ...page.rows.map(({ state }) => digestPayment(state)),
    order?.record ? digestOrder(order.record.state, references) : "no order",
  ];
  return digests.join("\n").replaceAll(reference, "*");
}

export const settled = (store: Store, withinMs = 20_000) =>
  eventually(async () => (await store.read.backlog()).waiting.length === 0, withinMs);

export async function told(store: Store, reference: string): Promise<readonly string[]> {
  const page = await store.read.payments({ order: reference }, { limit: 10, cursor: null });
  const events = await store.read.eventsOf({ order: reference, payments: page.rows.map(({ id }) => id) });
  const milestones = new Set([
    "payment.paid",
    "payment.refunded",
    "payment.disputed",
    "payment.dispute_won",
    "order.paid",
  ]);
  return events
    .map(({ type }) => type)
    .filter((type) => milestones.has(type))
    .sort();
}

export function shuffled<Value>(values: readonly Value[], seed: number): readonly Value[] {
  let state = seed;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return values
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
