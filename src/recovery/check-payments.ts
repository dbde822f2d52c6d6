import { collect } from "../payments/collect.ts";
import { digestPayment } from "../payments/digest.ts";
import type { StoredFact } from "../payments/fact.ts";
import type { PaymentState } from "../payments/state.ts";
import type { Rules } from "../pipeline/rules.ts";
import type { AuditedEvent, AuditedFact, AuditedPayment, AuditView } from "../store/audit.ts";
import { checkPaymentsPosted } from "./check-ledger.ts";
import { differences } from "./difference.ts";
import { type ExpectedPayment, expectedPayments } from "./expected.ts";
import type { Report } from "./finding.ts";

/** Told once each, by a key that facts give; the others are told while they last, by payment and sequence. */
const MILESTONES: ReadonlySet<string> = new Set([
  "payment.paid",
  "payment.refunded",
  "payment.refund_failed",
  "payment.disputed",
  "payment.dispute_won",
  "payment.dispute_lost",
]);

/** Folds a page of payments from their facts again and compares everything that hangs on them. One moment's view. */
export async function checkPayments(
  view: AuditView,
  rules: Rules,
  payments: readonly AuditedPayment[],
  report: Report,
): Promise<void> {
  const ids = payments.map(({ id }) => id);
  const facts = await view.factsOf(ids);
  const expected = await foldByPayment(view, facts);
  const objects = collect(await view.objectsOf(ids), ({ payment }) => payment);
  const listed = collect(await view.orderPaymentsOf(ids), ({ payment }) => payment);
  const events = collect(await view.eventsAbout({ payments: ids, orders: [] }), ({ payment }) => payment ?? "");
  const states = [...expected.values()].flatMap((all) => all.map(({ state }) => state));
  const keys = states.flatMap(({ milestones }) => milestones.map(({ key }) => key));
  const told = new Set((await view.eventsByKey(keys)).map(({ key }) => key));
  const survivors = await survivorsOf(view, payments);

  for (const payment of payments) {
    const own = {
      expected: expected.get(payment.id) ?? [],
      objects: (objects.get(payment.id) ?? []).map(({ key }) => key),
      orders: (listed.get(payment.id) ?? []).map(({ order }) => order),
      events: events.get(payment.id) ?? [],
    };
    if (payment.aliasOf === null) checkPayment(payment, own, told, report);
    else checkAlias(payment, own, survivors.get(payment.aliasOf), report);
  }
  await checkPaymentsPosted(view, rules, payments, report);
}

interface Own {
  readonly expected: readonly ExpectedPayment[];
  readonly objects: readonly string[];
  readonly orders: readonly string[];
  readonly events: readonly AuditedEvent[];
}

/** Each payment's facts on their own: what they make must be one purchase. */
async function foldByPayment(
  view: AuditView,
  facts: readonly AuditedFact[],
): Promise<ReadonlyMap<string, readonly ExpectedPayment[]>> {
  const byKey = new Map(facts.map(({ key, payment }) => [key, payment ?? ""]));
  const readable = facts.flatMap(({ fact }): readonly StoredFact[] => (fact ? [fact] : []));
  const all = await expectedPayments(view, readable);
  const folded = new Map<string, ExpectedPayment[]>();
  const again: StoredFact[][] = [];
  for (const payment of all) {
    const owners = new Set(payment.facts.map(({ key }) => byKey.get(key) ?? ""));
    const [owner = ""] = owners;
    if (owners.size === 1) folded.set(owner, [...(folded.get(owner) ?? []), payment]);
    // One purchase in two payments: each is folded on its own as well, to say how it differs.
    else for (const each of owners) again.push(payment.facts.filter(({ key }) => byKey.get(key) === each));
  }
  for (const part of again) {
    const owner = byKey.get(part[0]?.key ?? "") ?? "";
    folded.set(owner, [...(folded.get(owner) ?? []), ...(await expectedPayments(view, part))]);
  }
  return folded;
}

async function survivorsOf(view: AuditView, payments: readonly AuditedPayment[]) {
  const targets = payments.flatMap(({ aliasOf }) => aliasOf ?? []);
  return new Map((await view.paymentsById(targets)).map((payment) => [payment.id, payment]));
}

