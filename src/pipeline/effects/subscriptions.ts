import { canonical } from "../../payments/canonical.ts";
import { collect } from "../../payments/collect.ts";
import { type SubscriptionEvent, subscriptionEvents } from "../../payments/event.ts";
import { objectKey, type StoredFact } from "../../payments/fact.ts";
import { foldSubscription, subscriptionsIn } from "../../payments/subscription.ts";
import { paymentOfPeriod, subscriptionSnapshot } from "../../payments/subscription-snapshot.ts";
import type { NewEvent, SubscriptionRecord, Transaction } from "../../store/store.ts";
import type { FoldedFacts } from "../fold-facts.ts";
import { newId, subscriptionId } from "../ids.ts";
import type { EffectResult } from "./result.ts";

/**
 * The subscriptions that the new facts speak of: what was known of each and what is new, joined. Their objects are locked
 * already, as every fact locks what it names. One read, whatever a subscription has behind it.
 */
export async function takeSubscriptions(
  transaction: Pick<Transaction, "loadSubscriptions">,
  { facts, now }: { readonly facts: FoldedFacts; readonly now: Date },
): Promise<EffectResult> {
  const told = tellings(facts.newFacts);
  if (told.size === 0) return { rows: {}, events: [] };
  const known = await transaction.loadSubscriptions([...told.keys()]);
  const before = new Map(known.map((subscription) => [subscription.id, subscription]));
  const changes = [...told].flatMap(([id, telling]) => changeOf(id, before.get(id) ?? null, telling) ?? []);
  return {
    rows: { subscriptions: changes.map(({ after }) => after) },
    events: changes.flatMap(({ after, events }) =>
      events.map((event) => eventOf(after, event, { payment: paymentOf(event, after, facts), now })),
    ),
  };
}

interface Telling {
  readonly reference: string;
  readonly facts: readonly StoredFact[];
}

/** What each subscription, by its id, is told. */
function tellings(facts: readonly StoredFact[]): ReadonlyMap<string, Telling> {
  const named = facts.flatMap((fact) => subscriptionsIn(fact).map((reference) => ({ reference, fact })));
  const byId = collect(named, ({ reference, fact }) => subscriptionId(fact.scope, reference));
  return new Map(
    [...byId].map(([id, all]) => [id, { reference: all[0]?.reference ?? "", facts: all.map(({ fact }) => fact) }]),
  );
}

interface Change {
  readonly after: SubscriptionRecord;
  readonly events: readonly SubscriptionEvent[];
}

function changeOf(id: string, before: SubscriptionRecord | null, { reference, facts }: Telling): Change | null {
  const [first] = facts;
  if (first === undefined) return null;
  const state = foldSubscription({ scope: first.scope, reference }, before?.state.told ?? null, facts);
  const events = subscriptionEvents(before?.state ?? null, state, facts);
  // A renewal in the middle changes neither what came first nor what came last, and is told all the same.
  if (before !== null && events.length === 0 && canonical(before.state) === canonical(state)) return null;
  return { after: { id, state, sequence: (before?.sequence ?? 0) + 1 }, events };
}

/** The payment of a renewal, where it is at hand: `capture/5TY…` is one itself, an invoice is linked with one. */
function paymentOf(
  { renewal }: SubscriptionEvent,
  { state: { scope } }: SubscriptionRecord,
  { paymentOf: owners, payments }: Pick<FoldedFacts, "paymentOf" | "payments">,
): string | null {
  const [, kind, reference = ""] = /^(capture|invoice)\/(.*)$/s.exec(renewal?.of ?? "") ?? [];
  if (kind !== "capture" && kind !== "invoice") return null;
  const key = objectKey(scope, { kind, reference });
  const linked = payments.find(({ state }) => state.groups.some((group) => objectKey(state.scope, group) === key));
  return owners.get(key) ?? linked?.id ?? null;
}

export function eventOf(
  subscription: SubscriptionRecord,
  { type, key, renewal }: SubscriptionEvent,
  { payment, now }: { readonly payment: string | null; readonly now: Date },
): NewEvent {
  const { id, state, sequence } = subscription;
  const snapshot = {
    subscription: subscriptionSnapshot(subscription),
    ...(renewal && { renewal: { ...paymentOfPeriod(renewal), payment } }),
  };
  return {
    id: newId("evt", now),
    type,
    key: key ?? `${type}:${id}:${sequence}`,
    payment,
    order: state.orders[0] ?? null,
    sequence,
    live: state.scope.live,
    snapshot: JSON.stringify(snapshot),
  };
}
