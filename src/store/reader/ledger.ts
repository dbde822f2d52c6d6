import { orderSubject } from "../../payments/ledger.ts";
import type { Currency } from "../../payments/money.ts";
import type { Posting, PostingPlace } from "../effect-rows.ts";
import { inOrder, POSTING_COLUMNS, type PostingRow, placedBy, readPosting } from "../effects/read-postings.ts";
import { storable, storableTime } from "../json-rows.ts";
import type { LedgerFilter } from "../reading.ts";
import type { Database, Value } from "../session.ts";
import { type Page, type PageRequest, StoreError } from "../store.ts";
import { rowsFor } from "./cursor.ts";

/** How many lines one page looks at for those of an account or a currency: rare ones must not cost a scan of all there are. */
const WINDOW = 5_000;

/** Newest first. A page may be shorter than its limit, or empty, and yet not the last. */
export async function listPostings(
  database: Database,
  filter: LedgerFilter,
  page: PageRequest,
): Promise<Page<Posting>> {
  const asked = rowsFor(page);
  const after = readPlace(page.cursor);
  const values: Value[] = [];
  const order = `order by ${inOrder("desc")}`;
  const isNarrow = filter.payment !== undefined || filter.order !== undefined;
  const placed = all(placedBy(database.dialect, filter, after, values));
  const picked = all(pickedBy(filter, values));
  // Of payments and orders there are few lines, found by their index; all others are looked at in their order.
  const seen = isNarrow ? `${placed} and ${picked}` : `${placed} ${order} limit ${WINDOW}`;
  const sql = `with g as materialized (select * from postings g where ${seen})
    select ${POSTING_COLUMNS} from g where ${isNarrow ? "true" : picked} ${order} limit $${values.push(asked)}`;
  const rows = await database.reads.query<PostingRow>("ledger", sql, ...values);
  const shown = rows.slice(0, page.limit).map(readPosting);
  const last = shown.at(-1);
  if (rows.length === asked && last !== undefined) return { rows: shown, next: writePlace(last) };
  return { rows: shown, next: isNarrow ? null : await windowEnd(database, filter, after) };
}

/** Where the looking ended; null where there was no more to look at. */
async function windowEnd(database: Database, filter: LedgerFilter, after: PostingPlace | null): Promise<string | null> {
  const values: Value[] = [];
  const sql = `select ${POSTING_COLUMNS} from postings g where ${all(placedBy(database.dialect, filter, after, values))}
    order by ${inOrder("desc")} limit 1 offset ${WINDOW - 1}`;
  const [row] = await database.reads.query<PostingRow>("ledger.window", sql, ...values);
  return row === undefined ? null : writePlace(readPosting(row));
}

function all(conditions: readonly string[]): string {
  return conditions.length === 0 ? "true" : conditions.join(" and ");
}

/** Conditions that are looked at line by line. */
function pickedBy(filter: LedgerFilter, values: Value[]): readonly string[] {
  const text = (value: string): string => `$${values.push(storable("filter", value))}`;
  const { payment, order, account, currency, live } = filter;
  return [
    ...(payment === undefined ? [] : [inPayment(text(payment))]),
    ...(order === undefined ? [] : [inOrderOf(text(order), text(orderSubject(order)))]),
    ...(account === undefined ? [] : [inAccount(text(account), text(`${likeText(account)}:%`))]),
    ...(currency === undefined ? [] : [`g.currency = ${text(currency)}`]),
    ...(live === undefined ? [] : [`g.live = $${values.push(live)}`]),
  ];
}

/** Under its id or an alias's, with what was posted before the two turned out to be one. */
function inPayment(id: string): string {
  const survivor = `(select coalesce(p.alias_of, p.id) from payments p where p.id = ${id})`;
  return `g.subject in (select p.id from payments p where p.id = ${survivor} or p.alias_of = ${survivor})`;
}

function inOrderOf(reference: string, subject: string): string {
  const named = `select o.payment from order_payments o where o."order" = ${reference}`;
  return `(g.subject = ${subject} or g.subject in (select p.id from payments p where p.id in (${named}) or p.alias_of in (${named})))`;
}

/** The account itself, or one below it. */
function inAccount(account: string, below: string): string {
  return `(g.account = ${account} or g.account like ${below} escape '!')`;
}

function likeText(text: string): string {
  return text.replaceAll(/[!%_]/g, "!$&");
}

function writePlace({ at, subject, version, account, currency }: PostingPlace): string {
  return Buffer.from(JSON.stringify([at.getTime(), subject, version, account, currency])).toString("base64url");
}

/** Null for no cursor; throws StoreError `data` on what writePlace didn't write. */
function readPlace(cursor: string | null): PostingPlace | null {
  if (cursor === null) return null;
  try {
    const [at, subject, version, account, currency]: unknown[] = JSON.parse(
      Buffer.from(cursor, "base64url").toString("utf8"),
    );
    const isPlace = [subject, account, currency].every((text) => typeof text === "string");
    if (isPlace && Number.isSafeInteger(at) && Number.isSafeInteger(version)) {
      const text = (value: unknown): string => storable("cursor", String(value));
      return {
        at: storableTime("cursor", new Date(Number(at))),
        ...{ subject: text(subject), version: Number(version), account: text(account) },
        // Proven enough: it is compared as text.
        currency: text(currency) as Currency,
      };
    }
  } catch {
    // Told below.
  }
  throw new StoreError("data", "cursor: not one of ours");
}
