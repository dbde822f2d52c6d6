import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answer, type Sink, startSink } from "../outbox/sink.ts";
import { type Answer, eventually, type Service, startService, succeeded } from "./service.ts";

let service: Service;
let sink: Sink;
const lines: string[] = [];
beforeAll(async () => {
  service = await startService({ logTo: (line) => lines.push(line) });
  sink = await startSink((path) =>
    path.startsWith("/fails") ? answer(500, {}, "x".repeat(5_000)) : answer(200, {}, "thanks"),
  );
});
afterAll(async () => {
  await service.close();
  await sink.close();
});

const create = (parts: object = {}) => service.call("POST", "/v1/endpoints", { url: sink.url("/hook"), ...parts });
const pay = async (reference: string) => {
  await service.call("POST", "/v1/orders", { reference, currency: "USD", total: 1999 });
  await service.notify(succeeded({ intent: `pi_${reference}`, order: reference }));
};
const deliveriesOf = (query: string, isSo: (answer: Answer) => boolean) =>
  eventually(() => service.call("GET", `/v1/deliveries?${query}`), isSo);
const isSettled = ({ json }: Answer) =>
  json.data.length > 0 &&
  json.data.every(({ state, reason }: { state: string; reason: unknown }) => state !== "waiting" || reason !== null);

describe("endpoints", () => {
  test("a secret is told when the endpoint is made, and never again", async () => {
    const made = await create({ description: "the shop", events: ["order.paid", "payment.*"] });
    expect(made.status).toBe(201);
    const { secret, ...endpoint } = made.json;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(endpoint).toMatchObject({
      ...{ id: expect.stringMatching(/^ep_/), url: sink.url("/hook"), description: "the shop", live: false, rate: 100 },
      ...{ events: ["order.paid", "payment.*"], enabled: true, state: "enabled", failures: 0, failingSince: null },
    });
    const read = await service.call("GET", `/v1/endpoints/${endpoint.id}`);
    expect(read.json).toEqual(endpoint);
    const listed = await service.call("GET", "/v1/endpoints");
    expect(listed.json.data).toContainEqual(endpoint);
    for (const text of [read.text, listed.text, ...lines]) expect(text).not.toContain(secret);
    await service.call("DELETE", `/v1/endpoints/${endpoint.id}`);
  });

  test.each([
    [{ url: "ftp://example.com/" }, "url"],
    [{ url: "http://10.0.0.1/" }, "url"],
    [{ url: "http://169.254.169.254/latest" }, "url"],
    [{ url: "http://0xa000001/" }, "url"],
    [{ url: "http://user:pass@example.com/" }, "url"],
    [{ events: ["order.payed"] }, "events.0"],
    [{ events: [] }, "events"],
    [{ rate: 0 }, "rate"],
    [{ secret: "mine" }, "secret"],
    [{ live: "yes" }, "live"],
  ])("%j is refused, and the field is named", async (parts, field) => {
    const refused = await create(parts);
    expect([refused.status, refused.json.error]).toEqual([400, "invalid"]);
    expect(refused.json.fields.map(({ path }: { path: string }) => path)).toContain(field);
  });

  test("is changed, disabled, enabled and removed", async () => {
    const { id } = (await create({ events: ["order.paid"] })).json;
    const changed = await service.call("PATCH", `/v1/endpoints/${id}`, {
      events: ["*"],
      live: null,
      rate: 7,
      enabled: false,
    });
    expect(changed.json).toMatchObject({ id, events: ["*"], live: null, rate: 7, enabled: false, state: "disabled" });
    expect((await service.call("PATCH", `/v1/endpoints/${id}`, { url: "http://10.0.0.1/" })).json.fields[0].path).toBe(
      "url",
    );
    expect((await service.call("PATCH", `/v1/endpoints/${id}`, {})).status).toBe(400);
    expect((await service.call("PATCH", `/v1/endpoints/${id}`, { enabled: true })).json.state).toBe("enabled");
    expect((await service.call("DELETE", `/v1/endpoints/${id}`)).status).toBe(204);
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["PATCH", "", { rate: 1 }],
      ["DELETE", "", undefined],
      ["POST", "/rotate", {}],
      ["POST", "/test", {}],
      ["POST", "/redeliver", { since: "2026-01-01T00:00:00Z" }],
    ] as const) {
      const gone = await service.call(method, `/v1/endpoints/${id}${path}`, body);
      expect([gone.status, gone.json.error], `${method} ${path}`).toEqual([404, "not_found"]);
    }
    expect((await service.call("GET", "/v1/endpoints/mail:buyer")).status).toBe(400);
    expect((await service.call("PUT", `/v1/endpoints/${id}`)).headers.get("allow")).toBe("GET, PATCH, DELETE");
  });

  test("while its secret is rotated both sign, and each verifies", async () => {
    const { id, secret: old } = (await create({ url: sink.url("/rotated"), events: ["order.paid"] })).json;
    const rotated = await service.call("POST", `/v1/endpoints/${id}/rotate`);
    expect(rotated.json.secret).toMatch(/^whsec_/);
    expect(rotated.json.secret).not.toBe(old);
    await pay("rotating");
    await deliveriesOf(`receiver=${id}`, isSettled);
    const [arrived] = sink.at("/rotated");
    if (!arrived) throw new Error("it arrived");
    expect(arrived.headers["webhook-signature"]?.split(" ").length).toBe(2);
    for (const secret of [old, rotated.json.secret]) new Webhook(secret).verify(arrived.body, { ...arrived.headers });
    await service.call("DELETE", `/v1/endpoints/${id}`);
  });

  test("a test is sent at once, the way every event goes, and its answer shown no longer than 256 characters", async () => {
    const { id, secret } = (await create({ url: sink.url("/tried"), enabled: false })).json;
    const tried = await service.call("POST", `/v1/endpoints/${id}/test`);
    expect(tried.json).toMatchObject({ result: "delivered", reason: null, answer: "200 thanks" });
    const [arrived] = sink.at("/tried");
    expect(new Webhook(secret).verify(arrived?.body ?? "", { ...arrived?.headers })).toMatchObject({
      type: "endpoint.test",
    });
    await service.call("PATCH", `/v1/endpoints/${id}`, { url: sink.url("/fails") });
    const failed = (await service.call("POST", `/v1/endpoints/${id}/test`)).json;
    expect(failed).toMatchObject({ result: "failed", reason: "server_error" });
    expect(failed.answer.length).toBe(256);
    await service.call("DELETE", `/v1/endpoints/${id}`);
  });
});

