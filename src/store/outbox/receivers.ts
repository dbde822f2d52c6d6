import type { RawInteger } from "../columns.ts";
import { jsonRows, storable } from "../json-rows.ts";
import type { NewReceiver, Receiver, ReceiverKind } from "../outbox.ts";
import { pageOf, readCursor, rowsFor } from "../reader/cursor.ts";
import { Query } from "../reader/query.ts";
import type { Database, Session } from "../session.ts";
import type { Page, PageRequest } from "../store.ts";
import type { WriteContext } from "../upsert.ts";
import { NEW_COLUMNS, RECEIVER_COLUMNS, type ReceiverRow, readReceiver, receiverRow } from "./receiver-rows.ts";

const NAMES = Object.keys(NEW_COLUMNS);

/** What a receiver that is enabled begins with. */
const HEALTHY = "failures = 0, failing_since = null, paused_until = null";

export async function addReceiver(context: WriteContext, receiver: NewReceiver, max: number): Promise<boolean> {
  const [row] = await context.session.query<{ count: RawInteger }>(
    "receivers.count",
    "select count(*) as count from receivers where kind = $1",
    receiver.kind,
  );
  if (Number(row?.count ?? 0) >= max) return false;
  return (await insert(context, receiver, "nothing")) > 0;
}

/** One that was not enabled and is now begins anew. */
export async function putReceiver(context: WriteContext, receiver: NewReceiver): Promise<void> {
  const over = ["kind", "description", "events", "live", "rate", "state", "changed_at"];
  await context.session.execute(
    "receivers.enable",
    `update receivers set ${HEALTHY} where id = $1 and state <> 'enabled' and $2 = 'enabled'`,
    storable("receiver", receiver.id),
    receiver.state,
  );
  await insert(context, receiver, `update set ${over.map((name) => `${name} = excluded.${name}`).join(", ")}`);
}

function insert({ session, dialect, now }: WriteContext, receiver: NewReceiver, onConflict: string): Promise<number> {
  return session.execute(
    "receivers.put",
    `insert into receivers (${NAMES.join(", ")}) select ${NAMES.map((name) => `r.${name}`).join(", ")}
     from ${dialect.rows(1, NEW_COLUMNS)} ${dialect.beforeConflict} on conflict (id) do ${onConflict}`,
    jsonRows(dialect, "receivers", NEW_COLUMNS, [receiverRow(receiver, now)]),
  );
}

export async function changeReceiver(
  context: WriteContext,
  id: string,
  change: (receiver: Receiver) => Partial<NewReceiver>,
): Promise<Receiver | null> {
  const { session, dialect, now } = context;
  const [row] = await session.query<ReceiverRow>(
    "receivers.lock",
    `select ${RECEIVER_COLUMNS} from receivers v where v.id = $1 ${dialect.forUpdate("v")}`,
    storable("receiver", id),
  );
  if (row === undefined) return null;
  const before = readReceiver(row);
  const changed = { ...before, ...change(before), id };
  const names = NAMES.filter((name) => name !== "id" && name !== "created_at");
  const isEnabled = before.state !== "enabled" && changed.state === "enabled";
  await session.execute(
    "receivers.change",
    `update receivers set ${names.map((name) => `${name} = r.${name}`).join(", ")} ${isEnabled ? `, ${HEALTHY}` : ""}
     from ${dialect.rows(1, NEW_COLUMNS)} where receivers.id = r.id`,
    jsonRows(dialect, "receivers", NEW_COLUMNS, [receiverRow(changed, now)]),
  );
  const health = isEnabled ? { failures: 0, failingSince: null, pausedUntil: null } : {};
  return { ...changed, ...health, changedAt: now };
}

export async function removeReceiver({ session, dialect, now }: WriteContext, id: string): Promise<boolean> {
  const removed = await session.execute("receivers.remove", "delete from receivers where id = $1", storable("id", id));
  await session.execute(
    "deliveries.skip",
    `update deliveries set state = 'skipped', reason = 'receiver_removed', owner = null, due_at = null,
       settled_at = ${dialect.timeParameter(2)} where receiver = $1 and due_at is not null`,
    id,
    dialect.time(now),
  );
  return removed > 0;
}

export async function findReceiver(session: Session, id: string): Promise<Receiver | null> {
  const [row] = await session.query<ReceiverRow>(
    "receiver",
    `select ${RECEIVER_COLUMNS} from receivers v where v.id = $1`,
    storable("receiver", id),
  );
  return row === undefined ? null : readReceiver(row);
}

export async function listReceivers(
  { reads, dialect }: Database,
  kind: ReceiverKind,
  page: PageRequest,
): Promise<Page<Receiver>> {
  const query = new Query(dialect);
  query.is("v.kind", kind);
  query.after(readCursor(page.cursor), "v.created_at", "v.id", "text");
  const list = { columns: RECEIVER_COLUMNS, from: "receivers v", at: "v.created_at", id: "v.id" };
  const rows = await reads.query<ReceiverRow>("receivers", query.first(rowsFor(page), list), ...query.values);
  return pageOf(
    page,
    rows.map(readReceiver),
    ({ createdAt, id }) => ({ at: createdAt.getTime(), id }),
    (row) => row,
  );
}
