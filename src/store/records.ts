import type { HoldReason, StoredDecision } from "../payments/state.ts";
import { decodeOrderStock } from "../payments/stock.ts";
import { decodeDecision, decodeOrderState, decodePaymentState } from "../payments/wire.ts";
import { type RawInteger, type RawTime, readTime } from "./columns.ts";
import type { LoadedOrder, OrderRecord, PaymentRecord } from "./store.ts";

/** Payments and orders, as their tables hold them. */

export interface PaymentRow {
  readonly id: string;
  readonly gateways: string;
  readonly sequence: RawInteger;
  readonly state: string;
}

export function readPayment(row: PaymentRow): PaymentRecord {
  return {
    id: row.id,
    state: decodePaymentState(row.state),
    gateways: splitList(row.gateways),
    sequence: Number(row.sequence),
  };
}

export const ORDER_COLUMNS = "reference, sequence, created_at, changed_at, state, stock";

export interface OrderRow {
  readonly reference: string;
  readonly sequence: RawInteger;
  readonly created_at: RawTime;
  readonly changed_at: RawTime;
  readonly state: string;
  readonly stock: string | null;
}

export function readOrder(row: OrderRow): OrderRecord {
  return {
    state: decodeOrderState(row.state),
    sequence: Number(row.sequence),
    stock: row.stock === null ? null : decodeOrderStock(row.stock),
    createdAt: readTime(row.created_at),
    updatedAt: readTime(row.changed_at),
  };
}

export interface DecisionRow {
  readonly order: string;
  readonly body: string;
  /** The payment that the one it is about turned out to be, where it is known by another id now. */
  readonly alias_of?: string | null;
}

/** Decisions with what became of the payments they are about; `where` is about `d."order"`. */
export function selectDecisions(where: string): string {
  return `select d."order", d.body, p.alias_of from decisions d left join payments p on p.id = d.payment
    where ${where} order by d."order", d.sequence`;
}

export function readDecision({ body, alias_of }: DecisionRow): StoredDecision {
  const decision = decodeDecision(body);
  return "payment" in decision && alias_of ? { ...decision, payment: alias_of } : decision;
}

export interface OrderParts {
  readonly orders: readonly OrderRow[];
  readonly decisions: readonly DecisionRow[];
  readonly payments: readonly (PaymentRow & { readonly order: string })[];
}

/** One entry for each reference, in the same order. */
export function assembleOrders(references: readonly string[], parts: OrderParts): readonly LoadedOrder[] {
  const orders = new Map(parts.orders.map((row) => [row.reference, readOrder(row)]));
  const decisions = grouped(parts.decisions, ({ order }) => order);
  const payments = grouped(parts.payments, ({ order }) => order);
  return references.map((reference) => ({
    reference,
    record: orders.get(reference) ?? null,
    decisions: (decisions.get(reference) ?? []).map(readDecision),
    payments: (payments.get(reference) ?? []).map(readPayment).sort(byId),
  }));
}

export function grouped<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function byId(a: PaymentRecord, b: PaymentRecord): number {
  return a.id < b.id ? -1 : 1;
}

/** `,a,b,` so that `like '%,a,%'` finds members whole; empty for none. */
export function joinList(members: readonly string[]): string {
  return members.length === 0 ? "" : `,${members.join(",")},`;
}

export function splitList(text: string): readonly string[] {
  return text.split(",").filter((member) => member !== "");
}

export function readHeld(text: string): readonly HoldReason[] {
  // Proven: joinList wrote it from hold reasons.
  return splitList(text) as readonly HoldReason[];
}
