import { createHash } from "node:crypto";
import { type RawInteger, type RawTime, readTime } from "./columns.ts";
import type { Dialect } from "./dialect.ts";
import type { Session } from "./session.ts";
import type { JournalPlace, Store } from "./store.ts";

/** What is kept of a notification for ever is its row; its body may go, once its facts are stored. */

const HASH_OF_NOTHING = createHash("sha256").digest("hex");

/** Whether a body of no bytes is one that was emptied: its hash is still that of what came. */
export function isEmptied(size: number, bodyHash: string): boolean {
  return size === 0 && bodyHash !== HASH_OF_NOTHING;
}

interface PlaceRow {
  readonly seq: RawInteger;
  readonly received_at: RawTime;
}

/** Before everything. */
const BEGINNING: JournalPlace = { receivedAt: new Date(0), seq: 0n };

/**
 * One page in the order of receipt. What is looked at and what is changed are two statements: a page of rows that are
 * empty already, or must stay, is passed without writing. Each is whole by itself, so that a kill leaves nothing half done.
 */
export async function emptyBodies(
  session: Session,
  dialect: Dialect,
  { before, after, limit }: Parameters<Store["emptyBodies"]>[0],
): ReturnType<Store["emptyBodies"]> {
  const from = after ?? BEGINNING;
  const page = await session.query<PlaceRow>(
    "emptyBodies.page",
    `select seq, received_at from inputs
     where received_at < ${dialect.timeParameter(1)} and (received_at, seq) > (${dialect.timeParameter(2)}, $3)
     order by received_at, seq limit $4`,
    dialect.time(before),
    dialect.time(from.receivedAt),
    from.seq,
    limit,
  );
  const last = page.at(-1);
  if (last === undefined) return { emptied: 0, next: null };
  const to = placeOf(last);
  return { emptied: await empty(session, dialect, from, to), next: page.length < limit ? null : to };
}

/**
 * Only what has its outcome and needs nobody: a person who looks into what is quarantined needs to see what came. By their
 * places and not by a list, which PostgreSQL may go through once for each row that has such a state.
 */
function empty(session: Session, dialect: Dialect, from: JournalPlace, to: JournalPlace): Promise<number> {
  return session.execute(
    "emptyBodies",
    `with settled as (
       select i.seq from inputs i
       where (i.received_at, i.seq) > (${dialect.timeParameter(1)}, $2)
         and (i.received_at, i.seq) <= (${dialect.timeParameter(3)}, $4)
         and i.state in ('applied', 'stale', 'ignored') and i.kind in ('notification', 'answer') and length(i.body) > 0
       order by i.seq ${dialect.forUpdate("i")} ${dialect.skipLocked}
     )
     update inputs set body = ${dialect.noBytes}, headers = '{}', query = '' from settled where inputs.seq = settled.seq`,
    dialect.time(from.receivedAt),
    from.seq,
    dialect.time(to.receivedAt),
    to.seq,
  );
}

function placeOf(row: PlaceRow): JournalPlace {
  return { receivedAt: readTime(row.received_at), seq: BigInt(row.seq) };
}
