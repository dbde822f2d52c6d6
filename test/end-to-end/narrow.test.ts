import { expect, test } from "vitest";
import { describeOnEachDatabase } from "./databases.ts";
import { paymentIntent, post, signStripe, stripeEvent } from "./senders.ts";
import { eventually, startServer } from "./server.ts";

/** Where there is little room. */

describeOnEachDatabase("with 128 MiB of heap", (open) => {
  test("a flood of large notifications is stored or asked to come again, and the process lives", async () => {
    const database = await open();
    const server = await startServer({
      databaseUrl: database.url,
      env: { NODE_OPTIONS: "--max-old-space-size=128", LOG_LEVEL: "warn" },
    });
    const large = Array.from({ length: 400 }, (_, i) => {
      const object = {
        ...paymentIntent({ id: `pi_large_${i}`, amount: 100, order: "large" }),
        padding: "x".repeat(200_000),
      };
      return stripeEvent({ type: "payment_intent.succeeded", object });
    });
    const statuses = await Promise.all(
      large.map(async (body) => (await post(`${server.url}/ipn/stripe`, body, signStripe(body))).status),
    );
    // 408 where this machine could not even send it in time: a gateway repeats that as well.
    expect(statuses.filter((status) => ![200, 408, 503].includes(status))).toEqual([]);
    for (const [i, body] of large.entries()) {
      if (statuses[i] === 200) continue;
      const isStored = async () => (await post(`${server.url}/ipn/stripe`, body, signStripe(body))).status === 200;
      await eventually(isStored, 20_000);
    }
    await eventually(async () => {
      const { body } = await server.api("/v1/orders/large");
      return body.payments?.length === 100 || body.timelineIsCut === true;
    }, 60_000);
    expect(await server.stop()).toBe(0);
    await database.drop();
  }, 180_000);
});
