import type { Currency } from "../../payments/money.ts";
import type { RawInteger } from "../columns.ts";
import type { Columns, Dialect } from "../dialect.ts";
import type { EffectRows, Posted } from "../effect-rows.ts";
import { jsonRows } from "../json-rows.ts";
import { grouped } from "../records.ts";
import type { Session } from "../session.ts";
import { statement, type WriteContext } from "../upsert.ts";

const COLUMNS: Columns = {
  ...{ subject: "text", version: "integer", account: "text", currency: "text", amount: "bigint", live: "boolean" },
  ...{ order: "text", fact: "text", input: "text", effective_at: "time", at: "time" },
};
const NAMES = Object.keys(COLUMNS).map((name) => `"${name}"`);

/** A version that is taken is a `conflict`: somebody posted for the subject meanwhile. */
export function writePostings(context: WriteContext, postings: EffectRows["postings"]): Promise<void> {
  const rows = postings.map(({ effectiveAt, ...posting }) => ({ effective_at: effectiveAt, ...posting }));
  return statement(
    context,
    "postings",
    COLUMNS,
    rows,
    (source) =>
      `insert into postings (${NAMES.join(", ")}) select ${NAMES.map((name) => `r.${name}`).join(", ")} from ${source}`,
  );
}

const SUBJECT: Columns = { id: "text" };

interface SumRow {
  readonly subject: string;
  readonly version: RawInteger;
  readonly live: RawInteger;
  readonly account: string;
  readonly currency: string;
  readonly amount: string;
}

/** One entry for each subject of which anything is posted, with what is posted of its aliases. */
export async function readPosted(
  session: Session,
  dialect: Dialect,
  subjects: readonly string[],
): Promise<readonly Posted[]> {
  if (subjects.length === 0) return [];
  const asked = dialect.rows(1, SUBJECT);
  const rows = await session.query<SumRow>(
    "posted",
    `select s.subject, max(case when g.subject = s.subject then g.version else 0 end) as version,
       max(case when g.live then 1 else 0 end) as live, g.account, g.currency, cast(sum(g.amount) as text) as amount
     from (select r.id as subject, r.id as own from ${asked}
       union all select p.alias_of, p.id from payments p where p.alias_of in (select r.id from ${asked})) s
     join postings g on g.subject = s.own
     group by s.subject, g.account, g.currency`,
    jsonRows(
      dialect,
      "posted",
      SUBJECT,
      [...new Set(subjects)].map((id) => ({ id })),
    ),
  );
  return [...grouped(rows, ({ subject }) => subject)].map(([subject, sums]) => ({
    subject,
    live: sums.some(({ live }) => Number(live) === 1),
    version: Math.max(...sums.map(({ version }) => Number(version))),
    balances: sums.map(({ account, currency, amount }) => ({
      account,
      // Proven: written from a currency.
      currency: currency as Currency,
      amount: BigInt(amount),
    })),
  }));
}
