import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestDatabase } from "../store/databases.ts";
import { describeOnEachDatabase } from "./databases.ts";
import { followEvents, listEvents } from "./following.ts";
import { paymentIntent, register, sendStripe, stripeEvent } from "./senders.ts";
import { eventually, type Server, startServer } from "./server.ts";

describeOnEachDatabase("the event stream", (open) => {
  let database: TestDatabase;
  let server: Server;

  beforeAll(async () => {
    database = await open();
    server = await startServer({ databaseUrl: database.url });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  async function pay(reference: string): Promise<void> {
    await register(server, reference, 100);
    const object = paymentIntent({ id: `pi_${reference}`, amount: 100, order: reference });
    await sendStripe(server, stripeEvent({ type: "payment_intent.succeeded", object }));
  }

  test("over cuts, a killed server and late commits tells everything, and nothing twice", {
    timeout: 120_000,
  }, async () => {
    const orders = Array.from({ length: 30 }, (_, index) => `stream-${index}`);
    const following = followEvents(server, {
      cutEvery: 7,
      isOver: (told) => ofOrders(told).length >= 2 * orders.length,
    });
    await Promise.all(orders.slice(0, 15).map(pay));
    await eventually(async () => (await server.api("/v1/orders/stream-14")).body.status === "paid", 60_000);
    await server.restart();
    const late = database.dialect === "postgresql" ? await holdOpen(database.url) : null;
    await Promise.all(orders.slice(15).map(pay));
    await late?.letGo();
    const told = await following;
    // What the killed process had in memory may wait for its lease; here everything was applied before.
    const keys = ofOrders(told).map(({ data }) => `${data.order} ${data.type}`);
    expect([...keys].sort()).toEqual(
      orders.flatMap((order) => [`${order} order.paid`, `${order} payment.paid`]).sort(),
    );
    expect(told.map(({ data }) => data.id)).toEqual(await listEvents(server));
  });
});

/** Without the customers that the first of them opened. */
function ofOrders<Event extends { readonly data: { readonly order: string | null } }>(
  told: readonly Event[],
): readonly Event[] {
  return told.filter(({ data }) => data.order !== null);
}

/** A transaction that began before others and ends after them, as a slow applier's may. */
async function holdOpen(url: string): Promise<{ letGo(): Promise<void> }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("begin");
  await client.query("select pg_current_xact_id()");
  return {
    async letGo() {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await client.query("rollback");
      await client.end();
    },
  };
}
