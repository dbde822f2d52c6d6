import { orderSubject, payoutSubject, readSubject } from "../payments/ledger.ts";
import { type Bookable, entriesFor } from "../pipeline/effects/ledger.ts";
import { NOTHING_WRITTEN } from "../pipeline/nothing-written.ts";
import type { Rules } from "../pipeline/rules.ts";
import type { Audit, Repair } from "../store/audit.ts";
import type { Posted } from "../store/effect-rows.ts";
import { orderTargets, paymentTargets, payoutTargets } from "./check-ledger.ts";
import { expectedOrders } from "./expected.ts";

/**
 * Posts what payments and orders lack of what they come to, under their locks, once all else is put right. What was posted
 * stays: a mistake is made good by another entry, which follows from nothing that came in.
 */
export async function healLedger(
  { rules, now }: { readonly rules: Rules; readonly now: () => Date },
  repair: Repair,
  about: { readonly payments: readonly string[]; readonly orders: readonly string[] },
): Promise<void> {
  if (!rules.effects.has("ledger")) return;
  const judged = await repair.orderPaymentsIn(about.orders);
  const ids = [...new Set([...about.payments, ...judged.map(({ payment }) => payment)])];
  const payments = await repair.paymentsById(ids);
  const orders = await repair.orders(about.orders);
  const targets = new Map(
    [
      ...(await paymentTargets(repair, payments)),
      ...orderTargets(orders, await expectedOrders(repair, rules, orders)),
    ].map((each) => [each.subject, each.target]),
  );
  // What is an alias, or can't be read, is left alone; of what is gone nothing may be left.
  const known = new Set(payments.map(({ id }) => id));
  const gone = ids.filter((id) => !known.has(id));
  const subjects = [...targets.keys(), ...gone];
  const posted = await repair.posted(subjects);
  const live = new Map([
    ...payments.map(({ id, live: isLive }) => [id, isLive] as const),
    ...orders.map(({ reference, row }) => [orderSubject(reference), row?.state?.expectation?.live ?? false] as const),
    ...posted.map((each) => [each.subject, each.live] as const),
  ]);
  const wanted = subjects.map((subject) => ({
    ...{ subject, live: live.get(subject) ?? false, order: readSubject(subject).order },
    target: targets.get(subject) ?? [],
  }));
  await post(repair, wanted, posted, now());
}

/** The same of one payout, by the key of its object, under its lock. */
export async function healPayout(
  { audit, rules, now }: { readonly audit: Audit; readonly rules: Rules; readonly now: () => Date },
  key: string,
): Promise<void> {
  if (!rules.effects.has("ledger")) return;
  await audit.repair(async (repair) => {
    await repair.lock([`objects:${key}`]);
    const [fact] = await repair.loadGroupFacts([key]);
    const targets = await payoutTargets(repair, rules, new Map([[key, key]]));
    const posted = await repair.posted([payoutSubject(key)]);
    const live = fact?.scope.live ?? posted[0]?.live ?? false;
    const wanted = targets.map(({ subject, target }) => ({ subject, live, order: null, target }));
    await post(repair, wanted, posted, now());
  });
}

async function post(
  repair: Repair,
  wanted: readonly Pick<Bookable, "subject" | "live" | "order" | "target">[],
  posted: readonly Posted[],
  now: Date,
): Promise<void> {
  const occasion = { fact: null, input: null, effectiveAt: now };
  const bookables = wanted.map((one) => ({ ...one, absorbed: [], occasion }));
  const postings = entriesFor(bookables, posted, now);
  await repair.write({ ...NOTHING_WRITTEN, effects: { ...NOTHING_WRITTEN.effects, postings } });
}
