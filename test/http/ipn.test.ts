import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Edge, EVENT, exchange, JSON_TYPE, request, signature, signed, startEdge } from "./edge.ts";

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.close());

describe("what is stored", () => {
  test("a signed event is handed on byte for byte and answered as the gateway wants it", async () => {
    const body = '{ "id":"evt_1",\n\t"object":"event", "text":"\\u00e9 ☃" }';
    const answer = await exchange(edge.port, [request("POST /ipn/stripe?x=1&y=%2B", signed(body), body)]);
    expect([answer.status, answer.body]).toEqual([200, '{"received":true}']);
    const { raw, source, channel } = edge.received.at(-1) ?? {};
    expect(Buffer.from(raw?.body ?? []).toString()).toBe(body);
    expect([...(raw?.query ?? [])]).toEqual([
      ["x", "1"],
      ["y", "+"],
    ]);
    expect([source, channel?.account]).toEqual(["127.0.0.1", "default"]);
  });

  test("an IPN is answered with an empty body and no type", async () => {
    const form = { "Content-Type": "application/x-www-form-urlencoded" };
    const body =
      "payment_status=Completed&txn_id=8XY&first_name=J%F6rg&txn_type=web_accept&receiver_email=merchant%40example.com";
    const answer = await exchange(edge.port, [request("POST /ipn/paypal-ipn", form, body)]);
    expect([answer.status, answer.body, answer.headers.get("content-length")]).toEqual([200, "", "0"]);
    expect(answer.headers.has("content-type")).toBe(false);
  });

  test("a thousand at once from one address are all answered 200", async () => {
    const one = request("POST /ipn/stripe", signed(), EVENT);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => exchange(edge.port, [one])));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
  });

  test("a body that arrives in pieces, or in chunks, is whole", async () => {
    const bytes = request("POST /ipn/stripe", signed(), EVENT);
    const pieces = [
      bytes.subarray(0, 30),
      { waitMs: 20 },
      bytes.subarray(30, 150),
      { waitMs: 20 },
      bytes.subarray(150),
    ];
    expect((await exchange(edge.port, pieces)).status).toBe(200);
    const chunked = request("POST /ipn/stripe", { ...signed(), "Transfer-Encoding": "chunked" });
    const half = EVENT.length >> 1;
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const body = [chunk(EVENT.slice(0, half)), { waitMs: 20 }, chunk(EVENT.slice(half)), "0\r\n\r\n"];
    expect((await exchange(edge.port, [chunked, ...body])).status).toBe(200);
  });
});

describe("what is not authentic", () => {
  const causes: readonly (readonly [string, Record<string, string>])[] = [
    ["no signature", JSON_TYPE],
    ["an empty one", { ...JSON_TYPE, "Stripe-Signature": "" }],
    ["another secret's", { ...JSON_TYPE, "Stripe-Signature": "t=1700000000,v1=00" }],
    ["another body's", { ...JSON_TYPE, "Stripe-Signature": signature("{}") }],
    ["too old a one", { ...JSON_TYPE, "Stripe-Signature": signature(EVENT, 1_700_000_000) }],
    ["one of the future", { ...JSON_TYPE, "Stripe-Signature": signature(EVENT, 4_000_000_000) }],
  ];
  test.each(causes)("%s is 401 with the same body and headers as every other cause", async (_cause, headers) => {
    const answer = await exchange(edge.port, [request("POST /ipn/stripe", headers, EVENT)]);
    expect(answer.status).toBe(401);
    expect(answer.body).toMatch(/^\{"error":"not_authentic","id":"req_[0-9a-f]{24}"\}$/);
    const headersSeen = [...answer.headers.keys()].filter((name) => name !== "date").sort();
    expect(headersSeen).toEqual([
      "cache-control",
      "connection",
      "content-length",
      "content-security-policy",
      "content-type",
      "keep-alive",
      "referrer-policy",
      "x-content-type-options",
    ]);
  });

  test.each(["first", "last"])("two signature headers are 401, though the %s is right", async (place) => {
    const wrong = `t=${Math.floor(Date.now() / 1000)},v1=${"0".repeat(64)}`;
    const [one, two] = place === "first" ? [signature(EVENT), wrong] : [wrong, signature(EVENT)];
    const headers = { ...JSON_TYPE, "Stripe-Signature": one ?? "", "stripe-signature": two ?? "" };
    expect((await exchange(edge.port, [request("POST /ipn/stripe", headers, EVENT)])).status).toBe(401);
  });

  test("a form that is no IPN is 400, because nothing of it can be proven", async () => {
    const form = { "Content-Type": "application/x-www-form-urlencoded" };
    const answer = await exchange(edge.port, [request("POST /ipn/paypal-ipn", form, "cmd=_notify-validate&x=1")]);
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([400, "malformed"]);
  });
});

