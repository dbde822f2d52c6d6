import { expect, test } from "vitest";
import { FLAG_STANDS_MS } from "../../src/pipeline/flag-changes.ts";
import { tellFlags } from "../../src/pipeline/flagged.ts";
import { Rules } from "../../src/pipeline/rules.ts";
import { check } from "../../src/recovery/check.ts";
import { openAudit } from "../../src/store/audit/open-audit.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { stripeEvent } from "../end-to-end/senders.ts";
import { eventually } from "../end-to-end/server.ts";
import { openTamperer } from "../recovery/tamperer.ts";
import { send, settled } from "./purchase.ts";
import { run, stripeAccount } from "./running.ts";

const refund = (charge: string, id = `re_${charge}`) =>
  stripeEvent({
    type: "refund.created",
    object: { id, object: "refund", amount: 500, charge, currency: "usd", payment_intent: null, status: "succeeded" },
  });

const charge = (id: string) =>
  stripeEvent({
    type: "charge.succeeded",
    object: {
      ...{ id, object: "charge", amount: 500, amount_captured: 500, amount_refunded: 0, captured: true },
      ...{ currency: "usd", metadata: {}, payment_intent: null, refunded: false, status: "succeeded" },
    },
  });

/** Paid, and neither intent nor invoice says by what. */
const session = (id: string) =>
  stripeEvent({
    type: "checkout.session.completed",
    object: {
      ...{ id, object: "checkout.session", amount_total: 700, currency: "usd", metadata: {}, mode: "payment" },
      ...{ payment_intent: null, payment_status: "paid", status: "complete" },
    },
  });

/** What was told of a payment's flags, oldest first. */
async function toldOf(store: Store, reference: string): Promise<readonly (readonly string[])[]> {
  const { rows } = await store.read.payments({ reference }, { limit: 1, cursor: null });
  const events = await store.read.eventsOf({ payments: rows.map(({ id }) => id) });
  return events.filter(({ type }) => type === "payment.flagged").map(({ snapshot }) => JSON.parse(snapshot).flags);
}

describeOnEachDatabase("flags", (open) => {
  test("are told once, by one of all processes, when they have stood for an hour, and not when they were explained", async () => {
    const database = await open();
    let passed = 0;
    const now = () => new Date(Date.now() + passed);
    const store = await openStore({ url: database.url, now });
    const running = run(store, stripeAccount(), now);
    const tellAll = async () => {
      const due = await store.flaggedPayments(now(), 10);
      await Promise.all([...due, ...due, ...due].map((payment) => tellFlags({ store, now }, payment)));
    };
    await send(running, refund("ch_stray"));
    await send(running, refund("ch_late"));
    await send(running, session("cs_alone"));
    await settled(store);
    await send(running, charge("ch_late"));
    await settled(store);

    passed = FLAG_STANDS_MS - 60_000;
    expect(await store.flaggedPayments(now(), 10)).toEqual([]);
    passed = FLAG_STANDS_MS + 60_000;
    await tellAll();
    await tellAll();
    expect(await toldOf(store, "ch_stray")).toEqual([["refund_exceeds_capture"]]);
    expect(await toldOf(store, "cs_alone")).toEqual([["unexplained"]]);
    expect(await toldOf(store, "ch_late")).toEqual([]);

    // Explained at last, and then too much once more: that is news again.
    await send(running, charge("ch_stray"));
    await settled(store);
    await send(running, refund("ch_stray", "re_again"));
    await settled(store);
    passed = 2 * FLAG_STANDS_MS + 120_000;
    await tellAll();
    expect(await toldOf(store, "ch_stray")).toEqual([["refund_exceeds_capture"], ["refund_exceeds_capture"]]);
    expect(await store.flaggedPayments(now(), 10)).toEqual([]);

    const audit = await openAudit({ url: database.url, now });
    const { findings } = await check({
      audit,
      rules: new Rules([stripeAccount()]),
      now,
    });
    expect(findings.kept).toEqual([]);
    await audit.close();
    await running.stop(5_000);
    await store.close();
    await database.drop();
  }, 60_000);

  test("raise the alarm, though a payment beside it can't be read", async () => {
    const database = await open();
    let passed = 0;
    const now = () => new Date(Date.now() + passed);
    const store = await openStore({ url: database.url, now });
    const running = run(store, stripeAccount(), now);
    await send(running, refund("ch_broken"));
    await settled(store);
    await send(running, refund("ch_stray"));
    await settled(store);
    const tamperer = await openTamperer(database);
    await tamperer.run("update payments set state = '{}' where reference = 're_ch_broken' or reference = 'ch_broken'");
    await tamperer.close();
    passed = FLAG_STANDS_MS + 60_000;
    await eventually(async () => running.alarms.includes("flagged"), 30_000);
    expect(await toldOf(store, "ch_stray")).toHaveLength(1);
    await running.stop(5_000);
    await store.close();
    await database.drop();
  }, 60_000);
});
