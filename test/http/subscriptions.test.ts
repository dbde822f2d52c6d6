import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { charge, event, invoice, invoicePayment, type Json, subscription } from "../gateways/stripe/objects.ts";
import { type Answer, eventually, type Service, startService } from "./service.ts";

/** Subscriptions through the API, as Stripe tells them. */

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

let clock = Math.floor(Date.now() / 1000) - 10_000;

function tell(type: string, object: Json): Promise<Answer> {
  clock += 1;
  return service.notify(event(type, object, { id: `evt_${type}_${clock}`, created: clock }));
}

const isA = (name: string, told: string, more: Json = {}) =>
  tell(`customer.subscription.${told}`, subscription({ id: `sub_${name}`, metadata: { order_id: name }, ...more }));

const get = async (path: string) => (await service.call("GET", path)).json;

/** The first of the list, once it is as asked. */
async function known(query: string, isSo: (subscription: Json) => boolean = () => true): Promise<Json> {
  const path = `/v1/subscriptions?${query}`;
  const answer = await eventually(
    () => service.call("GET", path),
    ({ json }) => json.data.length > 0 && isSo(json.data[0]),
  );
  expect(answer.json.data).toHaveLength(1);
  expect(isSo(answer.json.data[0]), answer.text).toBe(true);
  return answer.json.data[0];
}

describe("a subscription", () => {
  test("shows how it stands, its payments and the facts it follows from; they and their order show it", async () => {
    await service.call("POST", "/v1/orders", { reference: "shown", currency: "USD", total: 1999, recurring: true });
    await isA("shown", "updated");
    const parent = { subscription_details: { subscription: "sub_shown", metadata: { order_id: "shown" } } };
    await tell("charge.succeeded", charge({ id: "ch_shown", payment_intent: "pi_shown", metadata: {} }));
    await tell("invoice.paid", invoice({ id: "in_shown", parent }));
    await tell(
      "invoice_payment.paid",
      invoicePayment({ id: "ip_shown", invoice: "in_shown", payment: { payment_intent: "pi_shown" } }),
    );
    const order = await eventually(
      () => service.call("GET", "/v1/orders/shown"),
      ({ json }) => json.status === "paid",
    );
    const { id } = await known("reference=sub_shown");
    const shown = await get(`/v1/subscriptions/${id}`);
    expect(shown).toMatchObject({
      ...{ gateway: "stripe", reference: "sub_shown", status: "active", live: false, order: "shown" },
      price: { amount: 1999, currency: "USD", every: null },
      lastPayment: { object: "invoice", reference: "in_shown", amount: 1999 },
      payments: [{ status: "paid", captured: 1999, counts: true, subscription: "sub_shown" }],
      facts: [{ object: "subscription", status: "active" }],
    });
    expect(shown.nextPaymentAt).toBe(shown.currentPeriod.end);
    expect(order.json.subscriptions).toMatchObject([{ id, status: "active" }]);
    const [payment] = (await get(shown.links.payments)).data;
    expect(payment.links.subscription).toBe(shown.links.self);
    expect((await get(`/v1/payments/${payment.id}`)).links.subscription).toBe(shown.links.self);
    expect((await get("/v1/payments?subscription=sub_other")).data).toEqual([]);
  });

  test("tells each renewal with the payment that it was, not with another period's", async () => {
    const parent = { subscription_details: { subscription: "sub_each", metadata: { order_id: "each" } } };
    const paid = async (month: number) => {
      const [id, intent] = [`in_each_${month}`, `pi_each_${month}`];
      await isA("each", "updated", { latest_invoice: id });
      await tell("charge.succeeded", charge({ id: `ch_each_${month}`, payment_intent: intent, metadata: {} }));
      await tell(
        "invoice_payment.paid",
        invoicePayment({ id: `ip_${month}`, invoice: id, payment: { payment_intent: intent } }),
      );
      await eventually(
        () => service.call("GET", `/v1/payments?reference=${intent}`),
        ({ json }) => json.data[0]?.captured === 1999,
      );
      await tell("invoice.paid", invoice({ id, parent }));
    };
    for (const month of [1, 2]) await paid(month);
    const events = await eventually(
      () => service.call("GET", "/v1/events?type=subscription.renewed&order=each"),
      ({ json }) => json.data.length === 2,
    );
    for (const { payment, data } of events.json.data) {
      const { references } = await get(`/v1/payments/${payment}`);
      expect(references).toContain(data.renewal.reference.replace("in_", "pi_"));
      expect(data.renewal.payment).toBe(payment);
    }
  });

  test("of an order that nobody registered is shown all the same", async () => {
    await isA("nobody", "created", { status: "trialing", trial_end: clock + 86_400 });
    expect(await known("order=nobody")).toMatchObject({ status: "trialing", order: "nobody" });
    expect((await service.call("GET", "/v1/orders/nobody")).status).toBe(404);
  });

  test("that ended is not begun anew by what is told of it a year late", async () => {
    await isA("late", "deleted", { status: "canceled" });
    await known("reference=sub_late", ({ status }) => status === "ended");
    const old = event(
      "customer.subscription.updated",
      subscription({ id: "sub_late", metadata: { order_id: "other" } }),
      {
        id: "evt_year_old",
        created: clock - 365 * 86_400,
      },
    );
    await service.notify(old);
    const late = await known("reference=sub_late", ({ startedAt }) => startedAt !== null);
    expect(late).toMatchObject({ status: "ended", order: "late" });
    const told = (await get("/v1/events?type=subscription.*&order=late")).data.map(({ type }: Json) => type);
    expect(told).toEqual(["subscription.ended", "subscription.started"]);
  });

  test("that can't be read is quarantined, and odd values of no matter are left out", async () => {
    await isA("odd", "updated", { items: { data: [{ price: { currency: "beads", unit_amount: 5 }, quantity: -1 }] } });
    const notifications = await eventually(
      () => service.call("GET", "/v1/notifications?outcome=quarantined"),
      ({ json }) => json.data.length > 0,
    );
    expect(notifications.json.data[0]).toMatchObject({ reason: "unreadable" });
    await isA("odd", "updated", {
      items: { data: [{ price: { currency: "beads", unit_amount: 5 } }] },
      ...{ trial_end: "soon", cancel_at: {}, pause_collection: 5, customer: 7 },
    });
    expect(await known("reference=sub_odd")).toMatchObject({ status: "active", price: null, trialEnd: null });
  });
});

