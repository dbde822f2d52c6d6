import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CANARY } from "./canaries.ts";
import { collide } from "./crc32-collision.ts";
import { describeOnEachDatabase } from "./databases.ts";
import { type PaypalSide, startPaypalSide } from "./paypal-side.ts";
import { paypalCapture, paypalEvent, paypalRefund, post, register, signPaypal } from "./senders.ts";
import { eventually, PAYPAL_RECEIVER, type Server, startServer } from "./server.ts";

describeOnEachDatabase("PayPal webhooks", (open) => {
  describe.each([
    { credentials: "without API credentials", api: false },
    { credentials: "confirmed by PayPal's API", api: true },
  ])("$credentials", ({ api }) => {
    let side: PaypalSide;
    let server: Server;
    let close: () => Promise<void>;

    beforeAll(async () => {
      const database = await open();
      side = await startPaypalSide({ api });
      server = await startServer({ databaseUrl: database.url, env: side.env });
      close = async () => {
        await server.stop();
        side.close();
        await database.drop();
      };
    });
    afterAll(() => close());

    const send = (body: string, headers = signPaypal(body, side)) => post(`${server.url}/ipn/paypal`, body, headers);
    const known = (resource: { readonly id: string }, kind: "captures" | "refunds") =>
      side.resources.set(`/v2/payments/${kind}/${resource.id}`, resource);
    const orderIs = (reference: string, status: string) =>
      eventually(async () => {
        const { body } = await server.api(`/v1/orders/${reference}`);
        return body.status === status && body;
      });

    test("a capture pays its order, and its refund refunds it in part", async () => {
      await register(server, "2001", 4999);
      const capture = paypalCapture({ id: "CAP2001", value: "49.99", order: "2001" });
      known(capture, "captures");
      expect((await send(paypalEvent("PAYMENT.CAPTURE.COMPLETED", capture))).status).toBe(200);
      await orderIs("2001", "paid");
      const refund = paypalRefund({ id: "REF2001", capture: "CAP2001", value: "10.00", total: "10.00" });
      known(refund, "refunds");
      side.resources.set("/v2/payments/captures/CAP2001", { ...capture, status: "PARTIALLY_REFUNDED" });
      expect((await send(paypalEvent("PAYMENT.CAPTURE.REFUNDED", refund))).status).toBe(200);
      expect(await orderIs("2001", "partially_refunded")).toMatchObject({ paid: 4999, refunded: 1000 });
    });

    test("one changed byte is refused and leaves no trace", async () => {
      const body = paypalEvent(
        "PAYMENT.CAPTURE.COMPLETED",
        paypalCapture({ id: "CAP2002", value: "1.00", order: "2002" }),
      );
      const answer = await send(body.replace("1.00", "9.00"), signPaypal(body, side));
      expect(answer.status).toBe(401);
      expect((await server.api("/v1/payments?reference=CAP2002")).body.data).toEqual([]);
    });

    test("a certificate from a foreign host is never fetched", async () => {
      const foreign = await startPaypalSide({ api: false });
      const body = paypalEvent(
        "PAYMENT.CAPTURE.COMPLETED",
        paypalCapture({ id: "CAP2003", value: "1.00", order: "2003" }),
      );
      const answer = await send(body, signPaypal(body, foreign));
      foreign.close();
      expect(answer.status).toBe(401);
      expect(foreign.asked).toEqual([]);
    });

    test("a body that collides in CRC-32 counts for nothing", async () => {
      await register(server, "expensive", 999900);
      const genuine = paypalEvent(
        "PAYMENT.CAPTURE.COMPLETED",
        paypalCapture({ id: "CAP2004", value: "1.00", order: "cheap" }),
      );
      known(paypalCapture({ id: "CAP2004", value: "1.00", order: "cheap" }), "captures");
      const headers = signPaypal(genuine, side);
      expect((await send(genuine, headers)).status).toBe(200);
      const forged = collide(
        paypalEvent(
          "PAYMENT.CAPTURE.COMPLETED",
          paypalCapture({ id: "CAP2005", value: "9999.00", order: "expensive" }),
        ),
        genuine,
      );
      expect((await send(forged, headers)).status).toBe(200);
      const notification = await eventually(async () => {
        const { body } = await server.api("/v1/notifications?gateway=paypal&outcome=quarantined");
        return body.data.find((row: { key: string }) => row.key === JSON.parse(forged).id);
      });
      expect(notification.reason).toBe(api ? "not_found" : "nonce_reused");
      expect((await server.api("/v1/orders/expensive")).body).toMatchObject({ status: "open", paid: 0 });
      expect((await server.api("/v1/payments?reference=CAP2005")).body.data).toEqual([]);
    });

    test("money to another receiver is held", async () => {
      await register(server, "2006", 100);
      const capture = {
        ...paypalCapture({ id: "CAP2006", value: "1.00", order: "2006" }),
        payee: { email_address: "thief@elsewhere.example" },
      };
      known(capture, "captures");
      await send(paypalEvent("PAYMENT.CAPTURE.COMPLETED", capture));
      const notification = await eventually(async () => {
        const { body } = await server.api("/v1/notifications?gateway=paypal&outcome=quarantined");
        return body.data.find((row: { reason: string }) => row.reason === (api ? "other_payee" : "wrong_receiver"));
      });
      expect(notification).toBeTruthy();
      expect((await server.api("/v1/orders/2006")).body).toMatchObject({ status: "open", paid: 0 });
    });
  });
});

