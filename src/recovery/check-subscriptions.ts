import { canonical } from "../payments/canonical.ts";
import { objectKey, type Scope, type StoredFact } from "../payments/fact.ts";
import {
  foldSubscription,
  periodPayments,
  renewalKey,
  renewals,
  type SubscriptionState,
  subscriptionsIn,
} from "../payments/subscription.ts";
import { subscriptionId } from "../pipeline/ids.ts";
import type { AuditedEvent, AuditedFact, AuditedSubscription, AuditView } from "../store/audit.ts";
import { differences } from "./difference.ts";
import type { Report } from "./finding.ts";

export interface SubscriptionName {
  readonly scope: Scope;
  readonly reference: string;
}

export interface ExpectedSubscription {
  readonly facts: readonly StoredFact[];
  readonly state: SubscriptionState;
  /** Keys of all that must have been told of it. */
  readonly milestones: readonly string[];
}

/** Folds subscriptions from all their facts, their invoices' and their payments'; null where there are none. */
export async function expectedSubscriptions(
  view: Pick<AuditView, "loadLinks" | "factsOfObjects">,
  named: readonly SubscriptionName[],
): Promise<readonly (ExpectedSubscription | null)[]> {
  const own = new Set(named.map(keyOf));
  const links = own.size === 0 ? [] : await view.loadLinks([...own]);
  const naming = links.flatMap(({ from, to }) => (own.has(to) ? [from] : []));
  const rows = await view.factsOfObjects([...new Set([...own, ...naming])]);
  return named.map((subscription) => expected(subscription, rows));
}

function expected(subscription: SubscriptionName, rows: readonly AuditedFact[]): ExpectedSubscription | null {
  const key = keyOf(subscription);
  const facts = rows.flatMap(({ fact }) => (fact && namesIn(fact).some((named) => keyOf(named) === key) ? [fact] : []));
  if (facts.every((fact) => fact.kind === "subscription" && fact.passed !== undefined)) return null;
  const state = foldSubscription(subscription, null, facts);
  const renewed = renewals(state.told, periodPayments(facts)).map((payment) => renewalKey(state.scope, payment));
  return { facts, state, milestones: [...new Set([...state.milestones.map(({ key }) => key), ...renewed])] };
}

function namesIn(fact: StoredFact): readonly SubscriptionName[] {
  return subscriptionsIn(fact).map((reference) => ({ scope: fact.scope, reference }));
}

function keyOf({ scope, reference }: SubscriptionName): string {
  return objectKey(scope, { kind: "subscription", reference });
}

/** Folds a page of subscriptions again and compares. One moment's view. */
export async function checkSubscriptions(
  view: AuditView,
  rows: readonly AuditedSubscription[],
  report: Report,
): Promise<void> {
  const all = await expectedSubscriptions(view, rows.map(subscriptionOf));
  const keys = all.flatMap((each) => each?.milestones ?? []);
  const told = new Set((await view.eventsByKey(keys)).map(({ key }) => key));
  for (const [index, row] of rows.entries()) {
    const fresh = all[index] ?? null;
    if (fresh === null) report("subscription_state", row.id, "no readable fact is known of it");
    else checkSubscription(row, fresh.state, report);
    const untold = fresh?.milestones.filter((key) => !told.has(key)) ?? [];
    for (const key of untold) report("subscription_events", row.id, `${key} was never told`);
  }
}

export function subscriptionOf({ provider, account, live, reference }: AuditedSubscription): SubscriptionName {
  return { scope: { provider, account, live }, reference };
}

function checkSubscription(row: AuditedSubscription, state: SubscriptionState, report: Report): void {
  if (row.state === null) report("subscription_state", row.id, "its stored state can't be read");
  else if (canonical(row.state) !== canonical(state))
    report("subscription_state", row.id, differences(row.state, state));
  const { id, gateways, status, order, createdAt, endsAt } = row;
  const stored = { id, gateways: gateways.join(), status, order, createdAt, endsAt };
  const detail = differences(stored, {
    id: subscriptionId(state.scope, state.reference),
    gateways: state.gateways.join(),
    status: state.status,
    order: state.orders[0] ?? null,
    createdAt: state.createdAt,
    // Kept only while it may pass.
    endsAt: state.status === "canceled" ? state.periodEnd : null,
  });
  if (detail !== "") report("subscription_columns", id, detail);
}

/** Facts that name a subscription without a row: told of the fact, as of the subscription nothing else is there. */
export async function lostSubscriptions(view: AuditView, rows: readonly AuditedFact[], report: Report): Promise<void> {
  const named = rows.flatMap(({ key, fact }) =>
    fact && !(fact.kind === "subscription" && fact.passed !== undefined)
      ? namesIn(fact).map((name) => ({ key, name, id: subscriptionId(name.scope, name.reference) }))
      : [],
  );
  const known = new Set((await view.subscriptionsById(named.map(({ id }) => id))).map(({ id }) => id));
  for (const { key, id, name } of named) {
    if (!known.has(id)) report("subscription_state", key, `it names subscription ${name.reference}, which has no row`);
  }
}

/** The subscriptions that a fact's row names. */
export function subscriptionsNamed({ fact }: AuditedFact): readonly SubscriptionName[] {
  return fact ? namesIn(fact) : [];
}

/** Whose event it is, by its key: `subscription.started:<object>`, `subscription.paused:<id>:<sequence>`. */
export function isOfSubscription({ type }: AuditedEvent): boolean {
  return type.startsWith("subscription.");
}
