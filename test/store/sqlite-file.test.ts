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

test("on sqlite the journal goes before appliers that wait, and appliers still get their turn", async () => {
  await withStore("sqlite", async (store) => {
    const order: string[] = [];
    const apply = (name: string): Promise<unknown> =>
      store.transaction(async (transaction) => {
        await transaction.journal([{ ...inputOf(name), reason: null }]);
        order.push(name);
        await pause(20);
      });
    const work = [apply("apply 1"), apply("apply 2"), apply("apply 3")];
    const journal = Array.from({ length: 6 }, async (_, index) => {
      await store.journal([inputOf(`first_${index}`)], LEASE);
      order.push("journal");
    });
    await Promise.all([...work, ...journal]);
    // What the first one wrote while nobody waited does not count.
    expect(order.slice(0, 6)).toEqual(["journal", "journal", "journal", "journal", "journal", "apply 1"]);
    expect(order.lastIndexOf("journal")).toBeLessThan(order.indexOf("apply 3"));
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
