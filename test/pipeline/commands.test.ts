import { describe, expect, test } from "vitest";
import { openStore } from "../../src/store/open.ts";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { availableDialects, createDatabase } from "../store/databases.ts";
import { withRunning } from "./on-database.ts";
import { EXPECTED } from "./purchase.ts";
import { run } from "./running.ts";

const OTHER = { ...EXPECTED, total: EXPECTED.total + 1n };
const PAYMENT = {
  reference: "cash1",
  method: "cash",
  currency: EXPECTED.currency,
  amount: 1n,
  by: "Kim",
  reason: "till",
} as const;

describeOnEachDatabase("commands at once", (open) => {
  test("are each answered for themselves, and end as one after the other", async () => {
    await withRunning(open, async ({ store, running: { commands }, findings }) => {
      const references = Array.from({ length: 120 }, (_, index) => `o${index}`);
      const twice = await Promise.all(
        references.flatMap((reference) => [
          commands.register(reference, EXPECTED),
          commands.register(reference, Number(reference.slice(1)) % 2 === 0 ? EXPECTED : OTHER),
        ]),
      );
      const words = twice.map((answer) => (answer.kind === "refused" ? answer.reason : answer.created));
      expect(words).toEqual(references.flatMap((_, index) => [true, index % 2 === 0 ? false : "already_registered"]));
      const mixed = await Promise.all([
        commands.cancel("o0", "wish"),
        commands.change("o0", { version: 2, expectation: { total: 5n } }),
        commands.change("o1", { version: 1, expectation: { total: 5n } }),
        commands.change("o1", { version: 1, expectation: { total: 6n } }),
        commands.recordPayment("o2", { ...PAYMENT, at: new Date() }),
        commands.cancel("never", null),
        commands.register("new", EXPECTED),
      ]);
      expect(
        mixed.map((answer) => (answer.kind === "refused" ? answer.reason : answer.value.record.state.status)),
      ).toEqual(["canceled", "order_closed", "open", "version_mismatch", "partially_paid", "not_found", "open"]);
      expect((await store.read.order("o1"))?.record?.state.expectation?.total).toBe(5n);
      expect(await findings()).toEqual([]);
    });
  });

  test("one that the database refuses fails alone", async () => {
    await withRunning(open, async ({ running: { commands }, findings }) => {
      const references = ["a", "b", "c\u0000", "d", "e"];
      const answers = await Promise.allSettled(references.map((reference) => commands.register(reference, EXPECTED)));
      expect(answers.map(({ status }) => status)).toEqual([
        ...["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"],
      ]);
      expect(answers[2]).toMatchObject({ reason: { name: "StoreError", reason: "data" } });
      expect(await findings()).toEqual([]);
    });
  });
});

const [, postgresql] = await availableDialects();

describe.skipIf(postgresql?.skip !== null)(
  `commands of two processes on PostgreSQL (${postgresql?.skip ?? "there"})`,
  () => {
    test("make each order once", async () => {
      const database = await createDatabase("postgresql");
      const stores = await Promise.all([0, 1].map(() => openStore({ url: database.url, now: () => new Date() })));
      const processes = stores.map((store) => run(store));
      const references = Array.from({ length: 60 }, (_, index) => `p${index}`);
      const answers = await Promise.all(
        processes.map(({ commands }, turn) =>
          Promise.all(
            (turn === 0 ? references : references.toReversed()).map((one) => commands.register(one, EXPECTED)),
          ),
        ),
      );
      const made = answers.flat().map((answer) => answer.kind === "done" && answer.created);
      expect(made.filter(Boolean)).toHaveLength(references.length);
      expect(answers.flat().every(({ kind }) => kind === "done")).toBe(true);
      for (const each of processes) await each.stop(5_000);
      for (const store of stores) await store.close();
      await database.drop();
    }, 60_000);
  },
);
