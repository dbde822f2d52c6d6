import type { StoredFact } from "../../payments/fact.ts";
import { factSnapshot } from "../../payments/snapshot.ts";
import type { StoredDecision } from "../../payments/state.ts";
import type { InputView, Reader } from "../../store/reading.ts";
import type { EventView, LoadedOrder } from "../../store/store.ts";

/** All that happened to one order, in the order of time: why it has its status. */

/** An order has one payment, sometimes a few. Beyond this the timeline says that it is cut. */
const MAX_PAYMENTS = 20;
const MAX_NOTIFICATIONS = 100;

interface Entry {
  /** ms since 1970 UTC. */
  readonly at: number;
  /** Of equal times: what was sent, what it said, what was decided, what was told. */
  readonly rank: number;
  readonly shown: Readonly<Record<string, unknown>>;
}

export async function timelineOf(
  order: LoadedOrder,
  reader: Reader,
): Promise<{ readonly timeline: readonly unknown[]; readonly timelineIsCut: boolean }> {
  const ids = order.payments.slice(0, MAX_PAYMENTS).map((payment) => payment.id);
  const [events, ...perPayment] = await Promise.all([
    reader.eventsOf({ order: order.reference, payments: ids }),
    ...ids.map((id) => entriesOfPayment(id, reader)),
  ]);
  const entries = [
    ...order.decisions.map(decisionEntry),
    ...events.map(eventEntry),
    ...perPayment.flatMap((one) => one.entries),
  ];
  entries.sort((a, b) => a.at - b.at || a.rank - b.rank);
  return {
    timeline: entries.map(({ at, shown }) => ({ at: new Date(at).toISOString(), ...shown })),
    timelineIsCut: order.payments.length > MAX_PAYMENTS || perPayment.some((one) => one.isCut),
  };
}

async function entriesOfPayment(
  id: string,
  reader: Reader,
): Promise<{ readonly entries: readonly Entry[]; readonly isCut: boolean }> {
  const [payment, notifications] = await Promise.all([
    reader.payment(id),
    reader.inputs({ payment: id, kind: "notification" }, { limit: MAX_NOTIFICATIONS, cursor: null }),
  ]);
  return {
    entries: [
      ...(payment?.facts ?? []).map((fact) => factEntry(id, fact)),
      ...notifications.rows.map(notificationEntry),
    ],
    isCut: notifications.next !== null,
  };
}

function notificationEntry(input: InputView): Entry {
  const { id, gateway, type, state, reason, repeats, payment } = input;
  return {
    at: input.receivedAt.getTime(),
    rank: 0,
    shown: { kind: "notification", id, gateway, type, outcome: state, reason, repeats, payment },
  };
}

function factEntry(payment: string, fact: StoredFact): Entry {
  const { at: _at, ...shown } = factSnapshot(fact);
  return { at: fact.at, rank: 1, shown: { kind: "fact", payment, ...shown } };
}

function decisionEntry(decision: StoredDecision): Entry {
  const { order: _order, sequence: _sequence, at, kind, input, ...rest } = decision;
  const shown = "expectation" in rest ? { total: rest.expectation.total, currency: rest.expectation.currency } : rest;
  return { at, rank: 2, shown: { kind: "decision", decision: kind, input, ...shown } };
}

function eventEntry(event: EventView): Entry {
  const { id, type, payment, at } = event;
  return { at: at.getTime(), rank: 3, shown: { kind: "event", event: type, id, payment } };
}
