import { orderOfSubject, orderSubject } from "../payments/ledger.ts";
import { entriesFor } from "../pipeline/effects/ledger.ts";
import { NOTHING_WRITTEN } from "../pipeline/nothing-written.ts";
import type { Rules } from "../pipeline/rules.ts";
import type { Repair } from "../store/audit.ts";
import { orderTargets, paymentTargets } from "./check-ledger.ts";
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
  const time = now();
  const bookables = subjects.map((subject) => ({
    ...{ subject, absorbed: [], live: live.get(subject) ?? false, order: orderOfSubject(subject) },
    target: targets.get(subject) ?? [],
    occasion: { fact: null, input: null, effectiveAt: time },
  }));
  const postings = entriesFor(bookables, posted, time);
  await repair.write({ ...NOTHING_WRITTEN, effects: { ...NOTHING_WRITTEN.effects, postings } });
}
