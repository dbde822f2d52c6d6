import { afterAll, beforeAll, expect, test } from "vitest";
import { describeOnEachDatabase } from "./databases.ts";
import { paymentIntent, post, register, sendStripe, signStripe, stripeEvent } from "./senders.ts";
import { eventually, onceWithin, type Server, startServer } from "./server.ts";

describeOnEachDatabase("receiving", (open) => {
  let server: Server;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const database = await open();
    server = await startServer({ databaseUrl: database.url });
    close = async () => {
      await server.stop();
      await database.drop();
    };
  });
  afterAll(() => close());

  const orderIs = (reference: string, status: string) =>
    eventually(async () => {
      const { body } = await server.api(`/v1/orders/${reference}`);
      return body.status === status && body;
    });

  test("a signed payment_intent.succeeded pays its order within a second", async () => {
    await onceWithin(1_000, async (round) => {
      const reference = `${1001 + 10_000 * round}`;
      expect((await register(server, reference, 1999)).status).toBe(201);
      const answer = await sendStripe(
        server,
        stripeEvent({
          type: "payment_intent.succeeded",
          object: paymentIntent({ id: `pi_${reference}`, amount: 1999, order: reference }),
        }),
      );
      expect(answer.status).toBe(200);
      const order = await orderIs(reference, "paid");
      expect(order).toMatchObject({ total: 1999, paid: 1999, refunded: 0, due: 0, fulfillable: true });
    });
  });

  test("the same event a thousand times at once has one effect and a thousand answers of 200", async () => {
    await register(server, "1002", 500);
    const body = stripeEvent({
      type: "payment_intent.succeeded",
      object: paymentIntent({ id: "pi_1002", amount: 500, order: "1002" }),
    });
    const headers = signStripe(body);
    // As a gateway does: again where it is asked to, which a crowded machine may; what was answered so may be stored all the same.
    let askedAgain = 0;
    const send = async () => {
      for (;;) {
        const answer = await post(`${server.url}/ipn/stripe`, body, headers);
        if (answer.status !== 503) return answer;
        askedAgain += 1;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    };
    const answers = await Promise.all(Array.from({ length: 1_000 }, send));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await orderIs("1002", "paid")).toMatchObject({ paid: 500 });
    const { body: payments } = await server.api("/v1/payments?order=1002");
    expect(payments.data).toHaveLength(1);
    const { body: notifications } = await server.api("/v1/notifications?gateway=stripe&limit=100");
    const [notification, ...others] = notifications.data.filter(
      (row: { key: string }) => row.key === JSON.parse(body).id,
    );
    expect(others).toEqual([]);
    expect(notification.repeats).toBeGreaterThanOrEqual(999);
    expect(notification.repeats).toBeLessThanOrEqual(999 + askedAgain);
  });

  test.each([
    ["a dollar short", { amount: 1998, currency: "usd" }, "amount_mismatch"],
    ["in another currency", { amount: 1999, currency: "eur" }, "currency_mismatch"],
  ])(
    "a payment %s is quarantined, its order stays open, and both say why",
    async (_name, { amount, currency }, reason) => {
      const reference = `held-${currency}`;
      await register(server, reference, 1999);
      const id = `pi_${reference}`;
      await sendStripe(
        server,
        stripeEvent({
          type: "payment_intent.succeeded",
          object: paymentIntent({ id, amount, currency, order: reference }),
        }),
      );
      const payment = await eventually(async () => {
        const { body } = await server.api(`/v1/payments?reference=${id}`);
        return body.data[0];
      });
      expect(payment).toMatchObject({
        status: "paid",
        captured: amount,
        counts: false,
        held: [reason],
        order: reference,
      });
      const { body: order } = await server.api(`/v1/orders/${reference}`);
      expect(order).toMatchObject({ status: "open", paid: 0, due: 1999, fulfillable: false });
      const { body: quarantined } = await server.api("/v1/notifications?outcome=quarantined");
      expect(
        quarantined.data.map((row: { payment: string; reason: string }) => [row.payment, row.reason]),
      ).toContainEqual([payment.id, reason]);
    },
  );

  test("a person's acceptance makes a held payment count", async () => {
    await register(server, "accepted", 2000);
    await sendStripe(
      server,
      stripeEvent({
        type: "payment_intent.succeeded",
        object: paymentIntent({ id: "pi_accepted", amount: 1900, order: "accepted" }),
      }),
    );
    const payment = await eventually(async () => (await server.api("/v1/payments?reference=pi_accepted")).body.data[0]);
    const answer = await server.api(`/v1/payments/${payment.id}/accept`, {
      body: { by: "nina", reason: "the rest came in cash" },
    });
    expect(answer).toMatchObject({ status: 200, body: { counts: true, held: [] } });
    expect((await server.api("/v1/orders/accepted")).body).toMatchObject({
      status: "partially_paid",
      paid: 1900,
      due: 100,
    });
    const { body: notifications } = await server.api(`/v1/notifications?gateway=stripe&outcome=applied&limit=100`);
    expect(notifications.data.map((row: { payment: string }) => row.payment)).toContain(payment.id);
  });

  test("an order registered after its payment is paid at once", async () => {
    await sendStripe(
      server,
      stripeEvent({
        type: "payment_intent.succeeded",
        object: paymentIntent({ id: "pi_late", amount: 700, order: "late" }),
      }),
    );
    await orderIs("late", "unregistered");
    const { status, body } = await register(server, "late", 700);
    expect([status, body.status]).toEqual([201, "paid"]);
  });

  test("a charge that is refunded before its payment is known ends refunded", async () => {
    await register(server, "shuffled", 900);
    const charge = {
      id: "ch_shuffled",
      object: "charge",
      amount: 900,
      amount_captured: 900,
      amount_refunded: 900,
      captured: true,
      currency: "usd",
      livemode: false,
      metadata: {},
      payment_intent: "pi_shuffled",
      refunded: true,
      status: "succeeded",
    };
    const now = Math.floor(Date.now() / 1000);
    await sendStripe(server, stripeEvent({ type: "charge.refunded", object: charge, created: now }));
    await sendStripe(
      server,
      stripeEvent({
        type: "payment_intent.succeeded",
        object: paymentIntent({ id: "pi_shuffled", amount: 900, order: "shuffled", charge: "ch_shuffled" }),
        created: now - 60,
      }),
    );
    expect(await orderIs("shuffled", "refunded")).toMatchObject({ paid: 900, refunded: 900 });
  });

  test("a forged notification leaves no trace", async () => {
    const body = stripeEvent({
      type: "payment_intent.succeeded",
      object: paymentIntent({ id: "pi_forged", amount: 1, order: "forged" }),
    });
    const answer = await post(`${server.url}/ipn/stripe`, body, signStripe(body, "whsec_of_somebody_else_0123456789"));
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.text)).toEqual({ error: "not_authentic", id: expect.any(String) });
    expect((await server.api("/v1/payments?reference=pi_forged")).body.data).toEqual([]);
  });

  test("an unknown event and a thin event are acknowledged and ignored", async () => {
    const unknown = stripeEvent({ type: "something.new", object: { id: "new_1", object: "new" } });
    const thin = JSON.stringify({
      id: "evt_thin_1",
      object: "v2.core.event",
      type: "v2.core.account.updated",
      livemode: false,
      created: new Date().toISOString(),
    });
    expect((await sendStripe(server, unknown)).status).toBe(200);
    expect((await sendStripe(server, thin)).status).toBe(200);
    const ignored = await eventually(async () => {
      const { body } = await server.api("/v1/notifications?outcome=ignored");
      return body.data.length >= 2 && body.data;
    });
    expect(ignored.map((row: { key: string }) => row.key)).toContain("evt_thin_1");
  });

  test("a version that is not the order's own refuses a change", async () => {
    await register(server, "versioned", 100);
    expect(
      (await server.api("/v1/orders/versioned", { method: "PATCH", body: { version: 9, total: 120 } })).status,
    ).toBe(409);
    expect(
      (await server.api("/v1/orders/versioned", { method: "PATCH", body: { version: 1, total: 120 } })).body,
    ).toMatchObject({ total: 120, version: 2 });
  });

  test("money from outside pays an order, once", async () => {
    await register(server, "transfer", 4200);
    const payment = {
      reference: "bank-77",
      method: "bank_transfer",
      currency: "USD",
      amount: 4200,
      by: "nina",
      reason: "came by bank",
      at: "2026-11-20T09:00:00Z",
    };
    expect((await server.api("/v1/orders/transfer/payments", { body: payment })).status).toBeLessThan(300);
    await server.api("/v1/orders/transfer/payments", { body: payment });
    expect((await server.api("/v1/orders/transfer")).body).toMatchObject({ status: "paid", paid: 4200 });
  });

  test("nothing acknowledged is missing after kill -9 at any time", async () => {
    const acknowledged: string[] = [];
    const sending = Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        await new Promise((resolve) => setTimeout(resolve, i * 3));
        const reference = `killed-${i}`;
        const body = stripeEvent({
          type: "payment_intent.succeeded",
          object: paymentIntent({ id: `pi_${reference}`, amount: 100, order: reference }),
        });
        const answer = await sendStripe(server, body).catch(() => null);
        if (answer?.status === 200) acknowledged.push(reference);
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.restart();
    await sending;
    expect(acknowledged.length).toBeGreaterThan(10);
    for (const reference of acknowledged) {
      // What the killed process still held under its lease is picked up when that ends.
      const payment = await eventually(
        async () => (await server.api(`/v1/payments?reference=pi_${reference}`)).body.data[0],
        90_000,
      );
      expect(payment).toMatchObject({ status: "paid", captured: 100 });
    }
  }, 120_000);
});
