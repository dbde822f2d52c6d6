import { digestPayment } from "../payments/digest.ts";
import type { AuditedPayment, AuditView } from "../store/audit.ts";
import type { Correction } from "./derive.ts";
import { type ExpectedPayment, expectedPayments } from "./expected.ts";
import { correctedView, type Neighbourhood } from "./neighbourhood.ts";

/** A purchase with the id that it keeps or gets. */
export interface PlannedPayment {
  readonly id: string;
  readonly expected: ExpectedPayment;
  readonly before: AuditedPayment | null;
  /** The row says that it stands for another, and its facts say that it is a purchase of its own. */
  readonly isSeparated: boolean;
  /** Payments of their own until now that are this purchase. */
  readonly absorbed: readonly AuditedPayment[];
}

export interface Plan {
  readonly payments: readonly PlannedPayment[];
  /** Rows that no fact bears out. */
  readonly baseless: readonly AuditedPayment[];
}

/** What a neighbourhood should look like: fresh projections, with the ids that were given once. Writes nothing. */
export async function planOf(
  view: AuditView,
  near: Neighbourhood,
  corrections: readonly Correction[],
  newPaymentId: () => string,
): Promise<Plan> {
  const facts = [...near.facts.values()].map(({ fact }) => fact);
  const purchases = await expectedPayments(correctedView(view, corrections), facts);
  const rows = new Map((await view.paymentsById([...near.payments])).map((row) => [row.id, row]));
  const ids = idsOf(purchases, near, rows);
  const payments = purchases.map((expected, index) => planned(expected, ids.get(index) ?? [], newPaymentId));
  const used = new Set(payments.flatMap(({ id, absorbed }) => [id, ...absorbed.map((row) => row.id)]));
  return { payments, baseless: [...rows.values()].filter(({ id, aliasOf }) => aliasOf === null && !used.has(id)) };
}

/** An id that something here is stored under; its row may be gone. */
interface Named {
  readonly id: string;
  readonly row: AuditedPayment | null;
}

/** Which ids each purchase may keep: an id goes where most of its facts are, else where most of its objects are. */
function idsOf(
  purchases: readonly ExpectedPayment[],
  near: Neighbourhood,
  rows: ReadonlyMap<string, AuditedPayment>,
): ReadonlyMap<number, readonly Named[]> {
  const ids = new Map<number, Named[]>();
  for (const id of [...near.payments].sort()) {
    const votes = purchases.map(
      ({ facts, objects }) =>
        1_000 * facts.filter(({ key }) => near.facts.get(key)?.payment === id).length +
        objects.filter((key) => near.owners.get(key) === id).length,
    );
    const most = Math.max(0, ...votes);
    if (most === 0) continue;
    const index = votes.indexOf(most);
    ids.set(index, [...(ids.get(index) ?? []), { id, row: rows.get(id) ?? null }]);
  }
  return ids;
}

function planned(expected: ExpectedPayment, named: readonly Named[], newPaymentId: () => string): PlannedPayment {
  // The first committed keeps its id: ids are ordered by time. Then one whose row is gone; a row that is an alias comes last.
  const [first, ...others] = [...named].sort((a, b) => rankOf(a) - rankOf(b));
  return {
    id: first?.id ?? newPaymentId(),
    expected,
    before: first?.row ?? null,
    isSeparated: first?.row != null && first.row.aliasOf !== null,
    absorbed: others.flatMap(({ row }) => (row !== null && row.aliasOf === null ? [row] : [])),
  };
}

function rankOf({ row }: Named): number {
  if (row === null) return 1;
  return row.aliasOf === null ? 0 : 2;
}

/** Whether the row has to be written. */
export function hasChanged({ before, expected: { state, gateways } }: PlannedPayment): boolean {
  if (!before?.state || digestPayment(before.state) !== digestPayment(state)) return true;
  const { scope } = state;
  return (
    before.gateways.join() !== gateways.join() ||
    before.status !== state.status ||
    before.reference !== state.reference ||
    before.createdAt !== state.createdAt ||
    before.provider !== scope.provider ||
    before.account !== scope.account ||
    before.live !== scope.live
  );
}
