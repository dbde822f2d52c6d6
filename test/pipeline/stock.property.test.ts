import fc from "fast-check";
import { expect, test } from "vitest";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { stripeEvent } from "../end-to-end/senders.ts";
import { withRunning } from "./on-database.ts";
import { EXPECTED, history, line, send, settled } from "./purchase.ts";
import type { Running } from "./running.ts";

const FATES = ["kept", "refunded", "canceled", "never registered", "never paid"] as const;

const sale = fc.record({
  fate: fc.constantFrom(...FATES),
  tea: fc.integer({ min: 1, max: 3 }),
  cup: fc.integer({ min: 0, max: 2 }),
});

/** How the steps of all sales are mixed: ranks to sort them by, which come twice, and how many at once. */
const arrival = fc.record({
  ranks: fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 64, maxLength: 64 }),
  doubled: fc.array(fc.boolean(), { minLength: 64, maxLength: 64 }),
  atOnce: fc.constantFrom(1, 3, 100),
});

function stepsOf(
  running: Running,
  order: string,
  { fate, tea, cup }: { fate: string; tea: number; cup: number },
  skus: readonly [string, string],
) {
  const lines = [line(skus[0], tea), ...(cup > 0 ? [line(skus[1], cup)] : []), line("uncounted", 1)];
  const money = fate === "never paid" ? [] : history(order).slice(0, 4);
  const back = fate === "refunded" ? [refundOf(order)] : [];
  return [
    ...[...money, ...back].map((body) => () => send(running, body)),
    ...(fate === "never registered" ? [] : [() => running.commands.register(order, { ...EXPECTED, lines })]),
  ];
}

function refundOf(order: string): string {
  return stripeEvent({
    id: `evt_${order}_back`,
    type: "refund.created",
    object: {
      ...{ id: `re_${order}_back`, object: "refund", amount: 1999, charge: `ch_${order}`, currency: "usd" },
      ...{ payment_intent: `pi_${order}`, status: "succeeded" },
    },
  });
}

describeOnEachDatabase("stock, whatever comes in whatever order", (open) => {
  test("ends as the sum of what the paid orders keep, however it was told, doubled and batched", async () => {
    await withRunning(open, async ({ store, running, findings }) => {
      let run = 0;
      const level = async (sku: string) => (await store.read.stockLevel({ live: false, sku }))?.onHand;
      await fc.assert(
        fc.asyncProperty(
          fc.array(sale, { minLength: 1, maxLength: 4 }),
          arrival,
          async (sales, { ranks, doubled, atOnce }) => {
            run += 1;
            const skus = [`TEA ${run}`, `CUP ${run}`] as const;
            const items = skus.map((sku) => ({ sku, level: 5 }));
            await running.stock.load({ reference: `run ${run}`, live: false, by: "ann", reason: "counted", items });
            const steps: (() => Promise<unknown>)[] = sales.flatMap((one, n) =>
              stepsOf(running, `prop${run}n${n}`, one, skus),
            );
            const twice = steps.flatMap((step, i) => (doubled[i % doubled.length] ? [step, step] : [step]));
            const mixed = twice
              .map((step, i) => ({ step, rank: ranks[i % ranks.length] ?? 0 }))
              .sort((a, b) => a.rank - b.rank)
              .map(({ step }) => step);
            while (mixed.length > 0) await Promise.all(mixed.splice(0, atOnce).map((step) => step()));
            for (const [n, { fate }] of sales.entries())
              if (fate === "canceled") await running.commands.cancel(`prop${run}n${n}`, null);
            await settled(store);
            const kept = sales.filter(({ fate }) => fate === "kept");
            expect([await level(skus[0]), await level(skus[1])]).toEqual([
              5 - kept.reduce((sum, { tea }) => sum + tea, 0),
              5 - kept.reduce((sum, { cup }) => sum + cup, 0),
            ]);
          },
        ),
        { numRuns: 12 },
      );
      expect(await findings()).toEqual([]);
    });
  }, 120_000);
});
