import { describe, expect, test } from "vitest";
import { EFFECT_NAMES } from "../../src/payments/effect-name.ts";
import { Goods } from "../../src/pipeline/goods-commands.ts";
import { line } from "../pipeline/purchase.ts";
import { availableDialects } from "../store/databases.ts";
import { type Bench, broken, RULES, withHistories } from "./bench.ts";

const goodsOf = ({ store }: Bench) =>
  new Goods({ store, rules: RULES, effects: new Set(EFFECT_NAMES), now: () => new Date() });

const DOWNLOAD = { file: "book.pdf", url: null, name: "book.pdf", days: 30, limit: 10 };
const LINES = [
  { ...line("PRO", 2), license: "pro" },
  { ...line("BOOK", 1), download: DOWNLOAD },
];

async function given({ store }: Bench, order: string): Promise<readonly string[]> {
  const { licenses } = await store.goods.ofOrder(order);
  return licenses.map(({ key, isRevoked }) => (isRevoked ? `(${key})` : key));
}

/** What somebody does to the goods, and the laws that find it. A rebuild puts right what the orders say. */
const MENDED: readonly (readonly [string, string, readonly string[]])[] = [
  ["a key taken back", "update license_keys set revoked_at = given_at where unit = 1", ["order_licenses"]],
  ["a wait that nobody owes", `update license_waits set missing = 2 where "order" = 'a2'`, ["order_licenses"]],
  ["a wait that is gone", "delete from license_waits", ["order_licenses"]],
  ["a download that is gone", "delete from downloads", ["order_downloads"]],
];

/** Keys are what was loaded and given: nothing else could say them again. */
const FOUND: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    "another key",
    "update license_keys set key = 'K-9' where key = 'K-1'",
    "update license_keys set key = 'K-1' where key = 'K-9'",
    ["license_key"],
  ],
  [
    "a key given to nobody's order",
    `update license_keys set "order" = 'gone', sku = 'PRO', unit = 7 where key = 'S-1'`,
    `update license_keys set "order" = null, sku = null, unit = null where key = 'S-1'`,
    ["license_key"],
  ],
  [
    "a list told otherwise",
    "update license_keys set input = 'inp_other' where key = 'S-1'",
    "update license_keys set input = (select input from license_keys where key = 'S-2') where key = 'S-1'",
    ["license_key", "license_load"],
  ],
];

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`goods, checked on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("what somebody changes is found; a rebuild puts right what is owed, and keeps what was given", async () => {
      await withHistories(dialect, [], async (bench) => {
        await goodsOf(bench).loadLicenses({ pool: "pro", live: false }, ["K-1", "K-2", "K-3"]);
        await goodsOf(bench).loadLicenses({ pool: "spare", live: false }, ["S-1", "S-2"]);
        await bench.deliver("a1", LINES);
        await bench.deliver("a2", LINES);
        const before = [await given(bench, "a1"), await given(bench, "a2")];
        expect(before).toEqual([["K-1", "K-2"], ["K-3"]]);
        expect((await bench.check()).findings.kept).toEqual([]);
        for (const [what, sql, laws] of MENDED) {
          await bench.tamper.run(sql);
          expect.soft(broken(await bench.check()), what).toEqual(laws);
          expect.soft((await bench.rebuild({ apply: true })).remaining.kept, what).toEqual([]);
          expect.soft((await bench.check()).findings.kept, what).toEqual([]);
          expect.soft([await given(bench, "a1"), await given(bench, "a2")], what).toEqual(before);
        }
        for (const [what, sql, back, laws] of FOUND) {
          await bench.tamper.run(sql);
          expect.soft(broken(await bench.check()), what).toEqual(laws);
          await bench.tamper.run(back);
        }
        expect((await bench.check()).findings.kept).toEqual([]);
      });
    }, 120_000);

    test("the database refuses to change, to give again and to remove keys", async () => {
      await withHistories(dialect, [], async (bench) => {
        await goodsOf(bench).loadLicenses({ pool: "pro", live: false }, ["K-1", "K-2", "K-3"]);
        await bench.deliver("a1", LINES);
        for (const sql of [
          "update license_keys set key = 'X' where key = 'K-3'",
          "update license_keys set pool = 'other' where key = 'K-3'",
          `update license_keys set "order" = 'a2' where key = 'K-1'`,
          `update license_keys set "order" = null, sku = null, unit = null where key = 'K-1'`,
          "delete from license_keys where key = 'K-3'",
        ])
          await expect.soft(bench.tamper.attempt(sql), sql).rejects.toThrow(/is refused: it never changes/);
        const twice = `update license_keys set "order" = 'a1', sku = 'PRO', unit = 1 where key = 'K-3'`;
        await expect(bench.tamper.attempt(twice)).rejects.toThrow(/unique/i);
        await bench.tamper.attempt("update license_keys set revoked_at = given_at where key = 'K-1'");
      });
    }, 120_000);
  });
}
