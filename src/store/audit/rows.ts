import { decodeOrderStock } from "../../payments/stock.ts";
import { decodeFact, decodeOrderState, decodePaymentState } from "../../payments/wire.ts";
import type {
  AuditedEvent,
  AuditedFact,
  AuditedInput,
  AuditedLicenseKey,
  AuditedOrder,
  AuditedOrderPayment,
  AuditedPayment,
  AuditedSeal,
} from "../audit.ts";
import { type RawBoolean, type RawInteger, type RawTime, readBoolean, readOptionalTime, readTime } from "../columns.ts";
import type { InputRow } from "../input-rows.ts";
import { type DecisionRow, type PaymentRow, readDecision, readHeld, readPayment, splitList } from "../records.ts";
import { isEmptied } from "../retention.ts";
import { FIRST } from "../seals.ts";
import type { PaymentRecord } from "../store.ts";

/** Rows as the auditor sees them: what can't be decoded is null, never an exception that hides the other rows. */

export const PAYMENT_COLUMNS =
  "id, alias_of, provider, account, live, gateways, reference, status, sequence, created_at, state";

export interface RawPayment {
  readonly id: string;
  readonly alias_of: string | null;
  readonly provider: string;
  readonly account: string;
  readonly live: RawBoolean;
  readonly gateways: string;
  readonly reference: string;
  readonly status: string;
  readonly sequence: RawInteger;
  readonly created_at: RawTime;
  readonly state: string;
}

export function readAuditedPayment(row: RawPayment): AuditedPayment {
  const { id, provider, account, reference, status } = row;
  return {
    ...{ id, provider, account, reference, status },
    aliasOf: row.alias_of,
    live: Boolean(row.live),
    gateways: splitList(row.gateways),
    sequence: Number(row.sequence),
    createdAt: readTime(row.created_at).getTime(),
    state: attempt(() => decodePaymentState(row.state)),
  };
}

export const FACT_COLUMNS = "key, input, gateway, object_key, payment, at, body";

export interface RawFact {
  readonly key: string;
  readonly input: string;
  readonly gateway: string;
  readonly object_key: string;
  readonly payment: string | null;
  readonly at: RawTime;
  readonly body: string;
}

export function readAuditedFact(row: RawFact): AuditedFact {
  const { key, input, gateway, payment } = row;
  return {
    ...{ key, input, gateway, payment },
    objectKey: row.object_key,
    at: readTime(row.at).getTime(),
    fact: attempt(() => decodeFact(row.body)),
  };
}

export const EVENT_COLUMNS = 'seq, id, type, key, payment, "order", sequence';

export interface RawEvent extends Omit<AuditedEvent, "seq" | "sequence"> {
  readonly seq: RawInteger;
  readonly sequence: RawInteger;
}

export function readAuditedEvent(row: RawEvent): AuditedEvent {
  return { ...row, seq: BigInt(row.seq), sequence: Number(row.sequence) };
}

export const LICENSE_KEY_COLUMNS = 'seq, key, fingerprint, input, "order", sku, unit';

export interface RawLicenseKey extends Omit<AuditedLicenseKey, "seq" | "unit"> {
  readonly seq: RawInteger;
  readonly unit: RawInteger | null;
}

export function readAuditedLicenseKey(row: RawLicenseKey): AuditedLicenseKey {
  return { ...row, seq: BigInt(row.seq), unit: row.unit === null ? null : Number(row.unit) };
}

export const INPUT_COLUMNS =
  "seq, id, kind, gateway, account, key, body_hash, nonce, headers, query, source, received_at, state, reason, type, payment, due_at, settled_at, attempts, body";

export interface RawInput extends InputRow {
  readonly reason: string | null;
  readonly type: string | null;
  readonly payment: string | null;
  readonly settled_at: RawTime | null;
  readonly body: Uint8Array;
}

export function readAuditedInput(row: RawInput): AuditedInput {
  const { id, kind, gateway, account, key, nonce, query, source, state, reason, type, payment, body } = row;
  return {
    ...{ id, kind, gateway, account, key, nonce, query, source, state, reason, type, payment, body },
    seq: BigInt(row.seq),
    bodyHash: row.body_hash,
    // Proven: written from such an object; what can't be read has none.
    headers: attempt(() => JSON.parse(row.headers) as Readonly<Record<string, string>>) ?? {},
    receivedAt: readTime(row.received_at),
    dueAt: readOptionalTime(row.due_at),
    settledAt: readOptionalTime(row.settled_at),
    isEmptied: isEmptied(body.length, row.body_hash),
  };
}

export const SEALS = `select s.number, s.last, s.hash, s.may_go, b.last as before_last, b.hash as before_hash
  from seals s left join seals b on b.number = s.number - 1`;

export interface RawSeal {
  readonly number: RawInteger;
  readonly last: RawInteger;
  readonly hash: string;
  readonly may_go: string;
  readonly before_last: RawInteger | null;
  readonly before_hash: string | null;
}

export function readAuditedSeal(row: RawSeal): AuditedSeal {
  const number = Number(row.number);
  return {
    ...{ number, last: BigInt(row.last), hash: row.hash },
    before: number === 1 ? FIRST : readBefore(row),
    mayGo: attempt(() => {
      // Proven: what can be read otherwise has another hash.
      const entries = JSON.parse(row.may_go) as readonly (readonly [string, string])[];
      return new Map(entries.map(([seq, digest]) => [BigInt(seq), digest]));
    }),
  };
}

function readBefore({ before_last: last, before_hash: hash }: RawSeal): AuditedSeal["before"] {
  return last === null || hash === null ? null : { last: BigInt(last), hash };
}

export interface RawOrder {
  readonly reference: string;
  readonly status: string;
  readonly sequence: RawInteger;
  readonly expires_at: RawTime | null;
  readonly state: string;
  readonly stock: string | null;
  readonly created_at: RawTime;
}

export function readAuditedOrder(
  reference: string,
  row: RawOrder | undefined,
  decisions: readonly DecisionRow[],
  payments: readonly PaymentRow[],
): AuditedOrder {
  return {
    reference,
    row: row
      ? {
          status: row.status,
          sequence: Number(row.sequence),
          expiresAt: readOptionalTime(row.expires_at)?.getTime() ?? null,
          state: attempt(() => decodeOrderState(row.state)),
          stock: row.stock === null ? null : attempt(() => decodeOrderStock(row.stock ?? "")),
          createdAt: readTime(row.created_at).getTime(),
        }
      : null,
    loaded: {
      decisions: decisions.flatMap((row) => attempt(() => readDecision(row)) ?? []),
      payments: payments.flatMap((payment): readonly PaymentRecord[] => {
        const record = attempt(() => readPayment(payment));
        return record ? [record] : [];
      }),
    },
  };
}

export interface RawOrderPayment {
  readonly order: string;
  readonly payment: string;
  readonly counts: RawBoolean;
  readonly held: string;
}

export function readAuditedOrderPayment(row: RawOrderPayment): AuditedOrderPayment {
  return { ...row, counts: readBoolean(row.counts) ?? false, held: readHeld(row.held) };
}

export function attempt<Value>(decode: () => Value): Value | null {
  try {
    return decode();
  } catch {
    return null;
  }
}
