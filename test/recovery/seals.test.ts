import { spawn } from "node:child_process";
import { once } from "node:events";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { check } from "../../src/recovery/check.ts";
import { openAudit } from "../../src/store/audit/open-audit.ts";
import { openStore } from "../../src/store/open.ts";
import type { SealMark, Store } from "../../src/store/store.ts";
import { child } from "../children.ts";
import { availableDialects, type TestDatabase, withStore } from "../store/databases.ts";
import { inputOf, LEASE, NOON, outcomeOf, pause, write } from "../store/rows.ts";
import { RULES, sealAll } from "./bench.ts";
import { openTamperer, type Tamperer } from "./tamperer.ts";

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`seals on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("each page of the journal is sealed once, and what follows goes on from there", async () => {
      await withStore(dialect, async (store, database) => {
        await settle(store, keys("a", 700));
        expect(await sealAll(store)).toEqual([500, 200]);
        await settle(store, keys("b", 3));
        expect(await sealAll(store)).toEqual([3]);
        const report = await chainOf(database);
        expect(report).toMatchObject({ found: [], checked: { seals: 3 }, seal: { number: 3 } });
      });
    }, 60_000);

    test("the range is named in which a body was changed with its hash, a row removed, or one put in", async () => {
      await tampered(dialect, async (tamper, found) => {
        await tamper.run("update inputs set body = '{}', body_hash = 'ff' where key = 'a_0'");
        expect(await found()).toEqual(["seal 1: inputs 1 to 500 are not those that were sealed"]);
        await tamper.run("delete from inputs where key = 'a_699'");
        expect(await found()).toHaveLength(2);
      });
      await tampered(dialect, async (tamper, found) => {
        await tamper.run("update inputs set seq = 9999 where key = 'b_0'");
        expect(await found()).toEqual(["seal 3: inputs 701 to 703 are not those that were sealed"]);
      });
    }, 60_000);

    test("a seal that is changed, or taken out of the chain, is named", async () => {
      await tampered(dialect, async (tamper, found) => {
        await tamper.run("update seals set may_go = 'nonsense' where number = 3");
        expect(await found()).toEqual(["seal 3: inputs 701 to 703 are not those that were sealed"]);
        await tamper.run("delete from seals where number = 2");
        expect(await found()).toEqual(["seal 3: seal 2 is missing"]);
      });
    }, 60_000);

    test("a seal that was kept elsewhere shows that the chain was cut off, or written anew", async () => {
      await withStore(dialect, async (store, database) => {
        await settle(store, keys("a", 3));
        await sealAll(store);
        const { seal } = await chainOf(database);
        if (seal === null) throw new Error("nothing was sealed");
        const tamper = await openTamperer(database);
        const found = async () => (await chainOf(database, seal)).found;
        expect(await found()).toEqual([]);
        await tamper.run("delete from seals");
        expect(await found()).toEqual(["seal 1: it is missing"]);
        await tamper.run("update inputs set body_hash = 'ff' where key = 'a_1'");
        await sealAll(store);
        expect(await found()).toEqual(["seal 1: it is not the one that was kept"]);
        await tamper.close();
      });
    }, 60_000);

    test("bodies that are emptied, and notifications that are forgotten, leave the chain as it was", async () => {
      await withStore(dialect, async (store, database) => {
        const [waits, proven] = [inputOf("waits", { state: "unproven" }), inputOf("proven", { state: "unproven" })];
        await settle(store, ["applied"]);
        await store.journal([waits, proven], LEASE);
        await settle(store, ["rejected"], "rejected");
        expect(await sealAll(store)).toEqual([4]);
        await write(store, { outcomes: [outcomeOf(proven.id)] }, LEASE.owner);
        const before = new Date();
        expect(await store.emptyBodies({ before, after: null, limit: 10 })).toMatchObject({ emptied: 2 });
        expect(await store.expireUnproven(before, 10)).toBe(2);
        expect((await chainOf(database)).found).toEqual([]);
        const tamper = await openTamperer(database);
        await tamper.run("update inputs set nonce = 'other' where key = 'proven'");
        expect((await chainOf(database)).found).toHaveLength(1);
        await tamper.close();
      });
    }, 60_000);

    test("the chain waits for what came a moment ago and is not settled yet, and for nothing else that waits", async () => {
      let now = NOON;
      await withStore(
        dialect,
        async (store) => {
          await settle(store, ["before"]);
          const fresh = inputOf("fresh");
          await store.journal([fresh], LEASE);
          await settle(store, ["after"]);
          expect(await sealAll(store)).toEqual([1]);
          now = new Date(NOON.getTime() + 10 * 60_000);
          expect(await sealAll(store)).toEqual([2]);
        },
        { now: () => now },
      );
    }, 60_000);

    test("a sealing that is killed leaves whole seals, and the next one goes on", async () => {
      await withStore(dialect, async (store, database) => {
        await settle(store, keys("a", 4_000));
        await store.close();
        const living = spawn(process.execPath, child("journal-child", database.url, "sealing"));
        await once(living.stdout, "data");
        await pause(15);
        living.kill("SIGKILL");
        await once(living, "exit");
        const next = await openStore({ url: database.url, now: () => new Date() });
        await sealAll(next);
        await next.close();
        expect(await chainOf(database)).toMatchObject({ found: [], checked: { inputs: 4_000, seals: 8 } });
      });
    }, 60_000);

    test("a sealing that fails half way leaves nothing, and the next one goes on", async () => {
      await withStore(dialect, async (store, database) => {
        await settle(store, keys("a", 3));
        const tamper = await openTamperer(database);
        await tamper.attempt("alter table seals rename to aside");
        await expect(store.seal(null)).rejects.toThrow();
        await tamper.attempt("alter table aside rename to seals");
        expect(await sealAll(store)).toEqual([3]);
        expect((await chainOf(database)).found).toEqual([]);
        await tamper.close();
      });
    }, 60_000);
  });
}

const postgresql = (await availableDialects()).find(({ dialect }) => dialect === "postgresql");

describe.skipIf(postgresql?.skip !== null)("seals of several processes on postgresql", () => {
  test("a row that commits late under a lower number is waited for, however many seal meanwhile", async () => {
    await withStore("postgresql", async (store, database) => {
      const [late, never] = [new Client(database.url), new Client(database.url)];
      await Promise.all([late.connect(), never.connect()]);
      const other = await openStore({ url: database.url, now: () => new Date() });
      await settle(store, ["first"]);
      for (const [client, key] of [
        [late, "late"],
        [never, "never"],
      ] as const) {
        await client.query("begin");
        await client.query(copyOf("first", key));
      }
      await settle(store, keys("early", 1_200));
      const marks: (SealMark | null)[] = [null, null];
      const round = async (): Promise<number> => {
        const both = await Promise.all([store, other].map((one, i) => one.seal(marks[i] ?? null)));
        for (const [i, { mark }] of both.entries()) marks[i] = mark;
        return both.reduce((sum, { sealed }) => sum + sealed, 0);
      };
      expect(await round()).toBe(0);
      await never.query("rollback");
      expect(await round()).toBe(0);
      await late.query("commit");
      expect([await round(), await round(), await round()]).toEqual([1_000, 202, 0]);
      expect(await chainOf(database)).toMatchObject({ found: [], checked: { inputs: 1_202, seals: 3 } });
      await Promise.all([late.end(), never.end(), other.close()]);
    });
  }, 60_000);

  test("nothing is passed over while two processes seal and four write", async () => {
    await withStore("postgresql", async (store, database) => {
      const other = await openStore({ url: database.url, now: () => new Date() });
      let isWriting = true;
      const sealing = [store, other].map(async (one) => {
        let mark: SealMark | null = null;
        while (isWriting) ({ mark } = await one.seal(mark));
      });
      await Promise.all(
        [0, 1, 2, 3].map(async (writer) => {
          for (let batch = 0; batch < 25; batch += 1)
            await settle(batch % 2 === 0 ? store : other, keys(`w${writer}_${batch}`, 20));
        }),
      );
      isWriting = false;
      await Promise.all(sealing);
      await sealAll(store);
      expect(await chainOf(database)).toMatchObject({ found: [], checked: { inputs: 2_000 } });
      const tamper = await openTamperer(database);
      const covered = "select max(last) = (select max(seq) from inputs) from seals";
      expect(await tamper.one(covered)).toBe("true");
      await tamper.close();
      await other.close();
    });
  }, 60_000);
});

function keys(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${name}_${i}`);
}

