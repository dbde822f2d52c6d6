import { type RawBoolean, type RawInteger, type RawTime, readTime } from "./columns.ts";
import type { Columns } from "./dialect.ts";
import type { DocumentKind, DocumentStore, IssuedDocument, NewDocument } from "./documents.ts";
import { storable } from "./json-rows.ts";
import { retried } from "./retry.ts";
import type { Database, Session } from "./session.ts";
import { lock } from "./transaction.ts";
import { TurnQueue } from "./turn-queue.ts";
import { statement } from "./upsert.ts";

/** Who holds this lock is alone in giving numbers, among all processes. */
const LOCK = "documents";

const COLUMNS: Columns = {
  ...{ kind: "text", live: "boolean", number: "integer", key: "text", order: "text", at: "time", body: "document" },
};

/** In one process they take turns: whoever waits for the lock holds a connection, and appliers need those. */
const TURNS = { name: "documents", limit: 200, waitMs: 10_000 };

export function documentsOf(database: Database, now: () => Date, random: () => number): DocumentStore {
  const turns = new TurnQueue(TURNS);
  return {
    ofOrder: (order) => readDocuments(database.reads, order),
    issue: (order, decide) =>
      turns.run(() =>
        retried(() => database.transaction((session) => issue(database, session, now, order, decide)), random),
      ),
  };
}

async function issue(
  database: Database,
  session: Session,
  now: () => Date,
  order: string,
  decide: Parameters<DocumentStore["issue"]>[1],
): Promise<readonly IssuedDocument[]> {
  await lock(session, database.dialect, [LOCK]);
  const issued = await readDocuments(session, order);
  const numbered = await number(session, decide(issued));
  await insert(database, session, now(), numbered);
  return numbered.length === 0 ? issued : [...issued, ...numbered].sort(bySeries);
}

/** The next numbers after the last that is stored: one that was given and rolled back is given again. */
async function number(session: Session, documents: readonly NewDocument[]): Promise<readonly IssuedDocument[]> {
  if (documents.length === 0) return [];
  const rows = await session.query<{ kind: DocumentKind; live: RawBoolean; last: RawInteger }>(
    "documents.last",
    "select kind, live, max(number) as last from documents group by kind, live",
  );
  const last = new Map(rows.map((row) => [seriesOf({ ...row, live: Boolean(row.live) }), Number(row.last)]));
  return documents.map((document) => {
    const next = (last.get(seriesOf(document)) ?? 0) + 1;
    last.set(seriesOf(document), next);
    return { ...document, number: next };
  });
}

function seriesOf({ kind, live }: Pick<NewDocument, "kind" | "live">): string {
  return `${kind}/${live}`;
}

function insert(database: Database, session: Session, now: Date, documents: readonly IssuedDocument[]): Promise<void> {
  const names = Object.keys(COLUMNS).map((name) => `"${name}"`);
  const rows = documents.map((document) => ({ ...document }));
  return statement(
    { session, dialect: database.dialect, now },
    "documents",
    COLUMNS,
    rows,
    (source) =>
      `insert into documents (${names.join(", ")}) select ${names.map((name) => `r.${name}`).join(", ")} from ${source}`,
  );
}

interface DocumentRow {
  readonly kind: DocumentKind;
  readonly live: RawBoolean;
  readonly number: RawInteger;
  readonly key: string;
  readonly order: string;
  readonly at: RawTime;
  readonly body: string;
}

async function readDocuments(session: Session, order: string): Promise<readonly IssuedDocument[]> {
  const rows = await session.query<DocumentRow>(
    "documents",
    `select kind, live, number, key, "order", at, body from documents where "order" = $1`,
    storable("order", order),
  );
  return rows
    .map((row) => ({ ...row, live: Boolean(row.live), number: Number(row.number), at: readTime(row.at) }))
    .sort(bySeries);
}

function bySeries(left: IssuedDocument, right: IssuedDocument): number {
  if (left.kind !== right.kind) return left.kind < right.kind ? -1 : 1;
  return left.number - right.number;
}
