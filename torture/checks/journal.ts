import { createHash } from "node:crypto";
import type { Row, TortureDatabase } from "../databases/database.ts";
import type { Forgery } from "../gateways/forger.ts";
import type { Sent } from "../gateways/sending.ts";
import { type Finding, finding } from "./finding.ts";
import { isSettled } from "./inputs.ts";

/** The journal as it lies there, seen through the database and not through the service. */
interface JournalRow {
  readonly id: string;
  readonly gateway: string;
  readonly key: string;
  readonly bodyHash: string;
  /** Of the bytes that are stored, made here. */
  readonly storedHash: string;
  readonly state: string;
  readonly reason: string | null;
}

const PAGE = 2_000;

export async function checkJournal(
  database: TortureDatabase,
  told: { readonly sent: readonly Sent[]; readonly forgeries: readonly Forgery[] },
): Promise<readonly Finding[]> {
  const rows = await readJournal(database);
  const byHash = new Map<string, JournalRow[]>();
  for (const row of rows) byHash.set(row.storedHash, [...(byHash.get(row.storedHash) ?? []), row]);
  return [
    ...told.sent.flatMap((sent) => checkSent(sent, byHash.get(sent.hash) ?? [])),
    ...told.forgeries.flatMap((forgery) => checkForgery(forgery, byHash.get(forgery.hash) ?? [])),
    ...rows.flatMap(checkRow),
    ...checkInvented(rows, told),
  ];
}

/** I1 and I2: what somebody said 200 to is there, with the same bytes, once. */
function checkSent(sent: Sent, rows: readonly JournalRow[]): readonly Finding[] {
  const { gateway, key } = sent.message;
  const name = `${gateway} ${key || sent.hash.slice(0, 12)}`;
  if (sent.acknowledged > 0 && rows.length === 0) {
    return [finding("lost", "I1", `${name} was acknowledged ${sent.acknowledged} times and is not in the journal`)];
  }
  if (sent.acknowledged === 0) return [finding("wrong", "I9", `${name} was never acknowledged`)];
  if (rows.length > 1) return [finding("doubled", "I2", `${name} is in the journal ${rows.length} times`)];
  const [row] = rows;
  if (row && key !== "" && row.key !== key) return [finding("wrong", "I1", `${name} is journaled under ${row.key}`)];
  if (row?.state === "rejected") return [finding("lost", "I1", `${name} is true, and was rejected`)];
  return [];
}

/** I7: what was refused left no trace; what nobody can prove was rejected. */
function checkForgery(forgery: Forgery, rows: readonly JournalRow[]): readonly Finding[] {
  if (forgery.mayBeStored) {
    const trusted = rows.filter(({ state }) => state !== "rejected" && state !== "unproven");
    return trusted.map(({ state }) => finding("wrong", "I7", `${forgery.kind}: ${state}`));
  }
  if (forgery.isAccepted) return [finding("wrong", "I7", `${forgery.kind} was accepted`)];
  return rows.map(() => finding("wrong", "I7", `${forgery.kind} was refused and is in the journal`));
}

/** I1 and I9: the hash is the bytes' own; everything has its outcome, and none was given up. */
function checkRow(row: JournalRow): readonly Finding[] {
  if (row.bodyHash !== row.storedHash)
    return [finding("wrong", "I1", `${row.id}: the stored bytes are not those of the hash`)];
  if (!isSettled(row))
    return [finding("wrong", "I9", `${row.id} still is ${row.state} (${row.reason ?? "no reason"})`)];
  if (row.reason === "poison" || row.reason === "unreadable")
    return [finding("wrong", "I9", `${row.id} is ${row.reason}`)];
  return [];
}

/** I7: nothing is in the journal that nobody sent. */
function checkInvented(
  rows: readonly JournalRow[],
  told: { readonly sent: readonly Sent[]; readonly forgeries: readonly Forgery[] },
): readonly Finding[] {
  const known = new Set([...told.sent, ...told.forgeries].map(({ hash }) => hash));
  const notifications = rows.filter(({ id, state }) => id.startsWith("ntf_") && state !== "rejected");
  return notifications
    .filter(({ storedHash }) => !known.has(storedHash))
    .map(({ id }) => finding("wrong", "I7", `${id} is in the journal, and nobody sent it`));
}

/** In pages, by sequence: a long run's journal is larger than one answer should be. */
async function readJournal(database: TortureDatabase): Promise<readonly JournalRow[]> {
  const isSqlite = database.dialect === "sqlite";
  const body = isSqlite ? "hex(body)" : "encode(body, 'hex')";
  const rows: JournalRow[] = [];
  for (let after = -1n; ; ) {
    const page = await database.query(
      `select seq, id, gateway, key, body_hash, state, reason, ${body} as body from inputs where seq > ${after} order by seq limit ${PAGE}`,
    );
    rows.push(...page.map(readRow));
    if (page.length < PAGE) return rows;
    after = BigInt(String(page.at(-1)?.seq));
  }
}

function readRow(row: Row): JournalRow {
  const bytes = Buffer.from(String(row.body), "hex");
  return {
    id: String(row.id),
    gateway: String(row.gateway),
    key: String(row.key),
    bodyHash: String(row.body_hash),
    storedHash: createHash("sha256").update(bytes).digest("hex"),
    state: String(row.state),
    reason: row.reason === null ? null : String(row.reason),
  };
}