async function settle(
  store: Store,
  names: readonly string[],
  state: "applied" | "rejected" = "applied",
): Promise<void> {
  const inputs = names.map((name) => inputOf(name));
  await store.journal(inputs, LEASE);
  await write(store, { outcomes: inputs.map(({ id }) => outcomeOf(id, { state })) }, LEASE.owner);
}

async function chainOf({ url }: TestDatabase, seal?: { readonly number: number; readonly hash: string }) {
  const now = (): Date => new Date();
  const audit = await openAudit({ url, now });
  try {
    const report = await check({ audit, rules: RULES, now, ...(seal && { seal }) });
    const chain = report.findings.kept.filter(({ law }) => law === "input_chain");
    return { ...report, found: chain.map(({ subject, detail }) => `${subject}: ${detail}`) };
  } finally {
    await audit.close();
  }
}

/** Three seals: of 500, 200 and 3 inputs. */
async function tampered(
  dialect: TestDatabase["dialect"],
  work: (tamper: Tamperer, found: () => Promise<readonly string[]>) => Promise<void>,
): Promise<void> {
  await withStore(dialect, async (store, database) => {
    for (const names of [keys("a", 700), keys("b", 3)]) {
      await settle(store, names);
      await sealAll(store);
    }
    const tamper = await openTamperer(database);
    await work(tamper, async () => (await chainOf(database)).found);
    await tamper.close();
  });
}

function copyOf(key: string, name: string): string {
  return `insert into inputs (id, kind, gateway, account, key, body_hash, body, headers, query, received_at, state, settled_at)
    select '${name}', kind, gateway, account, '${name}', body_hash, body, headers, query, received_at, state, settled_at
    from inputs where key = '${key}'`;
}
