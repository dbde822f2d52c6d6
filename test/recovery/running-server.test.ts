import { describe, expect, test } from "vitest";
import { eventually } from "../end-to-end/server.ts";
import { settled } from "../pipeline/purchase.ts";
import { availableDialects } from "../store/databases.ts";
import { pause } from "../store/rows.ts";
import { withHistories } from "./bench.ts";

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`beside a server on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("a check raises no false alarm, and a repair loses nothing, while notifications keep coming", async () => {
      await withHistories(dialect, ["a1", "a2", "a3", "a4"], async ({ store, check, rebuild, tamper, deliver }) => {
        let isOver = false;
        let delivered = 0;
        const traffic = (async () => {
          // With a pause: each check reads all that has come so far.
          for (; !isOver; await pause(50)) await deliver(`live${delivered++}x`);
        })();
        for (let round = 0; round < 3; round += 1) expect((await check()).findings.kept).toEqual([]);
        await tamper.run("delete from object_payments where reference like 'ch_%'");
        await tamper.run(`update payments set state = replace(state, '"captured":"1999"', '"captured":"1"')`);
        await tamper.run("update orders set status = 'canceled'");
        await rebuild({ apply: true });
        expect((await check()).findings.kept).toEqual([]);
        await eventually(() => Promise.resolve(delivered > 3));
        isOver = true;
        await traffic;
        await settled(store);
        expect((await check()).findings.kept).toEqual([]);
        const page = await store.read.payments({}, { limit: 100, cursor: null });
        expect(page.rows.length).toBe(Math.min(100, delivered + 4));
        expect(new Set(page.rows.map(({ state }) => `${state.captured} ${state.refunded}`))).toEqual(
          new Set(["1999 500"]),
        );
      });
    }, 120_000);
  });
}
