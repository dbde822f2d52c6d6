import { objectKey } from "../../payments/fact.ts";
import { decodeFact } from "../../payments/wire.ts";
import { type RawTime, readTime } from "../columns.ts";
import { readSubscription, type SubscriptionRow } from "../effects/subscriptions.ts";
import { storable } from "../json-rows.ts";
import type { Reader, SubscriptionFilter } from "../reading.ts";
import type { Database } from "../session.ts";
import type { Page, PageRequest, SubscriptionRecord } from "../store.ts";
import { pageOf, readCursor, rowsFor } from "./cursor.ts";
import { listPayments } from "./payments.ts";
import { gatewayPattern, Query } from "./query.ts";

/** A subscription of many years has thousands: its payments have a list of their own. */
const MAX_SHOWN = 100;

/** Newest first, by when the provider first told of it. */
export async function listSubscriptions(
  database: Database,
  filter: SubscriptionFilter,
  page: PageRequest,
): Promise<Page<SubscriptionRecord>> {
  const query = new Query(database.dialect);
  query.is("account", filter.account);
  query.is("live", filter.live);
  query.is("reference", filter.reference);
  query.is('"order"', filter.order);
  query.among("status", filter.status);
  if (filter.gateway !== undefined)
    query.having((gateway) => `gateways like ${gateway}`, gatewayPattern(filter.gateway));
  query.after(readCursor(page.cursor), "created_at", "id", "text");
  const list = { columns: "id, sequence, state, created_at", from: "subscriptions", at: "created_at", id: "id" };
  const sql = query.first(rowsFor(page), list);
  const rows = await database.reads.query<SubscriptionRow & { readonly created_at: RawTime }>(
    "subscriptions",
    sql,
    ...query.values,
  );
  return pageOf(page, rows, (row) => ({ at: readTime(row.created_at).getTime(), id: row.id }), readSubscription);
}

export async function findSubscription(database: Database, id: string): ReturnType<Reader["subscription"]> {
  const [row] = await database.reads.query<SubscriptionRow>(
    "subscription",
    "select id, sequence, state from subscriptions where id = $1",
    storable("subscription", id),
  );
  if (row === undefined) return null;
  const subscription = readSubscription(row);
  const { scope, reference } = subscription.state;
  const facts = await database.reads.query<{ body: string }>(
    "subscription.facts",
    "select body from facts where object_key = $1 order by at desc, key desc limit $2",
    objectKey(scope, { kind: "subscription", reference }),
    MAX_SHOWN,
  );
  const { account, live } = scope;
  const payments = await listPayments(
    database,
    { account, live, subscription: reference },
    { limit: 25, cursor: null },
  );
  return { ...subscription, payments: payments.rows, facts: facts.map(({ body }) => decodeFact(body)) };
}
