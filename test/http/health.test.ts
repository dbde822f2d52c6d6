import { afterEach, describe, expect, test } from "vitest";
import type { Backlog } from "../../src/store/reading.ts";
import { type Edge, type EdgeOptions, startEdge } from "./edge.ts";
import { ask } from "./service.ts";

const NOW = new Date("2026-01-05T12:00:00Z");
const minutesAgo = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);

let edge: Edge | null = null;
afterEach(() => edge?.close());

/** A database that answers, and nothing behind it: /health asks for no more. */
function backendThat(ping: () => Promise<void>): NonNullable<EdgeOptions["backend"]> {
  const backend = { store: { dialect: "sqlite", ping }, pipeline: { depth: () => ({ journal: 0, apply: 3 }) } };
  // Proven: the health routes use these members alone.
  return () => backend as unknown as ReturnType<NonNullable<EdgeOptions["backend"]>>;
}

const alive = backendThat(async () => {});

async function health(options: EdgeOptions, path = "/health") {
  edge = await startEdge({ backend: alive, now: () => NOW, ...options });
  return ask(`http://127.0.0.1:${edge.port}${path}`);
}

const backlogOf = (backlog: Partial<Backlog>) => async (): Promise<Backlog> => ({ waiting: [], heard: [], ...backlog });

describe("/health", () => {
  test.each(["/health", "/health/live", "/health/ready"])("%s answers HEAD as GET, without a body", async (path) => {
    edge = await startEdge({ backend: alive, now: () => NOW, backlog: backlogOf({}) });
    const url = `http://127.0.0.1:${edge.port}${path}`;
    const [head, get] = [await fetch(url, { method: "HEAD" }), await fetch(url)];
    expect([head.status, head.headers.get("content-type")]).toEqual([200, get.headers.get("content-type")]);
    expect([await head.text(), (await get.text()).length > 0]).toEqual(["", true]);
    expect((await fetch(url, { method: "POST" })).headers.get("allow")).toBe("GET, HEAD");
  });

  test("is ok when nothing waits and nothing alarms", async () => {
    const { status, json } = await health({ backlog: backlogOf({}) });
    expect([status, json.status, json.database]).toEqual([200, "ok", { status: "ok", kind: "sqlite" }]);
    expect(json.backlog.inMemory).toEqual({ journal: 0, apply: 3 });
  });

  test("is degraded when our own work stands still, not when we wait for a provider", async () => {
    const waiting = (state: "received" | "unproven") => [{ state, count: 4, oldest: minutesAgo(5) }];
    const stuck = await health({ backlog: backlogOf({ waiting: waiting("received") }) });
    expect(stuck.json).toMatchObject({
      status: "degraded",
      backlog: { waiting: [{ state: "received", count: 4, ageSeconds: 300 }] },
    });
    await edge?.close();
    expect((await health({ backlog: backlogOf({ waiting: waiting("unproven") }) })).json.status).toBe("ok");
  });

  test("is down with 503 when the database does not answer, and still tells what it knows", async () => {
    const { status, json } = await health({ backend: backendThat(() => Promise.reject(new Error("gone"))) });
    expect([status, json.status, json.database.status]).toEqual([503, "down", "unreachable"]);
    expect(json.gateways.length).toBeGreaterThan(0);
  });

  test("says how long a gateway has been silent, and which kinds of events never came", async () => {
    const heard = [
      { gateway: "stripe", account: "default", type: "payment_intent.succeeded", last: minutesAgo(90), count: 7 },
      { gateway: "stripe", account: "default", type: "charge.dispute.created", last: minutesAgo(30), count: 1 },
      { gateway: "stripe", account: "default", type: null, last: minutesAgo(60), count: 1 },
      { gateway: "stripe", account: "other", type: "charge.refunded", last: minutesAgo(1), count: 1 },
    ];
    const { json } = await health({ backlog: backlogOf({ heard }) });
    const stripe = json.gateways.find((one: { gateway: string }) => one.gateway === "stripe");
    expect(stripe).toMatchObject({ lastHeard: minutesAgo(30).toISOString(), silentForSeconds: 1_800 });
    expect(stripe.neverHeard).toContain("charge.*");
    expect(stripe.neverHeard).not.toContain("payment_intent.*");
    expect(stripe.neverHeard).not.toContain("charge.dispute.*");
    const ipn = json.gateways.find((one: { gateway: string }) => one.gateway === "paypal-ipn");
    expect(ipn).toMatchObject({ lastHeard: null, silentForSeconds: null, neverHeard: [] });
  });

  test("shows what the configuration leaves unproven beside its gateway, and what is not served at all", async () => {
    const notices = [
      { account: "default", gateway: "stripe", message: "something is not checked" },
      { account: "default", gateway: "square", message: "not served: no key" },
      { account: "*", gateway: null, message: "everything is public" },
    ];
    const { json } = await health({ notices });
    expect(json.gateways.find((one: { gateway: string }) => one.gateway === "stripe").notices).toEqual([
      "something is not checked",
    ]);
    expect(json.unserved).toEqual([{ account: "default", gateway: "square", message: "not served: no key" }]);
    expect(json.notices).toEqual(["everything is public"]);
  });

  test("counts alarms for an hour, and says that a provider's API refuses our credentials", async () => {
    let now = NOW;
    edge = await startEdge({ backend: alive, now: () => now });
    const read = () => ask(`http://127.0.0.1:${edge?.port}/health`);
    edge.observer.alarm("poison", { gateway: "stripe", input: "ntf_1", detail: "" });
    edge.observer.alarm("poison", { gateway: "stripe", input: "ntf_2", detail: "" });
    edge.observer.asked({ gateway: "stripe", account: "default" }, "cannot_confirm", 0.1);
    edge.observer.asked({ gateway: "stripe", account: "eu" }, "confirmed", 0.1);
    const { json } = await read();
    expect(json).toMatchObject({ status: "degraded", alarms: [{ kind: "poison", gateway: "stripe", count: 2 }] });
    const stripe = json.gateways.find((one: { gateway: string }) => one.gateway === "stripe");
    expect([stripe.lastAsked.answer, stripe.notices.join()]).toEqual([
      "cannot_confirm",
      expect.stringContaining("403"),
    ]);
    now = new Date(NOW.getTime() + 3_700_000);
    expect((await read()).json).toMatchObject({ status: "ok", alarms: [] });
  });
});

describe("/health/ready", () => {
  test("asks the database once a second at most, however many ask", async () => {
    let asked = 0;
    edge = await startEdge({
      now: () => NOW,
      backend: backendThat(async () => {
        asked += 1;
      }),
    });
    const url = `http://127.0.0.1:${edge.port}/health/ready`;
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(url)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(asked).toBe(1);
  });
});
