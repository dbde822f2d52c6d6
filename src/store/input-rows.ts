import { type RawBoolean, type RawInteger, type RawTime, readBoolean, readOptionalTime, readTime } from "./columns.ts";
import type { Columns } from "./dialect.ts";
import type { Row } from "./json-rows.ts";
import type { InputView } from "./reading.ts";
import { isEmptied } from "./retention.ts";
import type { InputKind, InputState, NewInput, WaitingInput } from "./store.ts";

/** The journal's rows, as they are written and read; bodies are written beside them. */

export const INPUT_COLUMNS: Columns = {
  id: "text",
  kind: "text",
  gateway: "text",
  account: "text",
  key: "text",
  body_hash: "text",
  nonce: "text",
  headers: "long",
  query: "long",
  source: "text",
  received_at: "time",
  state: "text",
  reason: "text",
  attempts: "integer",
};

const WAITING: ReadonlySet<InputState> = new Set(["received", "unproven", "unconfirmed", "parked"]);

export function isWaiting(state: InputState): boolean {
  return WAITING.has(state);
}

export function inputRow(input: NewInput & { readonly reason?: string | null }): Row {
  return {
    id: input.id,
    kind: input.kind,
    gateway: input.gateway,
    account: input.account,
    key: input.key,
    body_hash: input.bodyHash,
    nonce: input.nonce,
    headers: JSON.stringify(input.headers),
    query: input.query,
    source: input.source,
    received_at: input.receivedAt,
    state: input.state,
    reason: input.reason ?? null,
    // The one that stores a received input runs it at once: its first attempt is counted before it is made.
    attempts: input.state === "received" ? 1 : 0,
  };
}

/** The columns of an input but its body. */
export const VIEW_COLUMNS =
  "i.seq, i.id, i.kind, i.gateway, i.account, i.key, i.body_hash, i.nonce, i.headers, i.query, i.source, i.received_at, i.state, " +
  "i.reason, i.type, i.live, i.payment, i.due_at, i.attempts, i.repeats, i.settled_at, length(i.body) as size";

export interface InputRow {
  readonly seq: RawInteger;
  readonly id: string;
  readonly kind: InputKind;
  readonly gateway: string;
  readonly account: string;
  readonly key: string;
  readonly body_hash: string;
  readonly nonce: string | null;
  readonly headers: string;
  readonly query: string;
  readonly source: string | null;
  readonly received_at: RawTime;
  readonly state: InputState;
  readonly attempts: RawInteger;
  readonly due_at: RawTime | null;
}

export interface InputViewRow extends InputRow {
  readonly reason: string | null;
  readonly type: string | null;
  readonly live: RawBoolean | null;
  readonly payment: string | null;
  readonly repeats: RawInteger;
  readonly settled_at: RawTime | null;
  readonly size: RawInteger;
}

function readInput(row: InputRow): Omit<NewInput, "body"> & { readonly seq: bigint } {
  return {
    seq: BigInt(row.seq),
    id: row.id,
    kind: row.kind,
    gateway: row.gateway,
    account: row.account,
    key: row.key,
    bodyHash: row.body_hash,
    nonce: row.nonce,
    // Proven: written by inputRow from such an object.
    headers: JSON.parse(row.headers) as Readonly<Record<string, string>>,
    query: row.query,
    source: row.source,
    receivedAt: readTime(row.received_at),
    state: row.state,
  };
}

export function readWaitingInput(
  row: InputRow & { readonly body: Uint8Array; readonly due_at: RawTime; readonly failures: RawInteger },
): WaitingInput {
  const { body, attempts, failures, due_at } = row;
  return {
    ...readInput(row),
    ...{ body, attempts: Number(attempts), failures: Number(failures), leasedUntil: readTime(due_at) },
  };
}

export function readInputView(row: InputViewRow): InputView {
  return {
    ...readInput(row),
    reason: row.reason,
    type: row.type,
    live: readBoolean(row.live),
    payment: row.payment,
    attempts: Number(row.attempts),
    repeats: Number(row.repeats),
    settledAt: readOptionalTime(row.settled_at),
    dueAt: readOptionalTime(row.due_at),
    size: Number(row.size),
    isEmptied: isEmptied(Number(row.size), row.body_hash),
  };
}
