import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { driver } from "../../src/store/sqlite/driver.ts";
import { paymentIntent, post, signStripe, stripeEvent } from "./senders.ts";
import { eventually, startServer } from "./server.ts";

test("what was acknowledged after somebody else had locked the SQLite file is there after kill -9", async () => {
  const server = await startServer({});
  onTestFinished(async () => void (await server.stop("SIGKILL")));
  const file = pathToFileURL(join(server.dataDir, "paybell.db")).href;
  const send = async (name: string): Promise<boolean> => {
    const object = paymentIntent({ id: `pi_${name}`, amount: 100, order: name });
    const body = stripeEvent({ type: "payment_intent.succeeded", object });
    const { status } = await post(`${server.url}/ipn/stripe`, body, signStripe(body));
    expect([200, 503]).toContain(status);
    return status === 200;
  };
  // As `paybell rebuild --apply` does, or a person at the file: a process of its own that writes, once for longer than is waited.
  const somebody = await driver(file).connect();
  const run = (sql: string): Promise<number> => somebody.executeRaw({ sql, args: [], argTypes: [] });
  const acknowledged: string[] = [];
  for (const round of [1, 2, 3]) {
    await eventually(
      () =>
        run("begin immediate")
          .then(() => true)
          .catch(() => false),
      5_000,
    );
    expect(await send(`refused_${round}`), "the lock was not met").toBe(false);
    await run("commit");
    for (const n of [1, 2, 3]) if (await send(`kept_${round}_${n}`)) acknowledged.push(`kept_${round}_${n}`);
  }
  await somebody.dispose();
  expect(acknowledged.length).toBeGreaterThan(3);
  await server.stop("SIGKILL");
  await server.restart();
  for (const name of acknowledged) {
    const isPaid = async () => (await server.api(`/v1/payments?reference=pi_${name}`)).body.data?.length === 1;
    await eventually(isPaid, 10_000);
  }
  expect(await server.stop()).toBe(0);
}, 60_000);
