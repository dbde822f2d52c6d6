import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { Budget } from "../../src/http/budget.ts";
import { exchange, request, startEdge } from "./edge.ts";

test("bytes under way are bounded in all and from one network, and given back", () => {
  const budget = new Budget({ total: 100, perNetwork: 40 });
  const first = budget.take("a", 30);
  expect([first === null, budget.take("a", 11), budget.take("b", 40) === null, budget.take("c", 31)]).toEqual([
    false,
    null,
    false,
    null,
  ]);
  first?.();
  expect(budget.take("c", 31)).not.toBeNull();
  expect(budget.take("a", 29)).not.toBeNull();
  expect(budget.take("a", 1)).toBeNull();
});

test("bodies that are never finished hold no more memory than their bound, and another network is still served", async () => {
  const edge = await startEdge({ trustProxy: ["127.0.0.1"] });
  const length = 262_144;
  const head = (from: string) =>
    request("POST /ipn/stripe", {
      "Content-Type": "application/json",
      "Content-Length": String(length),
      "X-Forwarded-For": from,
    });
  const almost = Buffer.alloc(length - 1, "x");
  const before = process.memoryUsage().rss;
  const sockets: Socket[] = [];
  for (let n = 0; n < 400; n++) {
    const socket = connect({ host: "127.0.0.1", port: edge.port });
    socket.on("error", () => {});
    socket.write(head("203.0.113.9"));
    socket.write(almost);
    sockets.push(socket);
  }
  const refused = await exchange(edge.port, [head("203.0.113.9")]);
  expect([refused.status, refused.headers.has("retry-after")]).toEqual([503, true]);
  expect((await exchange(edge.port, [head("198.51.100.7"), almost, "x"])).status).toBe(401);
  expect(edge.received).toHaveLength(1);
  // 400 whole ones would be 100 MB; both ends of each socket are in this process.
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(400);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await exchange(edge.port, [head("203.0.113.9"), almost, "x"])).status).toBe(401);
  await edge.close();
});
