import * as z from "zod";
import type { Fact, Interval, Price, SubscriptionFact } from "../../../payments/fact.ts";
import { readCurrency } from "../../../payments/money.ts";
import { toIsoMinor } from "../amount.ts";
import { amount, inMs, reference, referenceTo, seconds, stated, word } from "../fields.ts";
import { common, refs, type Telling } from "../telling.ts";

/** Of a price with decimals of a cent, or in tiers, there is no amount for each period. */
const priceSchema = z.object({
  currency: z.string(),
  unit_amount: amount,
  recurring: z.object({ interval: word, interval_count: z.int().positive().nullish() }).nullish(),
});

const itemSchema = z.object({
  current_period_start: seconds.nullish(),
  current_period_end: seconds.nullish(),
  quantity: z.int().nonnegative().max(1_000_000_000).nullish(),
  price: priceSchema.nullish().catch(null),
});

/** https://docs.stripe.com/api/subscriptions/object. The period moved from the subscription to its items in 2025-03-31. */
export const subscriptionSchema = z.looseObject({
  id: reference,
  status: z.string(),
  current_period_start: seconds.nullish(),
  current_period_end: seconds.nullish(),
  items: z.object({ data: z.array(itemSchema) }).nullish(),
  latest_invoice: referenceTo,
  customer: referenceTo.catch(null),
  trial_end: seconds.nullish().catch(null),
  cancel_at: seconds.nullish().catch(null),
  cancel_at_period_end: z.boolean().nullish().catch(null),
  pause_collection: z.looseObject({}).nullish().catch(null),
});

export type Subscription = z.output<typeof subscriptionSchema>;
type Item = z.output<typeof itemSchema>;

/** Stripe's `canceled` is final: one that is only to end with its period is told as active, with `cancel_at_period_end`. */
const STATUSES: ReadonlyMap<string, NonNullable<SubscriptionFact["status"]>> = new Map([
  ["incomplete", "pending"],
  ["incomplete_expired", "ended"],
  ["trialing", "trialing"],
  ["active", "active"],
  ["past_due", "past_due"],
  ["unpaid", "past_due"],
  ["paused", "paused"],
  ["canceled", "ended"],
]);

export function subscriptionFacts(subscription: Subscription, telling: Telling): readonly Fact[] {
  const items = subscription.items?.data ?? [];
  const end = latest([subscription, ...items].map((told) => told.current_period_end));
  return [
    {
      kind: "subscription",
      reference: subscription.id,
      ...common(telling, { object: subscription, buyer: { id: subscription.customer } }),
      ...stated({
        status: statusOf(subscription),
        periodStart: latest([subscription, ...items].map((told) => told.current_period_start)),
        ...ending(subscription, end),
        trialEnd: inMs(subscription.trial_end),
        price: priceOf(items),
      }),
      joins: [],
      links: refs("invoice", subscription.latest_invoice),
    },
  ];
}

/** While collection is paused Stripe goes on calling it active, and takes no money. */
function statusOf({ status, pause_collection: pause }: Subscription): SubscriptionFact["status"] {
  const told = STATUSES.get(status);
  return told === "active" && pause ? "paused" : told;
}

/** One that is to end within its period runs until then; one that is to end later renews meanwhile. */
function ending(
  { cancel_at_period_end: withPeriod, cancel_at: time }: Subscription,
  end: number | null,
): Pick<Partial<SubscriptionFact>, "periodEnd" | "willCancel"> {
  const cancelAt = inMs(time);
  if (cancelAt !== null && (end === null || cancelAt <= end)) return { periodEnd: cancelAt, willCancel: true };
  return stated({ periodEnd: end, willCancel: withPeriod ?? null });
}

/** The latest among the items, whose periods may differ. */
function latest(times: readonly (number | null | undefined)[]): number | null {
  const told = times.flatMap((time) => inMs(time) ?? []);
  return told.length === 0 ? null : Math.max(...told);
}

/** What all items cost together; null where one tells no amount, or where they are paid in turns of their own. */
function priceOf(items: readonly Item[]): Price | null {
  const prices = items.map(priceOfItem);
  const [first] = prices;
  if (!first || prices.some((price) => price === null || !isAlike(price, first))) return null;
  return { ...first, amount: prices.reduce((total, price) => total + (price?.amount ?? 0n), 0n) };
}

function priceOfItem({ price, quantity }: Item): Price | null {
  const currency = price ? readCurrency(price.currency) : null;
  const each = price && currency !== null ? toIsoMinor(price.unit_amount, currency) : null;
  if (!price || currency === null || each === null) return null;
  const every = intervalOf(price.recurring ?? null);
  return { amount: each * BigInt(quantity ?? 1), currency, ...(every && { every }) };
}

const UNITS: readonly Interval["unit"][] = ["day", "week", "month", "year"];

function intervalOf(
  recurring: {
    readonly interval?: string | null | undefined;
    readonly interval_count?: number | null | undefined;
  } | null,
): Interval | null {
  const unit = UNITS.find((each) => each === recurring?.interval);
  return unit === undefined ? null : { unit, count: recurring?.interval_count ?? 1 };
}

function isAlike(one: Price, other: Price): boolean {
  return (
    one.currency === other.currency && one.every?.unit === other.every?.unit && one.every?.count === other.every?.count
  );
}
