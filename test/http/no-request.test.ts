import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Edge, EVENT, exchange, JSON_TYPE, request, signed, startEdge } from "./edge.ts";

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.close());

describe("what is no request", () => {
  const post = `POST /ipn/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
  test.each([
    ["CL and TE", `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["two lengths", `${post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ["two equal lengths", `${post}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`],
    ["a negative length", `${post}Content-Length: -2\r\n\r\n{}`],
    ["a coding besides chunked", `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ["a folded header", `${post}Stripe-Signature: t=1,\r\n v1=00\r\nContent-Length: 2\r\n\r\n{}`],
    ["a bare line feed", `${post}X-One: 1\nX-Two: 2\r\nContent-Length: 2\r\n\r\n{}`],
    ["a NUL in a header", `${post}X-One: a\0b\r\nContent-Length: 2\r\n\r\n{}`],
    ["a space before the colon", `${post}X-One : 1\r\nContent-Length: 2\r\n\r\n{}`],
    ["HTTP/0.9", "GET /\r\n\r\n"],
    ["HTTP/3.0", "GET / HTTP/3.0\r\nHost: x\r\n\r\n"],
    ["no Host", "GET /health/live HTTP/1.1\r\n\r\n"],
    ["two Hosts", "GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    ["a bad Host", "GET /health/live HTTP/1.1\r\nHost: a b@c\r\n\r\n"],
    ["two types", `${post}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}`],
    ["a chunk of no length", `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
    ["noise", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
  ])("%s is 400 and the connection ends", async (_what, text) => {
    const before = edge.received.length;
    const answer = await exchange(edge.port, [Buffer.from(text, "latin1")], { untilClosed: true });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatch(/^\{"error":"malformed","id":"req_[0-9a-f]{24}"\}$/);
    expect(answer.headers.get("connection")).toBe("close");
    expect(edge.received.length).toBe(before);
  });

  test.each([
    ["a header of 17 KiB", `${post}X-Long: ${"a".repeat(17_000)}\r\n\r\n`],
    ["a thousand headers", `${post}${"a: b\r\n".repeat(1_000)}Content-Length: 2\r\n\r\n{}`],
    ["more headers than Node counts", `${post}${"a:\r\n".repeat(3_000)}Content-Length: 2\r\n\r\n{}`],
  ])("%s is 431", async (_what, text) => {
    const answer = await exchange(edge.port, [text], { untilClosed: true });
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([431, "headers_too_large"]);
  });

  test("an expectation that nobody can meet is 417", async () => {
    const answer = await exchange(edge.port, [
      request("POST /ipn/stripe", { ...signed(), Expect: "a-miracle" }, EVENT),
    ]);
    expect(answer.status).toBe(417);
  });

  test("what Node calls its own answer never carries a server's name or a stack", async () => {
    const answer = await exchange(edge.port, [request("POST /ipn/stripe", JSON_TYPE, EVENT)]);
    expect(answer.text).not.toMatch(/x-powered-by|server:|fastify|node/i);
    expect(answer.headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
  });
});

describe.concurrent("slow senders", () => {
  test("headers that never end are 408 after five seconds", async () => {
    const answer = await exchange(edge.port, ["POST /ipn/stripe HTTP/1.1\r\nHost: x\r\n"], { untilClosed: true });
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([408, "timeout"]);
    expect(answer.milliseconds).toBeLessThan(8_000);
  });

  test("a connection on which nothing comes is ended", async () => {
    const answer = await exchange(edge.port, [], { untilClosed: true });
    expect(answer.milliseconds).toBeLessThan(8_000);
  });

  test("a body that drips is 408 after ten seconds, however steadily", async () => {
    const head = request("POST /ipn/stripe", { ...signed(), "Content-Length": "1000" });
    const drips = Array.from({ length: 60 }, () => ["x", { waitMs: 250 }]).flat();
    const answer = await exchange(edge.port, [head, ...drips], { untilClosed: true });
    expect(answer.status).toBe(408);
    expect(answer.milliseconds).toBeLessThan(13_000);
  });

  test("a body shorter than its length is 408, and reaches nobody", async () => {
    const before = edge.received.length;
    const head = request("POST /ipn/stripe", { ...signed(), "Content-Length": "500" }, EVENT);
    const answer = await exchange(edge.port, [head], { untilClosed: true });
    expect(answer.status).toBe(408);
    expect(edge.received.length).toBe(before);
  });
});