describe("routes and methods", () => {
  test.each([
    ["/ipn", 404],
    ["/ipn/", 404],
    ["/ipn/nobody", 404],
    ["/ipn/stripe/nobody", 404],
    ["/ipn/__proto__", 404],
    ["/ipn/constructor", 404],
    ["/ipn/toString/valueOf", 404],
    ["/ipn/Stripe", 404],
    ["/IPN/stripe", 404],
    ["/ipn//stripe", 404],
    ["/ipn/stripe/", 404],
    ["/ipn/%2e%2e/stripe", 404],
    ["/ipn/../ipn/stripe", 404],
    ["/ipn/stripe%00", 404],
    ["/ipn/%zz", 400],
    [`/ipn/${"a".repeat(2_000)}`, 414],
    [`/ipn/${"a".repeat(10_000)}`, 414],
    ["http://localhost/ipn/stripe", 400],
    ["*", 400],
  ])("POST %s is %i", async (path, status) => {
    const answer = await exchange(edge.port, [request(`POST ${path}`, signed(), EVENT)]);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(/^\{"error":"[a-z_]+","id":"req_[0-9a-f]{24}"\}$/);
  });

  test.each(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "M-SEARCH"])(
    "%s is 405 and says what is allowed",
    async (method) => {
      const answer = await exchange(edge.port, [
        request(`${method} /ipn/stripe`, { ...signed(), "X-HTTP-Method-Override": "POST" }),
      ]);
      // Node 20's parser does not know QUERY, and refuses it before there is a request.
      if (method === "QUERY" && answer.status === 400) return;
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    },
  );

  test("HEAD is 405 without a body", async () => {
    const answer = await exchange(edge.port, [request("HEAD /ipn/stripe")], { untilClosed: true, timeoutMs: 2_000 });
    expect([answer.status, answer.headers.get("allow"), answer.body]).toEqual([405, "POST", ""]);
  });

  test("other places are 404, and their other methods 405", async () => {
    expect((await exchange(edge.port, [request("GET /")])).status).toBe(404);
    expect((await exchange(edge.port, [request("POST /health/live")])).headers.get("allow")).toBe("GET, HEAD");
  });
});

describe("types, codings and sizes", () => {
  test.each([
    ["application/json", 200],
    ["application/json; charset=utf-8", 200],
    ['APPLICATION/JSON;Charset="UTF-8"', 200],
    ["application/json\t", 200],
    [" application/json", 200],
    ["text/plain", 415],
    ["application/xml", 415],
    ["multipart/form-data; boundary=x", 415],
    ["application/json garbage", 415],
    ["application/json, text/plain", 415],
    ["application/json;", 415],
    ["application/json; charset=utf-7", 415],
    ["application/json; charset=utf-16", 415],
    ["application/json; charset=utf-8; charset=utf-7", 415],
    ["application/x-www-form-urlencoded", 415],
    ["", 415],
  ])("the type %j is %i", async (type, status) => {
    const headers = { "Stripe-Signature": signature(EVENT), "Content-Type": type };
    expect((await exchange(edge.port, [request("POST /ipn/stripe", headers, EVENT)])).status).toBe(status);
  });

  test.each([
    ["charset=windows-1252", 200],
    ["charset=utf-7", 415],
    ["charset=utf-8; charset=windows-1252", 415],
  ])("a form with %s is %i", async (parameter, status) => {
    const headers = { "Content-Type": `application/x-www-form-urlencoded; ${parameter}` };
    const body = "payment_status=Completed&txn_id=8XY&txn_type=web_accept&receiver_email=merchant%40example.com";
    expect((await exchange(edge.port, [request("POST /ipn/paypal-ipn", headers, body)])).status).toBe(status);
  });

  test("no type at all is 415", async () => {
    const answer = await exchange(edge.port, [
      request("POST /ipn/stripe", { "Stripe-Signature": signature(EVENT) }, EVENT),
    ]);
    expect(answer.status).toBe(415);
  });

  test.each(["gzip", "deflate", "br", "zstd", "gzip, identity", "x"])("the coding %s is 415", async (coding) => {
    const answer = await exchange(edge.port, [
      request("POST /ipn/stripe", { ...signed(), "Content-Encoding": coding }, EVENT),
    ]);
    expect(answer.status).toBe(415);
  });

  test("identity is no coding", async () => {
    const answer = await exchange(edge.port, [
      request("POST /ipn/stripe", { ...signed(), "Content-Encoding": "identity" }, EVENT),
    ]);
    expect(answer.status).toBe(200);
  });

  test("an empty body is 400", async () => {
    const answer = await exchange(edge.port, [request("POST /ipn/stripe", { ...signed(), "Content-Length": "0" })]);
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([400, "empty_body"]);
  });

  test("256 KiB are read, one byte more is 413 before the body is", async () => {
    const body = JSON.stringify({ id: "evt_1", object: "event", pad: "x".repeat(262_144 - 45) }).padEnd(262_144, " ");
    expect((await exchange(edge.port, [request("POST /ipn/stripe", signed(body), body)])).status).toBe(200);
    const answer = await exchange(edge.port, [
      request("POST /ipn/stripe", { ...signed(), "Content-Length": "262145" }),
    ]);
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([413, "too_large"]);
  });

  test("chunks without end are 413 once they pass the limit", async () => {
    const head = request("POST /ipn/stripe", { ...signed(), "Transfer-Encoding": "chunked" });
    const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
    const answer = await exchange(edge.port, [head, ...Array.from({ length: 17 }, () => chunk)], { untilClosed: true });
    expect(answer.status).toBe(413);
  });
});

