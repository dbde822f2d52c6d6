import { describe, expect, test } from "vitest";
import { availableDialects } from "../store/databases.ts";
import { broken, sealAll, withHistories } from "./bench.ts";

const REFUSED = [
  "delete from decisions",
  `update decisions set body = '{}' where "order" = 'a1'`,
  "delete from events where key = 'order.paid:a1'",
  "update events set snapshot = '{}'",
  "delete from facts where object_key like '%/refund/re_a1'",
  `update facts set body = replace(body, '"amount":"500"', '"amount":"900"')`,
  "update facts set input = 'ntf_other' where object_key like '%/refund/re_a1'",
  "delete from seals",
  "update seals set hash = 'ff'",
  "delete from inputs where key = 'evt_a1_2'",
  "update inputs set body_hash = 'ff' where key = 'evt_a1_2'",
  "update inputs set key = 'evt_other' where key = 'evt_a1_2'",
  "update inputs set received_at = settled_at where key = 'evt_a1_2'",
  "update inputs set headers = '{}' where key = 'evt_a1_2'",
  "update inputs set query = 'a=1' where key = 'evt_a1_2'",
  "update postings set amount = amount + 1",
  "delete from postings",
];

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`guards on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("the database refuses to change what came in, what was said, what was decided, what was posted and what was told", async () => {
      await withHistories(dialect, ["a1"], async ({ check, store, tamper }) => {
        await sealAll(store);
        for (const sql of REFUSED)
          await expect.soft(tamper.attempt(sql), sql).rejects.toThrow(/is refused: it never changes/);
        if (dialect === "postgresql")
          for (const table of [
            "decisions",
            "documents",
            "erasures",
            "events",
            "facts",
            "inputs",
            "postings",
            "seals",
            "stock_movements",
          ])
            await expect.soft(tamper.attempt(`truncate ${table}`), table).rejects.toThrow(/is refused/);
        await tamper.attempt("insert into documents values ('receipt', true, 1, 'a1', 'a1', '2026-01-01', '{}')");
        await expect(tamper.attempt("update documents set number = 2")).rejects.toThrow(/is refused/);
        await expect(tamper.attempt("delete from documents")).rejects.toThrow(/is refused/);
        expect((await check()).findings.kept).toEqual([]);
      });
    }, 60_000);

    test("what may change changes: projections, outcomes, the payment of a fact", async () => {
      await withHistories(dialect, ["a1"], async ({ tamper }) => {
        await tamper.attempt("update payments set status = 'refunded'");
        await tamper.attempt("update inputs set repeats = repeats + 1, reason = null, payment = 'pay_other'");
        await tamper.attempt("update facts set payment = 'pay_other'");
      });
    }, 60_000);

    test("a guard that somebody takes away, or leaves open, is found", async () => {
      await withHistories(dialect, ["a1"], async ({ check, tamper }) => {
        await tamper.attempt("insert into repairs (id) values ('left')");
        expect(broken(await check())).toEqual(["guards"]);
        await tamper.attempt("delete from repairs");
        expect((await check()).findings.kept).toEqual([]);
        await tamper.attempt(`drop trigger keep_facts${dialect === "postgresql" ? " on facts" : ""}`);
        const { findings } = await check();
        expect(findings.kept.map(({ law, subject }) => [law, subject])).toEqual([["guards", "keep_facts"]]);
      });
    }, 60_000);
  });
}
