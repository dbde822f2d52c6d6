import { type RawTime, readTime } from "../columns.ts";
import { storable } from "../json-rows.ts";
import type { OrderFilter, Reader } from "../reading.ts";
import { assembleOrders, type OrderRow, readOrder } from "../records.ts";
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
  const columns = "reference, sequence, created_at, changed_at, state, stock";
  const sql = query.first(rowsFor(page), { columns, from: "orders", at: "created_at", id: "reference" });
  const rows = await database.reads.query<OrderRow & { readonly created_at: RawTime }>("orders", sql, ...query.values);
  return pageOf(page, rows, (row) => ({ at: readTime(row.created_at).getTime(), id: row.reference }), readOrder);
}

/** Null where neither a row nor a decision nor a payment knows of it. */
export function findOrder(database: Database, reference: string): Promise<LoadedOrder | null> {
  storable("order", reference);
  return database.reads.read("order", async (models) => {
    const order = await models.order.findUnique({ where: { reference } });
    const decisions = await models.decision.findMany({ where: { order: reference }, orderBy: { sequence: "asc" } });
    const named = await models.orderPayment.findMany({
      where: { order: reference },
      orderBy: { payment: "asc" },
      take: MAX_PAYMENTS,
    });
    if (order === null && decisions.length === 0 && named.length === 0) return null;
    const payments = await models.payment.findMany({
      where: { id: { in: named.map(({ payment }) => payment) }, aliasOf: null },
    });
    const [loaded] = assembleOrders([reference], {
      orders: order === null ? [] : [{ ...order, created_at: order.createdAt, changed_at: order.changedAt }],
      decisions,
      payments: payments.map((payment) => ({ ...payment, order: reference })),
    });
    return loaded ?? null;
  });
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
