import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Service, startService, succeeded } from "./service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const ORDER = {
  reference: "1001",
  currency: "USD",
  total: 1999,
  customer: { email: "ann@example.com", name: "Ann" },
  lines: [{ sku: "TEA-1", name: "Tea", quantity: 2, amount: 1999 }],
};

const register = (order: object) => service.call("POST", "/v1/orders", order);
const statusOf = (reference: string, status: string) =>
  eventually(
    () => service.call("GET", `/v1/orders/${reference}`),
    (answer) => answer.json?.status === status,
  );

describe("orders", () => {
  test("a registered order is 201, the same again 200, a different one 409", async () => {
    const first = await register(ORDER);
    expect(first.status).toBe(201);
    expect(first.json).toMatchObject({
      reference: "1001",
      status: "open",
      currency: "USD",
      total: 1999,
      paid: 0,
      refunded: 0,
      due: 1999,
      fulfillable: false,
      version: 1,
      notifyUrls: {
        stripe: "https://pay.example.com/ipn/stripe",
        "paypal-ipn": "https://pay.example.com/ipn/paypal-ipn",
      },
    });
    expect((await register(ORDER)).status).toBe(200);
    const different = await register({ ...ORDER, total: 2000 });
    expect([different.status, different.json.error]).toEqual([409, "already_registered"]);
  });

  test("a line's tax is worked out from its rate alone, and kept as given beside one", async () => {
    const lines = [
      { sku: "A", name: "A", quantity: 1, amount: 1999, taxRate: "19.00" },
      { sku: "B", name: "B", quantity: 1, amount: 1999, taxRate: "7.7", tax: 144 },
      { sku: "C", name: "C", quantity: 1, amount: 1999, tax: 1 },
      { sku: "D", name: "D", quantity: 1, amount: 1999 },
    ];
    const customer = { company: "Ann Ltd", address: ["5 Cup Road", "Dublin"], taxId: "IE1234567X" };
    const order = { ...ORDER, reference: "taxed", total: 7996, lines, customer };
    const answer = await register(order);
    expect(answer.json.lines.map(({ taxRate, tax }: Record<string, unknown>) => [taxRate, tax])).toEqual([
      ["19", 319],
      ["7.7", 144],
      [null, 1],
      [null, null],
    ]);
    expect(answer.json.customer).toEqual({ email: null, name: null, locale: null, ...customer });
    expect((await register(order)).status).toBe(200);
  });

  test("what was paid is told with the payment, and the timeline says why", async () => {
    await register({ ...ORDER, reference: "1002" });
    expect((await service.notify(succeeded({ intent: "pi_1002", order: "1002" }))).status).toBe(200);
    const order = await statusOf("1002", "paid");
    expect(order.json).toMatchObject({ status: "paid", paid: 1999, due: 0, fulfillable: true });
    expect(order.json.payments).toMatchObject([
      { gateway: "stripe", reference: "pi_1002", status: "paid", captured: 1999, counts: true, held: [] },
    ]);
    const kinds = order.json.timeline.map((entry: { kind: string }) => entry.kind);
    expect(new Set(kinds)).toEqual(new Set(["decision", "notification", "fact", "event"]));
    const times = order.json.timeline.map((entry: { at: string }) => entry.at);
    expect(times).toEqual([...times].sort());
    expect(order.json.timeline).toContainEqual(
      expect.objectContaining({ kind: "notification", outcome: "applied", type: "payment_intent.succeeded" }),
    );
    expect(order.json.timeline).toContainEqual(expect.objectContaining({ kind: "event", event: "order.paid" }));
  });

  test("the customer's language is kept as the tag's canonical form, and is null where nobody said it", async () => {
    const spoken = await register({ ...ORDER, reference: "1003-de", customer: { locale: "DE-at" } });
    expect(spoken.json.customer).toMatchObject({ email: null, name: null, locale: "de-AT" });
    expect((await register({ ...ORDER, reference: "1003-none" })).json.customer.locale).toBeNull();
    const refused = await register({ ...ORDER, reference: "1003-no", customer: { locale: "german please" } });
    expect([refused.status, refused.json.fields[0].path]).toEqual([400, "customer.locale"]);
  });

  test("a change needs the version that it changes", async () => {
    await register({ ...ORDER, reference: "1003" });
    const stale = await service.call("PATCH", "/v1/orders/1003", { version: 7, total: 2500 });
    expect([stale.status, stale.json.error]).toEqual([409, "version_mismatch"]);
    const changed = await service.call("PATCH", "/v1/orders/1003", { version: 1, total: 2500 });
    expect([changed.status, changed.json.total, changed.json.version]).toEqual([200, 2500, 2]);
    const without = await service.call("PATCH", "/v1/orders/1003", { total: 2500 });
    expect([without.status, without.json.fields[0].path]).toEqual([400, "version"]);
  });

  test("a canceled order is canceled, with or without a reason, and an unknown one 404", async () => {
    await register({ ...ORDER, reference: "1004" });
    expect((await service.call("POST", "/v1/orders/1004/cancel", { reason: "out of stock" })).json.status).toBe(
      "canceled",
    );
    await register({ ...ORDER, reference: "1005" });
    expect((await service.call("POST", "/v1/orders/1005/cancel")).json.status).toBe("canceled");
    expect((await service.call("POST", "/v1/orders/none/cancel")).status).toBe(404);
    expect((await service.call("GET", "/v1/orders/none")).json.error).toBe("not_found");
  });

  test("money from outside pays an order, once", async () => {
    await register({ ...ORDER, reference: "1006" });
    const payment = {
      reference: "bank-77",
      method: "bank_transfer",
      currency: "USD",
      amount: 1999,
      by: "bo",
      at: "2026-01-05T10:00:00+01:00",
      reason: "statement of 5 January",
    };
    const first = await service.call("POST", "/v1/orders/1006/payments", payment);
    expect([first.status, first.json.status, first.json.paid]).toEqual([201, "paid", 1999]);
    expect((await service.call("POST", "/v1/orders/1006/payments", payment)).status).toBe(200);
    const unexplained = await service.call("POST", "/v1/orders/1006/payments", {
      ...payment,
      by: undefined,
      amount: -5,
    });
    expect(unexplained.json.fields.map((field: { path: string }) => field.path).sort()).toEqual(["amount", "by"]);
  });

  test("a reference of other signs is found again by its address", async () => {
    const reference = "Bestellung 7/ä?#%";
    expect((await register({ ...ORDER, reference })).status).toBe(201);
    expect((await service.call("GET", `/v1/orders/${encodeURIComponent(reference)}`)).json.reference).toBe(reference);
  });
});

