import { describe, expect, test } from "vitest";
import type { Channel } from "../../src/gateways/gateway.ts";
import { paymentIntent, stripeEvent, stripePayout } from "../end-to-end/senders.ts";
import { availableDialects } from "../store/databases.ts";
import { broken, sealAll, withHistories } from "./bench.ts";
import { TAMPERINGS } from "./tamperings.ts";

const REFERENCES = ["a1", "a2", "a3", "a4", "a5", "a6"];

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("a database filled by shuffled and repeated histories is clean, and rebuilding it changes nothing", async () => {
      await withHistories(dialect, REFERENCES, async ({ check, rebuild }) => {
        const report = await check();
        expect.soft(report.findings.kept).toEqual([]);
        expect.soft(report.checked).toMatchObject({ payments: 6, orders: 6 });
        expect.soft(report.checked.facts).toBeGreaterThan(40);
        const rebuilt = await rebuild();
        expect.soft(rebuilt.findings.kept).toEqual([]);
        expect.soft(rebuilt.read).toMatchObject({ payments: 6, orders: 6, kept: 0 });
      });
    }, 60_000);

    test("each tampering is found and named, shown by a rebuild, and put right by --apply", async () => {
      await withHistories(dialect, REFERENCES, async ({ check, rebuild, store, tamper }) => {
        await sealAll(store);
        for (const { name, sql, broken: laws, leaves = [], retracts } of TAMPERINGS) {
          for (const statement of sql) await tamper.run(statement);
          expect.soft(broken(await check()), name).toEqual(expect.arrayContaining([...laws]));
          if (laws.every((law) => law.startsWith("input_"))) {
            await tamper.run(
              "update inputs set state = 'applied', reason = null, settled_at = received_at where key like 'evt_a__2'",
            );
            await tamper.run("update inputs set body_hash = 'x' where key = 'evt_a1_2'");
            continue;
          }
          const shown = await rebuild();
          expect.soft(shown.findings.total, name).toBeGreaterThan(0);
          expect.soft(broken(await check()), `${name}: shown only`).toEqual(expect.arrayContaining([...laws]));
          const applied = await rebuild({ apply: true });
          expect.soft([...applied.remaining.counts.keys()], `${name}: left`).toEqual(leaves);
          if (retracts) await rebuild({ apply: true, retractEvents: true });
          expect.soft((await check()).findings.kept, `${name}: afterwards`).toEqual([]);
        }
      });
    }, 120_000);

    test("a fact is compared with what it said, be its time that of its receipt, or cut to it", async () => {
      await withHistories(dialect, [], async ({ check, notify, tamper }) => {
        const created = Math.floor(Date.now() / 1000);
        const receivedAt = new Date(created * 1000);
        for (const [id, ahead] of [
          ["pi_same", 0],
          ["pi_ahead", 3],
        ] as const) {
          const object = paymentIntent({ id, amount: 1999 });
          await notify(stripeEvent({ type: "payment_intent.succeeded", object, created: created + ahead }), receivedAt);
        }
        expect((await check()).findings.kept).toEqual([]);
        await tamper.run(`update facts set body = replace(body, '"amount":"1999"', '"amount":"2999"')`);
        expect((await check()).findings.counts.get("fact_content")).toBe(2);
      });
    }, 60_000);

    test("an entry that does not sum to zero, or came with nothing, is found, and what was posted is never rewritten", async () => {
      await withHistories(dialect, ["a1"], async ({ check, rebuild, tamper }) => {
        const lines = () => tamper.one("select count(*) from postings");
        await tamper.run("update postings set amount = amount + 1 where account = 'revenue:sales'");
        await tamper.run("update postings set input = 'inp_never' where account = 'assets:cash:stripe:default'");
        expect(broken(await check())).toEqual(["ledger_entry", "ledger_posted"]);
        const before = await lines();
        const { remaining } = await rebuild({ apply: true });
        expect([...remaining.counts.keys()]).toEqual(["ledger_entry"]);
        expect(broken(await check())).toEqual(["ledger_entry"]);
        // One line makes good the one that was changed.
        expect(Number(await lines())).toBe(Number(before) + 1);
      });
    }, 60_000);

    test("what was posted of a payout is held to what was told of it, and put right", async () => {
      await withHistories(dialect, ["a1"], async ({ check, rebuild, notify, tamper }) => {
        await notify(stripePayout({ id: "po_1", amount: 500, status: "pending", at: 60 }));
        await notify(stripePayout({ id: "po_1", amount: 500, status: "paid", at: 30 }));
        expect((await check()).findings.kept).toEqual([]);
        expect(await tamper.one("select sum(amount) from postings where account like 'assets:bank:%'")).toBe("500");
        for (const sql of [
          "delete from postings where subject like 'payout/%'",
          "update postings set amount = amount * 2 where subject like 'payout/%'",
          `insert into postings (subject, version, account, currency, amount, live, effective_at, at)
           select 'payout/stripe/default/test/payout/po_9', 1, account, currency, amount, live, effective_at, at
           from postings where subject like 'payout/%/po_1' and version = 1`,
        ]) {
          await tamper.run(sql);
          expect.soft(broken(await check()), sql).toEqual(["ledger_posted"]);
          expect.soft((await rebuild({ apply: true })).remaining.kept, sql).toEqual([]);
          expect.soft((await check()).findings.kept, `${sql}: afterwards`).toEqual([]);
        }
        expect(await tamper.one("select sum(amount) from postings where account like 'assets:bank:%'")).toBe("500");
      });
    }, 60_000);

    test("bodies that are no longer kept are counted, their facts stand, and any other body that is gone is found", async () => {
      await withHistories(dialect, ["a1", "a2"], async ({ check, rebuild, store, tamper }) => {
        const before = new Date(Date.now() + 1_000);
        expect(await store.emptyBodies({ before, after: null, limit: 100 })).toEqual({ emptied: 16, next: null });
        const report = await check();
        expect(report.findings.kept).toEqual([]);
        expect(report.emptied).toBe(16);
        const rebuilt = await rebuild({ apply: true });
        expect(rebuilt.findings.kept).toEqual([]);
        expect(rebuilt.read).toMatchObject({ kept: 16, emptied: 16 });
        expect((await store.read.order("a1"))?.record?.state).toMatchObject({ paid: 1999n });

        await tamper.run("update inputs set body = '', query = 'a=1' where key = 'evt_a1_2'");
        expect(broken(await check())).toEqual(["input_body"]);
      });
    }, 60_000);

    test("payments that turned out to be one are checked with their aliases", async () => {
      await withHistories(dialect, ["a1"], async ({ check, rebuild, notify, store, tamper }) => {
        const event = (n: number, type: string, object: object) =>
          notify(stripeEvent({ id: `evt_m_${n}`, type, object: { ...object } }));
        const charge = { object: "charge", amount: 1999, amount_captured: 1999, amount_refunded: 500, captured: true };
        const state = { currency: "usd", metadata: {}, status: "succeeded" };
        await event(1, "payment_intent.succeeded", paymentIntent({ id: "pi_m", amount: 1999, order: "m" }));
        await event(2, "refund.created", { id: "re_m", object: "refund", amount: 500, charge: "ch_m", ...state });
        expect((await check()).checked.payments).toBe(3);
        await event(3, "charge.succeeded", { id: "ch_m", payment_intent: "pi_m", ...charge, ...state });
        const report = await check();
        expect(report.findings.kept).toEqual([]);
        expect((await rebuild()).findings.kept).toEqual([]);
        const page = await store.read.payments({ order: "m" }, { limit: 10, cursor: null });
        expect(page.rows.map(({ aliases, state: { refunded } }) => [aliases.length, refunded])).toEqual([[1, 500n]]);

        await tamper.run("update payments set alias_of = 'pay_nobody' where alias_of is not null");
        expect(broken(await check())).toEqual(["ledger_posted", "payment_alias"]);
        await tamper.run(`update payments set alias_of = '${page.rows[0]?.id}' where alias_of is not null`);
        expect((await check()).findings.kept).toEqual([]);
      });
    }, 60_000);

    test("an adapter that reads otherwise than it did shows in facts, payments and orders, and --apply follows it", async () => {
      await withHistories(dialect, ["a1", "a2"], async ({ check, rebuild, store, stripe }) => {
        const channels = new Map([["stripe/default", withDearerCharges(stripe, "ch_a1")]]);
        const shown = await rebuild({ channels });
        expect(broken(shown)).toEqual(["fact_derived", "payment_state"]);
        expect(shown.findings.kept.map(({ detail }) => detail).join()).toContain("captured 1999, should be 2999");
        expect((await check()).findings.kept).toEqual([]);
        const applied = await rebuild({ channels, apply: true });
        expect(applied.remaining.kept).toEqual([]);
        expect((await check()).findings.kept).toEqual([]);
        expect((await store.read.order("a1"))?.record?.state.payments).toMatchObject([
          { counts: false, held: ["amount_mismatch"] },
        ]);
        expect((await rebuild({ apply: true })).remaining.kept).toEqual([]);
        expect((await store.read.order("a1"))?.record?.state.payments).toMatchObject([{ counts: true }]);
        expect((await rebuild()).findings.kept).toEqual([]);
      });
    }, 60_000);
  });
}

/** The channel with another reading of one charge. */
function withDearerCharges(channel: Channel, reference: string): Channel {
  return {
    ...channel,
    read: (notification) => {
      const parsed = channel.read(notification);
      if (parsed.kind === "unreadable") return parsed;
      const payload = parsed.payload.map((item) => ({
        ...item,
        facts: item.facts.map((fact) =>
          fact.kind === "capture" && fact.reference === reference && fact.amount !== undefined
            ? { ...fact, amount: fact.amount + 1000n }
            : fact,
        ),
      }));
      return { kind: "parsed", payload };
    },
  };
}
