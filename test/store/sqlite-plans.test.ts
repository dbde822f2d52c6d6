import { afterAll, beforeAll, expect, test } from "vitest";
import { SQLITE } from "../../src/store/dialect.ts";
import { Connection } from "../../src/store/sqlite/connection.ts";
import { numbered } from "../../src/store/sqlite/sqlite-transaction.ts";
import { type Asked, JOURNALED, journaled, read, written } from "./batch-statements.ts";
import { createDatabase, type TestDatabase } from "./databases.ts";

/**
 * How SQLite goes about what each batch asks: it has no statistics, so a condition that looks selective may lead it through all of
 * a table, which no test of what comes out would notice.
 */

let database: TestDatabase;
let connection: Connection;

beforeAll(async () => {
  database = await createDatabase("sqlite");
  connection = new Connection({ file: database.url.slice("file:".length), pragmas: [] });
});

afterAll(async () => {
  await connection.close();
  await database.drop();
});

interface Planned {
  readonly during: string;
  readonly plan: readonly string[];
}

async function plansOf(asked: readonly Asked[]): Promise<readonly Planned[]> {
  return Promise.all(
    asked.map(async ({ during, sql }) => {
      const { columns, rows } = await connection.query(`EXPLAIN QUERY PLAN ${numbered(sql)}`, []);
      const detail = columns.indexOf("detail");
      return { during, plan: rows.map((row) => String(row[detail])) };
    }),
  );
}

function scans(asked: readonly Planned[]): readonly string[] {
  // The statement's own rows, and receivers (v), which are few; each word whole, as other letters stand for tables.
  const harmless = /^SCAN (?:json_each|r|s|decided|v|CONSTANT ROW|\d+)\b/;
  return asked.flatMap(({ during, plan }) =>
    plan.filter((step) => step.startsWith("SCAN") && !harmless.test(step)).map((step) => `${during}: ${step}`),
  );
}

test("what a batch writes is found by its keys, however many rows there are", async () => {
  const asked = await plansOf(await written(SQLITE));
  expect(asked.length).toBeGreaterThan(20);
  expect(scans(asked)).toEqual([]);
  const planOf = (name: string): string => asked.find(({ during }) => during === name)?.plan.join("\n") ?? "";
  // Not by who has none: that is all of the pool.
  expect(planOf("write.licenses")).toContain("SEARCH license_keys USING INTEGER PRIMARY KEY");
  // Not by their state: that is all that was ever held.
  expect(planOf("write.released")).toContain("inputs_payment_idx");
});

test("what a batch reads is found by its keys", async () => {
  const asked = await plansOf(await read(SQLITE));
  expect(asked.length).toBeGreaterThan(20);
  expect(scans(asked)).toEqual([]);
});

test("what is journaled meets what is there by its key", async () => {
  const asked = await plansOf(await journaled(SQLITE));
  expect(asked.map(({ during }) => during).sort()).toEqual(JOURNALED);
  expect(scans(asked)).toEqual([]);
});
