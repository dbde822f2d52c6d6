import { type CustomerSubject, gather, subjectOfPayment } from "../pipeline/effects/customers.ts";
import { NOTHING_WRITTEN } from "../pipeline/nothing-written.ts";
import type { Rules } from "../pipeline/rules.ts";
import type { AuditedPayment, AuditView, Repair } from "../store/audit.ts";
import type { Report } from "./finding.ts";

/** Orders or payments of a page beside the customers that they should be of. Answers with those that are not. */
export async function checkCustomers(
  view: AuditView,
  rules: Rules,
  subjects: readonly CustomerSubject[],
  report: Report,
): Promise<readonly CustomerSubject[]> {
  const [first] = subjects;
  if (!first || !rules.effects.has("customers")) return [];
  const links = await view.customerLinks(
    first.kind,
    subjects.map(({ subject }) => subject),
  );
  const customers = await view.customersOf(subjects.flatMap(({ keys }) => keys));
  return subjects.filter(({ subject, keys }) => {
    const customer = links.get(subject) ?? null;
    const wrong = customer === null || !keys.some((key) => customers.get(key) === customer);
    if (wrong)
      report(
        "customer_link",
        subject,
        customer === null ? "it is nobody's" : `it is ${customer}'s, and nothing in it says so`,
      );
    return wrong;
  });
}

export function checkPaymentCustomers(
  view: AuditView,
  rules: Rules,
  payments: readonly AuditedPayment[],
  report: Report,
): Promise<readonly CustomerSubject[]> {
  const subjects = payments.flatMap(({ id, aliasOf, state }) =>
    state === null || aliasOf !== null ? [] : (subjectOfPayment(id, state) ?? []),
  );
  return checkCustomers(view, rules, subjects, report);
}

/** Finds or opens the customers of those that are nobody's, under the locks that appliers take. */
export async function healCustomers(
  { rules, now }: { readonly rules: Rules; readonly now: () => Date },
  repair: Repair,
  subjects: readonly CustomerSubject[],
): Promise<void> {
  const wrong = await checkCustomers(repair, rules, subjects, () => undefined);
  const take = (kind: string, keys: Iterable<string>) => repair.lock([...keys].map((key) => `${kind}:${key}`));
  const { rows, events } = await gather(repair, { take }, wrong, now());
  await repair.write({ ...NOTHING_WRITTEN, effects: { ...NOTHING_WRITTEN.effects, ...rows }, events });
}
