import { createHash } from "node:crypto";
import { type RawInteger, type RawTime, readTime } from "./columns.ts";
import type { Dialect } from "./dialect.ts";
import { isWaiting } from "./input-rows.ts";
import type { Session } from "./session.ts";
import type { InputState, SealMark, Store } from "./store.ts";
import { lock } from "./transaction.ts";

/**
 * The chain over the journal. Seal n is SHA-256 over seal n-1, its range of `seq`, and a digest of each input in it: whoever
 * changes or removes one of them past the guards has to write this seal and all later ones anew.
 */

/** Before the first seal. */
export const FIRST = { last: 0n, hash: "" };

/** So many inputs are read and hashed while SQLite's writer, and its event loop, wait. */
const SEAL_ROWS = 500;
/** What was only just received is about to be settled, and then covered for good: the chain waits for it so long. */
const SETTLING_MS = 10 * 60 * 1000;

/** What the guard `keep_inputs` keeps. Bodies may go, and are compared with their hash while they stand. */
export const SEALED_COLUMNS = "seq, id, kind, gateway, account, key, body_hash, nonce, received_at";

export interface SealableRow {
  readonly seq: RawInteger;
  readonly id: string;
  readonly kind: string;
  readonly gateway: string;
  readonly account: string;
  readonly key: string;
  readonly body_hash: string;
  readonly nonce: string | null;
  readonly received_at: RawTime;
}

export interface SealedRow {
  readonly seq: bigint;
  /** Lower-case hex SHA-256 of what never changes of it. */
  readonly digest: string;
}

interface SealRow {
  readonly number: RawInteger;
  readonly last: RawInteger;
  readonly hash: string;
}

export function sealedRow(row: SealableRow): SealedRow {
  const { seq, id, kind, gateway, account, key, body_hash, nonce } = row;
  const fields = [String(seq), id, kind, gateway, account, key, body_hash, nonce, readTime(row.received_at).getTime()];
  return { seq: BigInt(seq), digest: createHash("sha256").update(JSON.stringify(fields)).digest("hex") };
}

/** `mayGo`: the inputs that may be forgotten although they are sealed. Rows in the order of seq. */
export function sealHash(parts: {
  readonly previous: string;
  readonly after: bigint;
  readonly last: bigint;
  readonly rows: readonly SealedRow[];
  readonly mayGo: ReadonlyMap<bigint, string>;
}): string {
  const hash = createHash("sha256").update(`${parts.previous} ${parts.after} ${parts.last}\n`);
  for (const { seq, digest } of parts.rows) hash.update(`${seq} ${digest}${parts.mayGo.has(seq) ? " may go" : ""}\n`);
  return hash.digest("hex");
}

/** One seal, inside a transaction. */
export async function seal(
  session: Session,
  dialect: Dialect,
  now: Date,
  given: SealMark | null,
): ReturnType<Store["seal"]> {
  await lock(session, dialect, ["seals"]);
  const [newest = { number: 0, ...FIRST }] = await session.query<SealRow>(
    "seal.newest",
    "select number, last, hash from seals order by number desc limit 1",
  );
  const mark = given ?? (await takeMark(session, dialect));
  if (await areWriting(session, mark.writers)) return { sealed: 0, mark };
  const page = await readPage(session, now, BigInt(newest.last), mark);
  if (page.length === 0) return { sealed: 0, mark: null };
  await insert(session, dialect, now, newest, page);
  return { sealed: page.length, mark: { ...mark, writers: [] } };
}

type PageRow = SealableRow & { readonly state: InputState };

/**
 * PostgreSQL gives numbers before their rows are seen: below the newest one others may yet commit. Whoever took a number
 * had the table's lock before, and keeps it until the end: who holds it *after* the newest number was read is waited for.
 */
async function takeMark(session: Session, dialect: Dialect): Promise<SealMark> {
  const [row] = await session.query<{ seq: RawInteger | null }>("seal.mark", "select max(seq) as seq from inputs");
  const upTo = BigInt(row?.seq ?? 0);
  if (dialect.name === "sqlite") return { upTo, writers: [] };
  const writers = await session.query<{ writer: string }>("seal.writers", WRITERS);
  return { upTo, writers: writers.map(({ writer }) => writer) };
}

const WRITERS = `select virtualtransaction as writer from pg_locks
  where locktype = 'relation' and relation = 'inputs'::regclass and mode = 'RowExclusiveLock' and granted
    and database = (select oid from pg_database where datname = current_database())`;

async function areWriting(session: Session, writers: readonly string[]): Promise<boolean> {
  if (writers.length === 0) return false;
  const still = await session.query("seal.writing", `${WRITERS} and virtualtransaction = any($1::text[])`, writers);
  return still.length > 0;
}

async function readPage(session: Session, now: Date, after: bigint, { upTo }: SealMark): Promise<readonly PageRow[]> {
  const rows = await session.query<PageRow>(
    "seal.page",
    `select ${SEALED_COLUMNS}, state from inputs where seq > $1 and seq <= $2 order by seq limit $3`,
    after,
    upTo,
    SEAL_ROWS,
  );
  const unsettled = rows.findIndex((row) => {
    const age = now.getTime() - readTime(row.received_at).getTime();
    return isWaiting(row.state) && age >= 0 && age < SETTLING_MS;
  });
  return unsettled < 0 ? rows : rows.slice(0, unsettled);
}

async function insert(
  session: Session,
  dialect: Dialect,
  now: Date,
  before: SealRow,
  page: readonly PageRow[],
): Promise<void> {
  const rows = page.map(sealedRow);
  const mayGo = new Map(rows.flatMap(({ seq, digest }, i) => (isForgettable(page[i]) ? [[seq, digest] as const] : [])));
  const after = BigInt(before.last);
  const last = rows.at(-1)?.seq ?? after;
  await session.execute(
    "seal",
    `insert into seals (number, last, hash, may_go, at) values ($1, $2, $3, $4, ${dialect.timeParameter(5)})`,
    Number(before.number) + 1,
    last,
    sealHash({ previous: before.hash, after, last, rows, mayGo }),
    JSON.stringify([...mayGo].map(([seq, digest]) => [String(seq), digest])),
    dialect.time(now),
  );
}

/** What was rejected, and what still may be. */
function isForgettable(row: PageRow | undefined): boolean {
  return row !== undefined && (row.state === "rejected" || isWaiting(row.state));
}