describe("when nothing can be stored", () => {
  test("503 with Retry-After, and the reason only in the log", async () => {
    const full = await startEdge({ answer: { kind: "unavailable", reason: "queue_full", retryAfterSeconds: 7 } });
    const answer = await exchange(full.port, [request("POST /ipn/stripe", signed(), EVENT)]);
    expect([answer.status, answer.headers.get("retry-after"), JSON.parse(answer.body).error]).toEqual([
      503,
      "7",
      "unavailable",
    ]);
    expect(answer.milliseconds).toBeGreaterThan(990);
    expect(full.logged.join("")).toContain("queue_full");
    await full.close();
  });

  test("before the database could be reached it is the same, and the process lives but is not ready", async () => {
    const starting = await startEdge({ backend: () => null });
    expect((await exchange(starting.port, [request("POST /ipn/stripe", signed(), EVENT)])).status).toBe(503);
    expect(
      (await exchange(starting.port, [request("GET /v1/orders", { Authorization: `Bearer ${"x".repeat(30)}` })]))
        .status,
    ).toBe(503);
    expect((await exchange(starting.port, [request("GET /health/live")])).status).toBe(200);
    expect((await exchange(starting.port, [request("GET /health/ready")])).status).toBe(503);
    expect((await exchange(starting.port, [request("GET /health")])).status).toBe(503);
    await starting.close();
  });

  test("while the process stops, what still comes is asked to come again, on a connection that ends", async () => {
    const stopping = await startEdge({ isStopping: () => true });
    const answer = await exchange(stopping.port, [request("POST /ipn/stripe", signed(), EVENT)], { untilClosed: true });
    expect([answer.status, answer.headers.get("connection"), answer.headers.has("retry-after")]).toEqual([
      503,
      "close",
      true,
    ]);
    await stopping.close();
  });
});

