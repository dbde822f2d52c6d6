import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { openStore } from "../../src/store/open.ts";
import { child } from "../children.ts";
import { openTamperer } from "../recovery/tamperer.ts";
import { availableDialects, createDatabase } from "../store/databases.ts";
import { LEASE } from "../store/rows.ts";
import { newInput } from "./inputs.ts";
import { history } from "./purchase.ts";

/** Of ten failures that each may have, and of the claims that make suspects of them: by processes that died. */
const BEFORE = "attempts = 5, failures = 8";
const LIVES = 8;

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("a notification that kills its process each time is quarantined alone, and its neighbours are applied", async () => {
      const database = await createDatabase(dialect);
      const neighbours = history("n1").map((body, i) => newInput(`evt_n1_${i}`, { body: Buffer.from(body) }));
      const poison = newInput("evt_a_poison", { body: Buffer.from('{"id":"evt_a_poison","type":"poison"}') });
      const open = () => openStore({ url: database.url, now: () => new Date() });
      const before = await open();
      await before.journal([poison, ...neighbours], { ...LEASE, forMs: 0 });
      await before.close();
      const tamper = await openTamperer(database);
      try {
        await tamper.attempt(`update inputs set ${BEFORE}`);
        let ends: readonly (string | null)[] = [];
        for (let life = 0; life < LIVES && ends.at(-1) !== "settled"; life += 1) {
          ends = [...ends, await live(database.url, () => tamper.one(WAITING))];
          // What it held is anybody's now, without waiting for the lease's end.
          await tamper.attempt("update inputs set owner = null, due_at = received_at where due_at is not null");
        }
        expect(ends).toEqual([...Array.from({ length: ends.length - 1 }, () => "SIGKILL"), "settled"]);
        const store = await open();
        expect(await store.read.input(poison.id)).toMatchObject({ state: "quarantined", reason: "poison" });
        const states = await Promise.all(neighbours.map(async ({ id }) => (await store.read.input(id))?.state));
        expect(states.filter((state) => state !== "applied" && state !== "stale")).toEqual([]);
        await store.close();
      } finally {
        await tamper.close();
        await database.drop();
      }
    }, 120_000);
  });
}

const WAITING = "select count(*) from inputs where due_at is not null";

/** One life of the process: by what it ended, or `settled` where nothing waits any more. */
async function live(url: string, waiting: () => Promise<string>): Promise<string | null> {
  const living = spawn(process.execPath, child("poison-child", url), { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(living, "exit");
  const until = Date.now() + 20_000;
  while (living.exitCode === null && living.signalCode === null && Date.now() < until) {
    if ((await waiting()) === "0") {
      living.kill("SIGKILL");
      await ended;
      return "settled";
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  living.kill("SIGKILL");
  await ended;
  return Date.now() < until ? living.signalCode : "hung";
}
