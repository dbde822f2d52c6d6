import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Delivered } from "../../../src/outbox/courier.ts";
import { MailCourier } from "../../../src/outbox/mail/courier.ts";
import { readSmtpUrl } from "../../../src/outbox/mail/mail-settings.ts";
import { Mailer } from "../../../src/outbox/mail/mailer.ts";
import { describedMessages } from "../../../src/outbox/mail/preview.ts";
import { loadTemplates } from "../../../src/outbox/mail/templates.ts";
import type { Reader } from "../../../src/store/reading.ts";
import type { EventView } from "../../../src/store/store.ts";
import {
  dispute,
  event,
  intent,
  invoice,
  type Json,
  movement,
  refund,
  subscription,
} from "../../gateways/stripe/objects.ts";
import { eventually, type Service, startService } from "../../http/service.ts";
import { type MailServer, type Received, startMailServer } from "./mail-server.ts";

/** The whole service but for the dispatcher, and a real mail server: what goes out, to whom, and what does not. */

let service: Service;
let server: MailServer;
let mailer: Mailer;
let courier: MailCourier;
let read: Reader;

beforeAll(async () => {
  service = await startService();
  server = await startMailServer();
  const from = { name: "Ann's Tea", address: "shop@example.com" };
  const smtp = readSmtpUrl(server.url);
  const loaded = loadTemplates({ folder: null, language: "en", from, messages: describedMessages() });
  const store = service.parts.backend()?.store;
  if (smtp === null || !loaded.ok || !store) throw new Error("the bench does not stand");
  read = store.read;
  mailer = new Mailer({ smtp, from, now: () => new Date() });
  courier = new MailCourier({
    read,
    templates: loaded.templates,
    isEnabled: async (receiver) => receiver === "ep_back",
    send: (letter, signal) => mailer.send(letter, signal),
    merchant: "owner@example.com",
    language: "en",
    merchantEvents: ["payment.disputed", "order.held", "notification.quarantined", "endpoint.disabled"],
    receipts: {
      receiptFor: async (reference) =>
        reference.startsWith("paid") ? { fileName: "receipt-7.pdf", pdf: new TextEncoder().encode("%PDF-") } : null,
    },
    buyerUrl: (reference) => `https://pay.example.com/o/${reference}`,
    goods: store.goods,
    downloadUrl: (order, sku) => `https://pay.example.com/d/${order}/${sku}`,
    now: () => new Date(),
  });
});

afterAll(async () => {
  mailer.close();
  await server.close();
  await service.close();
});

let clock = Math.floor(Date.now() / 1000) - 1_000;

/** Each event a second after the one before. */
function tellStripe(type: string, object: Json): Promise<unknown> {
  clock += 1;
  return service.notify(event(type, { created: clock, ...object }, { id: `evt_${type}_${clock}`, created: clock }));
}

const ORDER = { currency: "USD", total: 1999, lines: [{ sku: "TEA-1", name: "Tea", quantity: 2, amount: 1999 }] };
const BUYER = { email: "buyer.canary@example.org", name: "Ann" };

function register(reference: string, more: object = {}) {
  return service.call("POST", "/v1/orders", { reference, ...ORDER, customer: BUYER, ...more });
}

const tellIntent = (reference: string, told: string, status: string, more: Json = {}) =>
  tellStripe(`payment_intent.${told}`, intentOf(reference, { status, ...more }));

const intentOf = (reference: string, more: Json): Json =>
  intent({
    id: `pi_${reference}`,
    latest_charge: `ch_${reference}`,
    metadata: { order_id: reference },
    amount_received: more.status === "succeeded" ? 1999 : 0,
    ...more,
  });

const pay = (reference: string) => tellIntent(reference, "succeeded", "succeeded");

const giveBack = (reference: string, amount: number, id: string) =>
  tellStripe(
    "refund.created",
    refund({ id, charge: `ch_${reference}`, payment_intent: `pi_${reference}`, amount, status: "succeeded" }),
  );

async function orderIs(reference: string, status: string): Promise<void> {
  const answer = await eventually(
    () => service.call("GET", `/v1/orders/${reference}`),
    ({ json }) => json?.status === status,
  );
  expect(answer.json?.status).toBe(status);
}

