import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, eventually, type Service, startService, succeeded, TOKEN } from "./service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

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
