import type { Columns, Dialect } from "./dialect.ts";
import { INPUT_COLUMNS, inputRow, isWaiting } from "./input-rows.ts";
import { jsonRows, type Row, rowParameters } from "./json-rows.ts";
import type { Session } from "./session.ts";
import { type Journaled, type Lease, type NewInput, StoreError } from "./store.ts";

/** Rows that were deleted between the insert that met them and the look at them are inserted again, so often at most. */
const ROUNDS = 3;

type Input = NewInput & { readonly reason?: string | null };

/** What one distinct (key, body) of a call became. */
interface Stored {
  readonly id: string;
  readonly isNew: boolean;
}

interface KeyRow {
  readonly gateway: string;
  readonly account: string;
  readonly key: string;
  readonly body_hash: string;
  readonly id: string;
}

export interface JournalContext {
  readonly session: Session;
  readonly dialect: Dialect;
  /** Null inside a transaction: its inputs come with their outcome, or wait for anybody. */
  readonly lease: Lease | null;
  readonly now: Date;
}

/** Writes inputs in the order of their keys, counts repeats, tells variants; answers in the order given. */
export async function journal(context: JournalContext, inputs: readonly Input[]): Promise<readonly Journaled[]> {
  const distinct = distinctInputs(inputs);
  const { stored, variants } = await store(context, distinct);
  await countRepeats(context, repeatsOf(inputs, stored));
  const answered = new Set<string>();
  return inputs.map((input) => {
    const identity = identityOf(input);
    const row = stored.get(identity);
    if (row === undefined) throw new Error(`journal: ${input.id} was neither stored nor found`);
    const isFirst = row.isNew && !answered.has(identity);
    answered.add(identity);
    if (!isFirst) return { id: row.id, result: "duplicate" };
    return { id: row.id, result: variants.has(row.id) ? "variant" : "stored" };
  });
}

function identityOf(input: Pick<NewInput, "gateway" | "account" | "key" | "bodyHash">): string {
  return JSON.stringify([input.gateway, input.account, input.key, input.bodyHash]);
}

function keyOf(input: NewInput): string {
  return JSON.stringify([input.gateway, input.account, input.key]);
}

function distinctInputs(inputs: readonly Input[]): ReadonlyMap<string, Input> {
  const distinct = new Map<string, Input>();
  for (const input of inputs) {
    const identity = identityOf(input);
    if (!distinct.has(identity)) distinct.set(identity, input);
  }
  return distinct;
}

async function store(
  context: JournalContext,
  distinct: ReadonlyMap<string, Input>,
): Promise<{ readonly stored: ReadonlyMap<string, Stored>; readonly variants: ReadonlySet<string> }> {
  const stored = new Map<string, Stored>();
  const variants = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const missing = [...distinct].filter(([identity]) => !stored.has(identity)).map(([, input]) => input);
    if (missing.length === 0) return { stored, variants };
    const added = await add(context, missing);
    for (const id of added.variants) variants.add(id);
    const inserted = new Set(added.inserted);
    for (const input of missing)
      if (inserted.has(input.id)) stored.set(identityOf(input), { id: input.id, isNew: true });
    const own = missing.filter((input) => inserted.has(input.id));
    for (const id of laterBodies([...distinct.values()], own)) variants.add(id);
    const met = missing.filter((input) => !inserted.has(input.id));
    for (const [identity, id] of await findByKey(context, met)) stored.set(identity, { id, isNew: false });
  }
  if (stored.size === distinct.size) return { stored, variants };
  throw new StoreError("busy", "journal: rows vanish as fast as they are met");
}

/**
 * Inserts, and looks for variants behind it: a session runs statements in the order in which they are asked for, so both are asked
 * for at once. Each answer that is waited for is another way to the database and back, or another wait for what is being written.
 */
async function add(
  context: JournalContext,
  inputs: readonly Input[],
): Promise<{ readonly inserted: readonly string[]; readonly variants: readonly string[] }> {
  // What is not inserted is not found by its new id.
  const ids = inputs.map(({ id }) => id);
  const [inserted, variants] = await Promise.all([insert(context, inputs), findVariants(context, ids)]);
  return { inserted, variants };
}

/**
 * The sort is what keeps two processes that insert the same keys from deadlocking: each waits for the other's uncommitted
 * keys in the same order. What exists is passed over without a lock: an applier may hold it.
 */