describe("floods", () => {
  test("while the event loop lags gateways are asked to come again, and probes are answered", async () => {
    let isLate = true;
    const late = await startEdge({ isLate: () => isLate });
    const one = request("POST /ipn/stripe", signed(), EVENT);
    const answer = await exchange(late.port, [one]);
    expect([answer.status, answer.headers.get("retry-after"), late.received.length]).toEqual([503, "10", 0]);
    // At once, they would be here again at once.
    expect(answer.milliseconds).toBeGreaterThan(990);
    for (const path of ["/health/live", "/metrics"])
      expect((await exchange(late.port, [request(`GET ${path}`, {}, "")])).status).toBe(200);
    // Who is gone before his second is over is missed by nobody.
    await sendAndReset(late.port, one);
    await pause(1_100);
    isLate = false;
    expect((await exchange(late.port, [one])).status).toBe(200);
    await late.close();
  });

  const forged = request("POST /ipn/stripe", { ...JSON_TYPE, "Stripe-Signature": "t=1,v1=00" }, EVENT);

  test("the twenty-first forgery of a minute is 429; the signed one beside it is stored", async () => {
    const flooded = await startEdge();
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++) statuses.push((await exchange(flooded.port, [forged])).status);
    expect([statuses[0], statuses[19], statuses[20]]).toEqual([401, 401, 429]);
    expect((await exchange(flooded.port, [request("POST /ipn/stripe", signed(), EVENT)])).status).toBe(200);
    await flooded.close();
  });

  test("of an address that only ever sent forgeries a few a second are verified; of one that sent a true event all", async () => {
    const clock = { now: new Date() };
    const flooded = await startEdge({ now: () => clock.now });
    for (let i = 0; i < 300; i++) await exchange(flooded.port, [forged]);
    expect(flooded.received.length).toBe(225);
    const refused = await exchange(flooded.port, [request("POST /ipn/stripe", signed(), EVENT)]);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    clock.now = new Date(clock.now.getTime() + 1_000);
    expect((await exchange(flooded.port, [request("POST /ipn/stripe", signed(), EVENT)])).status).toBe(200);
    await flooded.close();
    const shared = await startEdge();
    await exchange(shared.port, [request("POST /ipn/stripe", signed(), EVENT)]);
    for (let i = 0; i < 210; i++) await exchange(shared.port, [forged]);
    expect((await exchange(shared.port, [request("POST /ipn/stripe", signed(), EVENT)])).status).toBe(200);
    await shared.close();
  });

  test("a sender that is gone before it is looked at costs no error, and is counted like any other", async () => {
    const left = await startEdge();
    for (let i = 0; i < 100; i++) await sendAndReset(left.port, forged);
    expect((await exchange(left.port, [request("POST /ipn/stripe", signed(), EVENT)])).status).toBe(200);
    expect(left.logged.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
    await left.close();
  });

  test("X-Forwarded-For is believed from a declared proxy, and from nobody else", async () => {
    const behind = await startEdge({ trustProxy: ["127.0.0.1"] });
    await exchange(behind.port, [
      request("POST /ipn/stripe", { ...signed(), "X-Forwarded-For": "203.0.113.9" }, EVENT),
    ]);
    expect(behind.received.at(-1)?.source).toBe("203.0.113.9");
    await behind.close();
    await exchange(edge.port, [request("POST /ipn/stripe", { ...signed(), "X-Forwarded-For": "203.0.113.9" }, EVENT)]);
    expect(edge.received.at(-1)?.source).toBe("127.0.0.1");
  });
});

test("behind a declared proxy the address that the proxy saw counts, whatever the sender wrote before it", async () => {
  const behind = await startEdge({ trustProxy: ["127.0.0.1"] });
  const from = async (forwarded: string) => {
    await exchange(behind.port, [request("POST /ipn/stripe", { ...signed(), "X-Forwarded-For": forwarded }, EVENT)]);
    return behind.received.at(-1)?.source;
  };
  expect(await from("10.0.0.1, 127.0.0.1, 198.51.100.1")).toBe("198.51.100.1");
  expect(await from("198.51.100.1, 127.0.0.1")).toBe("198.51.100.1");
  expect(await from("2001:db8::1, 2001:db8:1:2::9")).toBe("2001:db8:1:2::/64");
  expect((await from("x".repeat(10_000)))?.length).toBeLessThanOrEqual(64);
  await behind.close();
});

test("the log has one wide line a notification, and no body, header, secret or address of a person in it", async () => {
  const quiet = await startEdge();
  const body = JSON.stringify({ id: "evt_canary", object: "event", email: "ann.canary@example.com" });
  await exchange(quiet.port, [
    request("POST /ipn/stripe?token=canary-query", { ...signed(body), "X-Note": "canary-header" }, body),
  ]);
  await exchange(quiet.port, [
    request("POST /ipn/stripe", { ...JSON_TYPE, "Stripe-Signature": "t=1,v1=canary-signature" }, body),
  ]);
  const lines = quiet.logged.map((line) => JSON.parse(line)).filter((line) => line.event === "notification");
  expect(lines).toMatchObject([
    { gateway: "stripe", account: "default", status: 200, result: "stored", notification: "ntf_1", bytes: body.length },
    { status: 401, result: "forged", source: "127.0.0.1" },
  ]);
  // However quick: an answer takes a tenth of a millisecond at least, and one of seconds would be from another clock.
  for (const { durationMs } of lines) {
    expect(durationMs).toBeGreaterThan(0);
    expect(durationMs).toBeLessThan(5_000);
  }
  expect(quiet.logged.join("")).not.toMatch(/canary/);
  await quiet.close();
});

function sendAndReset(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => socket.write(bytes, () => socket.resetAndDestroy()));
    socket.on("error", () => resolve()).on("close", () => resolve());
  });
}
