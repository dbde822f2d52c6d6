import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onceWithin } from "../end-to-end/server.ts";
import { eventOf, pause, write } from "../store/rows.ts";
import { type Service, startService, succeeded, TOKEN } from "./service.ts";
import { listen } from "./sse.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
  await register("1001");
  await service.notify(succeeded({ intent: "pi_1001", order: "1001" }));
  await heard(2);
});
afterAll(() => service.close());

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
const register = (reference: string) => service.call("POST", "/v1/orders", { reference, currency: "USD", total: 1999 });
const stream = (query = "", headers: Readonly<Record<string, string>> = {}) =>
  listen(`${service.url}/v1/events/stream${query}`, { ...AUTHORIZED, ...headers });
const store = () => service.parts.backend()?.store ?? expect.fail("the service has a store");

async function heard(count: number): Promise<void> {
  const listener = await stream("?after=beginning");
  await listener.until(count);
  listener.close();
}

describe("GET /v1/events", () => {
  test("tells oldest first what was frozen, and where to go on", async () => {
    const { status, json } = await service.call("GET", "/v1/events");
    expect(status).toBe(200);
    expect(json.data).toMatchObject([
      { type: "payment.paid", order: "1001", sequence: 1, data: { payment: { status: "paid", captured: 1999 } } },
      { type: "order.paid", order: "1001", payment: null, data: { order: { reference: "1001", status: "paid" } } },
    ]);
    expect([json.more, typeof json.next]).toEqual([false, "string"]);
    expect(new Date(json.data[0].at).toISOString()).toBe(json.data[0].at);
  });

  test("goes on from `next`, which is always given, and from an event's id", async () => {
    const first = (await service.call("GET", "/v1/events?limit=1")).json;
    const second = (await service.call("GET", `/v1/events?cursor=${first.next}`)).json;
    expect([first.data.length, first.more, second.data.length, second.more]).toEqual([1, true, 1, false]);
    const byId = (await service.call("GET", `/v1/events?cursor=${first.data[0].id}`)).json;
    expect(byId.data).toEqual(second.data);
    const none = (await service.call("GET", `/v1/events?cursor=${second.next}`)).json;
    expect(none).toEqual({ data: [], next: second.next, more: false });
    expect((await service.call("GET", "/v1/events?cursor=beginning&limit=1")).json).toEqual(first);
  });

  test.each([
    ["type=order.paid", ["order.paid"]],
    ["type=payment.*,order.paid", ["payment.paid", "order.paid"]],
    ["type=order.refunded", []],
    ["order=1001", ["payment.paid", "order.paid"]],
    ["order=another", []],
  ])("shows with %s what fits", async (query, types) => {
    const { json } = await service.call("GET", `/v1/events?${query}`);
    expect(json.data.map(({ type }: { type: string }) => type)).toEqual(types);
    expect(json.next).toBeTypeOf("string");
  });

  test.each([
    "cursor=nothing",
    "cursor=evt_0123456789abcdef",
    "type=paid",
    "type=order.paid,",
    "limit=0",
    "since=2026",
  ])("refuses %s, naming it", async (query) => {
    const { status, json } = await service.call("GET", `/v1/events?${query}`);
    expect([status, json.error, json.fields.length]).toEqual([400, "invalid", 1]);
  });

  test("shows one by its id, and 404 for one that is not", async () => {
    const [event] = (await service.call("GET", "/v1/events")).json.data;
    expect((await service.call("GET", `/v1/events/${event.id}`)).json).toEqual(event);
    expect((await service.call("GET", "/v1/events/evt_0123456789abcdef")).status).toBe(404);
  });

  test("needs the token, as the stream does", async () => {
    for (const path of ["/v1/events", "/v1/events/stream"])
      expect((await fetch(service.url + path)).status, path).toBe(401);
  });
});

describe("GET /v1/events/stream", () => {
  test("is an event stream that no proxy keeps, and says when to come again", async () => {
    const listener = await stream();
    expect(Object.fromEntries(listener.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    await expect.poll(() => listener.text()).toContain("retry: 2000\n\n");
    listener.close();
  });

  test("tells what happens from now on, each with its type and its place, within a second", async () => {
    await onceWithin(1_000, async (round) => {
      const order = `${1002 + 10_000 * round}`;
      const [all, filtered] = [await stream(), await stream(`?type=order.*&order=${order}`)];
      await register(order);
      await service.notify(succeeded({ intent: `pi_${order}`, order }));
      const told = await all.until(2);
      expect(told.map((event) => [event.event, event.data.order])).toEqual([
        ["payment.paid", order],
        ["order.paid", order],
      ]);
      expect((await filtered.until(1)).map(({ event }) => event)).toEqual(["order.paid"]);
      const listed = (await service.call("GET", `/v1/events?cursor=${told[0]?.id}`)).json.data;
      expect(listed).toEqual([told[1]?.data]);
      all.close();
      filtered.close();
    });
  });

  test("resumes from Last-Event-ID before what the address says, and from either form of place", async () => {
    const whole = await stream("?after=beginning");
    const [first, second] = await whole.until(2);
    const resumed = await stream("?after=beginning", { "last-event-id": first?.id ?? "" });
    expect((await resumed.until(1))[0]).toEqual(second);
    const byId = await stream(`?after=${first?.data.id}`);
    expect((await byId.until(1))[0]).toEqual(second);
    expect((await stream("?after=nothing")).status).toBe(400);
    for (const listener of [whole, resumed, byId]) listener.close();
  });

  test("outlives every limit of time that the edge has for requests, kept warm by comments", {
    timeout: 40_000,
  }, async () => {
    const listener = await stream();
    await pause(22_000);
    expect(listener.text()).toContain(":\n\n");
    await write(store(), { events: [eventOf("late")] });
    expect((await listener.until(1)).map(({ data }) => data.id)).toEqual(["evt_late"]);
    listener.close();
  });

  test("cuts off whoever does not read, while the others are told", { timeout: 60_000 }, async () => {
    const reader = await stream();
    const deaf = connect(Number(new URL(service.url).port), "127.0.0.1");
    deaf.on("error", () => {});
    deaf.write(`GET /v1/events/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    deaf.pause();
    const { streams } = service.parts;
    await expect.poll(() => streams.events.total).toBe(2);
    const snapshot = JSON.stringify({ text: "x".repeat(200_000) });
    for (let n = 0; n < 100; n++) await write(store(), { events: [eventOf(`big${n}`, { snapshot })] });
    await reader.until(100, 20_000);
    await expect.poll(() => streams.events.total, { timeout: 15_000 }).toBe(1);
    deaf.destroy();
    reader.close();
  });

  test("is refused beyond the bound, and given back", async () => {
    const { streams } = service.parts;
    await expect.poll(() => streams.events.total).toBe(0);
    const open = await Promise.all(Array.from({ length: 100 }, () => stream()));
    expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));
    const metrics = await fetch(`${service.url}/metrics`).then((answer) => answer.text());
    expect(metrics).toContain('paybell_open_streams{kind="events"} 100');
    const refused = await stream();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "30"]);
    for (const listener of open) listener.close();
    await expect.poll(() => streams.events.total).toBe(0);
    await service.parts.feed.idle();
    expect(service.parts.feed.readings).toBe(0);
  });

  test("is ended in order when the server stops", async () => {
    const second = await service.surface("admin");
    const listener = await listen(`${second.url}/v1/events/stream`, AUTHORIZED);
    const began = performance.now();
    await second.close();
    await listener.ended;
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
