import { afterAll, beforeAll, expect, test } from "vitest";
import { NOTHING_WRITTEN } from "../../src/pipeline/nothing-written.ts";
import { SQLITE } from "../../src/store/dialect.ts";
import { NO_EFFECT_ROWS } from "../../src/store/effect-rows.ts";
import { migrate } from "../../src/store/migrate.ts";
import type { Session } from "../../src/store/session.ts";
import { Connection } from "../../src/store/sqlite/connection.ts";
import { numbered } from "../../src/store/sqlite/sqlite-transaction.ts";
import type { Changes, Transaction } from "../../src/store/store.ts";
import { transactionOn } from "../../src/store/transaction.ts";
import { createDatabase, type TestDatabase } from "./databases.ts";

/**
 * How SQLite goes about what each batch asks: it has no statistics, so a condition that looks selective may lead it through all of
 * a table, which no test of what comes out would notice.
 */

let database: TestDatabase;
let connection: Connection;

beforeAll(async () => {
  database = await createDatabase("sqlite");
  await migrate(database.url);
  connection = new Connection({ file: database.url.slice("file:".length), pragmas: [] });
});

afterAll(async () => {
  await connection.close();
  await database.drop();
});

interface Asked {
  readonly during: string;
  readonly plan: readonly string[];
}

/** The plans of what `work` asks, which is answered as if `changed` rows were changed and `held` found. */
async function plansOf(
  work: (transaction: Transaction) => Promise<unknown>,
  { changed = 0, held = [] }: { readonly changed?: number; readonly held?: readonly unknown[] } = {},
): Promise<readonly Asked[]> {
  const asked: { during: string; sql: string }[] = [];
  const session: Session = {
    query: async <Row>(during: string, sql: string) => {
      asked.push({ during, sql });
      // Proven by the tests, which give what the statement is read as.
      return (during === "write.hold" ? held : []) as readonly Row[];
    },
    execute: async (during, sql) => {
      asked.push({ during, sql });
      return changed;
    },
  };
  await work(transactionOn(session, SQLITE, () => new Date(0)));
  return Promise.all(
    asked.map(async ({ during, sql }) => {
      const { columns, rows } = await connection.query(`EXPLAIN QUERY PLAN ${numbered(sql)}`, []);
      const detail = columns.indexOf("detail");
      return { during, plan: rows.map((row) => String(row[detail])) };
    }),
  );
}

function scans(asked: readonly Asked[]): readonly string[] {
  // The statement's own rows, and receivers (v), which are few; each word whole, as other letters stand for tables.
  const harmless = /^SCAN (?:json_each|r|s|decided|v|CONSTANT ROW|\d+)\b/;
  return asked.flatMap(({ during, plan }) =>
    plan.filter((step) => step.startsWith("SCAN") && !harmless.test(step)).map((step) => `${during}: ${step}`),
  );
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

test("what a batch writes is found by its keys, however many rows there are", async () => {
  const asked = await plansOf((transaction) => transaction.write(CHANGES, { owner: "one" }), {
    changed: 1,
    held: HELD,
  });
  expect(asked.length).toBeGreaterThan(20);
  expect(scans(asked)).toEqual([]);
  const planOf = (name: string): string => asked.find(({ during }) => during === name)?.plan.join("\n") ?? "";
  // Not by who has none: that is all of the pool.
  expect(planOf("write.licenses")).toContain("SEARCH license_keys USING INTEGER PRIMARY KEY");
  // Not by their state: that is all that was ever held.
  expect(planOf("write.released")).toContain("inputs_payment_idx");
});

test("what a batch reads is found by its keys", async () => {
  const asked = await plansOf(async (transaction) => {
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
  });
  expect(asked.length).toBeGreaterThan(20);
  expect(scans(asked)).toEqual([]);
});
