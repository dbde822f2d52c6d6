import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Stripe from "stripe";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { skipWithout } from "./absent.ts";
import { ask } from "./http/service.ts";

/** The process itself, started as a person starts it. */

// Several starts on a machine that may do other things as well.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
const running: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "paybell-"));
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode === null) child.kill("SIGKILL");
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: () => string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<Started> {
  const port = await freePort();
  const child = spawn(process.execPath, ["dist/main.js"], {
    env: { PATH: process.env.PATH ?? "", PORT: String(port), DATA_DIR: join(folder, "data"), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  const ended = once(child, "exit").then(([code]) => code as number | null); // Proven: the event's first argument.
  return { child, url: `http://127.0.0.1:${port}`, output: () => output, ended };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Asks until the answer is so; 15 s at most, for a machine that does other things as well. */
async function until(url: string, path: string, status: number): Promise<void> {
  const end = Date.now() + 15_000;
  while (Date.now() < end) {
    const answer = await ask(`${url}${path}`).catch(() => null);
    if (answer?.status === status) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${path} never was ${status}`);
}

const appeared = async (read: () => string, text: string): Promise<void> => {
  const end = Date.now() + 15_000;
  while (!read().includes(text) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(read()).toContain(text);
};

function notify(url: string, secret: string, id = "evt_1") {
  const body = JSON.stringify({
    id,
    object: "event",
    type: "balance.available",
    created: 1,
    livemode: false,
    data: { object: {} },
  });
  const signature = Stripe.webhooks.generateTestHeaderString({ payload: body, secret });
  return ask(`${url}/ipn/stripe`, {
    method: "POST",
    headers: { "content-type": "application/json", "stripe-signature": signature },
    body,
  });
}

describe("without any configuration", () => {
  test("it tells a newcomer everything, takes a signed event, keeps the token, and ends with 0", async () => {
    const first = await start();
    await until(first.url, "/health/ready", 200);
    await appeared(first.output, "What to try next");
    const token = readFileSync(join(folder, "data", "api-token"), "utf8").trim();
    const accounts = JSON.parse(readFileSync(join(folder, "data", "test-accounts.json"), "utf8"));
    for (const part of [
      "/ipn/stripe",
      "/ipn/paypal-ipn",
      "payment_intent.succeeded",
      token,
      "test-accounts.json",
      "npm run demo",
    ]) {
      // On a slow machine the banner comes before the database, and the token after it.
      await appeared(first.output, part);
    }
    expect(first.output()).not.toContain(accounts.stripe.webhookSecret);
    expect(statSync(join(folder, "data")).mode & 0o777).toBe(0o700);
    expect((await notify(first.url, accounts.stripe.webhookSecret)).status).toBe(200);
    const orders = await ask(`${first.url}/v1/orders`, { headers: { authorization: `Bearer ${token}` } });
    expect(orders.status).toBe(200);
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);

    const second = await start();
    await until(second.url, "/health/ready", 200);
    await appeared(second.output, "What to try next");
    await appeared(second.output, `The API token is in ${join(folder, "data", "api-token")}`);
    expect(second.output()).not.toContain(token);
    expect((await ask(`${second.url}/v1/orders`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    second.child.kill("SIGINT");
    expect(await second.ended).toBe(0);
  });
});

describe("SIGTERM", () => {
  test("in a storm of notifications, with nobody reading the log, loses none that was acknowledged, and ends with 0", async () => {
    const first = await start();
    await until(first.url, "/health/ready", 200);
    first.child.stdout?.destroy();
    const secret = JSON.parse(readFileSync(join(folder, "data", "test-accounts.json"), "utf8")).stripe.webhookSecret;
    const sending = Array.from({ length: 300 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, i * 2));
      const answer = await notify(first.url, secret, `evt_${i}`).catch(() => null);
      return { id: `evt_${i}`, status: answer?.status ?? 0 };
    });
    setTimeout(() => first.child.kill("SIGTERM"), 300);
    const answers = await Promise.all(sending);
    expect(await first.ended).toBe(0);
    const acknowledged = answers.filter(({ status }) => status === 200).map(({ id }) => id);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(answers.every(({ status }) => [0, 200, 503].includes(status))).toBe(true);

    const second = await start();
    await until(second.url, "/health/ready", 200);
    const token = readFileSync(join(folder, "data", "api-token"), "utf8").trim();
    const stored = new Set<string>();
    let next: string | null = null;
    do {
      const cursor: string = next ? `&cursor=${next}` : "";
      const page = await ask(`${second.url}/v1/notifications?limit=100${cursor}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      for (const { key } of page.json.data) stored.add(key);
      next = page.json.next;
    } while (next);
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    second.child.kill("SIGTERM");
    expect(await second.ended).toBe(0);
  });

  test("is not held up by a reader of the log who stands still", async () => {
    const { child, url, ended } = await start({ SHUTDOWN_TIMEOUT_SECONDS: "4", LOG_LEVEL: "debug" });
    await until(url, "/health/ready", 200);
    child.stdout?.removeAllListeners("data").pause();
    // Far more lines than any pipe holds.
    for (let i = 0; i < 40; i += 1) await Promise.all(Array.from({ length: 100 }, () => ask(`${url}/ipn/nobody`)));
    child.kill("SIGTERM");
    expect(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 8_000, "still there"))])).toBe(0);
  });

  test("is not held up by a sender that never finishes its request", async () => {
    const slow = await start({ SHUTDOWN_TIMEOUT_SECONDS: "8" });
    await until(slow.url, "/health/ready", 200);
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(slow.url).port) });
    socket.on("error", () => undefined);
    socket.write(
      "POST /ipn/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    const began = Date.now();
    slow.child.kill("SIGTERM");
    expect(await slow.ended).toBe(0);
    expect(Date.now() - began).toBeLessThan(7_000);
    socket.destroy();
  });
});

