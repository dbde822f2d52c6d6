import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { randomOf } from "../../torture/random.ts";
import { skipWithout } from "../absent.ts";
import { hledger, hledgerBalances, hledgerIsAbsent } from "../books/hledger.ts";
import { type MailServer, startMailServer } from "../outbox/mail/mail-server.ts";
import type { TestDatabase } from "../store/databases.ts";
import { browserIsAbsent, launchBrowser, openPage, sees } from "./browser.ts";
import { describeOnEachDatabase } from "./databases.ts";
import { sendStripe, stripeDispute, stripePayout, stripeRefund, stripeSale } from "./senders.ts";
import { API_TOKEN, eventually, type Server, startServer } from "./server.ts";

/** An order of something to ship, a file and a key: paid, refunded in part and whole; and another one lost to a dispute. */

const TOTAL = 2380;
const BUYER = "canary.buyer@example.org";
const KEYS = ["KEY-AAAA-1111", "KEY-BBBB-2222"] as const;
const FILE = randomBytes(200_000);

const absent = browserIsAbsent() ?? hledgerIsAbsent();

interface Shop {
  readonly server: Server;
  readonly mail: MailServer;
}

describeOnEachDatabase("goods and books", (open) => {
  let browser: Browser;

  beforeAll(async () => {
    if (absent === null) browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  test("follow the money: paid in disorder, refunded in part, then whole, and lost to a dispute", {
    timeout: 120_000,
  }, async (context) => {
    skipWithout(context, absent);
    const shop = await setUp(context, open);
    const { server } = shop;
    const { page, problems } = await openPage(browser, await register(server, "5001"), { acceptDownloads: true });
    context.onTestFinished(() => page.context().close());
    await sees(page, "Waiting for your payment");

    await paid(server, "5001");
    await sees(page, "Paid", 20_000);
    expect(await stockOf(server)).toBe(8);
    const { body: customers } = await server.api(`/v1/customers?email=${BUYER}`);
    expect(customers.data).toHaveLength(1);

    const link = await mailed(shop, "5001", KEYS[0]);
    expect(await resumed(link)).toEqual(FILE);
    await page.locator(".goods", { hasText: KEYS[0] }).waitFor({ timeout: 5_000 });
    const [saved] = await Promise.all([page.waitForEvent("download"), page.locator(".goods a").click()]);
    expect(readFileSync(await saved.path())).toEqual(FILE);
    const { body: downloads } = await server.api("/v1/orders/5001/downloads");
    expect(downloads.data, "what went on from within the file belongs to the download before").toMatchObject([
      { sku: "BOOK", count: 2 },
    ]);
    expect(await balances(server)).toEqual({
      "assets:cash:stripe:default USD": "23.80",
      "revenue:sales USD": "-23.80",
    });

    await refunded(server, "5001", 500, "partially_refunded");
    expect(await stockOf(server), "nobody knows which piece a part was for").toBe(8);
    expect((await fetch(link, { method: "HEAD" })).status).toBe(200);
    await refunded(server, "5001", TOTAL - 500, "refunded");
    await eventually(async () => (await stockOf(server)) === 10, 5_000);
    expect((await fetch(link, { method: "HEAD" })).status).toBe(410);
    expect(await keysOf(server, "5001")).toEqual([[KEYS[0], "revoked"]]);
    expect(await balances(server)).toEqual({ "revenue:refunds USD": "23.80", "revenue:sales USD": "-23.80" });

    await register(server, "5002");
    await paid(server, "5002");
    const second = await mailed(shop, "5002", KEYS[1]);
    await sendStripe(server, stripeDispute({ reference: "5002", amount: TOTAL, status: "needs_response" }));
    await isNow(server, "5002", "disputed");
    expect((await fetch(second, { method: "HEAD" })).status).toBe(403);
    await sendStripe(server, stripeDispute({ reference: "5002", amount: TOTAL, status: "lost" }));
    await isNow(server, "5002", "charged_back");
    expect((await fetch(second, { method: "HEAD" })).status).toBe(410);
    expect(await keysOf(server, "5002")).toEqual([[KEYS[1], "revoked"]]);
    expect(await stockOf(server), "what was shipped is gone").toBe(8);
    expect(await balances(server)).toEqual({
      "expenses:disputes:stripe:default USD": "23.80",
      "revenue:refunds USD": "23.80",
      "revenue:sales USD": "-47.60",
    });

    // Sent to the bank, told the wrong way round and twice; then it comes back.
    const payout = { id: "po_1", amount: 1500 };
    const created = stripePayout({ ...payout, status: "pending", at: 60 });
    const arrived = stripePayout({ ...payout, status: "paid", at: 30 });
    for (const event of [arrived, created, arrived]) await sendStripe(server, event);
    const posted = async () => (await server.api("/v1/ledger?account=assets:bank:stripe:default")).body.data;
    await eventually(async () => (await posted()).length === 1, 10_000);
    expect(await balances(server)).toMatchObject({
      "assets:bank:stripe:default USD": "15.00",
      "assets:cash:stripe:default USD": "-15.00",
    });
    await sendStripe(server, stripePayout({ ...payout, status: "failed", at: 0 }));
    await eventually(async () => (await posted()).length === 2, 10_000);
    expect(Object.keys(await balances(server)).filter((account) => account.startsWith("assets:"))).toEqual([]);
    expect(await posted()).toMatchObject([
      { payout: "stripe/default/test/payout/po_1", payment: null, order: null, amount: -1500 },
      { payout: "stripe/default/test/payout/po_1", payment: null, order: null, amount: 1500 },
    ]);
    // The link is under the service's public name, the page was opened by its address.
    expect(problems.filter((problem) => !problem.includes("/d/"))).toEqual([]);
  });
});

async function setUp(context: TestContext, open: () => Promise<TestDatabase>): Promise<Shop> {
  const database = await open();
  const mail = await startMailServer();
  const folder = mkdtempSync(join(tmpdir(), "paybell-goods-"));
  writeFileSync(join(folder, "book.pdf"), FILE);
  const server = await startServer({
    databaseUrl: database.url,
    env: { SMTP_URL: mail.url, MAIL_FROM: "Tea Shop <shop@shop.example>", DOWNLOADS_DIR: folder },
  });
  context.onTestFinished(async () => {
    await server.stop();
    await mail.close();
    await database.drop();
    rmSync(folder, { recursive: true });
  });
  const level = { reference: "count-1", level: 10, by: "ann", reason: "counted", live: false };
  expect((await server.api("/v1/stock/TEA-1", { method: "PUT", body: level })).status).toBe(200);
  const pool = await server.api("/v1/licenses/timer?live=false", { body: { keys: KEYS } });
  expect(pool.status).toBe(201);
  return { server, mail };
}

/** The address of the buyer's page. */
async function register(server: Server, reference: string): Promise<string> {
  const { status, body } = await server.api("/v1/orders", {
    body: {
      ...{ reference, currency: "USD", total: TOTAL, customer: { email: BUYER, name: "Ann", locale: "en" } },
      lines: [
        { sku: "TEA-1", name: "Tea", quantity: 2, amount: 1000 },
        { sku: "BOOK", name: "The book of tea", quantity: 1, amount: 500, download: { file: "book.pdf" } },
        { sku: "TIMER", name: "Tea timer", quantity: 1, amount: 880, license: "timer" },
      ],
    },
  });
  expect(status).toBe(201);
  return `${server.url}${new URL(body.buyerUrl).pathname}`;
}

async function paid(server: Server, reference: string): Promise<void> {
  const sale = stripeSale({ reference, amount: TOTAL });
  for (const event of randomOf(Number(reference), "order").shuffled([...sale, ...sale]))
    await sendStripe(server, event);
  await isNow(server, reference, "paid");
}

async function refunded(server: Server, reference: string, amount: number, status: string): Promise<void> {
  const refund = stripeRefund({ reference, amount, id: `re_${reference}_${amount}` });
  for (const event of [refund, refund]) await sendStripe(server, event);
  await isNow(server, reference, status);
}

async function isNow(server: Server, reference: string, status: string): Promise<void> {
  await eventually(async () => (await server.api(`/v1/orders/${reference}`)).body.status === status, 20_000);
}

async function stockOf(server: Server): Promise<number> {
  return (await server.api("/v1/stock/TEA-1?live=false")).body.level;
}

async function keysOf(server: Server, reference: string): Promise<readonly (readonly [string, string])[]> {
  const { body } = await server.api(`/v1/orders/${reference}/licenses`);
  return body.data.map(({ key, revokedAt }: { readonly key: string; readonly revokedAt: string | null }) => [
    key,
    revokedAt === null ? "given" : "revoked",
  ]);
}

/** One mail that says it is paid, with the key in it; the link to the file that is in it as well. */
async function mailed({ server, mail }: Shop, reference: string, key: string): Promise<string> {
  const told = () => mail.received.filter(({ email }) => email.subject?.includes(`order ${reference} is paid`));
  await eventually(async () => told().length > 0, 20_000);
  const [first, ...others] = told();
  expect(others).toEqual([]);
  const text = first?.email.text ?? "";
  expect(text).toContain(key);
  expect(first?.email.html).toContain(key);
  const path = /\/d\/[A-Za-z0-9_.~-]+/.exec(text)?.[0];
  expect(path).toBeDefined();
  return `${server.url}${path}`;
}

/** Broken off within the file, and gone on with from there. */
async function resumed(link: string): Promise<Buffer> {
  const first = await fetch(link, { headers: { range: "bytes=0-99999" } });
  const etag = first.headers.get("etag") ?? "";
  const rest = await fetch(link, { headers: { range: "bytes=100000-", "if-range": etag } });
  expect([first.status, rest.status]).toEqual([206, 206]);
  return Buffer.concat([Buffer.from(await first.arrayBuffer()), Buffer.from(await rest.arrayBuffer())]);
}

/** As hledger reads our export: what each account holds, and it is the same as what we say. */
async function balances(server: Server): Promise<Readonly<Record<string, string>>> {
  const journal = await fetch(`${server.url}/v1/ledger/export.journal`, {
    headers: { authorization: `Bearer ${API_TOKEN}` },
  }).then((answer) => answer.text());
  hledger(journal, "check", "--strict");
  const read = hledgerBalances(journal);
  const { body } = await server.api("/v1/ledger/balances");
  const own = body.data.map((line: Balance) => [`${line.account} ${line.currency}`, (line.balance / 100).toFixed(2)]);
  expect(read).toEqual(Object.fromEntries(own.filter(([, amount]: readonly string[]) => amount !== "0.00")));
  return read;
}

interface Balance {
  readonly account: string;
  readonly currency: string;
  readonly balance: number;
}