/** The newest event of its type about the order, or about its payments. */
async function eventOf(reference: string, type: string, index = -1): Promise<EventView> {
  for (let tries = 0; tries < 200; tries++) {
    const order = await read.order(reference);
    const ids = order?.payments.map(({ id }) => id) ?? [];
    const events = (await read.eventsOf({ order: reference, payments: ids })).filter((each) => each.type === type);
    const found = events.at(index);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no ${type} of ${reference}`);
}

let deliveries = 0;

async function deliver(
  told: EventView,
  receiver = "mail:buyer",
): Promise<{ answer: Delivered; mail: Received | null }> {
  const before = server.received.length;
  deliveries += 1;
  const delivery = { id: `dlv_${deliveries}`, receiver, attempts: 1, event: told };
  const answer = await courier.deliver(delivery, new AbortController().signal);
  expect(server.received.length - before).toBe(answer.kind === "delivered" ? 1 : 0);
  return { answer, mail: server.received[before] ?? null };
}

const skipped = (reason: string) => ({ kind: "skipped", reason });

/** A subscription that pays `reference`, and one of its invoices. */
const tellSubscription = (reference: string, told: string, more: Json = {}) =>
  tellStripe(
    `customer.subscription.${told}`,
    subscription({ id: `sub_${reference}`, metadata: { order_id: reference }, ...more }),
  );
const tellInvoice = (reference: string, told: string, more: Json = {}) =>
  tellStripe(
    `invoice.${told}`,
    invoice({
      id: `in_${reference}`,
      parent: { subscription_details: { subscription: `sub_${reference}`, metadata: { order_id: reference } } },
      status_transitions: { paid_at: told === "paid" ? clock + 1 : null },
      ...more,
    }),
  );

describe("to the buyer of a subscription", () => {
  test("that a period was paid, and until when; of two that come to be known at once the last alone", async () => {
    await register("sub-renewed", { recurring: true });
    await tellSubscription("sub-renewed", "updated");
    await tellInvoice("sub-renewed", "paid");
    const first = await eventOf("sub-renewed", "subscription.renewed");
    const { mail } = await deliver(first);
    expect(mail?.to).toEqual(["buyer.canary@example.org"]);
    expect(mail?.email.subject).toBe("[Test] Your subscription for order sub-renewed is renewed");
    expect(mail?.email.text).toMatch(
      /we received \$19\.99 for a further period of your subscription\.\s+It is paid until /,
    );
    await tellInvoice("sub-renewed", "paid", { id: "in_sub-renewed-2" });
    await eventually(
      () => service.call("GET", "/v1/events?type=subscription.renewed&order=sub-renewed"),
      ({ json }) => json.data.length === 2,
    );
    expect((await deliver(first)).answer).toEqual(skipped("overtaken"));
  });

  test("that a payment failed, and when it is tried again, while nothing has come since", async () => {
    await register("sub-failed", { recurring: true });
    await tellSubscription("sub-failed", "updated");
    await tellInvoice("sub-failed", "payment_failed", {
      status: "open",
      amount_paid: 0,
      next_payment_attempt: 1_800_000_000,
    });
    const failed = await eventOf("sub-failed", "subscription.payment_failed");
    const { mail } = await deliver(failed);
    expect(mail?.email.text).toMatch(
      /\$19\.99 for your subscription could not be collected\.\s+It is tried again on January 15, 2027/,
    );
    await tellInvoice("sub-failed", "paid");
    await eventOf("sub-failed", "subscription.renewed");
    expect((await deliver(failed)).answer).toEqual(skipped("no_longer_true"));
  });

  test("that it has ended, and nothing where it names no registered order", async () => {
    await register("sub-ended", { recurring: true, customer: { ...BUYER, locale: "de" } });
    for (const reference of ["sub-ended", "sub-unknown"]) {
      await tellSubscription(reference, "updated");
      await tellSubscription(reference, "deleted", { status: "canceled" });
    }
    const { mail } = await deliver(await eventOf("sub-ended", "subscription.ended"));
    expect(mail?.email.text).toContain("Ihr Abonnement ist am ");
    expect((await deliver(await eventOf("sub-unknown", "subscription.ended"))).answer).toEqual(
      skipped("order_not_registered"),
    );
  });
});

describe("to the buyer", () => {
  test("that the order is paid, with the receipt, the sum and the link to their page, marked as a test", async () => {
    await register("paid-1");
    await pay("paid-1");
    const { mail } = await deliver(await eventOf("paid-1", "order.paid"));
    expect(mail?.to).toEqual(["buyer.canary@example.org"]);
    expect(mail?.email.subject).toBe("[Test] Your order paid-1 is paid");
    expect(mail?.email.attachments.map(({ filename }) => filename)).toEqual(["receipt-7.pdf"]);
    for (const body of [mail?.email.text, mail?.email.html]) {
      expect(body).toContain("$19.99");
      expect(body).toContain("Your receipt is attached");
    }
    expect(mail?.email.text).toContain("https://pay.example.com/o/paid-1");
    expect(mail?.email.text).toContain("Hello Ann,");
  });

  test("in the language that the order names, with its money and its days", async () => {
    await register("paid-de", { customer: { ...BUYER, locale: "de-AT" }, currency: "EUR", total: 123_450, lines: [] });
    await tellIntent("paid-de", "succeeded", "succeeded", {
      currency: "eur",
      amount: 123_450,
      amount_received: 123_450,
    });
    const { mail } = await deliver(await eventOf("paid-de", "order.paid"));
    expect(mail?.email.subject).toBe("[Test] Ihre Bestellung paid-de ist bezahlt");
    expect(mail?.email.text?.replace(/\s/g, " ")).toMatch(/Gesamtbetrag: € 1[. ]234,50/);
  });

  test("nothing of an order that was not registered, or has no address, or one that is none", async () => {
    await pay("nobodys");
    const payment = await eventually(
      () => service.call("GET", "/v1/payments?order=nobodys"),
      ({ json }) => json?.data.length === 1,
    );
    const [paid] = await read.eventsOf({ payments: [payment.json.data[0].id] });
    if (!paid) throw new Error("no event");
    expect((await deliver({ ...paid, type: "payment.refunded" })).answer).toEqual(skipped("order_not_registered"));

    await register("paid-without", { customer: { name: "Ann" } });
    await pay("paid-without");
    expect((await deliver(await eventOf("paid-without", "order.paid"))).answer).toEqual(skipped("no_address"));

    await register("paid-list", { customer: { email: "ann@example.com,everybody@example.com" } });
    await pay("paid-list");
    expect((await deliver(await eventOf("paid-list", "order.paid"))).answer).toEqual(skipped("address_invalid"));
  });

  test("that it is paid no more when all was given back meanwhile, and still when a part was", async () => {
    await register("returned");
    await pay("returned");
    const paid = await eventOf("returned", "order.paid");
    await giveBack("returned", 500, "re_part");
    await orderIs("returned", "partially_refunded");
    expect((await deliver(paid)).answer.kind).toBe("delivered");
    await giveBack("returned", 1499, "re_rest");
    await orderIs("returned", "refunded");
    expect((await deliver(paid)).answer).toEqual(skipped("no_longer_true"));
  });

  test("of each refund with the sum so far, and of two at once only the newer", async () => {
    await register("given");
    await pay("given");
    await orderIs("given", "paid");
    await giveBack("given", 500, "re_given_1");
    await orderIs("given", "partially_refunded");
    const first = await eventOf("given", "payment.refunded");
    const part = await deliver(first);
    expect(part.mail?.email.subject).toBe("[Test] Refund for order given: $5.00");
    expect(part.mail?.email.text).toContain("Of the $19.99 that you paid, we have given back $5.00 so far.");
    await giveBack("given", 1499, "re_given_2");
    await orderIs("given", "refunded");
    expect((await deliver(first)).answer).toEqual(skipped("overtaken"));
    const whole = await deliver(await eventOf("given", "payment.refunded"));
    expect(whole.mail?.email.text).toContain("We have given back all of the $19.99 that you paid.");
  });

  test("that the payment is on its way, and no more once it came", async () => {
    await register("slow");
    await tellIntent("slow", "processing", "processing");
    const pending = await eventOf("slow", "payment.pending");
    expect((await deliver(pending)).mail?.email.subject).toBe("[Test] Your payment for order slow is on its way");
    await pay("slow");
    await orderIs("slow", "paid");
    expect((await deliver(pending)).answer).toEqual(skipped("no_longer_true"));
  });

  test("that the payment failed, and no more once another came or is on its way", async () => {
    await register("bad");
    await tellIntent("bad", "payment_failed", "requires_payment_method");
    const failed = await eventOf("bad", "payment.failed");
    expect((await deliver(failed)).mail?.email.subject).toBe("[Test] Your payment for order bad did not go through");
    await tellStripe(
      "payment_intent.processing",
      intentOf("bad", { id: "pi_bad_2", latest_charge: "ch_bad_2", status: "processing" }),
    );
    await eventually(
      () => service.call("GET", "/v1/payments?order=bad"),
      ({ json }) => json?.data.length === 2,
    );
    expect((await deliver(failed)).answer).toEqual(skipped("no_longer_true"));
  });

  test("nothing of a payment that is held", async () => {
    await register("short");
    await tellIntent("short", "succeeded", "succeeded", { amount: 1000, amount_received: 1000 });
    await giveBack("short", 1000, "re_short");
    const told = await eventOf("short", "payment.refunded");
    expect((await deliver({ ...told, order: "short" })).answer).toEqual(skipped("payment_held"));
  });

  test("with what they wrote escaped, as one line, and in no header", async () => {
    const name = `<b onclick="x">Ann</b>`;
    const evil = 'paid-<img src=x onerror=alert(1)> & "more"';
    await register(evil, {
      customer: { ...BUYER, name },
      lines: [{ sku: "X", name: "<script>alert(1)</script>", quantity: 1, amount: 1999 }],
    });
    await tellIntent(evil, "succeeded", "succeeded", { id: "pi_evil", latest_charge: "ch_evil" });
    const { mail } = await deliver(await eventOf(evil, "order.paid"));
    expect(mail?.to).toEqual(["buyer.canary@example.org"]);
    expect(mail?.email.html).not.toMatch(/<script>|<img|onclick=/);
    expect(mail?.email.html).toContain("&lt;script&gt;");
    // A name that is none is no greeting.
    expect(mail?.email.text).toContain("Hello,");
  });
});

describe("to the merchant", () => {
  test("that a payment is disputed, with its time, and no more once it was won", async () => {
    await register("disputed");
    await pay("disputed");
    await orderIs("disputed", "paid");
    const about = { id: "du_1", charge: "ch_disputed", payment_intent: "pi_disputed" };
    await tellStripe("charge.dispute.created", dispute(about));
    const told = await eventOf("disputed", "payment.disputed");
    const snapshot = JSON.parse(told.snapshot);
    const withTime = {
      ...told,
      snapshot: JSON.stringify({
        payment: {
          ...snapshot.payment,
          disputes: [
            { reference: "du_0", status: "won", amount: 1999, dueBy: "2026-12-01T14:05:00.000Z" },
            { reference: "du_1", status: "open", amount: 1999, dueBy: "2026-12-08T14:05:00.000Z" },
          ],
        },
      }),
    };
    const { mail } = await deliver(withTime, "mail:merchant");
    expect(mail?.to).toEqual(["owner@example.com"]);
    expect(mail?.email.subject?.replace(/\s/g, " ")).toBe(
      "[Test] Dispute: order disputed, answer by December 8, 2026 at 2:05 PM UTC",
    );
    expect(mail?.raw).not.toContain("buyer.canary");
    await tellStripe(
      "charge.dispute.closed",
      dispute({ ...about, status: "won", balance_transactions: [movement(-1999), movement(1999)] }),
    );
    await eventOf("disputed", "payment.dispute_won");
    expect((await deliver(told, "mail:merchant")).answer).toEqual(skipped("no_longer_true"));
  });

  test("that a payment is held and why, once, and no more once it was let in", async () => {
    await register("held");
    await tellIntent("held", "succeeded", "succeeded", { amount: 1000, amount_received: 1000 });
    const held = await eventOf("held", "order.held");
    const { mail } = await deliver(held, "mail:merchant");
    expect(mail?.email.subject).toBe("[Test] Order held: a payment is held");
    expect(mail?.email.text).toContain("another amount than what is due");
    expect(mail?.email.text).toContain("$10.00");

    const order = await read.order("held");
    const id = order?.payments[0]?.id ?? "";
    const quarantined = (await read.eventsOf({ payments: [id] })).find(
      ({ type }) => type === "notification.quarantined",
    );
    if (!quarantined) throw new Error("no event");
    expect((await deliver(quarantined, "mail:merchant")).answer).toEqual(skipped("told_otherwise"));
    await service.call("POST", `/v1/payments/${id}/accept`, { by: "ann", reason: "agreed on the phone" });
    expect((await deliver(held, "mail:merchant")).answer).toEqual(skipped("no_longer_true"));
  });

  test("that a notification can't be read", async () => {
    await tellStripe("payment_intent.succeeded", { ...intentOf("odd", { status: "succeeded" }), amount: "a lot" });
    const list = await eventually(
      () => service.call("GET", "/v1/notifications?outcome=quarantined&reason=unreadable"),
      ({ json }) => json?.data.length === 1,
    );
    const told: EventView = {
      id: "evt_1",
      type: "notification.quarantined",
      payment: null,
      order: null,
      sequence: 1,
      live: false,
      at: new Date(),
      snapshot: JSON.stringify({ notification: { id: list.json.data[0].id, reason: "unreadable" } }),
    };
    const { mail } = await deliver(told, "mail:merchant");
    expect(mail?.email.text).toContain("it is genuine, and cannot be read");
  });

  test("that an endpoint broke off, and no more once it is back", async () => {
    const told = (id: string): EventView => ({
      id: "evt_2",
      type: "endpoint.disabled",
      payment: null,
      order: null,
      sequence: 1,
      live: false,
      at: new Date("2026-11-26T14:05:00Z"),
      snapshot: JSON.stringify({ endpoint: { id, url: "https://shop.example.com", reason: "gone" } }),
    });
    const { mail } = await deliver(told("ep_gone"), "mail:merchant");
    expect(mail?.email.subject).toBe("Your endpoint at shop.example.com hears nothing any more");
    expect(mail?.email.text).toContain("answered that it is gone (410)");
    expect((await deliver(told("ep_back"), "mail:merchant")).answer).toEqual(skipped("no_longer_true"));
  });

  test("nothing that was not meant for them", async () => {
    const told = await eventOf("held", "order.held");
    expect((await deliver(told, "mail:buyer")).answer).toEqual(skipped("not_mailed"));
  });
});
