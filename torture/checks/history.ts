import type { Row, TortureDatabase } from "../databases/database.ts";
import { replay } from "../model/model.ts";
import type { Story } from "../stories/story.ts";
import type { Finding } from "./finding.ts";
import { chunks } from "./inputs.ts";

/** What the service had to go by: without it, nobody finds out afterwards why a story came to a wrong end. */

const MAX_STORIES = 5;

/** A line for each decision and fact, in the order in which they were received, of the stories that the findings name. */
export async function historiesOf(
  database: TortureDatabase,
  stories: readonly Story[],
  findings: readonly Finding[],
): Promise<readonly string[]> {
  const named = stories.filter(({ order: { reference } }) => findings.some(({ text }) => text.includes(reference)));
  const told = await Promise.all(named.slice(0, MAX_STORIES).map((story) => historyOf(database, story)));
  return told.flat();
}

async function historyOf(database: TortureDatabase, { order, happenings }: Story): Promise<readonly string[]> {
  const [keys = "''"] = chunks([...replay(happenings, order).payments.keys()]);
  const columns = "i.id, i.gateway, i.received_at, i.state";
  const decisions = await database.query(
    `select ${columns}, d.kind as what, d.at from decisions d join inputs i on i.id = d.input where d."order" = '${order.reference}'`,
  );
  const facts = await database.query(
    `select ${columns}, f.key as what, f.at from facts f join inputs i on i.id = f.input
      where f.object_key in (${keys}) or f.payment in (select payment from object_payments where object_key in (${keys}))`,
  );
  return [...decisions, ...facts]
    .map((row) => ({ row, at: timeOf(row.received_at) }))
    .sort((left, right) => left.at.localeCompare(right.at))
    .map(({ row, at }) => `${order.reference}: ${at} ${row.id} ${row.gateway} ${row.state}: ${shown(row)}`);
}

function shown({ what, at }: Row): string {
  return `${what}, of ${timeOf(at)}`;
}

/** PostgreSQL's driver gives a Date, SQLite's the text that is stored. */
function timeOf(stored: unknown): string {
  const date = stored instanceof Date ? stored : new Date(typeof stored === "number" ? stored : String(stored));
  return Number.isNaN(date.getTime()) ? String(stored) : date.toISOString();
}