describe("lists", () => {
  test("page by cursor until there is no next, each row once", async () => {
    for (let i = 0; i < 5; i++) await register({ ...ORDER, reference: `page-${i}` });
    const seen: string[] = [];
    let next: string | null = null;
    do {
      const page = await service.call("GET", `/v1/orders?limit=2${next ? `&cursor=${encodeURIComponent(next)}` : ""}`);
      seen.push(...page.json.data.map((order: { reference: string }) => order.reference));
      next = page.json.next;
    } while (next);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((reference) => reference.startsWith("page-")).length).toBe(5);
  });

  test("statuses are read in any case, and by PayPal's and JFW's names", async () => {
    await register({ ...ORDER, reference: "2001" });
    await service.notify(succeeded({ intent: "pi_2001", order: "2001" }));
    await statusOf("2001", "paid");
    for (const word of ["paid", "PAID", "Completed", "Processed", "canceled_reversal", "Denied,Completed"]) {
      const list = await service.call("GET", `/v1/payments?reference=pi_2001&status=${word}`);
      expect([word, list.json.data.length]).toEqual([word, 1]);
    }
    for (const word of ["Reversed", "Created", "Voided", "partially_refunded"]) {
      expect((await service.call("GET", `/v1/payments?reference=pi_2001&status=${word}`)).json.data).toEqual([]);
    }
    const unknown = await service.call("GET", "/v1/payments?status=payed");
    expect([unknown.status, unknown.json.fields]).toEqual([400, [{ path: "status", message: "is not a known word" }]]);
  });

  test("payments are found by each filter, and the accounts' own mode is shown unless asked otherwise", async () => {
    await register({ ...ORDER, reference: "2002" });
    await service.notify(succeeded({ intent: "pi_2002", order: "2002" }));
    await statusOf("2002", "paid");
    const found = async (query: string) => (await service.call("GET", `/v1/payments?${query}`)).json.data.length;
    for (const query of [
      "reference=pi_2002",
      "reference=ch_pi_2002",
      "order=2002",
      "order=2002&gateway=stripe&account=default",
      "order=2002&live=false",
      "order=2002&live=all",
      "order=2002&since=2020-01-01T00:00:00Z",
      "order=2002&held=false",
    ]) {
      expect([query, await found(query)]).toEqual([query, 1]);
    }
    for (const query of [
      "reference=pi_none",
      "order=2002&gateway=paypal",
      "order=2002&live=true",
      "order=2002&until=2020-01-01T00:00:00Z",
      "order=2002&held=true",
    ]) {
      expect([query, await found(query)]).toEqual([query, 0]);
    }
  });

  test.each([
    ["/v1/orders?limit=0", "limit"],
    ["/v1/orders?limit=101", "limit"],
    ["/v1/orders?limit=1e1", "limit"],
    ["/v1/orders?since=yesterday", "since"],
    ["/v1/orders?state=paid", "state"],
    ["/v1/payments?live=yes", "live"],
    ["/v1/payments?account=a&account=b", "account"],
    ["/v1/notifications?outcome=lost", "outcome"],
  ])("%s is 400 and names %s", async (path, field) => {
    const answer = await service.call("GET", path);
    expect([answer.status, answer.json.error, answer.json.fields[0].path]).toEqual([400, "invalid", field]);
  });

  test("a cursor of one's own making is 400", async () => {
    for (const cursor of [
      "x",
      Buffer.from('[1,"x"]').toString("base64url"),
      Buffer.from("[1e99]").toString("base64url"),
    ]) {
      const { status, json } = await service.call("GET", `/v1/notifications?cursor=${cursor}`);
      expect([cursor, status, json.fields?.[0].path]).toEqual([cursor, 400, "cursor"]);
    }
  });
});

