import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test } from "vitest";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { onceWithin } from "../end-to-end/server.ts";
import { openStoreOn, register, runOutbox, tell, until } from "./running.ts";
import { answer, hang, type Sink, startSink } from "./sink.ts";

const PAGE = { limit: 100, cursor: null };

async function sinkFor(behave?: Parameters<typeof startSink>[0]): Promise<Sink> {
  const sink = await startSink(behave);
  onTestFinished(() => sink.close());
  return sink;
}

describeOnEachDatabase("delivering", (open) => {
  test("an event arrives at once, signed so that the standardwebhooks package verifies it", async () => {
    const store = await openStoreOn(await open());
    const outbox = runOutbox(store);
    const sink = await sinkFor();
    const { secret } = await register(outbox, sink.url("/hook"));
    const snapshot = JSON.stringify({ order: { reference: "1001", status: "paid" } });
    let id = "";
    await onceWithin(1_000, async (round) => {
      id = await tell(store, `one ${round}`, { type: "order.paid", order: "1001", sequence: 3, live: false, snapshot });
      await until(() => sink.at("/hook").length === round + 1);
    });
    const arrived = sink.at("/hook").at(-1);
    if (!arrived) throw new Error("it arrived");
    const verified = new Webhook(secret).verify(arrived.body, { ...arrived.headers });
    expect(verified).toEqual({
      type: "order.paid",
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: {
        ...{ id, sequence: 3, live: false },
        order: { reference: "1001", status: "paid" },
        links: { order: "https://pay.example.com/v1/orders/1001" },
      },
    });
    expect(arrived.headers["webhook-id"]).toBe(id);
    expect(() => new Webhook(secret).verify(`${arrived.body} `, { ...arrived.headers })).toThrow();
    await until(async () => (await store.outbox.deliveries({}, PAGE)).rows[0]?.state === "delivered");
  });

  test("a hundred endpoints of which ten hang and ten fail: the other eighty get theirs within a second", async () => {
    const store = await openStoreOn(await open());
    const outbox = runOutbox(store);
    const sink = await sinkFor((path) => {
      if (path.startsWith("/hang")) return hang;
      return path.startsWith("/fail") ? answer(500) : answer(200);
    });
    const paths = Array.from({ length: 100 }, (_, index) =>
      index < 10 ? `/hang/${index}` : index < 20 ? `/fail/${index}` : `/fine/${index}`,
    );
    for (const path of paths) await register(outbox, sink.url(path));
    const fine = () => sink.arrived.filter(({ path }) => path.startsWith("/fine")).length;
    // Those that hang do so for 15 s.
    await onceWithin(1_000, async (round) => {
      await tell(store, `round ${round}`);
      await until(() => fine() === 80 * (round + 1));
    });
  }, 100_000);

  test("what failed is tried again under the same id, signed anew, and is told once it was taken", async () => {
    const store = await openStoreOn(await open());
    const outbox = runOutbox(store);
    let fails = 1;
    const sink = await sinkFor(() =>
      fails-- > 0 ? answer(503, { "retry-after": "1" }, "away") : answer(200, {}, "thanks"),
    );
    const { id: receiver, secret } = await register(outbox, sink.url("/hook"));
    const id = await tell(store, "one");
    const delivery = async () => (await store.outbox.deliveries({ receiver }, PAGE)).rows[0];
    await until(async () => ((await delivery())?.reason ?? null) !== null);
    const { dueAt } = (await delivery()) ?? {};
    expect(dueAt?.getTime() ?? 0).toBeGreaterThan(Date.now() + 3_000);
    await until(() => sink.arrived.length === 2, 9_000);
    await until(async () => (await delivery())?.state === "delivered");
    expect(sink.arrived.map(({ headers }) => headers["webhook-id"])).toEqual([id, id]);
    for (const { body, headers } of sink.arrived) new Webhook(secret).verify(body, { ...headers });
    const found = await store.outbox.delivery((await delivery())?.id ?? "");
    expect(found).toMatchObject({
      attempts: 2,
      log: [
        { result: "failed", reason: "server_error", answer: "503 away" },
        { result: "delivered", reason: null, answer: "200 thanks" },
      ],
    });
    expect(await store.outbox.receiver(receiver)).toMatchObject({ failures: 0, failingSince: null });
    expect(outbox.lines.filter(({ msg }) => msg === "delivery")).toMatchObject([
      { receiver, about: id, attempts: 1, result: "failed", reason: "server_error" },
      { receiver, about: id, attempts: 2, result: "delivered", reason: null },
    ]);
  }, 20_000);

  test("410 ends an endpoint: it hears nothing more, and a person is told", async () => {
    const store = await openStoreOn(await open());
    const outbox = runOutbox(store);
    const sink = await sinkFor((path) => answer(path === "/gone" ? 410 : 200));
    const gone = await register(outbox, sink.url("/gone"));
    await register(outbox, sink.url("/other"), { events: ["endpoint.disabled"] });
    await tell(store, "one");
    await until(() => sink.at("/other").length === 1);
    expect(JSON.parse(sink.at("/other")[0]?.body ?? "")).toMatchObject({
      type: "endpoint.disabled",
      data: { endpoint: { id: gone.id, reason: "gone", url: `http://127.0.0.1:${sink.port}` } },
    });
    expect(await store.outbox.receiver(gone.id)).toMatchObject({ state: "gone" });
    expect(outbox.alarms).toEqual(["endpoint_disabled"]);
    await tell(store, "two");
    const { rows } = await store.outbox.deliveries({ receiver: gone.id }, PAGE);
    expect(rows.map(({ state, reason }) => [state, reason])).toEqual([["failed", "gone"]]);
    expect(sink.at("/gone").length).toBe(1);
  });

  test("an endpoint that keeps failing is paused, tried with one at a time, and broken off at last", async () => {
    const store = await openStoreOn(await open());
    const breaker = { tripAfter: 3, firstPauseMs: 150, longestPauseMs: 150, giveUpAfterMs: 1_500 };
    const outbox = runOutbox(store, { breaker });
    const sink = await sinkFor(() => answer(500));
    const { id } = await register(outbox, sink.url("/down"));
    for (let index = 0; index < 40; index += 1) await tell(store, `event ${index}`);
    await until(async () => (await store.outbox.receiver(id))?.state === "broken", 15_000);
    expect(outbox.alarms).toContain("endpoint_disabled");
    const { rows } = await store.outbox.deliveries({ receiver: id }, PAGE);
    const untouched = rows.filter(({ attempts }) => attempts === 0);
    expect(untouched.length, "what waits uses up no attempts").toBeGreaterThan(10);
    const { length: before } = sink.arrived;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(sink.arrived.length, "nothing more is sent").toBe(before);
  }, 30_000);

  test("while it stays away an endpoint's events wait, and come in their order when it is back", async () => {
    const store = await openStoreOn(await open());
    const breaker = { tripAfter: 2, firstPauseMs: 300, longestPauseMs: 300, giveUpAfterMs: 3_600_000 };
    const outbox = runOutbox(store, { breaker });
    let isBack = false;
    const sink = await sinkFor(() => answer(isBack ? 200 : 502));
    const { id } = await register(outbox, sink.url("/away"));
    for (const key of ["a", "b"]) await tell(store, key, { order: "1001" });
    await until(async () => ((await store.outbox.receiver(id))?.failures ?? 0) >= 2);
    const told: string[] = [];
    for (const key of ["c", "d", "e", "f"]) told.push(await tell(store, key, { order: "1001" }));
    isBack = true;
    const taken = () =>
      sink.arrived.map(({ headers }) => headers["webhook-id"] ?? "").filter((each) => told.includes(each));
    await until(() => new Set(taken()).size === 4, 10_000);
    expect([...new Set(taken())]).toEqual(told);
  }, 20_000);

  test("a stop gives back what is under way, and the next process sends it under the same id", async () => {
    const store = await openStoreOn(await open());
    const first = runOutbox(store);
    let isSlow = true;
    const sink = await sinkFor(() => (isSlow ? hang : answer(200)));
    const { id: receiver } = await register(first, sink.url("/hook"));
    const id = await tell(store, "one");
    await until(() => sink.arrived.length === 1);
    await first.stop(50);
    const [stopped] = (await store.outbox.deliveries({ receiver }, PAGE)).rows;
    expect(stopped).toMatchObject({ state: "waiting", attempts: 0 });
    isSlow = false;
    runOutbox(store);
    await until(() => sink.arrived.length === 2);
    expect(sink.arrived.map(({ headers }) => headers["webhook-id"])).toEqual([id, id]);
  });
});