test("production without a configuration says every problem, shows no value, makes nothing, and ends with 1", async () => {
  const secret = "whsec_change_me_hunter2";
  const refused = await start({
    NODE_ENV: "production",
    STRIPE_WEBHOOK_SECRET: secret,
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    LOG_LEVEL: "loud",
  });
  expect(await refused.ended).toBe(1);
  for (const name of ["API_TOKEN", "STRIPE_WEBHOOK_SECRET", "NODE_TLS_REJECT_UNAUTHORIZED", "LOG_LEVEL"])
    expect(refused.output()).toContain(name);
  expect(refused.output()).not.toContain(secret);
  expect(existsSync(join(folder, "data"))).toBe(false);
});

describe("a database that can't be reached at start", () => {
  const target = { host: "127.0.0.1", port: 5432 };

  test("leaves the process alive, unready and honest, and is used as soon as it is there", async (context) => {
    const isThere = await answers(target);
    if (process.env.PAYBELL_REQUIRE_POSTGRES === "1") expect(isThere, "no PostgreSQL on 127.0.0.1:5432").toBe(true);
    skipWithout(context, isThere ? null : "no PostgreSQL on 127.0.0.1:5432");
    const port = await freePort();
    const name = `paybell_main_${process.pid}`;
    await sql(`create database ${name}`);
    const secret = "whsec_8fK2mZq0Lr5Tn9Vx3Wb7";
    const late = await start({
      DATABASE_URL: `postgresql://postgres@127.0.0.1:${port}/${name}`,
      STRIPE_WEBHOOK_SECRET: secret,
    });
    await until(late.url, "/health/live", 200);
    expect((await ask(`${late.url}/health/ready`)).status).toBe(503);
    const refused = await notify(late.url, secret);
    expect([refused.status, refused.headers.has("retry-after")]).toEqual([503, true]);
    const proxy = await forward(port, target);
    await until(late.url, "/health/ready", 200);
    expect((await notify(late.url, secret)).status).toBe(200);
    late.child.kill("SIGTERM");
    expect(await late.ended).toBe(0);
    proxy.close();
    await sql(`drop database ${name} with (force)`);
  });
});

async function sql(text: string): Promise<void> {
  const { Client } = await import("pg");
  const client = new Client({ host: "127.0.0.1", user: "postgres", database: "postgres" });
  await client.connect();
  await client.query(text);
  await client.end();
}

async function answers(target: { readonly host: string; readonly port: number }): Promise<boolean> {
  const socket = connect(target);
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  }).then((isThere) => {
    socket.destroy();
    return isThere === true;
  });
}

/** The database's port, opened late. */
async function forward(port: number, target: { readonly host: string; readonly port: number }): Promise<Server> {
  const server = createServer((client) => {
    const upstream = connect(target);
    client.pipe(upstream).pipe(client);
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}
