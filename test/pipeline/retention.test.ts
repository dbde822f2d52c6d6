import { describe, expect, test } from "vitest";
import { Retention } from "../../src/pipeline/retention.ts";
import { availableDialects, withStore } from "../store/databases.ts";
import { inputOf, LEASE, minutesAfterNoon, outcomeOf, write } from "../store/rows.ts";

const DAY = 24 * 60;

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`retention on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("empties a day's crowd in bounded pieces, and comes back for what settled late", async () => {
      await withStore(dialect, async (store) => {
        let now = minutesAfterNoon(100 * DAY);
        const retention = new Retention({ store, now: () => now, keepMs: 90 * DAY * 60_000 });
        const inputs = Array.from({ length: 10_600 }, (_, index) => inputOf(`kept_${index}`));
        const [late, ...others] = inputs;
        for (let at = 0; at < inputs.length; at += 2_000) await store.journal(inputs.slice(at, at + 2_000), LEASE);
        for (let at = 0; at < others.length; at += 2_000) {
          const outcomes = others.slice(at, at + 2_000).map(({ id }) => outcomeOf(id));
          await write(store, { outcomes }, LEASE.owner);
        }
        expect([await retention.sweep(), await retention.sweep(), await retention.sweep()]).toEqual([9_999, 600, 0]);

        await write(store, { outcomes: [outcomeOf(late?.id ?? "")] }, LEASE.owner);
        expect(await retention.sweep()).toBe(0);
        now = minutesAfterNoon(101 * DAY);
        expect([await retention.sweep(), await retention.sweep()]).toEqual([1, 0]);
      });
    }, 60_000);

    test("keeps everything for ever where nobody says for how long", async () => {
      await withStore(dialect, async (store) => {
        const input = inputOf("kept");
        await store.journal([input], LEASE);
        await write(store, { outcomes: [outcomeOf(input.id)] }, LEASE.owner);
        const retention = new Retention({ store, now: () => new Date("2999-01-01"), keepMs: null });
        expect(await retention.sweep()).toBe(0);
        expect(await store.read.input(input.id)).toMatchObject({ isEmptied: false });
      });
    });
  });
}