describe("the list", () => {
  test("has filters and pages", async () => {
    for (const n of [1, 2, 3]) await isA(`page${n}`, "updated", { status: n === 3 ? "past_due" : "active" });
    await known("reference=sub_page3");
    expect((await get("/v1/subscriptions?reference=sub_page3&status=active")).data).toEqual([]);
    expect((await get("/v1/subscriptions?reference=sub_page3&status=past_due,ended")).data).toHaveLength(1);
    expect((await get("/v1/subscriptions?order=page1&gateway=stripe&account=default")).data).toHaveLength(1);
    expect((await get("/v1/subscriptions?order=page1&gateway=paypal")).data).toEqual([]);
    expect((await get("/v1/subscriptions?order=page1&live=true")).data).toEqual([]);
    const all = await get("/v1/subscriptions?limit=100");
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: { data: readonly { id: string }[]; next: string | null } = await get(
        `/v1/subscriptions?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`,
      );
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.next;
    }
    expect(seen).toEqual(all.data.map(({ id }: Json) => id));
  });

  test.each(["status=running", "live=perhaps", "cursor=x", "unknown=1"])("refuses %s", async (query) => {
    expect((await service.call("GET", `/v1/subscriptions?${query}`)).status).toBe(400);
  });

  test("an id that is none is refused, an unknown one not found", async () => {
    expect((await service.call("GET", "/v1/subscriptions/sub_1")).status).toBe(400);
    expect((await service.call("GET", "/v1/subscriptions/sbn_0123456789abcdefghjkmnpqrs")).status).toBe(404);
  });
});
