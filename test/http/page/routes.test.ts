import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, onceWithin } from "../../end-to-end/server.ts";
import { ask, type Service, startService, succeeded, TOKEN } from "../service.ts";
import { listen } from "../sse.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const HOSTILE = `<img src=x onerror="alert(1)"> & 'Söhne'`;
const ORDER = {
  currency: "EUR",
  total: 1999,
  customer: { email: "ann@example.com", name: "Ann Buyer" },
  lines: [{ sku: "SECRET-SKU", name: HOSTILE, quantity: 1234, amount: 1999 }],
  returnUrl: "https://shop.example/thanks?a=1&b='2'",
};

async function register(reference: string, more: object = {}): Promise<string> {
  const { status, json } = await service.call("POST", "/v1/orders", { reference, ...ORDER, ...more });
  expect(status).toBe(201);
  expect(json.buyerUrl).toMatch(/^https:\/\/pay\.example\.com\/o\//);
  return json.buyerUrl.replace("https://pay.example.com", "");
}

const open = (path: string, headers: Readonly<Record<string, string>> = {}) => ask(service.url + path, { headers });
const statusIn = (text: string) => /data-status="(\w+)"/.exec(text)?.[1];
const pay = (reference: string, amount = 1999) =>
  service.notify(succeeded({ intent: `pi_${reference}`, order: reference, amount, currency: "eur" }));
const intent = (reference: string, type: string, status: string) => {
  const event = succeeded({ intent: `pi_${reference}`, order: reference, currency: "eur" });
  const { object } = event.data;
  return service.notify({ ...event, type, data: { object: { ...object, status, amount_received: 0 } } });
};

async function becomes(path: string, status: string): Promise<string> {
  return eventually(async () => {
    const { text } = await open(path);
    return statusIn(text) === status ? text : null;
  });
}

describe("the buyer's page", () => {
  test("shows the order, and no more than its buyer knows", async () => {
    const path = await register("shown");
    await pay("shown");
    const text = await becomes(path, "paid");
    for (const shown of ["Order shown", "Paid", "€19.99", "1,234", "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;"])
      expect(text).toContain(shown);
    expect(text).toContain('href="https://shop.example/thanks?a=1&amp;b=%272%27"');
    for (const hidden of [
      "ann@example.com",
      "Ann Buyer",
      "SECRET-SKU",
      "pi_shown",
      "ch_pi",
      "stripe",
      "pay_",
      "evt_",
      "/v1/",
      "<img",
    ])
      expect(text.toLowerCase(), hidden).not.toContain(hidden.toLowerCase());
  });

  test("loads nothing, is kept nowhere, and no other page may frame it or learn its address", async () => {
    const { headers, text } = await open(await register("headers"));
    const policy = headers.get("content-security-policy") ?? "";
    const hashOf = (tag: string) => {
      const inner = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(text)?.[1] ?? "";
      return createHash("sha256").update(inner).digest("base64");
    };
    for (const rule of [
      "default-src 'none'",
      `style-src 'sha256-${hashOf("style")}'`,
      `script-src 'sha256-${hashOf("script")}'`,
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
      expect(policy.split("; ")).toContain(rule);
    expect(Object.fromEntries(headers)).toMatchObject({
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-robots-tag": "noindex, nofollow",
      "content-type": "text/html; charset=utf-8",
    });
    expect(text).toContain('<meta name="robots" content="noindex, nofollow">');
    expect(text.match(/<(script|link|img|iframe|form)\b[^>]*>/g)).toEqual(["<script>"]);
  });

  test.each([
    ["waiting", async () => {}],
    ["action", (reference: string) => intent(reference, "payment_intent.requires_action", "requires_action")],
    ["processing", (reference: string) => intent(reference, "payment_intent.processing", "processing")],
    ["failed", (reference: string) => intent(reference, "payment_intent.payment_failed", "requires_payment_method")],
    ["checking", (reference: string) => pay(reference, 1998)],
    ["canceled", (reference: string) => service.call("POST", `/v1/orders/${reference}/cancel`, {})],
  ])("says %s in words, and without a script comes again only while something is awaited", async (status, happen) => {
    const path = await register(`as-${status}`);
    await happen(`as-${status}`);
    const text = await becomes(path, status);
    const refreshed = /<noscript><meta http-equiv="refresh" content="15"><\/noscript>/.test(text);
    expect(refreshed).toBe(status !== "canceled");
    for (const reason of ["amount_mismatch", "held", "quarantine"]) expect(text).not.toContain(reason);
  });

  test("says that it is being checked, and nothing else, when money came for an order that was canceled", async () => {
    const path = await register("too-late");
    await service.call("POST", "/v1/orders/too-late/cancel", {});
    const event = succeeded({ intent: "pi_too-late", order: "too-late", currency: "eur" });
    await service.notify({ ...event, created: Math.floor(Date.now() / 1000) + 1 });
    expect(await becomes(path, "checking")).not.toContain("Canceled");
  });

  test("speaks the browser's language, else the buyer's own", async () => {
    const path = await register("sprache");
    const german = await open(path, { "accept-language": "de-DE,de;q=0.9,en;q=0.5" });
    expect(german.text).toContain('<html lang="de">');
    for (const words of ["Warten auf Ihre Zahlung", "19,99\u00a0€", "1.234"]) expect(german.text).toContain(words);
    expect((await open(path, { "accept-language": "fr" })).text).toContain('<html lang="en">');
    const austrian = await register("austrian", { customer: { locale: "de-AT" } });
    expect((await open(austrian, { "accept-language": "fr" })).text).toContain('<html lang="de">');
    expect(german.headers.get("vary")).toBe("accept-language");
  });

  test("answers alike for an altered token, an unknown order and an order that nobody registered", async () => {
    const path = await register("alike");
    await service.notify(succeeded({ intent: "pi_nobody", order: "nobody" }));
    const nobody = await eventually(async () => {
      const { json } = await service.call("GET", "/v1/orders/nobody");
      return json.status === "unregistered" && json;
    });
    expect(nobody.buyerUrl).toBeNull();
    const altered = [`${path.slice(0, -1)}!`, `${path}A`, path.replace(".", ""), "/o/x", `/o/${"A".repeat(1_700)}`];
    const answers = await Promise.all(altered.flatMap((one) => [open(one), open(`${one}/events`)]));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(404);
    expect(answers[0]?.text).not.toContain("alike");
  });

  test("is on the public port, needs no token, and has no other method", async () => {
    const path = await register("public");
    const [outside, inside] = [await service.surface("public"), await service.surface("admin")];
    expect((await ask(outside.url + path)).status).toBe(200);
    expect((await ask(inside.url + path)).status).toBe(404);
    expect((await ask(outside.url + path, { method: "POST" })).status).toBe(405);
    await outside.close();
    await inside.close();
  });

  test.each(["http://shop.example/", "javascript:alert(1)", "//shop.example", "https://u:p@shop.example", "shop", 7])(
    "leads back to no %j",
    async (returnUrl) => {
      const { status, json } = await service.call("POST", "/v1/orders", { reference: "led", ...ORDER, returnUrl });
      expect([status, json.fields?.[0]?.path]).toEqual([400, "returnUrl"]);
    },
  );
});

describe("an open page", () => {
  test("is told what the order is, and what it becomes, within a second, each state once", async () => {
    await onceWithin(1_000, async (round) => {
      const path = await register(`followed-${round}`);
      const page = await listen(`${service.url}${path}/events`);
      expect((await page.until(1)).map(({ data }) => statusIn(data.status))).toEqual(["waiting"]);
      const shown = (await open(path)).text;
      expect(shown).toContain(`data-version="${page.told[0]?.data.version}"`);
      await pay(`followed-${round}`);
      expect((await page.until(2)).map(({ data }) => statusIn(data.status))).toEqual(["waiting", "paid"]);
      expect(page.told[1]?.data.title).toContain("Paid");
      expect(page.told).toHaveLength(2);
      page.close();
    });
  });

  test("costs one reading a change, however many look at it", async () => {
    const path = await register("popular");
    const pages = await Promise.all(Array.from({ length: 15 }, () => listen(`${service.url}${path}/events`)));
    await Promise.all(pages.map((page) => page.until(1)));
    const reader = service.parts.backend()?.store.read ?? expect.fail("the service has a store");
    const { order } = reader;
    let asked = 0;
    Object.assign(reader, {
      order: (reference: string) => {
        asked += 1;
        return order(reference);
      },
    });
    await pay("popular");
    await Promise.all(pages.map((page) => page.until(2)));
    Object.assign(reader, { order });
    // Two events of one commit may be told in two steps; fifteen pages are not fifteen readings.
    expect(asked).toBeLessThanOrEqual(4);
    for (const page of pages) page.close();
  });

  test("beyond the bound of one order is told how it stands, and asked to come again later", async () => {
    const path = await register("crowded");
    const pages = await Promise.all(Array.from({ length: 20 }, () => listen(`${service.url}${path}/events`)));
    await Promise.all(pages.map((page) => page.until(1)));
    const late = await listen(`${service.url}${path}/events`);
    await late.ended;
    expect([late.status, statusIn(late.told[0]?.data.status)]).toEqual([200, "waiting"]);
    expect(late.text()).toContain("retry: 30000");
    for (const page of pages) page.close();
    const { streams, feed } = service.parts;
    await expect.poll(() => streams.pages.total).toBe(0);
    await expect.poll(() => feed.readings).toBe(0);
  });

  test("is no way into the API", async () => {
    const path = await register("way-in");
    const token = path.slice("/o/".length);
    expect((await open("/v1/orders", { authorization: `Bearer ${token}` })).status).toBe(401);
    expect((await open(path, { authorization: `Bearer ${TOKEN}` })).text).not.toContain("timeline");
  });
});
