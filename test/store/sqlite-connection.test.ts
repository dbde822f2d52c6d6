import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Connection } from "../../src/store/sqlite/connection.ts";

let folder: string;
let connection: Connection;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "paybell-connection-"));
  connection = new Connection({ file: join(folder, "one.db"), pragmas: ["journal_mode = WAL"] });
  await run("CREATE TABLE numbers (n INTEGER PRIMARY KEY)");
});

afterEach(async () => {
  await connection.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(sql: string): Promise<number> {
  return connection.execute(sql, []);
}

async function numbers(): Promise<readonly unknown[]> {
  const { rows } = await connection.query("SELECT n FROM numbers ORDER BY n", []);
  return rows.flat();
}

test("what is asked behind a failure of its transaction is not committed, though SQLite has rolled back by itself", async () => {
  await run("BEGIN IMMEDIATE");
  const asked = await Promise.allSettled([
    run("INSERT INTO numbers VALUES (1)"),
    // As a full disk would: the statement fails and takes its transaction with it.
    run("INSERT OR ROLLBACK INTO numbers VALUES (1)"),
    run("INSERT INTO numbers VALUES (2)"),
    run("COMMIT"),
  ]);
  expect(asked.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "rejected"]);
  await run("ROLLBACK").catch(() => undefined);
  expect(await numbers()).toEqual([]);
});

test("after ROLLBACK the connection goes on, with and without a transaction", async () => {
  await run("BEGIN IMMEDIATE");
  await expect(run("INSERT INTO nowhere VALUES (1)")).rejects.toThrow(/no such table/);
  await expect(numbers()).rejects.toThrow(/failed before/);
  await run("ROLLBACK");
  await run("INSERT INTO numbers VALUES (1)");
  await run("BEGIN IMMEDIATE");
  await run("INSERT INTO numbers VALUES (2)");
  await run("COMMIT");
  expect(await numbers()).toEqual([1, 2]);
});

test("a statement that fails outside of a transaction holds up nothing", async () => {
  await expect(run("INSERT INTO nowhere VALUES (1)")).rejects.toThrow(/no such table/);
  await run("INSERT INTO numbers VALUES (3)");
  expect(await numbers()).toEqual([3]);
});
