import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { skipWithout } from "../absent.ts";
import { type MailServer, startMailServer } from "../outbox/mail/mail-server.ts";
import { browserIsAbsent, launchBrowser, openPage, sees } from "./browser.ts";
import { describeOnEachDatabase } from "./databases.ts";
import { chargeRefunded, paymentIntent, sendStripe, stripeEvent } from "./senders.ts";
import { eventually, freePort, type Server, startServer } from "./server.ts";

/** Goods as their buyer gets them: a real process, a real mail server, a real browser. */

const BOOK = randomBytes(6 << 20);

function shelf(): string {
  const folder = mkdtempSync(join(tmpdir(), "paybell-shelf-"));
  writeFileSync(join(folder, "tea.pdf"), BOOK);
  return folder;
}

const LINES = [
  { sku: "BOOK", name: "The book of tea", quantity: 1, amount: 999, download: { file: "tea.pdf", name: "Tea.pdf" } },
  { sku: "TIMER", name: "Tea timer", quantity: 1, amount: 1000, license: "timers" },
];

function register(server: Server, reference: string, customer: object | null = null) {
  const order = { reference, currency: "USD", total: 1999, customer, lines: LINES };
  return server.api("/v1/orders", { body: order });
}

function pay(server: Server, order: string) {
  const object = paymentIntent({ id: `pi_${order}`, amount: 1999, order, charge: `ch_${order}` });
  return sendStripe(server, stripeEvent({ id: `evt_${order}`, type: "payment_intent.succeeded", object }));
}

const load = (server: Server, ...keys: readonly string[]) => server.api("/v1/licenses/timers", { body: { keys } });

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describeOnEachDatabase("goods by mail", (open) => {
  let server: Server;
  let mail: MailServer;
  const close: (() => unknown)[] = [];

  beforeAll(async () => {
    mail = await startMailServer();
    const database = await open();
    const folder = shelf();
    server = await startServer({
      databaseUrl: database.url,
      env: {
        DOWNLOADS_DIR: folder,
        SMTP_URL: mail.url,
        MAIL_FROM: "Tea Shop <shop@shop.example>",
        MAIL_MERCHANT: "owner@shop.example",
      },
    });
    close.push(
      () => server.stop(),
      database.drop,
      mail.close,
      () => rmSync(folder, { recursive: true }),
    );
  });
  afterAll(async () => {
    for (const end of close) await end();
  });

  const mailTo = (address: string, words: string) =>
    eventually(async () =>
      mail.received.find(({ to, email }) => to[0] === address && (email.subject ?? "").includes(words)),
    );

  test("the mail of a paid order has the link, which gives the file, and the key", async () => {
    await load(server, "KEY-OF-4001");
    await register(server, "4001", { email: "ann@example.org", locale: "de" });
    await pay(server, "4001");
    const { email } = await mailTo("ann@example.org", "4001 ist bezahlt");
    expect(email.text).toMatch(/Ihre Downloads\n {2}Tea\.pdf \(bis .*\)\n/);
    expect(email.text).toContain("Tea timer: KEY-OF-4001");
    for (const body of [email.text, email.html]) expect(body).toContain("KEY-OF-4001");
    const [link = ""] = /http:\/\/localhost:\d+\/d\/\S+/.exec(email.text ?? "") ?? [];
    expect(email.html?.replaceAll("&#x2F;", "/")).toContain(link);
    const bytes = new Uint8Array(await (await fetch(link.replace("localhost", "127.0.0.1"))).arrayBuffer());
    expect(digest(bytes)).toBe(digest(BOOK));
  });

  test("a key that comes later has a mail of its own; the merchant hears that none is left", async () => {
    await register(server, "4002", { email: "bea@example.org" });
    await pay(server, "4002");
    const paid = await mailTo("bea@example.org", "4002 is paid");
    expect(paid.email.text).toContain("Your license keys are on their way");
    const alarm = await mailTo("owner@shop.example", "No license keys left in timers");
    expect(alarm.email.text).toContain("wait for 1 of its keys");
    await load(server, "KEY-OF-4002");
    const ready = await mailTo("bea@example.org", "4002: ready for you");
    expect(ready.email.text).toContain("Tea timer: KEY-OF-4002");
    expect(server.output()).not.toContain("KEY-OF");
  });
});

