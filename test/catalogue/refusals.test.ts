import { afterAll, beforeAll, expect, test } from "vitest";
import { type Edge, exchange, request, STRIPE_SECRET, startEdge } from "../http/edge.ts";
import { causes } from "./refusals.ts";

/** Coarse, so that it holds on a busy machine; `long/timing.long.ts` has the statistics. */

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({ trustProxy: ["127.0.0.1"] });
});
afterAll(() => edge.close());

test("a refusal takes about as long whatever its cause", async () => {
  const body = JSON.stringify({ id: "evt_1", filler: "x".repeat(2_000) });
  const kinds = causes(body, STRIPE_SECRET);
  const fastest = new Map<string, number>();
  for (let n = 0; n < 40; n++) {
    for (const [name, headers] of kinds) {
      const from = { ...headers, "X-Forwarded-For": `10.0.${n}.${name.length}` };
      const answer = await exchange(edge.port, [request("POST /ipn/stripe", from, body)]);
      expect(answer.status).toBe(401);
      fastest.set(name, Math.min(fastest.get(name) ?? Number.POSITIVE_INFINITY, answer.milliseconds));
    }
  }
  const times = [...fastest.values()];
  expect(Math.max(...times) - Math.min(...times), JSON.stringify([...fastest])).toBeLessThan(2);
});
