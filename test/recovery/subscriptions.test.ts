import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { EFFECT_NAMES } from "../../src/payments/effect-name.ts";
import { Rules } from "../../src/pipeline/rules.ts";
import { check } from "../../src/recovery/check.ts";
import { Identity, keysOfEmail } from "../../src/recovery/erasing.ts";
import { forget } from "../../src/recovery/forget.ts";
import { Sampler } from "../../src/recovery/sampler.ts";
import type { Audit } from "../../src/store/audit.ts";
import { stripeAccount } from "../pipeline/running.ts";
import { stripeYear } from "../pipeline/years/stripe.ts";
import { availableDialects } from "../store/databases.ts";
import { type Bench, broken, withHistories } from "./bench.ts";

/** What somebody changes in subscriptions is found and put right; what was never made is made. */

const LIFE = { name: "a", order: "a1", amount: 1999, start: Date.now() - 400 * 86_400_000 };
/** To the third period. */
const MESSAGES = stripeYear(LIFE).slice(0, 13);

const TAMPERINGS: readonly (readonly [name: string, sql: string, laws: readonly string[]])[] = [
  ["a status in its column", "update subscriptions set status = 'ended'", ["subscription_columns"]],
  ["an end that is none", "update subscriptions set ends_at = created_at", ["subscription_columns"]],
  [
    "a price in its state",
    `update subscriptions set state = replace(state, '"amount":"1999"', '"amount":"1"')`,
    ["subscription_state"],
  ],
  ["a state that is none", "update subscriptions set state = 'x'", ["subscription_state"]],
  ["a row that is gone", "delete from subscriptions", ["subscription_state"]],
  ["a row that no fact bears out", "update subscriptions set reference = 'sub_b'", ["subscription_state"]],
  ["a renewal that was not told", "delete from events where key like '%renewed%in_a_2'", ["subscription_events"]],
  ["a start that was not told", "delete from events where type = 'subscription.started'", ["subscription_events"]],
];

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("each tampering is found and named, and put right by a rebuild", async () => {
      await withSubscription(dialect, async ({ check: checked, rebuild, tamper }) => {
        expect((await checked()).findings.kept).toEqual([]);
        expect((await rebuild()).findings.kept).toEqual([]);
        for (const [name, sql, laws] of TAMPERINGS) {
          await tamper.run(sql);
          expect.soft(broken(await checked()), name).toEqual(expect.arrayContaining([...laws]));
          expect.soft((await rebuild({ apply: true })).remaining.kept, name).toEqual([]);
          expect.soft((await checked()).findings.kept, `${name}: afterwards`).toEqual([]);
        }
      });
    }, 60_000);

    test("nothing is left of a buyer who is forgotten, and the books hold", async () => {
      await withSubscription(dialect, async ({ audit, check: checked, tamper }) => {
        const email = "ann@example.com";
        const naming = (table: string) => tamper.one(`select count(*) from ${table} like '%${email}%'`);
        const held = async () => [
          await naming("subscriptions where state"),
          await naming("events where type <> 'customer.created' and snapshot"),
        ];
        const [states, events] = await held();
        // How many passing states were told is chance.
        expect([states, Number(events) > 3]).toEqual(["1", true]);
        const keys = keysOfEmail(email) ?? [];
        const rules = new Rules([stripeAccount()]);
        const identity = new Identity([...keys, ...(await keysOf(audit, keys))]);
        await forget({
          audit,
          rules,
          now: () => new Date(),
          identity,
          customers: [],
          by: "the shop",
          documents: false,
        });
        expect(await held()).toEqual(["0", "0"]);
        expect((await checked()).findings.kept.filter(({ law }) => law.startsWith("subscription"))).toEqual([]);
      });
    }, 60_000);

    test("is found by a sample as well", async () => {
      await withSubscription(dialect, async ({ audit, tamper }) => {
        await tamper.run("update subscriptions set status = 'ended'");
        const found: string[] = [];
        const sampler = new Sampler({
          open: async () => ({ ...audit, close: async () => undefined }),
          rules: new Rules([stripeAccount()]),
          log: pino({ level: "silent" }),
          everyMs: 3_600_000,
          random: () => 0,
          onSampled: ({ findings }) => found.push(...findings.map(({ law }) => law)),
        });
        await sampler.sample();
        await sampler.stop();
        expect(found).toEqual(["subscription_columns"]);
      });
    }, 60_000);

    test("where subscriptions are switched off nobody misses them", async () => {
      await withSubscription(dialect, async ({ audit, tamper }) => {
        await tamper.run("delete from subscriptions");
        const effects = new Set(EFFECT_NAMES.filter((name) => name !== "subscriptions"));
        const rules = new Rules([stripeAccount()], { effects, stockReturns: new Set() });
        const report = await check({ audit, rules, now: () => new Date() });
        expect(broken(report).filter((law) => law.startsWith("subscription"))).toEqual([]);
      });
    }, 60_000);
  });
}

/** All keys of whoever has one of these. */
function keysOf(audit: Audit, keys: readonly string[]): Promise<readonly string[]> {
  return audit.snapshot(async (view) => {
    const found = [...(await view.customersOf(keys)).values()].flatMap((id) => id ?? []);
    return (await view.customersWhole(found)).keys;
  });
}

function withSubscription(dialect: Parameters<typeof withHistories>[0], work: (bench: Bench) => Promise<void>) {
  return withHistories(dialect, [], async (bench) => {
    // All at once: an invoice waits for its payment to be told.
    await Promise.all(MESSAGES.map(({ body }) => bench.notify(body)));
    await work(bench);
  });
}
