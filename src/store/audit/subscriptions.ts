import { decodeSubscriptionState } from "../../payments/wire.ts";
import type { AuditedSubscription, EventSnapshot } from "../audit.ts";
import { type RawBoolean, type RawInteger, type RawTime, readOptionalTime, readTime } from "../columns.ts";
import { splitList } from "../records.ts";
import type { Value } from "../session.ts";
import { attempt } from "./rows.ts";

type Run = <Row>(during: string, sql: string, ...values: readonly Value[]) => Promise<readonly Row[]>;
type Among = <Row>(
  during: string,
  sql: (among: (expression: string) => string) => string,
  keys: readonly string[],
) => Promise<readonly Row[]>;

const COLUMNS =
  'id, provider, account, live, gateways, reference, status, "order", sequence, created_at, ends_at, state';

interface RawSubscription {
  readonly id: string;
  readonly provider: string;
  readonly account: string;
  readonly live: RawBoolean;
  readonly gateways: string;
  readonly reference: string;
  readonly status: string;
  readonly order: string | null;
  readonly sequence: RawInteger;
  readonly created_at: RawTime;
  readonly ends_at: RawTime | null;
  readonly state: string;
}

export async function subscriptions(query: Run, after: string, limit: number): Promise<readonly AuditedSubscription[]> {
  const sql = `select ${COLUMNS} from subscriptions where id > $1 order by id limit $2`;
  return (await query<RawSubscription>("subscriptions", sql, after, limit)).map(readAudited);
}

export async function subscriptionsById(among: Among, ids: readonly string[]): Promise<readonly AuditedSubscription[]> {
  const rows = await among<RawSubscription>(
    "subscriptionsById",
    (is) => `select ${COLUMNS} from subscriptions where ${is("id")}`,
    ids,
  );
  return rows.map(readAudited);
}

export async function eventSnapshots(query: Run, after: bigint, limit: number): Promise<readonly EventSnapshot[]> {
  const sql = `select seq, id, snapshot from events where seq > $1 order by seq limit $2`;
  const rows = await query<Omit<EventSnapshot, "seq"> & { readonly seq: RawInteger }>(
    "eventSnapshots",
    sql,
    after,
    limit,
  );
  return rows.map(({ seq, id, snapshot }) => ({ seq: BigInt(seq), id, snapshot }));
}

function readAudited(row: RawSubscription): AuditedSubscription {
  const { id, provider, account, reference, status, order } = row;
  return {
    ...{ id, provider, account, reference, status, order },
    live: Boolean(row.live),
    gateways: splitList(row.gateways),
    sequence: Number(row.sequence),
    createdAt: readTime(row.created_at).getTime(),
    endsAt: readOptionalTime(row.ends_at)?.getTime() ?? null,
    state: attempt(() => decodeSubscriptionState(row.state)),
  };
}
