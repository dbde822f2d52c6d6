import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { signStripe, stripeEvent } from "../end-to-end/senders.ts";
import { type Server, startServer } from "../end-to-end/server.ts";
import { measured } from "./measured.ts";

/** A hundred thousand invented IPNs, from a thousand addresses behind one declared proxy, while a shop goes on selling. */

const IPNS = 100_000;
const SENDERS = 64;

let server: Server;
let asked = 0;
let mostAtOnce = 0;
let atOnce = 0;
/** PayPal, which has never heard of any of them, and takes its time. */
const verifier = createServer((message, response) => {
  asked += 1;
  atOnce += 1;
  mostAtOnce = Math.max(mostAtOnce, atOnce);
  message.resume();
  setTimeout(() => {
    atOnce -= 1;
    response.end("INVALID");
  }, 20);
});
const agent = new Agent({ connections: SENDERS, pipelining: 1 });

beforeAll(async () => {
  await new Promise<void>((resolve) => verifier.listen(0, "127.0.0.1", resolve));
  const { port } = verifier.address() as AddressInfo;
  server = await startServer({
    env: { TRUST_PROXY: "127.0.0.1", PAYPAL_IPN_URL: `http://127.0.0.1:${port}/cgi-bin/webscr`, LOG_LEVEL: "error" },
  });
});
afterAll(async () => {
  await server.stop();
  await agent.close();
  verifier.close();
});

async function post(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<number> {
  const answer = await request(`${server.url}${path}`, { method: "POST", headers, body, dispatcher: agent });
  await answer.body.dump();
  return answer.statusCode;
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

/** How long one signed event takes, on a connection of its own, from an address of its own. */
async function sell(n: number): Promise<number> {
  const body = stripeEvent({
    type: "payment_intent.created",
    object: { id: `pi_flood_${n}`, object: "payment_intent" },
  });
  const began = performance.now();
  const status = await new Promise<number>((resolve, reject) => {
    const headers = { ...signStripe(body), "x-forwarded-for": "198.51.100.7", "content-length": String(body.length) };
    const message = httpRequest(`${server.url}/ipn/stripe`, { method: "POST", headers, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    message.on("error", reject).end(body);
  });
  expect(status).toBe(200);
  return performance.now() - began;
}

test("a hundred thousand invented IPNs are bounded in rows, in questions to PayPal and in memory, and hold up no sale", async (context) => {
  const statuses = new Map<number, number>();
  const sales: number[] = [];
  let sent = 0;
  let isOver = false;
  const began = performance.now();
  const send = async (): Promise<void> => {
    while (sent < IPNS) {
      const n = sent++;
      const headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-forwarded-for": `203.0.${n % 4}.${(n >> 2) % 250}`,
      };
      const status = await post(
        "/ipn/paypal-ipn",
        headers,
        `txn_id=INVENTED${n}&payment_status=Completed&mc_gross=1.00&memo=${"x".repeat(500)}`,
      );
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const shop = async (): Promise<void> => {
    for (let n = 0; !isOver; n++) {
      sales.push(await sell(n));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const selling = shop();
  await Promise.all(Array.from({ length: SENDERS }, send));
  isOver = true;
  await selling;
  const seconds = (performance.now() - began) / 1000;
  // /health and /metrics remember the backlog for some seconds.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  const waiting = await metric('paybell_backlog_inputs{state="unproven"}');
  const memory = (await metric("paybell_process_resident_memory_bytes")) / 2 ** 20;
  sales.sort((a, b) => a - b);
  const p99 = sales[Math.floor(sales.length * 0.99)] ?? 0;
  const told = [...statuses].map(([status, count]) => `${count} × ${status}`).join(", ");
  measured(
    context,
    `${told} in ${seconds.toFixed(0)} s; ${waiting} wait; PayPal asked ${asked} times, ${mostAtOnce} at once; ${memory.toFixed(0)} MB; ${sales.length} sales, p99 ${p99.toFixed(0)} ms`,
  );
  expect([...statuses.keys()].filter((status) => ![200, 503, 429].includes(status))).toEqual([]);
  expect(waiting).toBeLessThan(25_000);
  expect(mostAtOnce).toBeLessThanOrEqual(4);
  expect(asked).toBeLessThan(25 * (seconds + 10));
  expect(memory).toBeLessThan(400);
  expect(sales.length).toBeGreaterThan(20);
  expect(p99).toBeLessThan(1_000);
});

test("forgeries from one address never shut out the shop's own events from the same", async (context) => {
  // The shop's address sends both: behind a proxy that nobody declared it looks like this.
  await sell(1_000_000);
  const headers = {
    "content-type": "application/json",
    "stripe-signature": "t=1,v1=00",
    "x-forwarded-for": "198.51.100.7",
  };
  const forged = new Map<number, number>();
  const flood = Array.from({ length: 5_000 }, () => headers);
  const work = Array.from({ length: 32 }, async () => {
    while (flood.pop()) {
      const status = await post("/ipn/stripe", headers, "{}");
      forged.set(status, (forged.get(status) ?? 0) + 1);
    }
  });
  const times: number[] = [];
  while (flood.length > 0) times.push(await sell(2_000_000 + times.length));
  await Promise.all(work);
  measured(
    context,
    `${[...forged].map(([status, count]) => `${count} × ${status}`).join(", ")}; ${times.length} true ones meanwhile, all 200`,
  );
  expect(times.length).toBeGreaterThan(5);
  expect([...forged.keys()].sort()).toEqual([401, 429]);
});
