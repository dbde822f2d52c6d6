import type { UnbalancedEntry } from "../audit.ts";
import type { RawInteger } from "../columns.ts";
import type { Posting } from "../effect-rows.ts";
import { POSTING_COLUMNS, type PostingRow, readPosting } from "../effects/read-postings.ts";
import type { Among } from "./among.ts";

/** The ledger as the auditor sees it. */

export async function postingsOf(among: Among, subjects: readonly string[]): Promise<readonly Posting[]> {
  const rows = await among<PostingRow>(
    "postingsOf",
    (is) => `select ${POSTING_COLUMNS} from postings g where ${is("g.subject")} order by g.subject, g.version`,
    subjects,
  );
  return rows.map(readPosting);
}

interface RawEntry extends Omit<UnbalancedEntry, "version" | "sum"> {
  readonly version: RawInteger;
  readonly sum: string;
}

export async function unbalancedEntries(
  among: Among,
  subjects: readonly string[],
): Promise<readonly UnbalancedEntry[]> {
  const rows = await among<RawEntry>(
    "unbalancedEntries",
    (is) => `select subject, version, currency, cast(sum(amount) as text) as sum from postings
      where ${is("subject")} group by subject, version, currency having sum(amount) <> 0
      order by subject, version, currency`,
    subjects,
  );
  return rows.map((row) => ({ ...row, version: Number(row.version), sum: BigInt(row.sum) }));
}
