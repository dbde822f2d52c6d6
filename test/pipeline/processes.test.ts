import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { eventually } from "../end-to-end/server.ts";
import { availableDialects, createDatabase, type TestDatabase } from "../store/databases.ts";
import { newInput } from "./inputs.ts";
import { EXPECTED, end, history, line, send, settled, shuffled, told } from "./purchase.ts";
import { type Running, run } from "./running.ts";

const skip = (await availableDialects()).find(({ dialect }) => dialect === "postgresql")?.skip ?? null;

/** Two processes' worth of pipelines over one database, each with connections of its own. */
async function two(
  work: (parts: {
    database: TestDatabase;
    stores: readonly [Store, Store];
    running: readonly [Running, Running];
  }) => Promise<void>,
): Promise<void> {
  const database = await createDatabase("postgresql");
  const stores = [
    await openStore({ url: database.url, now: () => new Date() }),
    await openStore({ url: database.url, now: () => new Date() }),
  ] as const;
  const running = [run(stores[0]), run(stores[1])] as const;
  try {
    await work({ database, stores, running });
  } finally {
    await Promise.all(running.map((one) => one.stop(5_000)));
    await Promise.all(stores.map((store) => store.close()));
    await database.drop();
  }
}

describe.skipIf(skip !== null)(`several processes on one PostgreSQL${skip === null ? "" : ` (${skip})`}`, () => {
  test("the same notifications through both, at once, in other orders, end as through one", async () => {
    await two(async ({ stores: [store], running }) => {
      const references = Array.from({ length: 12 }, (_, i) => `shared${i}x`);
      const steps = references.flatMap((reference, i) => {
        const register = () => running[i % 2 === 0 ? 0 : 1].commands.register(reference, EXPECTED);
        const messages = history(reference);
        return [
          register,
          ...messages.map((body) => () => send(running[0], body)),
          ...messages.map((body) => () => send(running[1], body)),
        ];
      });
      const answers = await Promise.all(shuffled(steps, 7).map((step) => step()));
      expect(answers.map(({ kind }) => kind).filter((kind) => kind !== "stored" && kind !== "done")).toEqual([]);
      await settled(store);
      const ends = await Promise.all(references.map((reference) => end(store, reference)));
      expect(new Set(ends).size).toBe(1);
      const events = await Promise.all(references.map(async (reference) => (await told(store, reference)).join()));
      expect(new Set(events)).toEqual(
        new Set(["order.paid,payment.dispute_won,payment.disputed,payment.paid,payment.refunded"]),
      );
    });
  }, 60_000);

  test("two that sell the same SKU at once sell each piece once, and mark what was not there", async () => {
    await two(async ({ stores: [store], running }) => {
      await running[0].stock.load({
        ...{ reference: "first", live: false, by: "ann", reason: "counted", items: [{ sku: "TEA", level: 10 }] },
      });
      const references = Array.from({ length: 24 }, (_, i) => `selling${i}x`);
      const steps = references.flatMap((reference, i) => [
        () => running[i % 2 === 0 ? 0 : 1].commands.register(reference, { ...EXPECTED, lines: [line("TEA", 1)] }),
        ...history(reference)
          .slice(0, 3)
          .flatMap((body) => [() => send(running[0], body), () => send(running[1], body)]),
      ]);
      await Promise.all(shuffled(steps, 3).map((step) => step()));
      await settled(store);
      const place = { live: false, sku: "TEA" };
      expect((await store.read.stockLevel(place))?.onHand).toBe(-14);
      const { rows } = await store.read.stockMovements(place, { limit: 100, cursor: null });
      expect(rows.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 25 }, (_, i) => 25 - i));
      expect(rows.filter(({ oversold }) => oversold)).toHaveLength(14);
    });
  }, 60_000);

  test("what one process left behind is taken up by the other when its lease ends", async () => {
    await two(async ({ stores: [store] }) => {
      const [body = ""] = history("left1").slice(1);
      const input = newInput("evt_left1_1", { body: Buffer.from(body), receivedAt: new Date() });
      await store.journal([input], { owner: "a process that died", forMs: 1_500 });
      await eventually(async () => (await store.read.input(input.id))?.state === "applied", 15_000);
    });
  });

  test("cut connections are answered as unavailable, and everything goes on by itself", async () => {
    await two(async ({ database, stores: [store], running: [running] }) => {
      const admin = new Client({ connectionString: database.url });
      await admin.connect();
      const answers: string[] = [];
      const references = Array.from({ length: 30 }, (_, i) => `cut${i}x`);
      for (const reference of references) {
        if (Number(reference.replace(/\D/g, "")) % 10 === 5) {
          await admin.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
          );
        }
        for (const body of history(reference)) {
          let answer = await send(running, body);
          for (let tries = 0; answer.kind === "unavailable" && tries < 100; tries++) {
            answers.push(answer.reason);
            await new Promise((resolve) => setTimeout(resolve, 50));
            answer = await send(running, body);
          }
          expect(answer.kind).toBe("stored");
        }
        await running.commands.register(reference, EXPECTED);
      }
      await admin.end();
      // A commit whose answer was lost leaves its rows to their lease of half a minute.
      await settled(store, 60_000);
      const ends = await Promise.all(references.map((reference) => end(store, reference)));
      expect(new Set(ends).size).toBe(1);
    });
  }, 150_000);
});
