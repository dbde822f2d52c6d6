import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, eventually, type Service, startService, succeeded, TOKEN } from "./service.ts";

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

describe("what is not valid", () => {
  const fieldsOf = async (body: unknown) => {
    const answer = await service.call("POST", "/v1/orders", body);
    expect([answer.status, answer.json.error]).toEqual([400, "invalid"]);
    return answer.json.fields.map((field: { path: string }) => field.path);
  };

  test("every field that is wrong is named by its path, and no value is repeated", async () => {
    const body = {
      reference: " 1 ",
      currency: "DOLLARS",
      total: 19.99,
      totl: 1,
      live: "no",
      customer: { email: "a".repeat(400), phone: "1", address: Array(9).fill("a"), taxId: "1\n2" },
      lines: [
        { sku: "A", name: "A", quantity: 0, amount: -1 },
        { sku: "B\u0000", name: "", quantity: 1, amount: "5" },
        { sku: "C", name: "C", quantity: 1, amount: 5, taxRate: 19 },
        { sku: "D", name: "D", quantity: 1, amount: 5, taxRate: "101", tax: 1.5 },
        { sku: "E", name: "E", quantity: 1, amount: 5, tax: 6 },
      ],
      expiresAt: "tomorrow",
    };
    const paths = await fieldsOf(body);
    for (const path of [
      "reference",
      "currency",
      "total",
      "totl",
      "live",
      "customer.email",
      "customer.phone",
      "lines.0.quantity",
      "lines.0.amount",
      "lines.1.sku",
      "lines.1.name",
      "lines.1.amount",
      "lines.2.taxRate",
      "lines.3.taxRate",
      "lines.3.tax",
      "lines.4.tax",
      "customer.address",
      "customer.taxId",
      "expiresAt",
    ]) {
      expect(paths).toContain(path);
    }
    expect((await service.call("POST", "/v1/orders", body)).text).not.toMatch(/DOLLARS|tomorrow|19\.99 is not/);
  });

  test.each([
    ["a key twice", '{"reference":"1","total":1,"total":2,"currency":"USD"}'],
    ["a key twice, escaped", '{"reference":"1","total":1,"tot\\u0061l":2,"currency":"USD"}'],
    ["deep nesting", `{"lines":${"[".repeat(5_000)}${"]".repeat(5_000)}}`],
    ["no JSON", "{reference:1}"],
    ["nothing", ""],
    ["half a surrogate pair", '{"reference":"\\ud800","total":1,"currency":"USD"}'],
    ["a number beyond all numbers", '{"reference":"1","total":1e400,"currency":"USD"}'],
    ["a list", "[]"],
  ])("%s is 400", async (_what, body) => {
    const answer = await service.call("POST", "/v1/orders", body);
    expect([answer.status, answer.json.error, answer.json.fields.length > 0]).toEqual([400, "invalid", true]);
  });

  test.each([
    ["/v1/payments/x", "id", "is not an id"],
    ["/v1/notifications/x/body", "id", "is not an id"],
    ["/v1/orders/%00", "reference", "must not contain control characters"],
  ])("a part of the address is named like a field: %s", async (path, field, message) => {
    const answer = await service.call("GET", path);
    expect([answer.status, answer.json.fields]).toEqual([400, [{ path: field, message }]]);
  });

  test("what should be an object is said in our words", async () => {
    const body = { ...ORDER, reference: "words", customer: "Ann" };
    expect((await service.call("POST", "/v1/orders", body)).json.fields).toEqual([
      { path: "customer", message: "must be an object" },
    ]);
  });

  test("a key that reaches for prototypes pollutes nothing", async () => {
    await service.call("POST", "/v1/orders", '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  test("bytes that are no UTF-8, another type, a coding, and too many bytes are refused", async () => {
    const send = (headers: Record<string, string>, body: string | Uint8Array<ArrayBuffer>) =>
      ask(`${service.url}/v1/orders`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers },
        body,
      });
    expect((await send({}, Uint8Array.of(0x22, 0xff, 0x22))).status).toBe(400);
    expect((await send({ "content-type": "text/plain" }, "{}")).status).toBe(415);
    expect((await send({ "content-encoding": "gzip" }, "{}")).status).toBe(415);
    expect((await send({}, " ".repeat(262_145))).status).toBe(413);
  });

  test.each([
    ["DELETE", "/v1/orders", "GET, POST"],
    ["PUT", "/v1/orders/1", "GET, PATCH"],
    ["HEAD", "/v1/payments", "GET"],
    ["GET", "/v1/orders/1/cancel", "POST"],
    ["OPTIONS", "/v1/notifications", "GET"],
  ])("%s %s is 405 with Allow", async (method, path, allow) => {
    const answer = await service.call(method, path);
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
  });
});

