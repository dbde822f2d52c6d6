import type { Dialect } from "./dialect.ts";
import { readWaitingInput } from "./input-rows.ts";
import { jsonRows, storable } from "./json-rows.ts";
import type { Session } from "./session.ts";
import type { InputState, Lease, Store, WaitingInput } from "./store.ts";

/**
 * Takes inputs that are due: `due_at` is a lease's end while one holds, so one index finds both. State by state in the
 * order asked for, the one due longest first. Locked rows are skipped: another process is taking them.
 */
export async function claim(
  session: Session,
  dialect: Dialect,
  request: { readonly states: readonly InputState[]; readonly limit: number; readonly lease: Lease },
): Promise<readonly WaitingInput[]> {
  const claimed: WaitingInput[] = [];
  for (const state of new Set(request.states)) {
    const room = request.limit - claimed.length;
    if (room > 0) claimed.push(...(await claimState(session, dialect, { state, limit: room, lease: request.lease })));
  }
  return claimed;
}

async function claimState(
  session: Session,
  dialect: Dialect,
  request: { readonly state: InputState; readonly limit: number; readonly lease: Lease },
): Promise<readonly WaitingInput[]> {
  const rows = await session.query<Parameters<typeof readWaitingInput>[0]>(
    "claim",
    `with due as (
       select seq from inputs where state = $1 and due_at <= ${dialect.now}
       order by due_at, seq limit $2 ${dialect.forUpdate()} ${dialect.skipLocked}
     )
     update inputs set owner = $3, due_at = ${dialect.soon(4)}, attempts = attempts + 1
     from due where inputs.seq = due.seq
     returning inputs.seq, id, kind, gateway, account, key, body_hash, nonce, headers, query, source, received_at, state, attempts, failures, due_at, body`,
    request.state,
    request.limit,
    storable("owner", request.lease.owner),
    request.lease.forMs,
  );
  return rows.map(readWaitingInput).sort((a, b) => (a.seq < b.seq ? -1 : 1));
}

/** Counts a failure before it is run, so that it counts where the process dies of it. False: somebody else has it. */
export async function beginAlone(session: Session, dialect: Dialect, id: string, owner: string): Promise<boolean> {
  const begun = await session.execute(
    "beginAlone",
    `update inputs set failures = failures + 1 where id = $1 and owner = $2 and due_at > ${dialect.now}`,
    storable("id", id),
    storable("owner", owner),
  );
  return begun > 0;
}

const RELEASE_COLUMNS = { id: "text", due_in: "bigint", refund: "integer", failures: "integer" } as const;

/**
 * Only what the owner still holds and what still waits; the rest is passed over. What is due is claimed by the database's
 * clock, so it is written by that clock too, as far from its now as `dueAt` is from ours: a wrong clock puts nothing off.
 */
export async function release(
  session: Session,
  dialect: Dialect,
  inputs: Parameters<Store["release"]>[0],
  owner: string,
  now: Date,
): Promise<void> {
  if (inputs.length === 0) return;
  const rows = inputs.map(({ id, dueAt, countAttempt, failures = 0 }) => ({
    id,
    due_in: dueAt.getTime() - now.getTime(),
    refund: countAttempt ? 0 : 1,
    failures,
  }));
  await session.execute(
    "release",
    `with held as (
       select i.seq, r.due_in, r.refund, r.failures from inputs i join ${dialect.rows(1, RELEASE_COLUMNS)} on i.id = r.id
       where i.owner = $2 and i.due_at is not null order by i.seq ${dialect.forUpdate("i")}
     )
     update inputs set owner = null, due_at = ${dialect.later("held.due_in")},
       attempts = case when attempts >= held.refund then attempts - held.refund else 0 end, failures = inputs.failures + held.failures
     from held where inputs.seq = held.seq`,
    jsonRows(dialect, "inputs", RELEASE_COLUMNS, rows),
    storable("owner", owner),
  );
}
