import type { RawInteger } from "./columns.ts";
import type { Dialect } from "./dialect.ts";
import { storable } from "./json-rows.ts";
import type { Database, Session } from "./session.ts";

/** By the source alone: with the state beside it SQLite reads all that is unproven, and blocks meanwhile. */
export async function countUnproven(
  { reads }: Database,
  source: string,
): Promise<{ readonly total: number; readonly fromSource: number }> {
  const [row] = await reads.query<{ total: RawInteger; from_source: RawInteger }>(
    "countUnproven",
    `select (select count(*) from inputs where state = 'unproven' and due_at is not null) as total,
            (select count(case when state = 'unproven' then 1 end) from inputs where source = $1) as from_source`,
    storable("source", source),
  );
  return { total: Number(row?.total ?? 0), fromSource: Number(row?.from_source ?? 0) };
}

/** What a worker holds at this moment is left to it. */
export function expireUnproven(session: Session, dialect: Dialect, before: Date, limit: number): Promise<number> {
  return session.execute(
    "expireUnproven",
    `delete from inputs where seq in (
       select seq from inputs where state in ('unproven', 'rejected') and received_at < ${dialect.timeParameter(1)}
       order by state, received_at limit $2 ${dialect.forUpdate()} ${dialect.skipLocked})`,
    dialect.time(before),
    limit,
  );
}

/** Anybody can have his inventions rejected, so their rows are bounded by number and not by age alone. */
export function forgetRejected(session: Session, dialect: Dialect, keep: number, limit: number): Promise<number> {
  return session.execute(
    "forgetRejected",
    `delete from inputs where seq in (
       select seq from inputs where state = 'rejected'
       order by received_at desc, seq desc limit $1 offset $2 ${dialect.forUpdate()} ${dialect.skipLocked})`,
    limit,
    keep,
  );
}

export async function flaggedPayments(
  { reads, dialect }: Database,
  now: Date,
  limit: number,
): Promise<readonly string[]> {
  const rows = await reads.query<{ payment: string }>(
    "flaggedPayments",
    `select payment from flags where due_at <= ${dialect.timeParameter(1)} group by payment order by min(due_at), payment limit $2`,
    dialect.time(now),
    limit,
  );
  return rows.map(({ payment }) => payment);
}

export async function overdueOrders(
  { reads, dialect }: Database,
  now: Date,
  limit: number,
): Promise<readonly string[]> {
  const rows = await reads.query<{ reference: string }>(
    "overdueOrders",
    `select reference from orders where expires_at <= ${dialect.timeParameter(1)} order by expires_at, reference limit $2`,
    dialect.time(now),
    limit,
  );
  return rows.map(({ reference }) => reference);
}

export async function endedSubscriptions(
  { reads, dialect }: Database,
  now: Date,
  limit: number,
): Promise<readonly string[]> {
  const rows = await reads.query<{ id: string }>(
    "endedSubscriptions",
    `select id from subscriptions where ends_at <= ${dialect.timeParameter(1)} order by ends_at, id limit $2`,
    dialect.time(now),
    limit,
  );
  return rows.map(({ id }) => id);
}