describe("the token", () => {
  const get = (headers: Record<string, string>, path = "/v1/orders") => ask(`${service.url}${path}`, { headers });

  test("without it, with another, or in another form it is 401, with the same body", async () => {
    for (const authorization of [
      "",
      "Bearer",
      `Bearer ${TOKEN}x`,
      `Basic ${TOKEN}`,
      TOKEN,
      `Bearer ${TOKEN} ${TOKEN}`,
    ]) {
      const answer = await get(authorization ? { authorization } : {});
      expect([authorization, answer.status, answer.headers.get("www-authenticate")]).toEqual([
        authorization,
        401,
        "Bearer",
      ]);
      expect(answer.text).toMatch(
        /^\{"error":"unauthorized","id":"req_[0-9a-f]{24}","message":"send the API token as [^"]+"\}$/,
      );
    }
  });

  test("in the address it is refused, even beside a true header", async () => {
    for (const name of ["token", "access_token", "API_KEY"]) {
      const answer = await get({ authorization: `Bearer ${TOKEN}` }, `/v1/orders?${name}=${TOKEN}`);
      expect([answer.status, answer.json.error]).toEqual([400, "token_in_query"]);
    }
  });

  test("guessing is 429 after a while; who has the token is still served", async () => {
    const other = await startService();
    const guess = () => ask(`${other.url}/v1/orders`, { headers: { authorization: `Bearer ${"guess".repeat(6)}` } });
    const statuses: number[] = [];
    for (let i = 0; i < 25; i++) statuses.push((await guess()).status);
    expect([statuses[0], statuses[24]]).toEqual([401, 429]);
    expect((await other.call("GET", "/v1/orders")).status).toBe(200);
    await other.close();
  });
});

describe("two ports", () => {
  test("the public one has the IPN routes and /health/live, the other all the rest", async () => {
    const [open, admin] = await Promise.all([service.surface("public"), service.surface("admin")]);
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (const path of ["/metrics", "/health", "/health/ready", "/v1/orders", "/v1/payments", "/docs"]) {
      expect([path, (await ask(`${open.url}${path}`, { headers })).status]).toEqual([path, 404]);
    }
    expect((await ask(`${open.url}/health/live`)).status).toBe(200);
    expect((await ask(`${open.url}/ipn/stripe`, { method: "POST" })).status).toBe(415);
    for (const path of ["/metrics", "/health", "/health/live", "/health/ready", "/v1/orders"]) {
      expect([path, (await ask(`${admin.url}${path}`, { headers })).status]).toEqual([path, 200]);
    }
    expect((await ask(`${admin.url}/ipn/stripe`, { method: "POST" })).status).toBe(404);
    await Promise.all([open.close(), admin.close()]);
  });
});

describe("health and metrics", () => {
  test("/health tells when each gateway was last heard of, and which events never came", async () => {
    await service.notify(succeeded({ intent: "pi_4001", order: "4001" }));
    const health = await eventually(
      () => ask(`${service.url}/health`),
      (answer) => answer.json.gateways.some((one: { lastHeard: string | null }) => one.lastHeard !== null),
    );
    expect(health.json).toMatchObject({ database: { status: "ok", kind: "sqlite" } });
    const stripe = health.json.gateways.find((one: { gateway: string }) => one.gateway === "stripe");
    expect(stripe).toMatchObject({
      account: "default",
      mode: "test",
      lastHeard: expect.any(String),
      silentForSeconds: expect.any(Number),
    });
    expect(stripe.neverHeard).toContain("charge.dispute.*");
    expect(stripe.neverHeard).not.toContain("payment_intent.*");
    const ipn = health.json.gateways.find((one: { gateway: string }) => one.gateway === "paypal-ipn");
    expect(ipn).toMatchObject({ lastHeard: null, neverHeard: [] });
  });

  test("/metrics counts acknowledgements, refusals, outcomes and the backlog", async () => {
    await ask(`${service.url}/ipn/stripe`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    const { text, headers } = await ask(`${service.url}/metrics`);
    expect(headers.get("content-type")).toContain("text/plain");
    expect(text).toMatch(/paybell_notifications_acknowledged_total\{gateway="stripe",result="stored"\} [1-9]/);
    expect(text).toMatch(/paybell_notifications_refused_total\{gateway="stripe",reason="unsigned"\} [1-9]/);
    for (const name of [
      "paybell_ack_seconds_bucket",
      "paybell_apply_seconds_bucket",
      "paybell_queue_depth",
      'paybell_database_pool{lane="journal",state="waiting"} 0',
      "paybell_nodejs_eventloop_lag_seconds",
      "paybell_process_resident_memory_bytes",
      "paybell_last_notification_timestamp_seconds",
    ]) {
      expect(text).toContain(name);
    }
  });
});
