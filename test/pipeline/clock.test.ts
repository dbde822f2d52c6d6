import { describe, expect, test } from "vitest";
import { availableDialects, withStore } from "../store/databases.ts";
import { EXPECTED, end, history, send, settled, told } from "./purchase.ts";
import { run, stripeAccount } from "./running.ts";

const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;
/** What the clock is wrong by, one message after the other. */
const JUMPS = [0, YEAR, -10 * MINUTE, 4 * MINUTE, -YEAR, 10 * MINUTE, 0, 3 * MINUTE];

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`a jumping clock on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("refuses what it can't date, by name, holds nothing up, and ends as a steady one", async () => {
      await withStore(dialect, async (store) => {
        let wrongBy = 0;
        const now = () => new Date(Date.now() + wrongBy);
        const running = run(store, stripeAccount(), now);
        const steady = history("steady");
        await running.commands.register("steady", EXPECTED);
        for (const body of steady) await send(running, body);

        await running.commands.register("jumpy", EXPECTED);
        const refused: unknown[] = [];
        for (const [i, body] of history("jumpy").entries()) {
          wrongBy = JUMPS[i] ?? 0;
          const answer = await deliver(running, body, now());
          if (answer.kind === "forged") refused.push([i, answer.reason]);
        }
        expect(refused).toEqual([
          [1, "too_old"],
          [2, "in_the_future"],
          [4, "in_the_future"],
          [5, "too_old"],
        ]);
        wrongBy = 0;
        for (const body of history("jumpy")) expect((await deliver(running, body, now())).kind).toBe("stored");
        await settled(store);
        expect(await end(store, "jumpy")).toBe(await end(store, "steady"));
        expect(await told(store, "jumpy")).toEqual(await told(store, "steady"));
        await running.stop(5_000);
      });
    }, 60_000);
  });
}

/** Signed by the gateway's clock, which is right, and received by ours. */
function deliver(running: ReturnType<typeof run>, body: string, receivedAt: Date) {
  return send(running, body, new Date(), receivedAt);
}
