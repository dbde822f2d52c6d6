import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../scripts/bundle.mjs";
import { migrate } from "../../src/store/migrate.ts";
import { driver } from "../../src/store/sqlite/driver.ts";
import type { Store } from "../../src/store/store.ts";
import { withStore } from "./databases.ts";
import { inputOf, LEASE } from "./rows.ts";

test("on sqlite the journal goes on while a transaction reads", async () => {
  await withStore("sqlite", async (store) => {
    await store.transaction(async (transaction) => {
      await transaction.knownFacts(["nothing"]);
      await expect(store.journal([inputOf("meanwhile")], LEASE)).resolves.toMatchObject([{ result: "stored" }]);
    });
  });
});

test("on sqlite a transaction runs again when another process wrote between its reading and its writing", async () => {
  await withStore("sqlite", async (store, { url }) => {
    const other = await new PrismaLibSql({ url: pathToFileURL(url.slice("file:".length)).href }).connect();
    let runs = 0;
    await store.transaction(async (transaction) => {
      runs += 1;
      await transaction.knownFacts(["nothing"]);
      if (runs === 1) await other.executeScript("insert into tokens (hash, created_at) values ('other', 0)");
      await transaction.journal([{ ...inputOf("once"), reason: null }]);
    });
    await other.dispose();
    expect(runs).toBe(2);
    expect((await store.read.inputs({}, { limit: 10, cursor: null })).rows).toHaveLength(1);
  });
});

test("on sqlite what another process's lock refused takes nothing with it that is stored afterwards", async () => {
  await withStore("sqlite", async (store, { url }) => {
    const other = await driver(pathToFileURL(url.slice("file:".length)).href).connect();
    const run = (sql: string) => other.executeRaw({ sql, args: [], argTypes: [] });
    for (const round of ["first", "second"]) {
      await run("begin immediate");
      await expect(store.journal([inputOf(`refused ${round}`)], LEASE)).rejects.toMatchObject({ reason: "busy" });
      const refused = store.transaction((transaction) =>
        transaction.journal([{ ...inputOf(`refused too ${round}`), reason: null }]),
      );
      await expect(refused).rejects.toMatchObject({ reason: "busy" });
      await run("commit");
      await store.journal([inputOf(`acknowledged ${round}`)], LEASE);
      await store.transaction((transaction) =>
        transaction.journal([{ ...inputOf(`transacted ${round}`), reason: null }]),
      );
    }
    // What others see is what is committed: a connection sees its own in any case.
    const keys = (await store.read.inputs({}, { limit: 10, cursor: null })).rows.map(({ key }) => key).sort();
    expect(keys).toEqual(["acknowledged first", "acknowledged second", "transacted first", "transacted second"]);
    await run("begin immediate");
    await run("rollback");
    await other.dispose();
  });
}, 30_000);

test("on sqlite a transaction that read on a connection that was replaced since runs again", async () => {
  await withStore("sqlite", async (store, { url }) => {
    const other = await driver(pathToFileURL(url.slice("file:".length)).href).connect();
    const run = (sql: string) => other.executeRaw({ sql, args: [], argTypes: [] });
    let runs = 0;
    await store.transaction(async (transaction) => {
      runs += 1;
      await transaction.knownFacts(["nothing"]);
      if (runs === 1) {
        await run("begin immediate");
        await expect(store.journal([inputOf("refused")], LEASE)).rejects.toMatchObject({ reason: "busy" });
        await run("commit");
      }
      await transaction.journal([{ ...inputOf("once"), reason: null }]);
    });
    await other.dispose();
    expect(runs).toBe(2);
    expect((await store.read.inputs({}, { limit: 10, cursor: null })).rows.map(({ key }) => key)).toEqual(["once"]);
  });
});

const BUILT = ["src/store/open.ts", "src/store/open-shared.ts", "src/store/sqlite/writer-thread.ts"];

