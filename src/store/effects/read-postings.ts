import type { Currency } from "../../payments/money.ts";
import { type RawBoolean, type RawInteger, type RawTime, readTime } from "../columns.ts";
import type { Dialect } from "../dialect.ts";
import type { Posting, PostingPlace } from "../effect-rows.ts";
import { storableTime } from "../json-rows.ts";
import type { LedgerExport, LedgerFilter, LedgerSum } from "../reading.ts";
import type { Session, Value } from "../session.ts";

/** Postings as whoever reads them gets them: the API's reader and the auditor's view, each with its session. */

export const POSTING_COLUMNS =
  'g.subject, g.version, g.account, g.currency, g.amount, g.live, g."order", g.fact, g.input, g.effective_at, g.at';

export interface PostingRow {
  readonly subject: string;
  readonly version: RawInteger;
  readonly account: string;
  readonly currency: string;
  readonly amount: RawInteger | string;
  readonly live: RawBoolean;
  readonly order: string | null;
  readonly fact: string | null;
  readonly input: string | null;
  readonly effective_at: RawTime;
  readonly at: RawTime;
}

export function readPosting(row: PostingRow): Posting {
  const { subject, account, order, fact, input } = row;
  return {
    ...{ subject, account, order, fact, input },
    version: Number(row.version),
    // Proven: written from a currency.
    currency: row.currency as Currency,
    amount: BigInt(row.amount),
    live: Boolean(row.live),
    effectiveAt: readTime(row.effective_at),
    at: readTime(row.at),
  };
}

const PLACE = "g.at, g.subject, g.version, g.account, g.currency";

/** Condition: the line stands before or after the place. */
function beside(
  dialect: Dialect,
  values: Value[],
  side: "<" | ">",
  { at, subject, version, account, currency }: PostingPlace,
): string {
  const next = (value: Value): string => `$${values.push(value)}`;
  const time = dialect.timeParameter(values.push(dialect.time(at)));
  const tie = [next(subject), next(version), next(account), next(currency)].join(", ");
  return `(${PLACE}) ${side} (${time}, ${tie})`;
}

export function inOrder(direction: "asc" | "desc"): string {
  return PLACE.split(", ")
    .map((column) => `${column} ${direction}`)
    .join(", ");
}

/** Conditions on the place in the list: an index gives the lines in this order. */
export function placedBy(
  dialect: Dialect,
  { since, until }: Pick<LedgerFilter, "since" | "until">,
  after: PostingPlace | null,
  values: Value[],
): readonly string[] {
  const time = (value: Date): string => dialect.timeParameter(values.push(dialect.time(storableTime("filter", value))));
  return [
    ...(since === undefined ? [] : [`g.at >= ${time(since)}`]),
    ...(until === undefined ? [] : [`g.at < ${time(until)}`]),
    ...(after === null ? [] : [beside(dialect, values, "<", after)]),
  ];
}

/** Oldest first, for exports and checks: the lines of an entry come together. */
export async function postingsAfter(
  session: Session,
  dialect: Dialect,
  after: PostingPlace | null,
  { live, limit, ...period }: Partial<LedgerExport> & { readonly limit: number },
): Promise<readonly Posting[]> {
  const values: Value[] = [];
  const conditions = [
    ...placedBy(dialect, period, null, values),
    ...(after === null ? [] : [beside(dialect, values, ">", after)]),
    ...(live === undefined ? [] : [`g.live = $${values.push(live)}`]),
    "true",
  ];
  const sql = `select ${POSTING_COLUMNS} from postings g where ${conditions.join(" and ")}
    order by ${inOrder("asc")} limit $${values.push(limit)}`;
  return (await session.query<PostingRow>("ledger.after", sql, ...values)).map(readPosting);
}

interface SumRow {
  readonly live: RawBoolean;
  readonly account: string;
  readonly currency: string;
  readonly debits: string;
  readonly credits: string;
  readonly lines: RawInteger;
  readonly last: RawInteger;
}

const SUMS = `g.live, g.account, g.currency, cast(sum(case when g.amount > 0 then g.amount else 0 end) as text) as debits,
  cast(sum(case when g.amount < 0 then -g.amount else 0 end) as text) as credits, count(*) as lines`;

/** So many rows are summed in one statement on SQLite, whose driver holds the event loop meanwhile: some 10 ms. */
const SUMMED = 20_000;

/** What all accounts hold, of what was posted before `until`. An entry is seen whole or not at all. */
export async function sumPostings(session: Session, dialect: Dialect, until: Date): Promise<readonly LedgerSum[]> {
  const before = `at < ${dialect.timeParameter(1)}`;
  if (dialect.name === "postgresql") {
    const sql = `select ${SUMS}, 0 as last from postings g where g.${before} group by g.live, g.account, g.currency`;
    return added(await session.query<SumRow>("ledger.sums", sql, dialect.time(until)));
  }
  const all: SumRow[] = [];
  // Rows are numbered in the order of commits here, as there is one writer; none is ever deleted.
  const sql = `select ${SUMS}, max(g.rowid) as last from (
      select rowid, * from postings where rowid > $2 order by rowid limit ${SUMMED}) g
    where g.${before} group by g.live, g.account, g.currency`;
  for (let after = 0; ; ) {
    const [end] = await session.query<{ last: RawInteger | null }>(
      "ledger.window",
      `select max(rowid) as last from (select rowid from postings where rowid > $1 order by rowid limit ${SUMMED})`,
      after,
    );
    if (end?.last == null) return added(all);
    all.push(...(await session.query<SumRow>("ledger.sums", sql, dialect.time(until), after)));
    after = Number(end.last);
  }
}

function added(rows: readonly SumRow[]): readonly LedgerSum[] {
  const sums = new Map<string, LedgerSum>();
  for (const { live: raw, account, currency, debits, credits } of rows) {
    const live = Boolean(raw);
    const name = `${live} ${account} ${currency}`;
    const known = sums.get(name) ?? { debits: 0n, credits: 0n };
    sums.set(name, {
      // Proven: written from a currency.
      ...{ live, account, currency: currency as Currency },
      debits: known.debits + BigInt(debits),
      credits: known.credits + BigInt(credits),
    });
  }
  return [...sums].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, sum]) => sum);
}