describeOnEachDatabase("classic IPN", (open) => {
  let side: PaypalSide;
  let server: Server;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const database = await open();
    side = await startPaypalSide({ api: false });
    server = await startServer({ databaseUrl: database.url, env: side.env });
    close = async () => {
      await server.stop();
      side.close();
      await database.drop();
    };
  });
  afterAll(() => close());

  const ipn = (fields: Readonly<Record<string, string>>) =>
    Buffer.from(
      Object.entries({
        test_ipn: "1",
        receiver_email: PAYPAL_RECEIVER,
        mc_currency: "EUR",
        txn_type: "web_accept",
        payment_date: "10:00:00 Nov 20, 2026 PST",
        charset: "windows-1252",
        payer_email: "canary.buyer%40example.org",
        memo: encodeURIComponent(CANARY),
        item_name: encodeURIComponent(CANARY),
        address_street: encodeURIComponent(CANARY),
        ...fields,
      })
        .map(([name, value]) => `${name}=${value}`)
        .join("&"),
      "latin1",
    );
  const send = (body: Buffer) =>
    post(`${server.url}/ipn/paypal-ipn`, Uint8Array.from(body), {
      "content-type": "application/x-www-form-urlencoded",
    });

  test("windows-1252 names; first the verifier is down, then it says VERIFIED", async () => {
    await register(server, "3001", 2500, "EUR");
    side.verifier = "down";
    const body = ipn({
      txn_id: "IPN3001",
      payment_status: "Completed",
      mc_gross: "25.00",
      invoice: "3001",
      first_name: "J%FCrgen",
      last_name: "Gro%DF",
      payer_email: "j%40example.com",
    });
    const answer = await send(body);
    expect([answer.status, answer.text]).toEqual([200, ""]);
    await eventually(async () => side.postbacks.length > 0);
    expect((await server.api("/v1/notifications?gateway=paypal-ipn&outcome=unproven")).body.data).toHaveLength(1);
    expect((await server.api("/v1/orders/3001")).body).toMatchObject({ status: "open", paid: 0 });
    side.verifier = "VERIFIED";
    await eventually(async () => (await server.api("/v1/orders/3001")).body.status === "paid", 60_000);
    expect(side.postbacks.at(-1)?.equals(Buffer.concat([Buffer.from("cmd=_notify-validate&"), body]))).toBe(true);
    const { body: payments } = await server.api("/v1/payments?reference=IPN3001");
    expect(payments.data[0]).toMatchObject({ status: "paid", gateway: "paypal-ipn", captured: 2500 });
  }, 90_000);

  test("INVALID is rejected and changes nothing", async () => {
    side.verifier = "INVALID";
    await send(ipn({ txn_id: "IPN3002", payment_status: "Completed", mc_gross: "25.00", invoice: "3002" }));
    await eventually(
      async () => (await server.api("/v1/notifications?gateway=paypal-ipn&outcome=rejected")).body.data.length === 1,
    );
    expect((await server.api("/v1/payments?reference=IPN3002")).body.data).toEqual([]);
    side.verifier = "VERIFIED";
  });

  test("an eCheck is pending first and paid later, whichever IPN comes first", async () => {
    await register(server, "3003", 1000, "EUR");
    await send(ipn({ txn_id: "IPN3003", payment_status: "Completed", mc_gross: "10.00", invoice: "3003" }));
    await send(
      ipn({
        txn_id: "IPN3003",
        payment_status: "Pending",
        pending_reason: "echeck",
        mc_gross: "10.00",
        invoice: "3003",
      }),
    );
    await eventually(async () => (await server.api("/v1/orders/3003")).body.status === "paid");
    await eventually(
      async () => (await server.api("/v1/notifications?gateway=paypal-ipn&outcome=unproven")).body.data.length === 0,
    );
    expect((await server.api("/v1/orders/3003")).body).toMatchObject({ status: "paid", paid: 1000 });
  });

  test("one purchase told by webhooks and by IPN is one payment", async () => {
    await register(server, "3004", 3000);
    const body = paypalEvent(
      "PAYMENT.CAPTURE.COMPLETED",
      paypalCapture({ id: "BOTH3004", value: "30.00", order: "3004" }),
    );
    await post(`${server.url}/ipn/paypal`, body, signPaypal(body, side));
    await send(
      ipn({ txn_id: "BOTH3004", payment_status: "Completed", mc_gross: "30.00", mc_currency: "USD", invoice: "3004" }),
    );
    const payment = await eventually(async () => {
      const { body: found } = await server.api("/v1/payments?reference=BOTH3004&gateway=paypal-ipn");
      return found.data[0];
    });
    expect(payment).toMatchObject({ status: "paid", captured: 3000 });
    expect((await server.api("/v1/payments?order=3004")).body.data).toHaveLength(1);
    expect((await server.api("/v1/orders/3004")).body).toMatchObject({ status: "paid", paid: 3000 });
  });
});
