import type { Audit, AuditView } from "../store/audit.ts";

/** A table read in the order of its key. */
export interface Pages<Row, Cursor> {
  readonly first: Cursor;
  read(view: AuditView, after: Cursor): Promise<readonly Row[]>;
  cursorOf(row: Row): Cursor;
}

/** Every page in a moment of its own, which ends before the next begins: nothing is held for long on a running server. */
export async function eachPage<Row, Cursor>(
  audit: Audit,
  pages: Pages<Row, Cursor>,
  work: (view: AuditView, rows: readonly Row[]) => Promise<void>,
  onPage: (rows: number) => void,
  /** What is done about a page once its moment is over. */
  afterwards: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  let after = pages.first;
  while (true) {
    const rows = await audit.snapshot(async (view) => {
      const page = await pages.read(view, after);
      if (page.length > 0) await work(view, page);
      return page;
    });
    const last = rows.at(-1);
    if (last === undefined) return;
    after = pages.cursorOf(last);
    await afterwards();
    onPage(rows.length);
    // SQLite's driver works synchronously: whoever shares the process gets a turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
