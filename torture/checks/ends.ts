import type { Row, TortureDatabase } from "../databases/database.ts";
import { replay } from "../model/model.ts";
import type { Story } from "../stories/story.ts";
import { type Finding, finding } from "./finding.ts";
import { chunks } from "./inputs.ts";

/** I3, I2 and I5: what the service came to, against the plain reference that was told the same in order. */

type Amounts = Readonly<Record<string, unknown>>;

interface Stored {
  /** Object key → id of its payment. */
  readonly paymentOf: ReadonlyMap<string, string>;
  readonly payments: ReadonlyMap<string, Row>;
  readonly orders: ReadonlyMap<string, Row>;
  /** Events by the payment, or order, that they are about. */
  readonly events: ReadonlyMap<string, readonly Row[]>;
}

/** Types that are told while they last only: another order of arrival may tell fewer. */
const MILESTONE =
  /^(payment\.(paid|refunded|refund_failed|disputed|dispute_won|dispute_lost)|order\.(paid|refunded|reopened|disputed|charged_back|canceled))$/;

export async function checkEnds(database: TortureDatabase, stories: readonly Story[]): Promise<readonly Finding[]> {
  const stored = await load(database);
  return [...stories.flatMap((story) => checkStory(story, stored)), ...checkBounds(stored)];
}

/** The same of some stories of which nothing is under way any more, while others are. */
export async function checkQuiet(database: TortureDatabase, stories: readonly Story[]): Promise<readonly Finding[]> {
  const stored = await loadOf(database, stories);
  return stories.flatMap((story) => checkStory(story, stored));
}

const PAYMENT_COLUMNS = "id, alias_of, provider, status, state";
const EVENT_COLUMNS = 'seq, type, key, payment, "order", sequence';

async function load(database: TortureDatabase): Promise<Stored> {
  return storedOf({
    objects: await database.query("select object_key, payment from object_payments"),
    payments: await database.query(`select ${PAYMENT_COLUMNS} from payments`),
    orders: await database.query("select reference, status, state from orders"),
    events: await database.query(`select ${EVENT_COLUMNS} from events order by seq`),
  });
}

async function loadOf(database: TortureDatabase, stories: readonly Story[]): Promise<Stored> {
  const rows = { objects: [] as Row[], payments: [] as Row[], orders: [] as Row[], events: [] as Row[] };
  const keys = stories.flatMap(({ happenings, order }) => [...replay(happenings, order).payments.keys()]);
  for (const list of chunks(keys)) {
    const own = `select payment from object_payments where object_key in (${list})`;
    const ids = `select id from payments where id in (${own}) or alias_of in (${own})`;
    rows.objects.push(
      ...(await database.query(`select object_key, payment from object_payments where object_key in (${list})`)),
    );
    rows.payments.push(...(await database.query(`select ${PAYMENT_COLUMNS} from payments where id in (${ids})`)));
    rows.events.push(...(await database.query(`select ${EVENT_COLUMNS} from events where payment in (${ids})`)));
  }
  for (const list of chunks(stories.map(({ order }) => order.reference))) {
    rows.orders.push(
      ...(await database.query(`select reference, status, state from orders where reference in (${list})`)),
    );
    const ofOrders = `payment is null and "order" in (${list})`;
    rows.events.push(...(await database.query(`select ${EVENT_COLUMNS} from events where ${ofOrders}`)));
  }
  return storedOf(rows);
}

function storedOf(rows: {
  readonly objects: readonly Row[];
  readonly payments: readonly Row[];
  readonly orders: readonly Row[];
  readonly events: readonly Row[];
}): Stored {
  const survivorOf = new Map(rows.payments.map((row) => [String(row.id), String(row.alias_of ?? row.id)]));
  const about = new Map<string, Row[]>();
  for (const event of rows.events) {
    const name = event.payment === null ? `order ${event.order}` : (survivorOf.get(String(event.payment)) ?? "");
    about.set(name, [...(about.get(name) ?? []), event]);
  }
  return {
    paymentOf: new Map(rows.objects.map((row) => [String(row.object_key), String(row.payment)])),
    payments: new Map(rows.payments.map((row) => [String(row.id), row])),
    orders: new Map(rows.orders.map((row) => [String(row.reference), row])),
    events: about,
  };
}

function checkStory(story: Story, stored: Stored): readonly Finding[] {
  const expected = replay(story.happenings, story.order);
  const findings: Finding[] = [];
  const say = (what: string, got: unknown, wanted: unknown): void => {
    if (String(got) === String(wanted)) return;
    const text = `${story.name} (${story.order.reference}): ${what} is ${got}, the reference says ${wanted}`;
    findings.push(finding(isMore(got, wanted) ? "doubled" : "wrong", "I3", text));
  };
  const ids = new Set<string>();
  for (const [key, end] of expected.payments) {
    const id = stored.paymentOf.get(key) ?? "none";
    const row = stored.payments.get(id);
    if (!row) {
      findings.push(finding("lost", "I3", `${story.name} (${story.order.reference}): no payment of ${key}`));
      continue;
    }
    ids.add(id);
    const state = stateOf(row);
    for (const [name, wanted] of Object.entries(end)) say(`${key} ${name}`, state[name], wanted);
  }
  const order = stored.orders.get(story.order.reference);
  const orderState = order ? stateOf(order) : {};
  for (const [name, wanted] of Object.entries(expected.order)) say(`order's ${name}`, orderState[name], wanted);
  findings.push(...checkTold(story, expected.told, toldOf(stored, [...ids, `order ${story.order.reference}`])));
  return findings;
}

/** Amounts are text of digits: more money, or more of anything that is counted, is something done twice. */
function isMore(got: unknown, wanted: unknown): boolean {
  return typeof wanted === "number" && Number(got) > wanted;
}

function toldOf(stored: Stored, names: readonly string[]): ReadonlyMap<string, number> {
  const told = new Map<string, number>();
  for (const { type } of names.flatMap((name) => stored.events.get(name) ?? [])) {
    const word = String(type);
    if (MILESTONE.test(word)) told.set(word, (told.get(word) ?? 0) + 1);
  }
  return told;
}

/** I2: each milestone is told exactly as often as it happened. */
function checkTold(
  story: Story,
  wanted: ReadonlyMap<string, number>,
  told: ReadonlyMap<string, number>,
): readonly Finding[] {
  const types = [...new Set([...wanted.keys(), ...told.keys()])].sort();
  return types.flatMap((type) => {
    const [times, expected] = [told.get(type) ?? 0, wanted.get(type) ?? 0];
    if (times === expected) return [];
    const text = `${story.name} (${story.order.reference}): ${type} is told ${times} times, the reference says ${expected}`;
    return [finding(times > expected ? "doubled" : "lost", "I2", text)];
  });
}

/** I5: no payment gave back more than came in; no story says otherwise. */
function checkBounds(stored: Stored): readonly Finding[] {
  return [...stored.payments.values()].flatMap((row) => {
    const state = stateOf(row);
    const [captured, back] = [
      BigInt(String(state.captured)),
      BigInt(String(state.refunded)) + BigInt(String(state.chargedBack)),
    ];
    // A correction by hand takes money off an order and names no payment that had brought it.
    if (row.alias_of !== null || row.provider === "outside" || (back >= 0n && back <= captured)) return [];
    return [finding("wrong", "I5", `${row.id}: ${back} of ${captured} was given back or lost`)];
  });
}

function stateOf(row: Row): Amounts {
  // Proven: the service writes its states as JSON objects.
  return JSON.parse(String(row.state)) as Amounts;
}
