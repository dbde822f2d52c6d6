import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { migrate } from "../../src/store/migrate.ts";
import { openStore } from "../../src/store/open.ts";
import { lockFile } from "../../src/store/sqlite/file-lock.ts";
import { withStore } from "./databases.ts";
import { inputOf, LEASE, pause } from "./rows.ts";

const now = (): Date => new Date();

test("a second process on the same sqlite file is refused until the first has closed it", async () => {
  await withStore("sqlite", async (store, { url }) => {
    const second = openStore({ url, now });
    await expect(second).rejects.toMatchObject({ reason: "unavailable", message: /open in another process/ });
    await store.close();
    const third = await openStore({ url, now });
    await third.close();
  });
});

test("a sqlite file that can't be read at the moment is busy, and is migrated once it can be", async () => {
  const folder = mkdtempSync(join(tmpdir(), "paybell-locked-"));
  try {
    const url = `file:${join(folder, "paybell.db.lock")}`;
    const unlock = await lockFile(join(folder, "paybell.db"));
    await expect(migrate(url)).rejects.toMatchObject({ name: "StoreError", reason: "busy" });
    await unlock();
    expect((await migrate(url)).applied.length).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("on sqlite the journal waits for the one transaction that writes, and for none that waits itself", async () => {
  await withStore("sqlite", async (store) => {
    const order: string[] = [];
    const apply = (name: string): Promise<unknown> =>
      store.transaction(async (transaction) => {
        await transaction.journal([{ ...inputOf(name), reason: null }]);
        await pause(20);
        order.push(name);
      });
    const work = [apply("apply 1"), apply("apply 2"), apply("apply 3")];
    await pause(5);
    const journal = ["journal 1", "journal 2"].map(async (name) => {
      await store.journal([inputOf(name)], LEASE);
      order.push(name);
    });
    await Promise.all([...work, ...journal]);
    expect(order.slice(0, 2)).toEqual(["apply 1", "journal 1"]);
    expect(order.indexOf("journal 2")).toBeLessThan(order.indexOf("apply 3"));
  });
});

test("on sqlite what is journaled while a transaction is open is committed by itself, whatever becomes of that", async () => {
  await withStore("sqlite", async (store) => {
    const failing = store.transaction(async (transaction) => {
      await transaction.journal([{ ...inputOf("rolled back"), reason: null }]);
      await pause(20);
      throw new Error("its own");
    });
    await pause(5);
    await Promise.all([store.journal([inputOf("acknowledged")], LEASE), expect(failing).rejects.toThrow("its own")]);
    const { rows } = await store.read.inputs({}, { limit: 10, cursor: null });
    expect(rows.map(({ key }) => key)).toEqual(["acknowledged"]);
  });
});

test("on sqlite reads see the last commit while a transaction is under way", async () => {
  await withStore("sqlite", async (store) => {
    await store.journal([inputOf("seen")], LEASE);
    await store.transaction(async (transaction) => {
      await transaction.journal([{ ...inputOf("unseen"), reason: null }]);
      const { rows } = await store.read.inputs({}, { limit: 10, cursor: null });
      expect(rows.map(({ key }) => key)).toEqual(["seen"]);
    });
    expect((await store.read.inputs({}, { limit: 10, cursor: null })).rows).toHaveLength(2);
  });
});

test("a closed sqlite store finishes what waits and refuses what comes later", async () => {
  await withStore("sqlite", async (store) => {
    const journaling = store.journal([inputOf("last")], LEASE);
    const closing = store.close();
    await expect(journaling).resolves.toMatchObject([{ result: "stored" }]);
    await closing;
    await expect(store.journal([inputOf("late")], LEASE)).rejects.toMatchObject({ reason: "unavailable" });
  });
});

test("what a process left leased on sqlite can be claimed as soon as the next one has opened the file", async () => {
  await withStore("sqlite", async (store, { url }) => {
    await store.journal([inputOf("left")], LEASE);
    const claim = { states: ["received"], limit: 10, lease: { owner: "test-2-b", forMs: 60_000 } } as const;
    expect(await store.claim(claim)).toEqual([]);
    await store.close();
    const next = await openStore({ url, now });
    expect((await next.claim(claim)).map(({ key }) => key)).toEqual(["left"]);
    await next.close();
  });
});

test("a clock that is ten minutes ahead puts nothing off", async () => {
  const ahead = (): Date => new Date(Date.now() + 600_000);
  const parts = { now: ahead };
  await withStore(
    "sqlite",
    async (store) => {
      await store.journal([inputOf("ahead")], LEASE);
      const { rows } = await store.read.inputs({}, { limit: 1, cursor: null });
      await store.release([{ id: rows[0]?.id ?? "", dueAt: ahead(), countAttempt: false }], LEASE.owner);
      await pause(20);
      expect(await store.claim({ states: ["received"], limit: 1, lease: LEASE })).toHaveLength(1);
    },
    parts,
  );
});