const absent = browserIsAbsent();

describe("goods in a browser", () => {
  let server: Server;
  let browser: Browser;
  let folder: string;
  let line: CutLine;

  beforeAll(async () => {
    if (absent !== null) return;
    folder = shelf();
    const port = await freePort();
    server = await startServer({ env: { DOWNLOADS_DIR: folder, PUBLIC_URL: `http://127.0.0.1:${port}` } });
    line = await cutLine(port, server.port);
    browser = await launchBrowser();
    await load(server, "KEY-1", "KEY-2");
  }, 60_000);
  beforeEach((context) => {
    skipWithout(context, absent);
  });
  afterAll(async () => {
    await browser?.close();
    line?.tcp.close();
    await server?.stop();
    if (folder) rmSync(folder, { recursive: true });
  });

  test("the page shows file and key as soon as they are paid, and a download that breaks off is gone on with", {
    timeout: 60_000,
  }, async () => {
    const { body } = await register(server, "live");
    const { page, problems } = await openPage(browser, body.buyerUrl);
    await sees(page, "Waiting for your payment");
    expect(await page.locator("a[href*='/d/']").count()).toBe(0);
    await pay(server, "live");
    await page.locator("code", { hasText: "KEY-1" }).waitFor();
    line.cutAfter(2 << 20);
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("a[href*='/d/']").click()]);
    expect(download.suggestedFilename()).toBe("Tea.pdf");
    expect(digest(readFileSync(await download.path()))).toBe(digest(BOOK));
    expect(line.ranges.filter((range) => range !== null)).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
    const { data } = (await server.api("/v1/orders/live/downloads")).body;
    expect(data).toMatchObject([{ status: "ready", count: 1 }]);
    await sendStripe(server, chargeRefunded({ charge: "ch_live", intent: "pi_live", amount: 1999, refunded: 1999 }));
    await sees(page, "Refunded");
    await page.locator("small", { hasText: "No longer available" }).waitFor();
    expect(await page.locator("code").count()).toBe(0);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("without a script the page has them after loading again, and a refused link says why", {
    timeout: 60_000,
  }, async () => {
    const { body } = await register(server, "plain");
    const { page } = await openPage(browser, body.buyerUrl, { javaScriptEnabled: false, locale: "de-DE" });
    await pay(server, "plain");
    await eventually(async () => (await server.api("/v1/orders/plain")).body.status === "paid");
    await page.reload();
    await page.locator("code", { hasText: "KEY-2" }).waitFor();
    const link = await page.locator("a[href*='/d/']").getAttribute("href");
    await sendStripe(server, chargeRefunded({ charge: "ch_plain", intent: "pi_plain", amount: 1999, refunded: 1999 }));
    await eventually(async () => (await server.api("/v1/orders/plain")).body.status === "refunded");
    const answer = await page.goto(link ?? "");
    expect(answer?.status()).toBe(410);
    await page.getByRole("heading", { name: "Nicht mehr verfügbar" }).waitFor();
    await page.context().close();
  });
});

interface CutLine {
  readonly tcp: TcpServer;
  /** Ends the next long answer after so many bytes, as a line that breaks does. */
  cutAfter(bytes: number): void;
  /** What each request for a download asked for. */
  readonly ranges: (string | null)[];
}

/** A line to the server that can break in the middle of an answer. */
async function cutLine(port: number, to: number): Promise<CutLine> {
  let limit = Number.POSITIVE_INFINITY;
  const ranges: (string | null)[] = [];
  const tcp = createServer((client) => {
    const upstream = connect(to, "127.0.0.1");
    let sent = 0;
    client.on("data", (chunk) => {
      const text = chunk.toString("latin1");
      if (text.startsWith("GET /d/")) ranges.push(/^range: (.*)$/im.exec(text)?.[1]?.trim() ?? null);
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      sent += chunk.length;
      if (sent <= limit) return void client.write(chunk);
      limit = Number.POSITIVE_INFINITY;
      upstream.destroy();
      client.end();
    });
    upstream.on("end", () => client.end()).on("error", () => client.destroy());
    client.on("close", () => upstream.destroy()).on("error", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => tcp.listen(port, "127.0.0.1", resolve));
  return {
    tcp,
    ranges,
    cutAfter: (bytes) => {
      limit = bytes;
    },
  };
}