async function insert(context: JournalContext, inputs: readonly Input[]): Promise<readonly string[]> {
  const { session, dialect, lease } = context;
  const names = Object.keys(BODY_COLUMNS);
  const waits = inputs.some((input) => isWaiting(input.state));
  const due = `case when r.state in ('received', 'unproven', 'unconfirmed', 'parked') then ${dialect.soon(4)} end`;
  const rows = await session.query<{ id: string }>(
    "journal",
    `insert into inputs (${names.join(", ")}, owner, due_at, settled_at)
     select ${names.map((name) => `r.${name}`).join(", ")}, $3, ${due},
            case when r.state in ('received', 'unproven', 'unconfirmed', 'parked') then null else ${dialect.timeParameter(5)} end
     from ${dialect.rows(1, BODY_COLUMNS)} ${dialect.beforeConflict}
     order by r.gateway, r.account, r.key, r.body_hash
     on conflict (gateway, account, key, body_hash) do nothing
     returning id`,
    ...rowParameters(dialect, "inputs", BODY_COLUMNS, rowsWithBodies(inputs)),
    waits ? (lease?.owner ?? null) : null,
    lease?.forMs ?? 0,
    dialect.time(context.now),
  );
  return rows.map(({ id }) => id);
}

const BODY_COLUMNS: Columns = { ...INPUT_COLUMNS, body: "bytes" };

function rowsWithBodies(inputs: readonly Input[]): readonly Row[] {
  return inputs.map((input) => ({ body: input.body, ...inputRow(input) }));
}

const KEY_COLUMNS = { gateway: "text", account: "text", key: "text", body_hash: "text" } as const;

async function findByKey(context: JournalContext, inputs: readonly Input[]): Promise<ReadonlyMap<string, string>> {
  if (inputs.length === 0) return new Map();
  const { session, dialect } = context;
  const rows = await session.query<KeyRow>(
    "journal.find",
    `select i.gateway, i.account, i.key, i.body_hash, i.id from ${dialect.rows(1, KEY_COLUMNS)}
     join inputs i on i.gateway = r.gateway and i.account = r.account and i.key = r.key and i.body_hash = r.body_hash`,
    jsonRows(dialect, "inputs", KEY_COLUMNS, inputs.map(inputRow)),
  );
  return new Map(rows.map((row) => [identityOf({ ...row, bodyHash: row.body_hash }), row.id]));
}

function repeatsOf(inputs: readonly Input[], stored: ReadonlyMap<string, Stored>): ReadonlyMap<string, number> {
  const repeats = new Map<string, number>();
  for (const input of inputs) {
    const row = stored.get(identityOf(input));
    if (row !== undefined) repeats.set(row.id, (repeats.get(row.id) ?? (row.isNew ? -1 : 0)) + 1);
  }
  return new Map([...repeats].filter(([, times]) => times > 0));
}

const REPEAT_COLUMNS = { id: "text", times: "integer" } as const;

/**
 * Rows are locked in the order of seq, as everywhere. A row that an applier holds for too long keeps its count: the
 * repeat is stored already, and a number for people must not turn its answer into 503.
 */
async function countRepeats(context: JournalContext, repeats: ReadonlyMap<string, number>): Promise<void> {
  if (repeats.size === 0) return;
  const { session, dialect } = context;
  const rows: readonly Row[] = [...repeats].map(([id, times]) => ({ id, times }));
  const counting = session.execute(
    "journal.repeats",
    `with held as (
       select i.seq, r.times from inputs i join ${dialect.rows(1, REPEAT_COLUMNS)} on i.id = r.id
       order by i.seq ${dialect.forUpdate("i")}
     )
     update inputs set repeats = repeats + held.times from held where inputs.seq = held.seq`,
    jsonRows(dialect, "inputs", REPEAT_COLUMNS, rows),
  );
  await (context.lease === null ? counting : counting.catch(() => 0));
}

/**
 * Which of the rows, as far as they were inserted, have a key that has another body too. Asked after the commit, so that of two
 * processes that store two bodies at the same instant at least one sees the other's.
 */
async function findVariants({ session, dialect }: JournalContext, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const rows = await session.query<{ id: string }>(
    "journal.variants",
    `select i.id from inputs i where ${dialect.among("i.id", 1)} and exists (
       select 1 from inputs o where o.gateway = i.gateway and o.account = i.account and o.key = i.key
         and o.body_hash <> i.body_hash and not ${dialect.among("o.id", 1)})`,
    dialect.list(ids),
  );
  return rows.map(({ id }) => id);
}

/** Ids of the added rows before which the same call brought another body under the same key. */
function laterBodies(distinct: readonly Input[], added: readonly Input[]): readonly string[] {
  const first = new Map<string, string>();
  for (const input of distinct) if (!first.has(keyOf(input))) first.set(keyOf(input), input.id);
  return added.filter((input) => first.get(keyOf(input)) !== input.id).map(({ id }) => id);
}
