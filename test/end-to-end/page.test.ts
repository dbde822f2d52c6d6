import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { skipWithout } from "../absent.ts";
import { browserIsAbsent, launchBrowser, openPage, sees } from "./browser.ts";
import { chargeRefunded, paymentIntent, sendStripe, stripeEvent } from "./senders.ts";
import { eventually, type Server, startServer } from "./server.ts";

const absent = browserIsAbsent();

describe("the buyer's page in a browser", () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    if (absent !== null) return;
    server = await startServer({});
    browser = await launchBrowser();
  }, 60_000);
  beforeEach((context) => {
    skipWithout(context, absent);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function register(reference: string): Promise<string> {
    const lines = [{ sku: "TEA-1", name: '<b onclick="alert(1)">Tea</b>', quantity: 2, amount: 1999 }];
    const order = { reference, currency: "USD", total: 1999, lines, returnUrl: "https://shop.example/" };
    const { body } = await server.api("/v1/orders", { body: order });
    return `${server.url}${new URL(body.buyerUrl).pathname}`;
  }

  const pay = (order: string) => {
    const object = paymentIntent({ id: `pi_${order}`, amount: 1999, order, charge: `ch_${order}` });
    return sendStripe(server, stripeEvent({ type: "payment_intent.succeeded", object }));
  };
  const refund = (order: string, amount: number) =>
    sendStripe(
      server,
      chargeRefunded({ charge: `ch_${order}`, intent: `pi_${order}`, amount: 1999, refunded: amount }),
    );

  test("turns to paid by itself, then follows the refunds, without loading anything again", {
    timeout: 60_000,
  }, async () => {
    const { page, problems } = await openPage(browser, await register("live"));
    await sees(page, "Waiting for your payment");
    await page.evaluate('document.documentElement.setAttribute("data-first", "yes")');
    await pay("live");
    await sees(page, "Paid");
    expect(await page.title()).toContain("Paid");
    await refund("live", 500);
    await sees(page, "Partly refunded");
    expect(await page.locator("#details").textContent()).toContain("$5.00");
    await refund("live", 1999);
    await sees(page, "Refunded");
    expect(await page.locator("html").getAttribute("data-first")).toBe("yes");
    expect(await page.locator("td").first().textContent()).toBe('<b onclick="alert(1)">Tea</b>');
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("says the same without a script, after loading again, and loads itself again", { timeout: 60_000 }, async () => {
    const { page, problems } = await openPage(browser, await register("plain"), { javaScriptEnabled: false });
    await sees(page, "Waiting for your payment");
    await pay("plain");
    await eventually(async () => (await server.api("/v1/orders/plain")).body.status === "paid");
    await sees(page, "Paid", 25_000);
    await refund("plain", 1999);
    await eventually(async () => (await server.api("/v1/orders/plain")).body.status === "refunded");
    await page.reload();
    await sees(page, "Refunded");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("goes on by itself after the server was killed and started again", { timeout: 60_000 }, async () => {
    const { page } = await openPage(browser, await register("restarted"));
    await sees(page, "Waiting for your payment");
    await server.restart();
    await pay("restarted");
    await sees(page, "Paid", 30_000);
    await page.context().close();
  });

  test("is one column on a phone, in German, and readable in the dark", { timeout: 60_000 }, async () => {
    const phone = { viewport: { width: 320, height: 600 }, locale: "de-DE", colorScheme: "dark" } as const;
    const { page, problems } = await openPage(browser, await register("phone"), phone);
    await sees(page, "Warten auf Ihre Zahlung");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
    expect(await page.locator("html").getAttribute("lang")).toBe("de");
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(16, 19, 23)");
    expect(await page.locator("[role=status][aria-live=polite]").count()).toBe(1);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
