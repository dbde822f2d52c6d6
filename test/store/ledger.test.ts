import { expect, test } from "vitest";
import { readCurrency } from "../../src/payments/money.ts";
import { NOTHING_WRITTEN } from "../../src/pipeline/nothing-written.ts";
import type { Posting } from "../../src/store/effect-rows.ts";
import { availableDialects, withStore } from "./databases.ts";
import { minutesAfterNoon, NOON } from "./rows.ts";

const usd = readCurrency("USD") ?? expect.fail("USD is a currency");

/** More than one statement sums on SQLite, and several times what one page looks at. */
const ENTRIES = 11_000;

function entry(index: number, account: string): readonly Posting[] {
  const line = {
    subject: `pay_${String(index).padStart(6, "0")}`,
    ...{ version: 1, currency: usd, live: false, order: null, fact: null, input: "ntf_1", effectiveAt: NOON },
    at: new Date(NOON.getTime() + index),
  };
  return [
    { ...line, account, amount: 7n },
    { ...line, account: "revenue:sales", amount: -7n },
  ];
}

for (const { dialect, skip } of await availableDialects()) {
  test.skipIf(skip !== null)(
    `a ledger of many lines is summed whole, and a rare account is found page by page on ${dialect}${skip === null ? "" : ` (${skip})`}`,
    { timeout: 60_000 },
    () =>
      withStore(dialect, async (store) => {
        // The rare one is the oldest of all.
        const postings = Array.from({ length: ENTRIES }, (_, index) =>
          entry(index, index === 0 ? "equity:trading" : "assets:cash:stripe:default"),
        ).flat();
        await store.transaction((transaction) =>
          transaction.write({ ...NOTHING_WRITTEN, effects: { ...NOTHING_WRITTEN.effects, postings } }, null),
        );
        const until = minutesAfterNoon(60);
        expect(await store.read.ledgerSums(until)).toMatchObject([
          { account: "assets:cash:stripe:default", debits: BigInt(7 * (ENTRIES - 1)), credits: 0n },
          { account: "equity:trading", debits: 7n, credits: 0n },
          { account: "revenue:sales", debits: 0n, credits: BigInt(7 * ENTRIES) },
        ]);
        const pages: number[] = [];
        for (let cursor: string | null = null; ; ) {
          const page: Awaited<ReturnType<typeof store.read.postings>> = await store.read.postings(
            { account: "equity:trading" },
            { limit: 10, cursor },
          );
          pages.push(page.rows.length);
          if (page.next === null) break;
          cursor = page.next;
        }
        expect(pages).toEqual([0, 0, 0, 0, 1]);
        // The version that is taken is somebody else's entry.
        const again = store.transaction((transaction) =>
          transaction.write(
            { ...NOTHING_WRITTEN, effects: { ...NOTHING_WRITTEN.effects, postings: entry(1, "assets:receivable") } },
            null,
          ),
        );
        await expect(again).rejects.toMatchObject({ reason: "conflict" });
      }),
  );
}
