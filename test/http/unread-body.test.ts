import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { type Edge, type EdgeOptions, EVENT, exchange, JSON_TYPE, request, signed, startEdge } from "./edge.ts";

/** What becomes of a body that is refused by its headers. */

let edge: Edge;

afterEach(() => edge.close());

const BODY = "x".repeat(200_000);

describe("who sends all of a body before he reads gets the answer, and keeps the connection", () => {
  test.each<[string, number, string, Record<string, string>, string, EdgeOptions]>([
    ["a route that there is not", 404, "POST /ipn/nowhere", JSON_TYPE, BODY, {}],
    ["a method that it has not", 405, "PUT /ipn/stripe", JSON_TYPE, BODY, {}],
    ["a type that it takes not", 415, "POST /ipn/stripe", { "Content-Type": "text/html" }, BODY, {}],
    ["a little too much", 413, "POST /ipn/stripe", signed(), "x".repeat(300_000), {}],
    ["no token", 401, "POST /v1/orders", JSON_TYPE, BODY, {}],
    ["a flood", 503, "POST /ipn/stripe", signed(BODY), BODY, { isLate: () => true }],
  ])("%s: %i", async (_name, status, line, headers, body, options) => {
    edge = await startEdge(options);
    const answers = await sentBeforeRead(edge.port, [
      request(line, headers, body),
      request("GET /health/live", { Connection: "close" }),
    ]);
    expect(answers).toEqual([status, 200]);
    expect(edge.received).toEqual([]);
  });

  test("a process that stops: 503, and only then the connection ends", async () => {
    edge = await startEdge({ isStopping: () => true });
    expect(await sentBeforeRead(edge.port, [request("POST /ipn/stripe", signed(BODY), BODY)])).toEqual([503]);
  });

  test("what stands in such a body is never taken for a request", async () => {
    edge = await startEdge();
    const inner = request("POST /ipn/stripe", signed(), EVENT).toString();
    expect(
      await sentBeforeRead(edge.port, [
        request("POST /ipn/nowhere", JSON_TYPE, inner),
        request("GET /health/live", { Connection: "close" }),
      ]),
    ).toEqual([404, 200]);
    expect(edge.received).toEqual([]);
  });
});

describe("what would have to be read for nothing ends the connection", () => {
  test.each([
    ["a body of more than a MiB", { "Content-Length": "1048577" }],
    ["a body that does not say how long it is", { "Transfer-Encoding": "chunked" }],
  ])("%s", async (_name, headers) => {
    edge = await startEdge();
    const answer = await exchange(edge.port, [request("POST /ipn/nowhere", { ...JSON_TYPE, ...headers })], {
      untilClosed: true,
    });
    expect([answer.status, answer.headers.get("connection")]).toEqual([404, "close"]);
    expect(answer.milliseconds).toBeLessThan(5_000);
  });

  test("one of a MiB that never comes is waited for no longer than any other", async () => {
    edge = await startEdge();
    const announced = request("POST /ipn/nowhere", { ...JSON_TYPE, "Content-Length": "1048576" });
    const answer = await exchange(edge.port, [announced], { untilClosed: true });
    expect([answer.status, answer.headers.get("connection")]).toEqual([404, undefined]);
    expect(answer.milliseconds).toBeGreaterThan(9_000);
    expect(answer.milliseconds).toBeLessThan(13_000);
  }, 20_000);
});

/** The statuses of the answers, read when everything is written, until the server ends the connection. */
async function sentBeforeRead(port: number, requests: readonly Buffer[]): Promise<readonly number[]> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  let text = "";
  let failure: Error | null = null;
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", (error) => {
    failure = error;
  });
  for (const bytes of requests) {
    const head = bytes.indexOf("\r\n\r\n") + 4;
    // The answer is out before the body comes.
    for (const piece of [bytes.subarray(0, head), ...pieces(bytes.subarray(head))]) {
      socket.write(piece);
      await pause(20);
    }
  }
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
  });
  await closed;
  expect(failure).toBeNull();
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

function pieces(body: Buffer): readonly Buffer[] {
  const size = 50_000;
  return Array.from({ length: Math.ceil(body.length / size) }, (_, i) => body.subarray(i * size, (i + 1) * size));
}
