import { type RawBoolean, type RawInteger, type RawTime, readBoolean, readOptionalTime, readTime } from "../columns.ts";
import type { Columns } from "../dialect.ts";
import type { NewReceiver, Receiver, ReceiverKind, ReceiverState, SigningSecret } from "../outbox.ts";
import { joinList, splitList } from "../records.ts";

/** Receivers, as their table holds them. */

export interface ReceiverRow {
  readonly id: string;
  readonly kind: string;
  readonly description: string;
  readonly events: string;
  readonly live: RawBoolean | null;
  readonly url: string | null;
  readonly secrets: string | null;
  readonly rate: RawInteger;
  readonly state: string;
  readonly failures: RawInteger;
  readonly failing_since: RawTime | null;
  readonly paused_until: RawTime | null;
  readonly created_at: RawTime;
  readonly changed_at: RawTime;
}

/** Of the receiver `v`. */
export const RECEIVER_COLUMNS = `v.id, v.kind, v.description, v.events, v.live, v.url, v.secrets, v.rate, v.state,
  v.failures, v.failing_since, v.paused_until, v.created_at, v.changed_at`;

export function readReceiver(row: ReceiverRow): Receiver {
  return {
    id: row.id,
    // Proven here and below: only these words are written.
    kind: row.kind as ReceiverKind,
    description: row.description,
    events: splitList(row.events),
    live: readBoolean(row.live),
    url: row.url,
    secrets: readSecrets(row.secrets),
    rate: Number(row.rate),
    state: row.state as ReceiverState,
    failures: Number(row.failures),
    failingSince: readOptionalTime(row.failing_since),
    pausedUntil: readOptionalTime(row.paused_until),
    createdAt: readTime(row.created_at),
    changedAt: readTime(row.changed_at),
  };
}

interface StoredSecret {
  readonly secret: string;
  /** ms since 1970 */
  readonly until: number | null;
}

function readSecrets(text: string | null): readonly SigningSecret[] {
  // Proven: `receiverRow` wrote it.
  const stored = JSON.parse(text ?? "[]") as readonly StoredSecret[];
  return stored.map(({ secret, until }) => ({ secret, until: until === null ? null : new Date(until) }));
}

export const NEW_COLUMNS: Columns = {
  ...{ id: "text", kind: "text", description: "long", events: "long", live: "boolean", url: "long" },
  ...{ secrets: "long", rate: "integer", state: "text", created_at: "time", changed_at: "time" },
};

export function receiverRow(receiver: NewReceiver, now: Date) {
  const secrets: readonly StoredSecret[] = receiver.secrets.map(({ secret, until }) => ({
    secret,
    until: until?.getTime() ?? null,
  }));
  return {
    id: receiver.id,
    kind: receiver.kind,
    description: receiver.description,
    events: joinList(receiver.events),
    live: receiver.live,
    url: receiver.url,
    secrets: JSON.stringify(secrets),
    rate: receiver.rate,
    state: receiver.state,
    created_at: now,
    changed_at: now,
  };
}
