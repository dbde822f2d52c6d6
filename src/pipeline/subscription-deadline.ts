import type { EffectName } from "../payments/effect-name.ts";
import type { SubscriptionFact } from "../payments/fact.ts";
import type { Store, SubscriptionRecord } from "../store/store.ts";
import { applyFacts } from "./apply.ts";
import { changeSet } from "./change-set.ts";
import { placeFacts } from "./fact-key.ts";
import { NO_LOCKS, withLocks } from "./locks.ts";
import { inputOf } from "./own-input.ts";
import type { Rules } from "./rules.ts";

export interface DeadlineParts {
  readonly store: Store;
  readonly rules: Rules;
  readonly effects: ReadonlySet<EffectName>;
  readonly now: () => Date;
}

/**
 * The end of the period for which a canceled subscription was paid has passed: an input with a fact of its own, since a fold
 * has no clock and not every provider tells. What the fact makes of the subscription is decided under its lock; where that
 * is not canceled any more, or runs for longer by now, a time has passed and nothing else.
 */
export async function endSubscription(parts: DeadlineParts, id: string): Promise<void> {
  if (!parts.effects.has("subscriptions")) return;
  await withLocks(parts.store, NO_LOCKS, async (transaction, held) => {
    const now = parts.now();
    const [subscription] = await transaction.loadSubscriptions([id]);
    const end = subscription?.state.periodEnd ?? null;
    if (subscription?.state.status !== "canceled" || end === null || end > now.getTime()) return;
    const { input, facts } = passedAt(subscription, end, now);
    await transaction.journal([{ ...input, reason: null }]);
    const applied = await applyFacts(parts, transaction, held, { facts, decisions: [], orders: [], now });
    await transaction.write(changeSet({ ...applied, decisions: [], outcomes: [], quarantined: [], now }), null);
  });
}

function passedAt({ id, state: { scope, reference } }: SubscriptionRecord, end: number, now: Date) {
  const key = `subscription/${id}/${end}`;
  const input = inputOf("deadline", key, { subscription: reference, passed: end }, now);
  const fact: SubscriptionFact = { kind: "subscription", reference, at: end, passed: end, joins: [], links: [] };
  const origin = { gateway: input.gateway, provider: scope.provider, account: scope.account, input: input.id };
  const item = { key, type: "subscription.deadline", live: scope.live, facts: [fact] };
  return { input, facts: placeFacts([item], { ...origin, receivedAt: now }) };
}
