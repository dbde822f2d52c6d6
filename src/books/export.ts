import type { Posting, PostingPlace } from "../store/effect-rows.ts";
import { CSV_HEAD, csvLine } from "./csv.ts";
import { JournalWriter } from "./journal.ts";

export const FORMATS = ["csv", "journal"] as const;
export type ExportFormat = (typeof FORMATS)[number];

/** The next lines after a place, oldest first, those of an entry together; none: there are no more. */
export type PostingSource = (after: PostingPlace | null) => Promise<readonly Posting[]>;

/** The ledger as text, a page at a time: memory is a page's, whatever the ledger holds. */
export async function* exported(
  format: ExportFormat,
  { live, source }: { readonly live: boolean; readonly source: PostingSource },
): AsyncGenerator<string> {
  if (format === "csv") {
    yield CSV_HEAD;
    for await (const page of pagesOf(source)) yield page.map(csvLine).join("");
    return;
  }
  const writer = new JournalWriter();
  yield writer.head(live);
  for await (const entries of entriesOf(source)) yield entries.map((lines) => writer.entry(lines)).join("");
}

async function* pagesOf(source: PostingSource): AsyncGenerator<readonly Posting[]> {
  for (let after: PostingPlace | null = null; ; ) {
    const page: readonly Posting[] = await source(after);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last;
  }
}

type Entry = readonly [Posting, ...Posting[]];

/** Whole entries: one that a page's end cuts waits for the next page. */
async function* entriesOf(source: PostingSource): AsyncGenerator<readonly Entry[]> {
  let open: Entry | null = null;
  for await (const page of pagesOf(source)) {
    const done: Entry[] = [];
    for (const posting of page) {
      if (open !== null && isSameEntry(open[0], posting)) open = [...open, posting];
      else {
        if (open !== null) done.push(open);
        open = [posting];
      }
    }
    yield done;
  }
  if (open !== null) yield [open];
}

function isSameEntry(left: Posting, right: Posting): boolean {
  return left.subject === right.subject && left.version === right.version;
}