describe("deliveries", () => {
  test("an order that is paid is told once, with its snapshot, and the delivery says what came of it", async () => {
    const { id } = (await create({ url: sink.url("/paid"), events: ["order.paid", "payment.paid"] })).json;
    await pay("told");
    const { json } = await deliveriesOf(
      `receiver=${id}&order=told`,
      (found) => found.json.data.length === 2 && isSettled(found),
    );
    expect(json.data.map(({ type, state }: { type: string; state: string }) => [type, state]).sort()).toEqual([
      ["order.paid", "delivered"],
      ["payment.paid", "delivered"],
    ]);
    const bodies = new Map(sink.at("/paid").map(({ body }) => [JSON.parse(body).type, JSON.parse(body).data]));
    expect(bodies.get("order.paid")).toMatchObject({
      ...{ live: false, order: { reference: "told", status: "paid", paid: 1999, payments: [{ status: "paid" }] } },
      links: { order: "https://pay.example.com/v1/orders/told" },
    });
    expect(bodies.get("payment.paid")).toMatchObject({
      payment: { status: "paid", captured: 1999, order: "told", disputes: [] },
      order: { reference: "told", status: "paid" },
      links: { payment: expect.stringMatching(/^https:\/\/pay.example.com\/v1\/payments\/pay_/) },
    });
    const [{ id: delivery }] = json.data;
    const read = (await service.call("GET", `/v1/deliveries/${delivery}`)).json;
    expect(read.log).toEqual([
      {
        at: expect.any(String),
        result: "delivered",
        reason: null,
        answer: "200 thanks",
        durationMs: expect.any(Number),
      },
    ]);
    const again = await service.call("POST", `/v1/deliveries/${delivery}/redeliver`);
    expect(again.json).toMatchObject({ id: delivery, state: "waiting", attempts: 0 });
    await deliveriesOf(`receiver=${id}`, isSettled);
    const told = sink.at("/paid").map(({ headers }) => headers["webhook-id"]);
    expect([told.length, new Set(told).size]).toEqual([3, 2]);
    await service.call("DELETE", `/v1/endpoints/${id}`);
  });

  test("what came before an endpoint can be sent to it in bulk, by time and type", async () => {
    const since = new Date().toISOString();
    await pay("missed");
    await eventually(
      () => service.call("GET", "/v1/orders/missed"),
      ({ json }) => json.status === "paid",
    );
    const { id } = (await create({ url: sink.url("/late"), events: ["order.*"] })).json;
    const bulk = await service.call("POST", `/v1/endpoints/${id}/redeliver`, { since, onlyFailed: false });
    expect(bulk.json).toEqual({ count: 1, next: null });
    await deliveriesOf(`receiver=${id}`, isSettled);
    expect(sink.at("/late").map(({ body }) => JSON.parse(body).data.order.reference)).toEqual(["missed"]);
    const failed = await service.call("POST", `/v1/endpoints/${id}/redeliver`, { since });
    expect(failed.json, "nothing has failed").toEqual({ count: 0, next: null });
    expect(
      (await service.call("POST", `/v1/endpoints/${id}/redeliver`, { types: ["order.paid"] })).json.fields[0].path,
    ).toBe("since");
    await service.call("DELETE", `/v1/endpoints/${id}`);
  });

  test("test money is not told to who asked for live money alone", async () => {
    const { id } = (await create({ url: sink.url("/live"), live: true })).json;
    await pay("only-a-test");
    await eventually(
      () => service.call("GET", "/v1/orders/only-a-test"),
      ({ json }) => json.status === "paid",
    );
    expect((await service.call("GET", `/v1/deliveries?receiver=${id}`)).json.data).toEqual([]);
    await service.call("DELETE", `/v1/endpoints/${id}`);
  });

  test("what fails is seen in the health, the metrics and the log, without its address", async () => {
    const { id } = (await create({ url: sink.url("/fails/with?token=s3cr3t"), events: ["order.paid"] })).json;
    await pay("failing");
    await deliveriesOf(`receiver=${id}`, isSettled);
    const { json: health } = await service.call("GET", "/health");
    expect(health.outbox.waiting).toBeGreaterThan(0);
    expect(health.outbox.failing).toContainEqual(
      expect.objectContaining({ receiver: id, state: "enabled", failures: 1 }),
    );
    const { text: metrics } = await service.call("GET", "/metrics");
    expect(metrics).toMatch(
      /paybell_delivery_attempts_total\{kind="endpoint",result="failed",reason="server_error"\} \d/,
    );
    expect(metrics).toMatch(/paybell_backlog_deliveries\{kind="endpoint"\} \d/);
    const line = lines
      .map((each) => JSON.parse(each))
      .find(({ msg, receiver }) => msg === "delivery" && receiver === id);
    expect(line).toMatchObject({
      type: "order.paid",
      order: "failing",
      result: "failed",
      attempts: 1,
      durationMs: expect.any(Number),
    });
    for (const text of [JSON.stringify(health), metrics, ...lines]) expect(text).not.toContain("s3cr3t");
    await service.call("DELETE", `/v1/endpoints/${id}`);
  });

  test.each([
    ["/v1/deliveries?state=lost", "state"],
    ["/v1/deliveries?event=x", "event"],
    ["/v1/deliveries?color=red", "color"],
  ])("%s is refused, and the field is named", async (path, field) => {
    const refused = await service.call("GET", path);
    expect([refused.status, refused.json.fields[0].path]).toEqual([400, field]);
  });

  test("of an id that nobody has is not found", async () => {
    for (const [method, path] of [
      ["GET", "/v1/deliveries/dlv_0000000000000"],
      ["POST", "/v1/deliveries/dlv_0000000000000/redeliver"],
    ] as const) {
      expect((await service.call(method, path)).status).toBe(404);
    }
  });
});
