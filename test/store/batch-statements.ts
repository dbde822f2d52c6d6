import { NOTHING_WRITTEN } from "../../src/pipeline/nothing-written.ts";
import type { Dialect } from "../../src/store/dialect.ts";
import { NO_EFFECT_ROWS } from "../../src/store/effect-rows.ts";
import { journal } from "../../src/store/journal.ts";
import type { Session } from "../../src/store/session.ts";
import type { Changes, NewInput, Transaction } from "../../src/store/store.ts";
import { transactionOn } from "../../src/store/transaction.ts";

/** What batches ask of the database, to look at how it goes about it. */

export interface Asked {
  readonly during: string;
  readonly sql: string;
}

/** What a batch writes by looking something up: rows that are only added, or met by their own key, are left out. */
export function written(dialect: Dialect): Promise<readonly Asked[]> {
  return askedBy({ changed: 1, held: HELD }, (session) =>
    transactionOn(session, dialect, () => AT).write(CHANGES, { owner: "one" }),
  );
}

/** What batches read. */
export function read(dialect: Dialect): Promise<readonly Asked[]> {
  return askedBy({ changed: 0, held: [] }, (session) => readAll(transactionOn(session, dialect, () => AT)));
}

export const JOURNALED = ["journal", "journal.find", "journal.repeats", "journal.variants"];

/** What the journal asks: of one that is new, and of one that is known. */
export async function journaled(dialect: Dialect): Promise<readonly Asked[]> {
  const lease = { owner: "one", forMs: 1_000 };
  return askedBy({ changed: 1, held: [], inserted: [INPUT.id] }, (session) =>
    journal({ session, dialect, lease, now: AT }, [INPUT, { ...INPUT, id: "ntf_2", key: "evt_2" }]),
  );
}

/** It is answered as if `changed` rows were changed, `held` found, and of those journaled `inserted` new. */
async function askedBy(
  answers: { readonly changed: number; readonly held: readonly unknown[]; readonly inserted?: readonly string[] },
  work: (session: Session) => Promise<unknown>,
): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  const known = {
    id: "ntf_0",
    gateway: INPUT.gateway,
    account: INPUT.account,
    key: "evt_2",
    body_hash: INPUT.bodyHash,
  };
  const rowsOf: Readonly<Record<string, readonly unknown[]>> = {
    "write.hold": answers.held,
    journal: (answers.inserted ?? []).map((id) => ({ id })),
    "journal.find": [known],
  };
  const session: Session = {
    // Proven by the tests, which give what the statement is read as.
    query: async <Row>(during: string, sql: string) => {
      asked.push({ during, sql });
      return (rowsOf[during] ?? []) as readonly Row[];
    },
    execute: async (during, sql) => {
      asked.push({ during, sql });
      return answers.changed;
    },
  };
  await work(session);
  return asked;
}

const AT = new Date(0);

const CHANGES: Changes = {
  ...NOTHING_WRITTEN,
  merged: [{ from: "pay_2", into: "pay_1" }],
  flagsGone: [{ payment: "pay_1", flag: "unexplained" }],
  objects: [{ key: "stripe/main/test/payment/pi_1", payment: "pay_1" }],
  links: [{ from: "a", to: "b" }],
  orderPayments: [{ order: "1", payment: "pay_1", counts: true, held: [] }],
  orderPaymentsGone: [{ order: "1", payment: "pay_2" }],
  outcomes: [{ id: "ntf_1", state: "applied", reason: null, type: "paid", live: false, payment: "pay_1", dueAt: null }],
  released: ["pay_1"],
  effects: {
    ...NO_EFFECT_ROWS,
    customers: [{ id: "cus_1", live: false, name: null }],
    customerKeys: [{ key: "email/test/a@example.com", customer: "cus_1" }],
    customerLinks: [{ kind: "order", subject: "1", customer: "cus_1" }],
    customersMerged: [{ from: "cus_2", into: "cus_1" }],
    licensesGiven: [{ seq: 1n, order: "1", sku: "A", unit: 1, at: AT }],
    licensesChanged: [{ seq: 1n, revokedAt: AT }],
    downloads: [{ order: "1", sku: "A", grantedAt: AT, expiresAt: AT, allowed: 5 }],
  },
};

const HELD = [
  { id: "ntf_1", state: "received", kind: "notification", gateway: "stripe", account: "main", received_at: AT },
];

const INPUT: NewInput = {
  ...{
    id: "ntf_1",
    kind: "notification",
    gateway: "stripe",
    account: "main",
    key: "evt_1",
    bodyHash: "00",
    nonce: null,
  },
  ...{ body: Buffer.from("{}"), headers: {}, query: "", receivedAt: AT, state: "received", source: null },
};

async function readAll(transaction: Transaction): Promise<void> {
  await transaction.knownFacts(["a"]);
  await transaction.findPayments(["a"]);
  await transaction.loadPayments(["pay_1"]);
  await transaction.loadLinks(["a"]);
  await transaction.loadGroupFacts(["a"]);
  await transaction.loadOrders(["1"]);
  await transaction.loadOrders(["1"], { evenUnregistered: true });
  await transaction.findCustomers(["a"]);
  await transaction.countCustomerKeys(["cus_1"]);
  await transaction.lockStock([{ live: false, sku: "A" }]);
  await transaction.loadSubscriptions(["sbn_1"]);
  await transaction.reusedNonces([{ gateway: "stripe", account: "main", nonce: "n", id: "ntf_1" }]);
  await transaction.posted(["pay_1"]);
  await transaction.countsOf(["pay_1"]);
  await transaction.goods.downloadsOf(["1"]);
  await transaction.goods.licensesOf(["1"]);
  await transaction.goods.pools([{ pool: "p", live: false }]);
  await transaction.goods.freeKeys({ pool: "p", live: false }, 1);
}
