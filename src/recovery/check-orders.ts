import { collect } from "../payments/collect.ts";
import { digestOrder } from "../payments/digest.ts";
import type { OrderState } from "../payments/state.ts";
import { subjectOfOrder } from "../pipeline/effects/customers.ts";
import type { Rules } from "../pipeline/rules.ts";
import type { AuditedEvent, AuditedOrder, AuditedOrderPayment, AuditView } from "../store/audit.ts";
import { checkCustomers } from "./check-customers.ts";
import { checkOrderGoods } from "./check-goods.ts";
import { checkOrdersPosted } from "./check-ledger.ts";
import { setsAgree } from "./check-payments.ts";
import { checkTakings } from "./check-stock.ts";
import { differences } from "./difference.ts";
import { expectedOrders } from "./expected.ts";
import type { Report } from "./finding.ts";

const MILESTONES: ReadonlySet<string> = new Set([
  "order.paid",
  "order.refunded",
  "order.reopened",
  "order.disputed",
  "order.charged_back",
  "order.canceled",
]);

/** Folds a page of orders from their decisions and payments again. One moment's view. */
export async function checkOrders(
  view: AuditView,
  rules: Rules,
  references: readonly string[],
  report: Report,
): Promise<void> {
  const orders = await view.orders(references);
  const expected = await expectedOrders(view, rules, orders);
  await checkOrderGoods(view, [...expected.values()], rules.effects, report);
  const registered = [...expected.values()].flatMap((state) => (state.expectation ? [state.reference] : []));
  const judged = collect(await view.orderPaymentsIn(registered), ({ order }) => order);
  const events = collect(await view.eventsAbout({ payments: [], orders: references }), ({ order }) => order ?? "");
  const keys = [...expected.values()].flatMap(({ milestones }) => milestones.map(({ key }) => key));
  const told = new Set((await view.eventsByKey(keys)).map(({ key }) => key));
  const inputs = new Set(
    (await view.inputsById(orders.flatMap(({ loaded }) => loaded.decisions.map(({ input }) => input)))).map(
      ({ id }) => id,
    ),
  );
  await checkCustomers(
    view,
    rules,
    [...expected.values()].flatMap((state) => subjectOfOrder(state) ?? []),
    report,
  );
  await checkTakings(view, rules, orders, expected, report);
  await checkOrdersPosted(view, rules, orders, expected, report);
  for (const order of orders) {
    const state = expected.get(order.reference);
    if (!state) continue;
    checkDecisions(order, inputs, report);
    checkState(order, state, report);
    if (state.expectation) checkJudged(order.reference, state, judged.get(order.reference) ?? [], report);
    for (const { key } of state.milestones) {
      if (!told.has(key)) report("order_events", order.reference, `${key} was never told`);
    }
    checkEvents(order, events.get(order.reference) ?? [], report);
  }
}

function checkDecisions({ reference, loaded }: AuditedOrder, inputs: ReadonlySet<string>, report: Report): void {
  loaded.decisions.forEach(({ sequence, input }, index) => {
    if (sequence !== index + 1) report("order_decisions", reference, `decision ${index + 1} is missing`);
    if (!inputs.has(input))
      report("order_decisions", reference, `decision ${sequence} came with ${input}, which is not in the journal`);
  });
}

function checkState({ reference, row }: AuditedOrder, state: OrderState, report: Report): void {
  if (!row) {
    report("order_state", reference, "it is named, and has no row");
    return;
  }
  if (row.state === null) report("order_state", reference, "its stored state can't be read");
  else if (digestOrder(row.state, new Map()) !== digestOrder(state, new Map()))
    report("order_state", reference, differences(row.state, state));
  const stored = { status: row.status, expiresAt: row.expiresAt };
  const detail = differences(stored, { status: state.status, expiresAt: deadlineOf(state) });
  if (detail !== "") report("order_columns", reference, detail);
}

/** The column holds a deadline only while it may still pass unpaid. */
function deadlineOf({ status, expectation }: OrderState): number | null {
  return status === "open" || status === "partially_paid" ? (expectation?.expiresAt ?? null) : null;
}

function checkJudged(reference: string, state: OrderState, rows: readonly AuditedOrderPayment[], report: Report): void {
  const text = (payment: string, counts: boolean, held: readonly string[]): string =>
    `${payment} ${counts ? "counts" : `held for ${held.join("+") || "nothing"}`}`;
  setsAgree(
    rows.map(({ payment, counts, held }) => text(payment, counts, held)),
    state.payments.map(({ id, counts, held }) => text(id, counts, held)),
    (detail) => report("order_payments", reference, detail),
  );
}

/**
 * Whether a milestone that was told is true still is not asked: knowledge may take back that a payment belongs to the
 * order at all (see `orderMilestones`). Its key must be one that the order can have.
 */
function checkEvents({ reference, row }: AuditedOrder, events: readonly AuditedEvent[], report: Report): void {
  let last = 0;
  for (const { id, type, key, sequence } of events) {
    const own = `${type}:${reference}`;
    if (!isOwn(type, key, own, sequence))
      report("order_events", reference, `${id} tells ${key}, which is nothing that could be told of it`, id);
    if (row && (sequence < 1 || sequence > row.sequence))
      report("order_events", reference, `${id} is of change ${sequence} of ${row.sequence}`);
    if (sequence < last) report("order_events", reference, `${id} of change ${sequence} was told after ${last}`);
    last = sequence;
  }
}

function isOwn(type: string, key: string, own: string, sequence: number): boolean {
  // Named for what was ready: it may come in parts.
  if (type === "order.goods_ready") return key.startsWith(`${own}:`);
  if (!MILESTONES.has(type)) return key === `${own}:${sequence}`;
  return key === own || (key.startsWith(`${own}#`) && /^[1-9]\d*$/.test(key.slice(own.length + 1)));
}
