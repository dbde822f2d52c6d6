import { collect } from "../payments/collect.ts";
import {
  type Balance,
  difference,
  orderBalances,
  orderOfSubject,
  orderSubject,
  paymentBalances,
} from "../payments/ledger.ts";
import type { OrderState } from "../payments/state.ts";
import type { Rules } from "../pipeline/rules.ts";
import type { AuditedOrder, AuditedPayment, AuditView } from "../store/audit.ts";
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
export async function checkPostings(view: AuditView, postings: readonly Posting[], report: Report): Promise<void> {
  const subjects = [...new Set(postings.map(({ subject }) => subject))];
  for (const { subject, version, currency, sum } of await view.unbalancedEntries(subjects))
    report("ledger_entry", subject, `entry ${version} sums to ${sum} ${currency}`);
  const inputs = new Set((await view.inputsById(postings.flatMap(({ input }) => input ?? []))).map(({ id }) => id));
  for (const { subject, version, input } of postings) {
    if (input !== null && !inputs.has(input))
      report("ledger_entry", subject, `entry ${version} came with ${input}, which is not in the journal`);
  }
  await checkSubjects(view, subjects, report);
}

/** Of what does not exist nothing may be left. */
async function checkSubjects(view: AuditView, subjects: readonly string[], report: Report): Promise<void> {
  const references = subjects.flatMap((subject) => orderOfSubject(subject) ?? []);
  const orders = await view.knownOrders(references);
  const payments = await view.knownPayments(subjects.filter((subject) => orderOfSubject(subject) === null));
  const gone = subjects.filter((subject) => {
    const order = orderOfSubject(subject);
    return order === null ? !payments.has(subject) : !orders.has(order);
  });
  const left = collect(await view.posted(gone), ({ subject }) => subject);
  for (const [subject, posted] of left) {
    const balances = difference(
      posted.flatMap((each) => each.balances),
      [],
    );
    if (balances.length > 0) report("ledger_posted", subject, "it does not exist, and its accounts hold something");
  }
}