describe("a store with threads, as the service opens it", () => {
  // Within the project, so that it finds the packages that stay outside of a bundle.
  const built = new URL("../../node_modules/.cache/paybell-threads/", import.meta.url);
  const folder = mkdtempSync(join(tmpdir(), "paybell-threads-"));
  const url = `file:${join(folder, "paybell.db")}`;
  let store: Store;
  let inThread: Pick<Store, "transaction" | "close">;
  let told = 0;

  beforeAll(async () => {
    await migrate(url);
    // Threads are files that Node runs as they are.
    await bundle({ entries: BUILT, into: fileURLToPath(built) });
    // Proven: built from these files.
    const { openStore } = (await import(`${built}open.js`)) as typeof import("../../src/store/open.ts");
    const { openShared } = (await import(`${built}open-shared.js`)) as typeof import("../../src/store/open-shared.ts");
    const now = (): Date => new Date();
    store = await openStore({ url, now, threads: true });
    const { shared } = store.share() ?? {};
    if (shared === undefined) throw new Error("the store shares nothing");
    inThread = await openShared(shared, { now, onTold: () => (told += 1) });
  });

  afterAll(async () => {
    await inThread.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("what it was given comes back as it was", async () => {
    const input = { ...inputOf("bytes"), body: Uint8Array.of(0, 255, 34, 92, 10) };
    await expect(store.journal([input], LEASE)).resolves.toMatchObject([{ result: "stored" }]);
    await expect(store.journal([input], LEASE)).resolves.toMatchObject([{ result: "duplicate" }]);
    const [claimed] = await store.claim({ states: ["received"], limit: 1, lease: { owner: "other", forMs: 0 } });
    expect(claimed).toBeUndefined();
    expect(Buffer.from((await store.read.input(input.id))?.body ?? [])).toEqual(Buffer.from(input.body));
  });

  test("an error keeps its reason on its way out of the thread", async () => {
    const input = inputOf("twice");
    await store.journal([input], LEASE);
    const other = { ...inputOf("another"), id: input.id };
    await expect(store.journal([other], LEASE)).rejects.toMatchObject({ name: "StoreError", reason: "conflict" });
  });

  test("transactions of both threads take turns, and what fails leaves nothing", async () => {
    const order: string[] = [];
    const write = (from: Pick<Store, "transaction">, name: string): Promise<void> =>
      from.transaction(async (transaction) => {
        order.push(`${name} begins`);
        await transaction.journal([{ ...inputOf(name), reason: null }]);
        await new Promise((resolve) => setTimeout(resolve, 20));
        order.push(`${name} ends`);
        if (name === "c") throw new Error("undone");
      });
    const results = await Promise.allSettled([write(store, "a"), write(inThread, "b"), write(inThread, "c")]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(order.map((line) => line.split(" ")[1])).toEqual(Array(3).fill(["begins", "ends"]).flat());
    const stored = (await store.read.inputs({}, { limit: 100, cursor: null })).rows.map(({ key }) => key);
    expect(stored).toEqual(expect.arrayContaining(["a", "b"]));
    expect(stored).not.toContain("c");
    expect(told).toBe(0);
  });

  test("a thread that is gone holds nobody up, neither by the turn it had nor by the one it waited for", async () => {
    // Proven as above.
    const { openShared } = (await import(`${built}open-shared.js`)) as typeof import("../../src/store/open-shared.ts");
    const { shared } = store.share() ?? {};
    if (shared === undefined) throw new Error("the store shares nothing");
    const gone = await openShared(shared, { now: () => new Date(), onTold: () => undefined });
    const hasBegun = new Promise<void>((resolve) => {
      const unfinished = gone.transaction(async (transaction) => {
        await transaction.journal([{ ...inputOf("unfinished"), reason: null }]);
        resolve();
        await new Promise(() => undefined);
      });
      const neverBegun = gone.transaction((transaction) =>
        transaction.journal([{ ...inputOf("never begun"), reason: null }]),
      );
      // Nobody answers them any more.
      for (const transaction of [unfinished, neverBegun]) transaction.catch(() => undefined);
    });
    await hasBegun;
    await gone.close();
    await store.transaction((transaction) => transaction.journal([{ ...inputOf("after it"), reason: null }]));
    const stored = (await store.read.inputs({}, { limit: 100, cursor: null })).rows.map(({ key }) => key);
    expect(stored).toContain("after it");
    expect(stored).not.toContain("unfinished");
    expect(stored).not.toContain("never begun");
  });
});
