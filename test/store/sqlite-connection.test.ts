import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Connection, VERSION_SQL, versionIn } from "../../src/store/sqlite/connection.ts";

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
  await connection.begin(null);
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
  await connection.begin(null);
  await expect(run("INSERT INTO nowhere VALUES (1)")).rejects.toThrow(/no such table/);
  await expect(numbers()).rejects.toThrow(/failed before/);
  await run("ROLLBACK");
  await run("INSERT INTO numbers VALUES (1)");
  await connection.begin(null);
  await run("INSERT INTO numbers VALUES (2)");
  await run("COMMIT");
  expect(await numbers()).toEqual([1, 2]);
});

describe("what is asked for behind a transaction that did not begin is not committed by itself", () => {
  test("because another process is writing", async () => {
    const other = new Connection({ file: join(folder, "one.db"), pragmas: [] });
    await other.begin(null);
    const asked = await Promise.allSettled([
      connection.begin(null),
      run("INSERT INTO numbers VALUES (1)"),
      run("COMMIT"),
    ]);
    expect(asked.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    await other.execute("ROLLBACK", []);
    await other.close();
    await run("ROLLBACK").catch(() => undefined);
    expect(await numbers()).toEqual([]);
    expect(await connection.begin(null)).toBe(true);
  });

  test("because another process wrote since what was read", async () => {
    const readAt = versionIn(await connection.query(VERSION_SQL, []));
    const other = new Connection({ file: join(folder, "one.db"), pragmas: [] });
    await other.execute("INSERT INTO numbers VALUES (7)", []);
    await other.close();
    const asked = await Promise.allSettled([
      connection.begin(readAt),
      run("INSERT INTO numbers VALUES (1)"),
      run("COMMIT"),
    ]);
    expect(asked[0]).toEqual({ status: "fulfilled", value: false });
    expect(asked.slice(1).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await run("ROLLBACK");
    expect(await numbers()).toEqual([7]);
    expect(await connection.begin(versionIn(await connection.query(VERSION_SQL, [])))).toBe(true);
    await run("ROLLBACK");
  });
});

test("a statement that fails outside of a transaction holds up nothing", async () => {
  await expect(run("INSERT INTO nowhere VALUES (1)")).rejects.toThrow(/no such table/);
  await run("INSERT INTO numbers VALUES (3)");
  expect(await numbers()).toEqual([3]);
});