describe("payments and notifications", () => {
  test("a payment is read with its facts, by the shape that is promised", async () => {
    await register({ ...ORDER, reference: "3001" });
    await service.notify(succeeded({ intent: "pi_3001", order: "3001" }));
    await statusOf("3001", "paid");
    const [{ id }] = (await service.call("GET", "/v1/payments?order=3001")).json.data;
    const payment = (await service.call("GET", `/v1/payments/${id}`)).json;
    expect(payment).toMatchObject({
      id,
      gateway: "stripe",
      account: "default",
      reference: "pi_3001",
      references: expect.arrayContaining(["pi_3001"]),
      status: "paid",
      currency: "USD",
      captured: 1999,
      refunded: 0,
      chargedBack: 0,
      disputed: 0,
      fee: null,
      net: null,
      settlement: null,
      order: "3001",
      counts: true,
      held: [],
      live: false,
      aliases: [],
    });
    expect(payment.facts[0]).toMatchObject({
      object: expect.any(String),
      reference: expect.any(String),
      at: expect.any(String),
      notification: expect.stringMatching(/^ntf_/),
    });
    expect((await service.call("GET", "/v1/payments/pay_0000000000000000000000000000")).status).toBe(404);
    expect((await service.call("GET", "/v1/payments/x'--")).status).toBe(400);
  });

  test("a payment that is held is accepted by a person with a reason, and then counts", async () => {
    await register({ ...ORDER, reference: "3002" });
    await service.notify(succeeded({ intent: "pi_3002", order: "3002", amount: 1998 }));
    const list = await eventually(
      () => service.call("GET", "/v1/payments?order=3002"),
      (answer) => answer.json.data[0]?.held.length > 0,
    );
    const [{ id, held }] = list.json.data;
    expect(held).toEqual(["amount_mismatch"]);
    expect((await service.call("GET", "/v1/orders/3002")).json.status).toBe("open");
    expect(
      (await service.call("GET", "/v1/notifications?outcome=Quarantined&reason=amount_mismatch")).json.data.length,
    ).toBe(1);
    const silent = await service.call("POST", `/v1/payments/${id}/accept`, { by: "bo" });
    expect([silent.status, silent.json.fields[0].path]).toEqual([400, "reason"]);
    const accepted = await service.call("POST", `/v1/payments/${id}/accept`, {
      by: "bo",
      reason: "one cent of rounding",
    });
    expect([accepted.status, accepted.json.counts]).toEqual([200, true]);
    const again = await service.call("POST", `/v1/payments/${id}/reject`, { by: "bo", reason: "changed my mind" });
    expect([200, 409]).toContain(again.status);
  });

  test("a notification is read with its headers, its body, and byte for byte", async () => {
    const event = succeeded({ intent: "pi_3003", order: "3003" });
    await service.notify(event);
    const list = await eventually(
      () => service.call("GET", "/v1/notifications?gateway=stripe&limit=100"),
      (answer) =>
        answer.json.data.some(
          (one: { key: string; outcome: string }) => one.key === event.id && one.outcome !== "received",
        ),
    );
    const { id } = list.json.data.find((one: { key: string }) => one.key === event.id);
    const one = (await service.call("GET", `/v1/notifications/${id}`)).json;
    expect(one).toMatchObject({
      id,
      gateway: "stripe",
      key: event.id,
      body: JSON.stringify(event),
      bodyEncoding: "utf8",
    });
    expect(Object.keys(one.headers)).toEqual(["stripe-signature"]);
    const raw = await service.call("GET", `/v1/notifications/${id}/body`);
    expect(raw.text).toBe(JSON.stringify(event));
    expect(raw.headers.get("content-type")).toBe("application/octet-stream");
    expect(raw.headers.get("content-disposition")).toContain("attachment");
    expect(raw.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("a body that was kept for long enough is 410, and all that is said of it else stays", async () => {
    const event = succeeded({ intent: "pi_3005", order: "3005" });
    await service.notify(event);
    const list = await eventually(
      () => service.call("GET", "/v1/notifications?outcome=applied&limit=100"),
      (answer) => answer.json.data.some((one: { key: string }) => one.key === event.id),
    );
    const before = list.json.data.find((one: { key: string }) => one.key === event.id);
    const store = service.parts.backend()?.store;
    await store?.emptyBodies({ before: new Date(), after: null, limit: 1_000 });
    const one = (await service.call("GET", `/v1/notifications/${before.id}`)).json;
    const gone = { size: null, headers: {}, query: "", body: null, bodyEncoding: null };
    expect(one).toEqual({ ...before, ...gone });
    const raw = await service.call("GET", `/v1/notifications/${before.id}/body`);
    expect([raw.status, raw.json.error]).toEqual([410, "no_longer_kept"]);
    expect((await service.notify(event)).status).toBe(200);
    expect((await service.call("GET", `/v1/notifications/${before.id}`)).json.repeats).toBe(1);
  });

  test("orders and decisions are no notifications", async () => {
    await register({ ...ORDER, reference: "3004" });
    const { data } = (await service.call("GET", "/v1/notifications?limit=100")).json;
    expect(data.every((one: { id: string }) => one.id.startsWith("ntf_"))).toBe(true);
  });
});
