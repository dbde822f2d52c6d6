import { subscriptionEvents } from "../payments/event.ts";
import { objectKey } from "../payments/fact.ts";
import { eventOf } from "../pipeline/effects/subscriptions.ts";
import { subscriptionId } from "../pipeline/ids.ts";
import { NOTHING_WRITTEN } from "../pipeline/nothing-written.ts";
import type { Audit, AuditedSubscription } from "../store/audit.ts";
import { NO_EFFECT_ROWS } from "../store/effect-rows.ts";
import { expectedSubscriptions, type SubscriptionName, subscriptionOf } from "./check-subscriptions.ts";

interface HealParts {
  readonly audit: Audit;
  readonly now: () => Date;
}

/** Whichever subscription a row is of, by its columns or by its state; one that is of neither is forgotten. */
export async function healSubscriptionRow(parts: HealParts, row: AuditedSubscription): Promise<void> {
  const names = [subscriptionOf(row), ...(row.state === null ? [] : [row.state])];
  for (const name of names) await healSubscription(parts, name);
  if (names.some(({ scope, reference }) => subscriptionId(scope, reference) === row.id)) return;
  await parts.audit.repair((repair) => repair.forget({ subscriptions: [row.id] }));
}

/**
 * Folds one subscription from all its facts again, under the lock of its object, and writes it: its number of changes and
 * what was told stay, milestones that nobody told are told. A row that no fact bears out is forgotten.
 */
export async function healSubscription({ audit, now }: HealParts, subscription: SubscriptionName): Promise<void> {
  const { scope, reference } = subscription;
  const id = subscriptionId(scope, reference);
  await audit.repair(async (repair) => {
    await repair.lock([`objects:${objectKey(scope, { kind: "subscription", reference })}`]);
    const [row] = await repair.subscriptionsById([id]);
    const [fresh = null] = await expectedSubscriptions(repair, [subscription]);
    if (fresh === null) return repair.forget({ subscriptions: [id] });
    const events = await repair.eventsByKey(fresh.milestones);
    const told = new Set(events.map(({ key }) => key));
    const sequence = row?.sequence ?? events.reduce((most, event) => Math.max(most, event.sequence), 1);
    const healed = { id, state: fresh.state, sequence };
    const untold = subscriptionEvents(null, fresh.state, fresh.facts).filter(
      ({ key }) => key !== null && fresh.milestones.includes(key) && !told.has(key),
    );
    await repair.write({
      ...NOTHING_WRITTEN,
      effects: { ...NO_EFFECT_ROWS, subscriptions: [healed] },
      events: untold.map((event) => eventOf(healed, event, { payment: null, now: now() })),
    });
  });
}
