import type { HoldReason } from "../payments/state.ts";
import { type RawTime, readTime } from "./columns.ts";
import type { Columns } from "./dialect.ts";
import { isWaiting } from "./input-rows.ts";
import { type Changes, type InputKind, type InputState, StoreError } from "./store.ts";
import { statement, type WriteContext } from "./upsert.ts";

/** Why an input is `quarantined` for what its order makes of its payment: what a later decision may lift. */
const HOLD_REASONS: Readonly<Record<HoldReason, true>> = {
  ...{ amount_mismatch: true, currency_mismatch: true, wrong_receiver: true, wrong_merchant: true, wrong_mode: true },
  ...{ unknown_order: true, ambiguous_order: true, order_canceled: true, order_expired: true, rejected: true },
};

export async function writeReleased(
  { session, dialect, now }: WriteContext,
  payments: Changes["released"],
): Promise<void> {
  if (payments.length === 0) return;
  // By `case`, as SQLite would look for the alternatives by state: through all that was ever quarantined.
  await session.execute(
    "write.released",
    `update inputs set state = 'applied', reason = null, owner = null, due_at = null, settled_at = ${dialect.timeParameter(3)}
     where seq in (
       select seq from inputs where ${dialect.among("payment", 1)}
         and case state when 'parked' then true when 'quarantined' then ${dialect.among("reason", 2)} else false end
       order by seq ${dialect.forUpdate()})`,
    dialect.list(payments),
    dialect.list(Object.keys(HOLD_REASONS)),
    dialect.time(now),
  );
}

const OUTCOME_COLUMNS: Columns = {
  ...{ id: "text", state: "text", reason: "text", type: "text", live: "boolean", payment: "text" },
  ...{ due_in: "bigint", settled_at: "time" },
};

/** A waiting input, locked, as it was before its outcome. */
export interface HeldRow {
  readonly id: string;
  readonly state: InputState;
  readonly kind: InputKind;
  readonly gateway: string;
  readonly account: string;
  readonly received_at: RawTime;
}

/** Only what still waits and is still ours; if one row is not, nothing of the batch may stand. */
async function hold(
  context: WriteContext,
  ids: readonly string[],
  lease: { readonly owner: string } | null,
): Promise<readonly HeldRow[]> {
  const { session, dialect } = context;
  const held = await session.query<HeldRow>(
    "write.hold",
    `select id, state, kind, gateway, account, received_at from inputs
     where ${dialect.among("id", 1)} and due_at is not null and ${lease === null ? "owner is null and $2 = ''" : "owner = $2"}
     order by seq ${dialect.forUpdate()}`,
    dialect.list(ids),
    lease?.owner ?? "",
  );
  if (held.length === ids.length) return held;
  throw new StoreError("lease_lost", `${ids.length - held.length} of ${ids.length} inputs are no longer ours`);
}

export async function writeOutcomes(
  context: WriteContext,
  outcomes: Changes["outcomes"],
  lease: { readonly owner: string } | null,
): Promise<readonly HeldRow[]> {
  if (outcomes.length === 0) return [];
  const rows = outcomes.map((outcome) => ({
    // By the database's clock, as far from its now as `dueAt` is from ours: see `release`.
    due_in: isWaiting(outcome.state) ? (outcome.dueAt ?? context.now).getTime() - context.now.getTime() : null,
    settled_at: isWaiting(outcome.state) ? null : context.now,
    ...outcome,
  }));
  const holding = hold(
    context,
    outcomes.map(({ id }) => id),
    lease,
  );
  const writing = statement(
    context,
    "inputs",
    OUTCOME_COLUMNS,
    rows,
    (source) =>
      `update inputs set state = r.state, reason = r.reason, type = r.type, live = r.live, payment = r.payment,
       due_at = ${context.dialect.later("r.due_in")}, settled_at = r.settled_at, owner = null,
       source = case when r.state in ('unproven', 'rejected') then source end
     from ${source} where inputs.id = r.id`,
  );
  const [held] = await Promise.all([holding, writing]);
  return held;
}

const HEARD_COLUMNS = { gateway: "text", account: "text", type: "text", last: "time", count: "integer" } as const;

/**
 * Counts each notification once, when it is known to be the gateway's. Last of all: each kind is one row that all
 * appliers write, so its lock is held for the commit alone.
 */
export function writeHeard(
  context: WriteContext,
  held: readonly HeldRow[],
  outcomes: Changes["outcomes"],
): Promise<void> {
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  const heard = new Map<string, { gateway: string; account: string; type: string; last: number; count: number }>();
  for (const row of held) {
    const outcome = outcomeOf.get(row.id);
    if (outcome === undefined || !isFirstHeard(row, outcome.state)) continue;
    const { gateway, account } = row;
    const type = outcome.type ?? "";
    const key = JSON.stringify([gateway, account, type]);
    const at = readTime(row.received_at).getTime();
    const known = heard.get(key) ?? { gateway, account, type, last: at, count: 0 };
    heard.set(key, { ...known, last: Math.max(known.last, at), count: known.count + 1 });
  }
  const newest = context.dialect.name === "sqlite" ? "max" : "greatest";
  return statement(
    context,
    "heard",
    HEARD_COLUMNS,
    [...heard.values()].map((row) => ({ ...row, last: new Date(row.last) })),
    (source) =>
      `insert into heard (gateway, account, type, last, count) select r.gateway, r.account, r.type, r.last, r.count from ${source}
     ${context.dialect.beforeConflict} order by r.gateway, r.account, r.type
     on conflict (gateway, account, type) do update set count = heard.count + excluded.count, last = ${newest}(heard.last, excluded.last)`,
  );
}

function isFirstHeard(row: HeldRow, state: InputState): boolean {
  if (row.kind !== "notification" || (row.state !== "received" && row.state !== "unproven")) return false;
  return state !== "received" && state !== "unproven" && state !== "rejected";
}