function checkPayment(payment: AuditedPayment, own: Own, told: ReadonlySet<string>, report: Report): void {
  const { id } = payment;
  const [expected, ...others] = own.expected;
  if (!expected) {
    report("payment_parts", id, "no readable fact is known of it");
    return;
  }
  if (others.length > 0) {
    report("payment_parts", id, `its facts make ${others.length + 1} purchases, not one`);
    return;
  }
  const { state } = expected;
  if (payment.state === null) report("payment_state", id, "its stored state can't be read");
  else if (digestPayment(payment.state) !== digestPayment(state))
    report("payment_state", id, differences(payment.state, state));
  checkColumns(payment, expected, report);
  checkAmounts(id, state, report);
  setsAgree(own.objects, expected.objects, (detail) => report("payment_objects", id, detail));
  setsAgree(own.orders, state.orders, (detail) => report("payment_orders", id, detail));
  for (const { key } of state.milestones) {
    if (!told.has(key)) report("payment_events", id, `${key} was never told`);
  }
  checkEvents(payment, own.events, state, report);
}

function checkColumns(payment: AuditedPayment, { state, gateways }: ExpectedPayment, report: Report): void {
  const { provider, account, live, reference, status, createdAt } = payment;
  const stored = { provider, account, live, reference, status, createdAt, gateways: payment.gateways.join() };
  const { scope } = state;
  const expected = {
    ...{ provider: scope.provider, account: scope.account, live: scope.live },
    ...{ reference: state.reference, status: state.status, createdAt: state.createdAt, gateways: gateways.join() },
  };
  const detail = differences(stored, expected);
  if (detail !== "") report("payment_columns", payment.id, detail);
}

function checkAmounts(id: string, state: PaymentState, report: Report): void {
  const { captured, refunded, chargedBack, disputed, authorized, currency, flags } = state;
  const amounts = { authorized, captured, refunded, chargedBack, disputed };
  for (const [name, amount] of Object.entries(amounts)) {
    if (amount < 0n) report("payment_amounts", id, `${name} is negative: ${amount}`);
  }
  if (authorized < captured) report("payment_amounts", id, "more was captured than authorized");
  if (refunded + chargedBack > captured && !flags.includes("refund_exceeds_capture"))
    report("payment_amounts", id, "more went back than came in, and no flag says so");
  if (captured > 0n && currency === null) report("payment_amounts", id, "money without a currency");
}

function checkEvents(
  payment: AuditedPayment,
  events: readonly AuditedEvent[],
  state: PaymentState,
  report: Report,
): void {
  const true_ = new Set(state.milestones.map(({ key }) => key));
  let last = 0;
  for (const { id, type, key, sequence } of events) {
    if (type === "notification.quarantined") continue;
    if (MILESTONES.has(type) ? !true_.has(key) : key !== `${type}:${payment.id}:${sequence}`)
      report("payment_events", payment.id, `${id} tells ${key}, which no fact bears out`, id);
    if (payment.aliasOf !== null) continue;
    if (sequence < 1 || sequence > payment.sequence)
      report("payment_events", payment.id, `${id} is of change ${sequence} of ${payment.sequence}`);
    if (sequence < last) report("payment_events", payment.id, `${id} of change ${sequence} was told after ${last}`);
    last = sequence;
  }
}

function checkAlias(payment: AuditedPayment, own: Own, survivor: AuditedPayment | undefined, report: Report): void {
  const { id, aliasOf } = payment;
  if (!survivor) {
    report("payment_alias", id, `it stands for ${aliasOf}, which does not exist`);
    return;
  }
  if (survivor.aliasOf !== null) {
    report("payment_alias", id, `it stands for ${aliasOf}, an alias itself`);
    return;
  }
  if (own.expected.length > 0 || own.objects.length > 0 || own.orders.length > 0)
    report("payment_alias", id, `it stands for ${aliasOf} and still owns facts, objects or orders`);
  if (survivor.state) checkEvents(payment, own.events, survivor.state, report);
}

/** Tells what only one of two sets has. */
export function setsAgree(
  stored: readonly string[],
  expected: readonly string[],
  differ: (detail: string) => void,
): void {
  const [has, wants] = [new Set(stored), new Set(expected)];
  const missing = expected.filter((each) => !has.has(each));
  const surplus = stored.filter((each) => !wants.has(each));
  if (missing.length > 0) differ(`missing: ${missing.slice(0, 5).join(", ")}`);
  if (surplus.length > 0) differ(`not its own: ${surplus.slice(0, 5).join(", ")}`);
}
