import { expect, test } from "vitest";
import { PARKED_FOR_MS } from "../../src/pipeline/apply.ts";
import { openStore } from "../../src/store/open.ts";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { stripeEvent } from "../end-to-end/senders.ts";
import { eventually } from "../end-to-end/server.ts";
import { EXPECTED, end, history, send, settled, shuffled, told } from "./purchase.ts";
import { run, stripeAccount } from "./running.ts";

describeOnEachDatabase("arrival", (open) => {
  test("a purchase ends the same in any order, doubled, in any batching, with its order registered at any time", async () => {
    const database = await open();
    const store = await openStore({ url: database.url, now: () => new Date() });
    const running = run(store);
    const ends = new Set<string>();
    const events: string[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const reference = `order${seed}x`;
      const messages = history(reference);
      const steps: (() => Promise<unknown>)[] = shuffled([...messages, ...messages, null], seed).map((body) =>
        body === null ? () => running.commands.register(reference, EXPECTED) : () => send(running, body),
      );
      // One by one, in small groups, or all at once.
      const size = [1, 3, steps.length][seed % 3] ?? 1;
      while (steps.length > 0) await Promise.all(steps.splice(0, size).map((step) => step()));
      await settled(store);
      ends.add(await end(store, reference));
      events.push((await told(store, reference)).join());
    }
    expect([...ends]).toHaveLength(1);
    expect(new Set(events)).toEqual(
      new Set(["order.paid,payment.dispute_won,payment.disputed,payment.paid,payment.refunded"]),
    );
    expect([...ends][0]).toContain("partially_refunded");
    await running.stop(5_000);
    await store.close();
    await database.drop();
  }, 120_000);

  test("payments wait parked for their order where orders are required, and are released by its registration", async () => {
    const database = await open();
    const store = await openStore({ url: database.url, now: () => new Date() });
    const running = run(store, stripeAccount({ orders: "required" }));
    for (const body of history("parked1").slice(0, 4)) await send(running, body);
    const states = async () =>
      (await store.read.inputs({ gateway: "stripe" }, { limit: 50, cursor: null })).rows.map(({ state }) => state);
    await eventually(async () => (await states()).every((state) => state === "parked"));
    await running.commands.register("parked1", EXPECTED);
    expect((await store.read.order("parked1"))?.record?.state.status).toBe("paid");
    expect(new Set(await states())).toEqual(new Set(["applied"]));
    await running.stop(5_000);
    await store.close();
    await database.drop();
  });

  test("what the applier has no room for is anybody's at once, and no lease holds it back", async () => {
    const database = await open();
    const store = await openStore({ url: database.url, now: () => new Date() });
    const stalled = run({ ...store, transaction: () => new Promise(() => undefined) });
    const lease = { owner: "another", forMs: 30_000 };
    const claimed = () => store.claim({ states: ["received"], limit: 1, lease });
    const message = (n: number) => stripeEvent({ type: "customer.created", object: { id: `cus_${n}` } });
    await send(stalled, message(0));
    expect(await claimed()).toEqual([]);
    await Promise.all(Array.from({ length: 3_000 }, (_, n) => send(stalled, message(n + 1))));
    expect(await claimed()).toHaveLength(1);
    await stalled.stop(100);
    await store.close();
    await database.drop();
  }, 60_000);

  test("what nobody registers in time is quarantined, with an alarm", async () => {
    const database = await open();
    const store = await openStore({ url: database.url, now: () => new Date() });
    const running = run(store, stripeAccount({ orders: "required" }));
    const [, charge = ""] = history("never1");
    // Received so long ago that its hour ends in two seconds.
    const receivedAt = new Date(Date.now() - PARKED_FOR_MS + 2_000);
    await send(running, charge, receivedAt);
    const state = async () => (await store.read.inputs({ gateway: "stripe" }, { limit: 1, cursor: null })).rows[0];
    await eventually(async () => (await state())?.state === "parked");
    await eventually(async () => (await state())?.state === "quarantined", 15_000);
    expect(await state()).toMatchObject({ reason: "unknown_order" });
    expect(running.alarms).toContain("parked_overdue");
    await running.stop(5_000);
    await store.close();
    await database.drop();
  });
});

describeOnEachDatabase("invoices", (open) => {
  const invoice = (id: string) => ({
    id,
    object: "invoice",
    amount_paid: 700,
    currency: "usd",
    status: "paid",
    metadata: { order_id: id },
  });

  test("one that says it was paid waits for its payment, and is a person's business when none is told", async () => {
    const database = await open();
    const store = await openStore({ url: database.url, now: () => new Date() });
    const running = run(store);
    const receivedAt = new Date(Date.now() - PARKED_FOR_MS + 3_000);
    const created = Math.floor(receivedAt.getTime() / 1000);
    const say = (type: string, object: Readonly<Record<string, unknown>>, id: string) =>
      send(running, stripeEvent({ id, type, object, created }), receivedAt);
    const rows = async () => {
      const page = await store.read.inputs({ gateway: "stripe" }, { limit: 10, cursor: null });
      return Object.fromEntries(page.rows.map(({ key, state, reason }) => [key, `${state} ${reason}`]));
    };
    await say("invoice.paid", invoice("in_explained"), "evt_explained");
    await say("invoice.paid", invoice("in_alone"), "evt_alone");
    await eventually(
      async () => Object.values(await rows()).filter((row) => row === "parked unexplained").length === 2,
    );
    const link = {
      id: "inpay_1",
      object: "invoice_payment",
      invoice: "in_explained",
      amount_paid: 700,
      currency: "usd",
    };
    const payment = { payment_intent: "pi_explained", type: "payment_intent" };
    await say("invoice_payment.paid", { ...link, status: "paid", payment }, "evt_link");
    await eventually(async () => (await rows()).evt_alone === "quarantined unexplained", 15_000);
    expect(await rows()).toMatchObject({
      evt_explained: expect.stringMatching(/^(applied|stale)/),
      evt_link: "applied null",
    });
    const [paid, ...others] = (await store.read.payments({}, { limit: 10, cursor: null })).rows;
    expect(others).toEqual([]);
    expect(paid?.state).toMatchObject({ status: "paid", captured: 700n, orders: ["in_explained"] });
    await running.stop(5_000);
    await store.close();
    await database.drop();
  });
});
