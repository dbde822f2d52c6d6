import { collect } from "../payments/collect.ts";
import { objectKey } from "../payments/fact.ts";
import {
  type Balance,
  difference,
  orderBalances,
  orderSubject,
  paymentBalances,
  payoutBalances,
  payoutSubject,
  readSubject,
} from "../payments/ledger.ts";
import { foldPayout } from "../payments/payout.ts";
import type { OrderState } from "../payments/state.ts";
import type { Rules } from "../pipeline/rules.ts";
import type { AuditedFact, AuditedOrder, AuditedPayment, AuditView } from "../store/audit.ts";
import type { Posting } from "../store/effect-rows.ts";
import type { Report } from "./finding.ts";

/** What is posted of payments beside what they come to. Of one that turned out to be another it is posted of that. */
export async function checkPaymentsPosted(
  view: AuditView,
  rules: Rules,
  payments: readonly AuditedPayment[],
  report: Report,
): Promise<void> {
  if (!rules.effects.has("ledger")) return;
  const targets = await paymentTargets(view, payments);
  await compare(view, targets, report);
}

/** Payments that stand for themselves, each with what its accounts have to hold. */
export async function paymentTargets(
  view: Pick<AuditView, "orderPaymentsOf">,
  payments: readonly AuditedPayment[],
): Promise<readonly Target[]> {
  const own = payments.filter(({ aliasOf }) => aliasOf === null);
  const judged = await view.orderPaymentsOf(own.map(({ id }) => id));
  const counting = new Set(judged.filter(({ counts }) => counts).map(({ payment }) => payment));
  return own.flatMap(({ id, state }) =>
    state === null ? [] : [{ subject: id, name: id, target: paymentBalances(state, counting.has(id)) }],
  );
}

/** The same of orders. */
export async function checkOrdersPosted(
  view: AuditView,
  rules: Rules,
  orders: readonly AuditedOrder[],
  expected: ReadonlyMap<string, OrderState>,
  report: Report,
): Promise<void> {
  if (!rules.effects.has("ledger")) return;
  await compare(view, orderTargets(orders, expected), report);
}

export function orderTargets(
  orders: readonly AuditedOrder[],
  expected: ReadonlyMap<string, OrderState>,
): readonly Target[] {
  return orders.flatMap(({ reference, loaded }) => {
    const state = expected.get(reference);
    if (state === undefined) return [];
    return [{ subject: orderSubject(reference), name: reference, target: orderBalances(state, loaded.payments) }];
  });
}

/** The same of the payouts that a page of facts tells of. */
export async function checkPayoutsPosted(
  view: AuditView,
  rules: Rules,
  facts: readonly AuditedFact[],
  report: Report,
): Promise<void> {
  if (!rules.effects.has("ledger")) return;
  const named = facts.flatMap((row) => payoutOf(row) ?? []);
  // Told of the fact: as of the payout nothing else is there.
  await compare(view, await payoutTargets(view, rules, new Map(named.map(({ key, name }) => [key, name]))), report);
}

/** `payouts`: the keys of their objects, with how findings name each. */
export async function payoutTargets(
  view: Pick<AuditView, "loadGroupFacts">,
  rules: Rules,
  payouts: ReadonlyMap<string, string>,
): Promise<readonly Target[]> {
  if (payouts.size === 0) return [];
  const facts = collect(await view.loadGroupFacts([...payouts.keys()]), (fact) => objectKey(fact.scope, fact));
  return [...payouts].map(([key, name]) => ({
    ...{ subject: payoutSubject(key), name },
    target: payoutBalances(foldPayout(facts.get(key) ?? []), rules.ofScope),
  }));
}

/** The payout that a fact's row tells of. */
export function payoutOf({ key, fact }: AuditedFact): { readonly key: string; readonly name: string } | null {
  return fact?.kind === "payout" ? { key: objectKey(fact.scope, fact), name: key } : null;
}

interface Target {
  readonly subject: string;
  /** As findings name it. */
  readonly name: string;
  readonly target: readonly Balance[];
}

async function compare(view: AuditView, targets: readonly Target[], report: Report): Promise<void> {
  const posted = new Map(
    (await view.posted(targets.map(({ subject }) => subject))).map((each) => [each.subject, each.balances]),
  );
  for (const { subject, name, target } of targets) {
    for (const { account, currency, amount } of difference(target, posted.get(subject) ?? []))
      report("ledger_posted", name, `${account} lacks ${amount} ${currency}`);
  }
}

/** A page of lines: their entries whole. */
export async function checkPostings(
  view: AuditView,
  rules: Rules,
  postings: readonly Posting[],
  report: Report,
): Promise<void> {
  const subjects = [...new Set(postings.map(({ subject }) => subject))];
  for (const { subject, version, currency, sum } of await view.unbalancedEntries(subjects))
    report("ledger_entry", subject, `entry ${version} sums to ${sum} ${currency}`);
  const inputs = new Set((await view.inputsById(postings.flatMap(({ input }) => input ?? []))).map(({ id }) => id));
  for (const { subject, version, input } of postings) {
    if (input !== null && !inputs.has(input))
      report("ledger_entry", subject, `entry ${version} came with ${input}, which is not in the journal`);
  }
  await checkSubjects(view, rules, subjects, report);
}

/** Of what does not exist nothing may be left; payouts have nothing but their facts, which say what is. */
async function checkSubjects(
  view: AuditView,
  rules: Rules,
  subjects: readonly string[],
  report: Report,
): Promise<void> {
  const read = subjects.map((subject) => ({ subject, of: readSubject(subject) }));
  const orders = await view.knownOrders(read.flatMap(({ of: { order } }) => order ?? []));
  const payments = await view.knownPayments(read.flatMap(({ of: { payment } }) => payment ?? []));
  const payouts = read.flatMap(({ subject, of: { payout } }) => (payout === null ? [] : [[payout, subject] as const]));
  if (rules.effects.has("ledger")) await compare(view, await payoutTargets(view, rules, new Map(payouts)), report);
  const gone = read.flatMap(({ subject, of: { order, payment } }) =>
    (order !== null && !orders.has(order)) || (payment !== null && !payments.has(payment)) ? [subject] : [],
  );
  const left = collect(await view.posted(gone), ({ subject }) => subject);
  for (const [subject, posted] of left) {
    const balances = difference(
      posted.flatMap((each) => each.balances),
      [],
    );
    if (balances.length > 0) report("ledger_posted", subject, "it does not exist, and its accounts hold something");
  }
}
