import { expect, onTestFinished, test } from "vitest";
import { answer, hang, startSink } from "../outbox/sink.ts";
import { paymentIntent, register, sendStripe, stripeEvent } from "./senders.ts";
import { eventually, startServer } from "./server.ts";

/** The built service as a process, from a gateway's notification to a merchant's endpoint. */

test("what a killed process had claimed or sent is sent again under the same id", async () => {
  const server = await startServer({});
  onTestFinished(async () => void (await server.stop()));
  let isSlow = true;
  const sink = await startSink(() => (isSlow ? hang : answer(200)));
  onTestFinished(() => sink.close());
  await server.api("/v1/endpoints", { body: { url: sink.url("/hook"), events: ["order.paid"] } });
  await register(server, "2002", 1999);
  const object = paymentIntent({ id: "pi_2002", amount: 1999, order: "2002" });
  await sendStripe(server, stripeEvent({ type: "payment_intent.succeeded", object }));
  await eventually(async () => sink.arrived.length === 1, 20_000);
  isSlow = false;
  await server.restart();
  await eventually(async () => sink.arrived.length >= 2, 20_000);
  const ids = sink.arrived.map(({ headers }) => headers["webhook-id"]);
  expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
  const { body } = await server.api("/v1/deliveries?order=2002");
  expect(body.data).toMatchObject([{ type: "order.paid", event: ids[0], attempts: 2 }]);
}, 60_000);
