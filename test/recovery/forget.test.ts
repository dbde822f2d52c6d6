import { describe, expect, test } from "vitest";
import { Rules } from "../../src/pipeline/rules.ts";
import { check } from "../../src/recovery/check.ts";
import { forget, whoIs } from "../../src/recovery/forget.ts";
import { stripeEvent } from "../end-to-end/senders.ts";
import { EXPECTED } from "../pipeline/purchase.ts";
import { stripeAccount } from "../pipeline/running.ts";
import { availableDialects } from "../store/databases.ts";
import { type Bench, sealAll, withHistories } from "./bench.ts";

const now = (): Date => new Date();
const rules = new Rules([stripeAccount()]);

const customer = (email: string | null, name: string) => ({
  ...{ email, name, locale: "de", company: null, address: ["5 Cup Road", "Dublin"], taxId: null },
});

function charge(order: string, who: { readonly id?: string; readonly email?: string; readonly name?: string }, n = 1) {
  return stripeEvent({
    id: `evt_${order}_${n}`,
    type: n === 1 ? "charge.succeeded" : "charge.updated",
    object: {
      ...{ id: `ch_${order}`, object: "charge", amount: 1999, amount_captured: 1999, amount_refunded: 0 },
      ...{ captured: true, currency: "usd", status: "succeeded", refunded: false, metadata: { order_id: order } },
      ...{ customer: who.id ?? null, billing_details: { email: who.email ?? null, name: who.name ?? null }, n },
    },
  });
}

async function forgetting({ audit }: Bench, who: string, documents = false) {
  const person = await audit.snapshot((view) => whoIs(view, who));
  return forget({ audit, rules, now, ...person, by: "the shop", documents });
}

const TABLES = [
  "inputs",
  "facts",
  "payments",
  "orders",
  "decisions",
  "events",
  "deliveries",
  "customers",
  "customer_keys",
  "erasures",
];

/** All that the database holds, as text. */
async function everything({ tamper }: Bench, tables: readonly string[] = TABLES) {
  let text = "";
  for (const table of tables) text += await tamper.dump(table);
  return text;
}

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`forgetting on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("a person is erased everywhere, the books stay, seals, check and rebuild hold, and again is nothing more", async () => {
      await withHistories(dialect, ["other1"], async (bench) => {
        const { store, register, notify } = bench;
        await register("f1", { ...EXPECTED, customer: customer("Ann@Example.com", "Ann Forgotten") });
        await register("f2", { ...EXPECTED, customer: customer(null, "Anonymous Forgotten") });
        await register("f3", { ...EXPECTED, customer: customer("bea@example.com", "Bea Kept") });
        await notify(charge("f1", { id: "cus_ann", email: "ann@example.com", name: "Ann Forgotten" }));
        await notify(charge("f1", { id: "cus_ann", email: "ann@example.com", name: "A. Forgotten" }, 2));
        await notify(charge("f2", { id: "cus_ann", name: "Ann Forgotten" }));
        await notify(charge("f3", { id: "cus_bea", email: "bea@example.com", name: "Bea Kept" }));
        await notify(stripeEvent({ type: "customer.updated", object: { id: "cus_ann", email: "ann@example.com" } }));
        await bench.tamper.run(
          `insert into documents values ('invoice', true, 1, 'f1', 'f1', '2026-01-01', '{"customer":{"name":"Ann Forgotten"}}')`,
        );
        await sealAll(store);
        const { seal } = await bench.check();
        const before = (await store.read.order("f1"))?.record?.state;
        for (const table of [
          "inputs",
          "facts",
          "payments",
          "orders",
          "decisions",
          "events",
          "customers",
          "customer_keys",
        ])
          expect(await everything(bench, [table]), table).toMatch(/ann@example|forgotten/i);

        const done = await forgetting(bench, " ANN@example.com");
        expect(done).toEqual({
          ...{ payments: 2, orders: 2, customers: 1, documents: 0, documentsKept: 1, waiting: 0 },
          ...{ inputs: 6, events: expect.any(Number) },
        });
        const left = await everything(bench);
        expect(left).not.toMatch(/ann@example|forgotten|cus_ann/i);
        expect(left).toMatch(/bea@example/);
        expect(left).toMatch(/Bea Kept/);

        const after = (await store.read.order("f1"))?.record?.state;
        expect(after).toEqual({ ...before, expectation: { ...before?.expectation, customer: null } });
        expect((await store.read.order("f3"))?.record?.state.expectation?.customer?.name).toBe("Bea Kept");
        const checked = await check({ audit: bench.audit, rules, now, ...(seal && { seal }) });
        expect(checked.findings.kept).toEqual([]);
        expect((await bench.rebuild()).findings.kept).toEqual([]);
        await sealAll(store);
        expect((await bench.check()).findings.kept).toEqual([]);

        const again = await forgetting(bench, "ann@example.com");
        expect(again).toEqual({
          ...{ payments: 0, orders: 0, inputs: 0, events: 0, customers: 0, documents: 0, documentsKept: 0, waiting: 0 },
        });
      });
    }, 120_000);

    test("what the gateway repeats is known still; what it tells anew is stored, and can be forgotten again", async () => {
      await withHistories(dialect, [], async (bench) => {
        const { store, register, notify } = bench;
        const told = charge("g1", { id: "cus_g", email: "gus@example.com", name: "Gus" });
        await register("g1", { ...EXPECTED, customer: customer("gus@example.com", "Gus") });
        await notify(told);
        const [found] = (await store.read.customers({ live: false }, { limit: 1, cursor: null })).rows;
        expect((await forgetting(bench, found?.id ?? "")).payments).toBe(1);
        await notify(told);
        expect(await everything(bench)).not.toMatch(/gus/i);
        await notify(charge("g1", { id: "cus_g", email: "gus@example.com", name: "Gus" }, 2));
        expect(await everything(bench)).toMatch(/gus@example/);
        expect((await bench.check()).findings.kept).toEqual([]);
        expect(await forgetting(bench, "gus@example.com")).toMatchObject({ payments: 1, customers: 1 });
        expect(await everything(bench)).not.toMatch(/gus/i);
        expect((await bench.check()).findings.kept).toEqual([]);
      });
    }, 120_000);

    test("documents lose the buyer only where that is asked for", async () => {
      await withHistories(dialect, [], async (bench) => {
        await bench.register("d1", { ...EXPECTED, customer: customer("dan@example.com", "Dan") });
        await bench.tamper.run(
          `insert into documents values ('invoice', true, 1, 'd1', 'd1', '2026-01-01', '{"customer":{"name":"Dan"},"total":"1"}')`,
        );
        expect(await forgetting(bench, "dan@example.com", true)).toMatchObject({ documents: 1, documentsKept: 0 });
        expect(await bench.tamper.one("select body from documents")).toBe('{"customer":null,"total":"1"}');
      });
    }, 60_000);

    test("an erasure that the journal does not bear out is found", async () => {
      await withHistories(dialect, [], async (bench) => {
        await bench.register("t1", { ...EXPECTED, customer: customer("tom@example.com", "Tom") });
        await bench.notify(charge("t1", { email: "tom@example.com" }));
        await forgetting(bench, "tom@example.com");
        const broken = async () => [...(await bench.check()).findings.counts.keys()].sort();
        await bench.tamper.run(`update facts set body = replace(body, '"amount":"1999"', '"amount":"2999"')`);
        expect(await broken()).toContain("fact_content");
        await bench.tamper.run("update erasures set rest = 'another' where subject like 'fact:%'");
        expect(await broken()).toContain("input_erased");
      });
    }, 60_000);
  });
}
