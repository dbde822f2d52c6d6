import { expect, test } from "vitest";
import { describeOnEachDatabase } from "./databases.ts";
import { startPaypalSide } from "./paypal-side.ts";
import { paypalCapture, paypalEvent, post, register, signPaypal } from "./senders.ts";
import { eventually, startServer } from "./server.ts";

describeOnEachDatabase("two payments that turn out to be one", (open) => {
  test("keep the first one's id, the other as its alias, and what a person decided about it", async () => {
    const database = await open();
    const side = await startPaypalSide({ api: false });
    const server = await startServer({ databaseUrl: database.url, env: side.env });
    const send = (type: string, resource: Readonly<Record<string, unknown>>) => {
      const body = paypalEvent(type, resource);
      return post(`${server.url}/ipn/paypal`, body, signPaypal(body, side));
    };
    const payment = (reference: string) =>
      eventually(async () => (await server.api(`/v1/payments?reference=${reference}`)).body.data[0]);
    const unit = { reference_id: "default", amount: { currency_code: "USD", value: "19.00" }, custom_id: "merged" };
    const order = { id: "5O190127TN364715T", intent: "CAPTURE", create_time: "2026-11-20T09:00:00Z", links: [] };

    await register(server, "merged", 2000);
    await send("CHECKOUT.ORDER.APPROVED", { ...order, status: "APPROVED", purchase_units: [unit] });
    const first = await payment(order.id);
    const capture = paypalCapture({ id: "CAPMERGED", value: "19.00", order: "merged" });
    await send("PAYMENT.CAPTURE.COMPLETED", capture);
    const second = await payment("CAPMERGED");
    expect(second.id).not.toBe(first.id);
    expect(second.held).toEqual(["amount_mismatch"]);
    await server.api(`/v1/payments/${second.id}/accept`, { body: { by: "nina", reason: "a dollar is on us" } });

    const completed = { ...order, status: "COMPLETED", update_time: "2026-11-20T10:01:00Z" };
    await send("CHECKOUT.ORDER.COMPLETED", {
      ...completed,
      purchase_units: [{ ...unit, payments: { captures: [capture] } }],
    });
    const merged = await eventually(async () => {
      const { body } = await server.api(`/v1/payments/${first.id}`);
      return body.captured === 1900 && body;
    });
    expect(merged).toMatchObject({
      id: first.id,
      counts: true,
      held: [],
      references: expect.arrayContaining([order.id, "CAPMERGED"]),
    });
    expect((await server.api(`/v1/payments/${second.id}`)).body.id).toBe(first.id);
    expect((await server.api("/v1/payments?order=merged")).body.data).toHaveLength(1);
    expect((await server.api("/v1/orders/merged")).body).toMatchObject({
      status: "partially_paid",
      paid: 1900,
      due: 100,
    });
    await server.stop();
    side.close();
    await database.drop();
  });
});
