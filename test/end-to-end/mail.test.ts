import { afterAll, beforeAll, expect, test } from "vitest";
import { readPdf } from "../documents/pdf-text.ts";
import { attachedPdf, type MailServer, startMailServer } from "../outbox/mail/mail-server.ts";
import { describeOnEachDatabase } from "./databases.ts";
import { paymentIntent, sendStripe, stripeEvent, stripeRefund, stripeSale } from "./senders.ts";
import { eventually, type Server, startServer } from "./server.ts";

/** A shop's mail, seen from outside: a real process, a real mail server, and what arrived. */

const BUYER = "canary.buyer@example.org";
const MERCHANT = "owner@shop.example";
/** What a killed process had taken waits for its lease to end. */
const AFTER_LEASE_MS = 100_000;

describeOnEachDatabase("mail", (open) => {
  let server: Server;
  let mail: MailServer;
  let hangs = false;
  const close: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    mail = await startMailServer({ hangs: () => hangs });
    const database = await open();
    server = await startServer({
      databaseUrl: database.url,
      env: {
        SMTP_URL: mail.url.replace("smtp://", "smtp://shop:smtp-password-canary@"),
        MAIL_FROM: "Tea Shop <shop@shop.example>",
        MAIL_MERCHANT: MERCHANT,
      },
    });
    close.push(() => server.stop(), database.drop, mail.close);
  });
  afterAll(async () => {
    for (const end of close) await end();
  });

  const register = (reference: string) =>
    server.api("/v1/orders", {
      body: {
        reference,
        currency: "USD",
        total: 1999,
        customer: { email: BUYER, name: "Ann", locale: "de" },
        lines: [{ sku: "TEA-1", name: "Tea", quantity: 2, amount: 1999 }],
      },
    });

  const mailsOf = (reference: string) =>
    mail.received.filter(({ email }) => email.subject?.includes(` ${reference}`) ?? false);

  const eventsOf = (reference: string) => stripeSale({ reference, amount: 1999 });
  const refundOf = (reference: string) => stripeRefund({ reference, amount: 500 });

  /** The newest event first, and each twice. */
  const sendShuffled = async (events: readonly string[]): Promise<void> => {
    for (const event of [...events, ...events].reverse()) expect((await sendStripe(server, event)).status).toBe(200);
  };

  const settled = (reference: string, count: number) =>
    eventually(async () => {
      const { body } = await server.api(`/v1/deliveries?order=${reference}&limit=100`);
      const states: readonly string[] = body.data.map(({ state }: { readonly state: string }) => state);
      return states.length >= count && states.every((state) => state !== "waiting");
    }, AFTER_LEASE_MS);

  test("events doubled and in the wrong order are one mail, and a refund told twice one more", async () => {
    await register("3001");
    await sendShuffled(eventsOf("3001"));
    const paid = await eventually(async () => mailsOf("3001")[0]);
    expect(paid).toMatchObject({ from: "shop@shop.example", to: [BUYER] });
    expect(paid.email.subject).toBe("[Test] Ihre Bestellung 3001 ist bezahlt");
    expect(paid.email.text?.replace(/\s/g, " ")).toContain("Gesamtbetrag: 19,99 $");
    expect(paid.email.text).toContain(`${server.url.replace("127.0.0.1", "localhost")}/o/`);
    expect((await readPdf(attachedPdf(paid))).text).toContain("Bezahlt 19,99 $");
    await sendShuffled([refundOf("3001")]);
    await eventually(async () => mailsOf("3001").length === 2);
    await settled("3001", 2);
    expect(mailsOf("3001").map(({ email }) => email.subject)).toEqual([
      "[Test] Ihre Bestellung 3001 ist bezahlt",
      "[Test] Erstattung zu Bestellung 3001: 5,00\u00a0$",
    ]);
  });

  test("a payment that does not fit is told to the merchant, once", async () => {
    await register("3002");
    const wrong = paymentIntent({ id: "pi_3002", amount: 1000, order: "3002", charge: "ch_3002" });
    await sendShuffled([stripeEvent({ id: "evt_3002", type: "payment_intent.succeeded", object: wrong })]);
    await eventually(async () => mailsOf("3002").length > 0);
    await settled("3002", 1);
    expect(mailsOf("3002").map(({ to, email }) => [to, email.subject])).toEqual([
      [[MERCHANT], "[Test] Order 3002: a payment is held"],
    ]);
    expect(mail.received.filter(({ email }) => email.subject?.includes("notification"))).toEqual([]);
  });

  test("killed when the mail server had taken a mail, it sends it again with the same Message-ID, and no other twice", {
    timeout: 150_000,
  }, async () => {
    await register("3003");
    hangs = true;
    await sendShuffled(eventsOf("3003"));
    await eventually(async () => mailsOf("3003").length === 1);
    hangs = false;
    const others = mail.received.length - 1;
    await server.restart();
    await eventually(async () => mailsOf("3003").length === 2, AFTER_LEASE_MS);
    await settled("3003", 1);
    expect(new Set(mailsOf("3003").map(({ email }) => email.messageId)).size).toBe(1);
    expect(mailsOf("3003")).toHaveLength(2);
    expect(mail.received).toHaveLength(others + 2);
    const { body } = await server.api("/v1/orders/3003");
    expect(body.status).toBe("paid");
    expect(server.output()).not.toContain("smtp-password-canary");
  });
});
