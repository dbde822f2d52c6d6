import { expect, test } from "vitest";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { startPaypalSide } from "../end-to-end/paypal-side.ts";
import { paypalCapture, paypalEvent, paypalRefund, post, register, signPaypal } from "../end-to-end/senders.ts";
import { eventually, PAYPAL_RECEIVER, PAYPAL_WEBHOOK_ID, STRIPE_SECRET, startServer } from "../end-to-end/server.ts";
import { paybellWith } from "./command.ts";
import { openTamperer } from "./tamperer.ts";

describeOnEachDatabase("money that PayPal's API or verifier confirmed", (open) => {
  test("is checked and rebuilt from PayPal's journaled answers", async () => {
    const database = await open();
    const side = await startPaypalSide({ api: true });
    const server = await startServer({ databaseUrl: database.url, env: side.env });
    const settings = {
      ...{ DATABASE_URL: database.url, STRIPE_WEBHOOK_SECRET: STRIPE_SECRET },
      ...{ PAYPAL_WEBHOOK_ID, PAYPAL_RECEIVER, ...side.env },
    };
    const tamper = await openTamperer(database);
    try {
      await register(server, "2001", 4999);
      const capture = paypalCapture({ id: "CAP2001", value: "49.99", order: "2001" });
      const refund = paypalRefund({ id: "REF2001", capture: "CAP2001", value: "10.00", total: "10.00" });
      side.resources.set("/v2/payments/captures/CAP2001", { ...capture, status: "PARTIALLY_REFUNDED" });
      side.resources.set("/v2/payments/refunds/REF2001", refund);
      for (const [type, resource] of [
        ["PAYMENT.CAPTURE.COMPLETED", capture],
        ["PAYMENT.CAPTURE.REFUNDED", refund],
      ] as const) {
        const body = paypalEvent(type, resource);
        expect((await post(`${server.url}/ipn/paypal`, body, signPaypal(body, side))).status).toBe(200);
      }
      const ipn = new URLSearchParams({
        ...{
          test_ipn: "1",
          receiver_email: PAYPAL_RECEIVER,
          mc_currency: "USD",
          mc_gross: "49.99",
          txn_type: "web_accept",
        },
        ...{
          txn_id: "CAP2001",
          payment_status: "Completed",
          invoice: "2001",
          payment_date: "02:00:00 Nov 20, 2026 PST",
        },
      });
      const type = { "content-type": "application/x-www-form-urlencoded" };
      expect((await post(`${server.url}/ipn/paypal-ipn`, ipn.toString(), type)).status).toBe(200);
      await eventually(async () => {
        const { data } = (await server.api("/v1/notifications")).body;
        const states = data.map(({ outcome }: { outcome: string }) => outcome);
        return states.length === 3 && states.every((state: string) => ["applied", "stale"].includes(state));
      }, 20_000);

      const clean = await paybellWith(settings, "check");
      expect(clean.out).toContain("Everything is as the laws say.");
      expect(await paybellWith(settings, "rebuild")).toMatchObject({ status: 0 });
      await tamper.run("delete from facts where object_key like '%/refund/REF2001'");
      const shown = await paybellWith(settings, "rebuild");
      expect(shown.out).toContain("fact_derived");
      expect(shown.out).toContain("refund REF2001 succeeded 1000");
      expect(await paybellWith(settings, "rebuild", "--apply")).toMatchObject({ status: 0 });
      // Whoever takes the credentials away afterwards changes nothing of what was confirmed.
      const {
        PAYPAL_CLIENT_ID: _id,
        PAYPAL_CLIENT_SECRET: _secret,
        ...without
      } = settings as Readonly<Record<string, string>>;
      expect((await paybellWith(without, "rebuild")).out).toContain("What is stored is what comes out.");
      expect((await server.api("/v1/orders/2001")).body).toMatchObject({
        status: "partially_refunded",
        refunded: 1000,
      });
    } finally {
      await tamper.close();
      await server.stop();
      side.close();
      await database.drop();
    }
  }, 120_000);
});
