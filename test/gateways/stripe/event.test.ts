import { describe, expect, test } from "vitest";
import { stripe } from "../../../src/gateways/stripe/index.ts";
import {
  CREATED,
  charge,
  event,
  IDS,
  intent,
  invoice,
  type Json,
  oldInvoice,
  refund,
  session,
  subscription,
} from "./objects.ts";
import { detailOf, factsOf, only, parse, rawOf } from "./reading.ts";

describe("the event's id is the journal's key", () => {
  const sent = event("charge.succeeded", charge());
  test.each([
    ["as Stripe writes it", JSON.stringify(sent, null, 2)],
    ["without spaces", JSON.stringify(sent)],
    ["with the id in the middle", JSON.stringify(Object.fromEntries(Object.entries(sent).reverse()))],
  ])("%s", (_name, body) => {
    expect(stripe.identify(rawOf(body))).toBe(sent.id);
  });

  test("an id of the object, of metadata or inside a text is not taken for it", () => {
    const metadata = { id: "evt_metadata", text: '{"id":"evt_text"' };
    const { data: _data, id: _id, ...rest } = sent;
    const body = { data: { object: { id: "evt_object", metadata } }, ...rest, id: "evt_own" };
    expect(stripe.identify(rawOf(JSON.stringify(body)))).toBe("evt_own");
  });

  test.each([
    "",
    "{}",
    "[]",
    "null",
    "no json",
    '{"id":5}',
    '{"id":"ch_1"}',
    `{"id":"evt_${"x".repeat(300)}"}`,
    "\ufeff{}",
  ])("a body without one (%j) goes by its hash", (body) => {
    expect(stripe.identify(rawOf(body))).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("it is also the item's key", () => {
    const parsed = parse(sent);
    const items = parsed.kind === "parsed" ? stripe.normalize(parsed.payload, { orderFields: [] }) : [];
    expect(items.map(({ key }) => key)).toEqual([sent.id]);
  });
});

describe("the event's time and place", () => {
  test("every fact is as of the event, in milliseconds", () => {
    expect(factsOf("charge.succeeded", charge()).map(({ at }) => at)).toEqual([CREATED * 1000]);
  });

  test("an event of the future is as of its receipt", () => {
    const receivedAt = new Date(CREATED * 1000 - 2500);
    const parsed = parse(event("charge.succeeded", charge()), receivedAt);
    const facts = parsed.kind === "parsed" ? parsed.payload.facts({ orderFields: [] }) : [];
    expect(facts.map(({ at }) => at)).toEqual([receivedAt.getTime()]);
  });

  test("test and live events are told apart", () => {
    const live = (livemode: unknown) => {
      const parsed = parse(event("charge.succeeded", charge(), { livemode }));
      return parsed.kind === "parsed" ? parsed.payload.live : parsed.detail;
    };
    expect([live(true), live(false), live("true"), live(undefined)]).toEqual([
      true,
      false,
      "livemode: invalid_type",
      "livemode: invalid_type",
    ]);
  });

  test("a connected account is kept as the merchant of each fact, our own is not", () => {
    const connected = factsOf("checkout.session.completed", session(), { account: "acct_1KqA0FvXy2L" });
    expect(connected.map(({ merchant }) => merchant)).toEqual(["acct_1KqA0FvXy2L", "acct_1KqA0FvXy2L"]);
    for (const fact of factsOf("checkout.session.completed", session())) expect(fact).not.toHaveProperty("merchant");
  });
});

describe("what is not understood", () => {
  test.each([
    ["not JSON", "{", "the body is not JSON"],
    ["a list", "[]", "the event: invalid_type"],
    ["another object", '{"object":"charge"}', "object: invalid_value"],
    ["an event without data", JSON.stringify({ ...event("x.y", {}), data: null }), "data: invalid_type"],
    ["an event without a time", JSON.stringify({ ...event("x.y", {}), created: "today" }), "created: invalid_type"],
    ["the same key twice", '{"object":"event","object":"event"}', "an object has the same key twice"],
  ])("%s is unreadable", (_name, body, detail) => {
    expect(parse(body)).toEqual({ kind: "unreadable", detail });
  });

  test("an event of a type that we know about something else is unreadable, not misread", () => {
    expect(detailOf("charge.succeeded", refund())).toMatch(/^data\.object\.captured: /);
  });

  test.each([
    "customer.created",
    "payment_intent.frobnicated",
    "invoice.upcoming",
    "__proto__",
    "constructor",
    "toString",
  ])("an event of type %s says nothing", (type) => {
    expect(factsOf(type, charge())).toEqual([]);
  });

  test("fields that we never heard of change nothing", () => {
    const odd: Json = { surprise: { nested: [1, "two", null] }, flags: ["x"], score: 1.5 };
    expect(factsOf("charge.succeeded", charge(odd))).toEqual(factsOf("charge.succeeded", charge()));
  });
});

describe("the merchant's order reference", () => {
  const orders = (object: Json, fields?: readonly string[], type = "payment_intent.succeeded") =>
    factsOf(type, object, {}, fields)[0]?.orders;

  test("comes from each listed field that has one, ranked as listed", () => {
    const object = session({ metadata: { order_id: "1001" }, client_reference_id: "cart-7" });
    expect(orders(object, undefined, "checkout.session.completed")).toEqual([
      { rank: 0, value: "1001" },
      { rank: 1, value: "cart-7" },
    ]);
  });

  test("comes from no field that is not listed", () => {
    const object = intent({ metadata: { order_id: "1001", orderId: "1002" } });
    expect(orders(object, ["metadata.orderId"])).toEqual([{ rank: 0, value: "1002" }]);
    expect(orders(object, [])).toBeUndefined();
  });

  test("may be under a key with dots, and in a field of the object itself", () => {
    const object = intent({ metadata: { "shop.order": "7" }, description: "Order 8" });
    expect(orders(object, ["metadata.shop.order", "description"])).toEqual([
      { rank: 0, value: "7" },
      { rank: 1, value: "Order 8" },
    ]);
  });

  test.each([
    "__proto__",
    "constructor",
    "toString",
    "metadata.__proto__",
    "metadata.constructor",
    "metadata.toString",
  ])("is never what every object inherits (%s)", (field) => {
    expect(orders(intent(), [field])).toBeUndefined();
  });

  test.each([
    ["nothing", ""],
    ["spaces", "  \t "],
    ["a number", 1001],
    ["an object", { id: "1001" }],
    ["more than 200 characters", "9".repeat(201)],
    ["a NUL", "10\u000001"],
    ["half a character", "10\ud80001"],
  ])("is absent where it is %s", (_name, value) => {
    expect(orders(intent({ metadata: { order_id: value } }))).toBeUndefined();
  });

  test("is trimmed, and may have 200 characters", () => {
    expect(orders(intent({ metadata: { order_id: ` ${"9".repeat(200)}\n` } }))).toEqual([
      { rank: 0, value: "9".repeat(200) },
    ]);
  });

  test("of an invoice is its own, else its subscription's, in either place that versions have for it", () => {
    const of = (object: Json) => orders(object, undefined, "invoice.paid")?.map(({ value }) => value);
    expect(of(invoice({ metadata: { order_id: "I-1" } }))).toEqual(["I-1"]);
    expect(of(invoice())).toEqual(["S-77"]);
    expect(of(oldInvoice())).toEqual(["S-77"]);
  });
});

describe("people's data never keeps money from counting", () => {
  test.each<[string, Json]>([
    ["no billing details", { billing_details: null }],
    ["odd billing details", { billing_details: "Ann" }],
    ["an e-mail that is a number", { billing_details: { email: 5, name: null }, customer: null }],
    ["a name with a NUL", { billing_details: { email: null, name: "A\0nn" }, customer: null }],
    ["a customer that is a number", { customer: 5 }],
    ["an endless name", { billing_details: { email: null, name: "A".repeat(10_000) } }],
    ["no metadata", { metadata: null }],
    ["odd metadata", { metadata: ["order_id"] }],
  ])("%s", (_name, more) => {
    expect(only("capture", factsOf("charge.succeeded", charge(more)))[0]).toMatchObject({
      status: "succeeded",
      amount: 1999n,
    });
  });

  test("the receipt's e-mail stands in for the billing details'", () => {
    const object = charge({ billing_details: { email: null, name: null }, receipt_email: "bob@example.com" });
    expect(only("capture", factsOf("charge.succeeded", object))[0]?.buyer).toEqual({
      id: IDS.customer,
      email: "bob@example.com",
    });
  });

  test("a customer that a version expands is its id", () => {
    const object = subscription({ customer: { id: IDS.customer, object: "customer", email: "ann@example.com" } });
    expect(factsOf("customer.subscription.updated", object)[0]?.buyer).toEqual({ id: IDS.customer });
  });
});

describe("sessions", () => {
  test("one that only stores a card is no payment", () => {
    const object = session({
      mode: "setup",
      currency: null,
      amount_total: null,
      payment_intent: null,
      setup_intent: "seti_1",
    });
    expect(factsOf("checkout.session.completed", object)).toEqual([]);
  });

  test("one whose money an invoice collects is told of the subscription, else of the invoice", () => {
    const invoiced = { mode: "subscription", payment_intent: null, invoice: IDS.invoice };
    const of = (more: Json) => factsOf("checkout.session.completed", session({ ...invoiced, ...more }));
    expect(of({ subscription: IDS.subscription })).toMatchObject([
      { kind: "subscription", orders: [{ value: "1001" }] },
    ]);
    expect(of({ subscription: null })).toMatchObject([{ kind: "invoice", orders: [{ value: "1001" }] }]);
  });

  test("one that needed no payment succeeded and claims nothing", () => {
    const object = session({ payment_status: "no_payment_required", amount_total: 0 });
    expect(factsOf("checkout.session.completed", object)).toMatchObject([
      { kind: "session", status: "succeeded", amount: 0n },
    ]);
  });
});

describe("settings", () => {
  const good = { webhookSecrets: ["whsec_4fRkZp2VbN8sXcW1yTqLmD6hJgUe3oAi"] };
  const problems = (settings: Json) =>
    stripe.settings.safeParse(settings).error?.issues.map(({ path }) => path.join("."));

  test("need a secret and nothing else", () => {
    expect(stripe.settings.parse(good)).toEqual({ ...good, secretKey: null, apiUrl: "https://api.stripe.com" });
  });

  test.each<[string, Json, string]>([
    ["no secrets", { webhookSecrets: [] }, "webhookSecrets"],
    ["a blank secret beside a good one", { webhookSecrets: [...good.webhookSecrets, ""] }, "webhookSecrets.1"],
    ["a secret of white space", { webhookSecrets: [" ".repeat(20)] }, "webhookSecrets.0"],
    ["a secret that is only the prefix", { webhookSecrets: ["whsec_"] }, "webhookSecrets.0"],
    ["a secret with a line end", { webhookSecrets: [`${good.webhookSecrets[0]}\n`] }, "webhookSecrets.0"],
    ["a blank key", { ...good, secretKey: " " }, "secretKey"],
    ["an address that is no URL", { ...good, apiUrl: "api.stripe.com" }, "apiUrl"],
    ["an address of a file", { ...good, apiUrl: "file:///etc/passwd" }, "apiUrl"],
    ["a setting that there is none of", { ...good, webhookSecret: "x" }, ""],
  ])("refuse %s", (_name, settings, path) => {
    expect(problems(settings)).toEqual([path]);
  });

  test("a live account calls Stripe's own host only, whatever is configured", () => {
    const settings = stripe.settings.parse({ ...good, apiUrl: "http://127.0.0.1:9000/v1" });
    expect(stripe.origins(settings, false)).toEqual(["http://127.0.0.1:9000"]);
    expect(stripe.origins(settings, true)).toEqual(["https://api.stripe.com"]);
  });
});
