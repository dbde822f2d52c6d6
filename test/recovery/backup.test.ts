import { rm } from "node:fs/promises";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { EXPECTED, end, history, send, settled, shuffled } from "../pipeline/purchase.ts";
import { run } from "../pipeline/running.ts";
import { availableDialects, createDatabase, createEmptyDatabase, type TestDatabase } from "../store/databases.ts";
import { openTamperer } from "./tamperer.ts";

const REFERENCES = ["b1", "b2", "b3"];
/** Of each history: what came before the backup was taken. */
const BEFORE = 4;

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`a backup on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("that is restored ends as if nothing had been lost, once the gateways have repeated what came after it", async () => {
      const database = await createDatabase(dialect);
      const restored = await createEmptyDatabase(dialect);
      try {
        const first = await serve(database, (part) => part.slice(0, BEFORE));
        await backUp(database, restored);
        const lost = await serve(database, (part) => part.slice(BEFORE));
        const again = await serve(restored, (part) => part);
        expect(again.ends).toEqual(lost.ends);
        // What was told before the backup has kept its id and is not told again; what was told after it is told anew.
        expect(first.told.size).toBeGreaterThan(0);
        for (const [key, id] of first.told) expect.soft(again.told.get(key), key).toBe(id);
        const after = [...lost.told.keys()].filter((key) => !first.told.has(key));
        expect(after.length).toBeGreaterThan(0);
        for (const key of after) expect.soft(again.told.has(key), key).toBe(true);
        for (const key of after) expect.soft(again.told.get(key), key).not.toBe(lost.told.get(key));
      } finally {
        await database.drop();
        await restored.drop();
      }
    }, 60_000);
  });
}

/** Runs the service on a database while this part of each history comes; what became of it, and what was told by milestone. */
async function serve({ url }: TestDatabase, part: (bodies: readonly string[]) => readonly string[]) {
  const store = await openStore({ url, now: () => new Date() });
  const running = run(store);
  try {
    for (const reference of REFERENCES) await running.commands.register(reference, EXPECTED);
    const bodies = shuffled(
      REFERENCES.flatMap((reference) => part(history(reference))),
      5,
    );
    await Promise.all(bodies.map((body) => send(running, body)));
    await settled(store);
    return {
      ends: await Promise.all(REFERENCES.map((reference) => end(store, reference))),
      told: await milestones(store),
    };
  } finally {
    await running.stop(5_000);
    await store.close();
  }
}

async function milestones(store: Store): Promise<ReadonlyMap<string, string>> {
  const told = new Map<string, string>();
  for (const reference of REFERENCES) {
    const { rows } = await store.read.payments({ order: reference }, { limit: 10, cursor: null });
    for (const { type, id } of await store.read.eventsOf({ order: reference, payments: rows.map((row) => row.id) }))
      if (MILESTONES.has(type)) told.set(`${type} ${reference}`, id);
  }
  return told;
}

const MILESTONES = new Set([
  "payment.paid",
  "payment.refunded",
  "payment.disputed",
  "payment.dispute_won",
  "order.paid",
]);

/** As the README says for each database, with nobody connected. */
async function backUp(from: TestDatabase, to: TestDatabase): Promise<void> {
  if (from.dialect === "sqlite") {
    await rm(to.url.slice("file:".length), { force: true });
    const tamper = await openTamperer(from);
    await tamper.attempt(`vacuum into '${to.url.slice("file:".length)}'`);
    await tamper.close();
    return;
  }
  const [source, target] = [from, to].map(({ url }) => new URL(url).pathname.slice(1));
  const admin = new URL(from.url);
  admin.pathname = "/postgres";
  const client = new Client({ connectionString: admin.href });
  await client.connect();
  await client.query(`drop database ${target}`);
  await client.query(`create database ${target} template ${source}`);
  await client.end();
}
