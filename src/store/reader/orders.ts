import { type RawTime, readTime } from "../columns.ts";
import { storable } from "../json-rows.ts";
import type { OrderFilter, Reader } from "../reading.ts";
import {
  assembleOrders,
  type DecisionRow,
  ORDER_COLUMNS,
  type OrderRow,
  type PaymentRow,
  readOrder,
  selectDecisions,
} from "../records.ts";
import type { Database } from "../session.ts";
import type { EventView, LoadedOrder, OrderRecord, Page, PageRequest } from "../store.ts";
import { pageOf, readCursor, rowsFor } from "./cursor.ts";
import { isOf } from "./customers.ts";
import { Query } from "./query.ts";

/** How many payments of one order are shown: anybody may name an unregistered one. */
const MAX_PAYMENTS = 1_000;
const MAX_EVENTS = 200;

/** Newest first, by when Paybell first knew of it. */
export async function listOrders(
  database: Database,
  filter: OrderFilter,
  page: PageRequest,
): Promise<Page<OrderRecord>> {
  const query = new Query(database.dialect);
  query.among("status", filter.status);
  if (filter.customer !== undefined)
    query.having(
      (id) => `reference in (select subject from customer_links where kind = 'order' and ${isOf(id)}
        union select o."order" from customer_links join order_payments o on o.payment = subject and o.counts
          where kind = 'payment' and ${isOf(id)})`,
      filter.customer,
    );
  query.between("created_at", filter.since, filter.until);
  query.after(readCursor(page.cursor), "created_at", "reference", "text");
  const sql = query.first(rowsFor(page), { columns: ORDER_COLUMNS, from: "orders", at: "created_at", id: "reference" });
  const rows = await database.reads.query<OrderRow & { readonly created_at: RawTime }>("orders", sql, ...query.values);
  return pageOf(page, rows, (row) => ({ at: readTime(row.created_at).getTime(), id: row.reference }), readOrder);
}

/** Null where neither a row nor a decision nor a payment knows of it. */
export async function findOrder({ reads }: Database, reference: string): Promise<LoadedOrder | null> {
  storable("order", reference);
  // A shop may ask for it with each page it shows: by the typed client a call took 2.0 and 2.7 ms of CPU (bench/READING.md).
  const [orders, decisions, payments] = await Promise.all([
    reads.query<OrderRow>("order", `select ${ORDER_COLUMNS} from orders where reference = $1`, reference),
    reads.query<DecisionRow>("order.decisions", selectDecisions('d."order" = $1'), reference),
    reads.query<{ order: string } & (PaymentRow | { readonly id: null })>(
      "order.payments",
      `select o."order", p.id, p.gateways, p.sequence, p.state
       from (select "order", payment from order_payments where "order" = $1 order by payment limit ${MAX_PAYMENTS}) o
       left join payments p on p.id = o.payment and p.alias_of is null`,
      reference,
    ),
  ]);
  if (orders.length + decisions.length + payments.length === 0) return null;
  const loaded = payments.filter((row) => row.id !== null);
  const [order] = assembleOrders([reference], { orders, decisions, payments: loaded });
  return order ?? null;
}

/** Oldest first. */
export async function eventsOf(
  database: Database,
  about: Parameters<Reader["eventsOf"]>[0],
): Promise<readonly EventView[]> {
  const either = [
    ...(about.order === undefined ? [] : [{ order: storable("order", about.order) }]),
    { payment: { in: [...about.payments] } },
  ];
  return database.reads.read("events", ({ event }) =>
    event.findMany({
      where: { OR: either },
      orderBy: { seq: "asc" },
      take: MAX_EVENTS,
      select: {
        ...{ id: true, type: true, payment: true, order: true, sequence: true, live: true, at: true },
        snapshot: true,
      },
    }),
  );
}
