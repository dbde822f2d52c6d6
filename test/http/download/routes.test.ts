import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { downloadUrl } from "../../../src/outbox/links.ts";
import { describeOnEachDatabase } from "../../end-to-end/databases.ts";
import { dispute, event, type Json, refund } from "../../gateways/stripe/objects.ts";
import type { TestDatabase } from "../../store/databases.ts";
import { type Answer, ask, eventually, type Service, startService, succeeded, TOKEN } from "../service.ts";

const CONTENT = "The book of tea, in full.";
const DAY_MS = 86_400_000;

function line(download: object, more: object = {}) {
  return { sku: "BOOK", name: "The book of tea", quantity: 1, amount: 1999, download, ...more };
}

describeOnEachDatabase("downloads", (open) => {
  let service: Service;
  let database: TestDatabase;
  let late = 0;

  beforeAll(async () => {
    database = await open();
    service = await startService({ databaseUrl: database.url, now: () => new Date(Date.now() + late) });
    writeFileSync(join(service.downloads, "book.pdf"), CONTENT);
    writeFileSync(join(service.downloads, "large.bin"), "");
    truncateSync(join(service.downloads, "large.bin"), 64 << 20);
    writeFileSync(join(service.downloads, "empty.txt"), "");
  });
  // Gateways sign by the true time.
  beforeEach(() => {
    late = 0;
  });
  afterAll(async () => {
    await service?.close();
    await database?.drop();
  });

  const register = (reference: string, lines: readonly object[], more: object = {}) =>
    service.call("POST", "/v1/orders", { reference, currency: "USD", total: 1999, lines, ...more });
  const isIn = (reference: string, status: string) =>
    eventually(
      () => service.call("GET", `/v1/orders/${reference}`),
      ({ json }) => json?.status === status,
    );
  const pay = async (reference: string) => {
    await service.notify(succeeded({ intent: `pi_${reference}`, order: reference }));
    await isIn(reference, "paid");
  };
  const sold = async (reference: string, download: object = { file: "book.pdf" }): Promise<string> => {
    const answer = await register(reference, [line(download)]);
    if (answer.status !== 201) throw new Error(answer.text);
    await pay(reference);
    return linkOf(reference);
  };
  const linkOf = (reference: string, sku = "BOOK") => {
    const secret = service.parts.backend()?.linksSecret ?? "";
    return downloadUrl(service.url, secret, { order: reference, sku });
  };
  const standing = async (reference: string) =>
    (await service.call("GET", `/v1/orders/${reference}/downloads`)).json?.data[0];
  const range = (value: string, more: Record<string, string> = {}) => ({ headers: { range: value, ...more } });
  let clock = Math.floor(Date.now() / 1000);
  const tell = (type: string, object: Json) => {
    clock += 1;
    return service.notify(event(type, { created: clock, ...object }, { id: `evt_${type}_${clock}`, created: clock }));
  };
  const refunded = (reference: string, status: string) =>
    refund({
      ...{ id: `re_${reference}`, charge: `ch_pi_${reference}`, payment_intent: `pi_${reference}` },
      ...{ amount: 1999, status },
    });

  test("what can't be kept is refused when it is promised", async () => {
    const refusals: readonly [object, string, string][] = [
      [line({ file: "nothing.pdf" }), "lines.0.download.file", "is not in DOWNLOADS_DIR"],
      [line({ file: "../test.db" }), "lines.0.download.file", "must be a file's name below DOWNLOADS_DIR"],
      [
        line({ file: "book.pdf", url: "https://files.example.com/book" }),
        "lines.0.download",
        "must have either file or url",
      ],
      [line({}), "lines.0.download", "must have either file or url"],
      [line({ url: "http://files.example.com/book" }), "lines.0.download.url", "must be an https address"],
      [line({ url: "javascript:alert(1)" }), "lines.0.download.url", "must be an https address"],
      [line({ url: "https://ann:pw@files.example.com/" }), "lines.0.download.url", "must not contain credentials"],
      [line({ file: "book.pdf", pages: 7 }), "lines.0.download.pages", "is not known here"],
    ];
    for (const [told, path, message] of refusals) {
      const { status, json } = await register("refused", [told]);
      expect([status, json.fields]).toEqual([400, [{ path, message }]]);
    }
    const twice = await register("refused", [line({ file: "book.pdf" }), line({ file: "book.pdf" })]);
    expect(twice.json.fields.map(({ path }: { path: string }) => path)).toEqual(["lines.0.sku", "lines.1.sku"]);
  });

  test("it is had once it is paid, whole, as a file to be saved, by nobody's cache", async () => {
    await register("whole", [line({ file: "book.pdf", name: "Tee & Täßchen.pdf" })]);
    expect(await standing("whole")).toMatchObject({ status: "unpaid", url: null, count: 0 });
    const early = await ask(linkOf("whole"));
    expect([early.status, early.headers.get("content-type")]).toEqual([403, "text/html; charset=utf-8"]);
    expect(early.text).toContain("Not paid yet");
    await pay("whole");
    const link = linkOf("whole");
    const answer = await ask(link);
    expect([answer.status, answer.text]).toEqual([200, CONTENT]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="Tee & T__chen.pdf"; filename*=UTF-8''Tee%20%26%20T%C3%A4%C3%9Fchen.pdf`,
      "content-length": String(CONTENT.length),
      "cache-control": "private, no-store",
      "x-content-type-options": "nosniff",
      "accept-ranges": "bytes",
      "referrer-policy": "no-referrer",
    });
    const known = await standing("whole");
    expect(known).toMatchObject({ status: "ready", count: 1, limit: 3, renewals: 0, name: "Tee & Täßchen.pdf" });
    expect(known.url).toBe(link.replace(service.url, "https://pay.example.com"));
    expect(JSON.stringify(known)).not.toContain("127.0.0.1");
  });

  test("what broke off goes on, and is counted once; what only looks is not counted", async () => {
    const link = await sold("resumed");
    const first = await ask(link, range("bytes=0-9"));
    expect([first.status, first.text, first.headers.get("content-range")]).toEqual([
      206,
      CONTENT.slice(0, 10),
      `bytes 0-9/${CONTENT.length}`,
    ]);
    const etag = first.headers.get("etag") ?? "";
    const rest = await ask(link, range("bytes=10-", { "if-range": etag }));
    expect([rest.status, first.text + rest.text]).toEqual([206, CONTENT]);
    const head = await ask(link, { method: "HEAD", headers: { range: "bytes=5-" } });
    expect([head.status, head.headers.get("content-length"), head.text]).toEqual([200, String(CONTENT.length), ""]);
    expect((await ask(link, { headers: { "if-none-match": etag } })).status).toBe(304);
    const beyond = await ask(link, range("bytes=999-"));
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${CONTENT.length}`]);
    expect((await ask(link, { headers: { "if-match": '"other"' } })).status).toBe(412);
    expect(await standing("resumed")).toMatchObject({ count: 1 });
    const anew = await ask(link, range("bytes=10-", { "if-range": '"an older file"' }));
    expect([anew.status, anew.text]).toEqual([200, CONTENT]);
    expect(await standing("resumed")).toMatchObject({ count: 2 });
  });

  test("it is used up, and what was counted may still be finished; the merchant renews it", async () => {
    const link = await sold("used");
    for (let times = 0; times < 3; times += 1) expect((await ask(link)).status).toBe(200);
    const over = await ask(link, { headers: { "accept-language": "de" } });
    expect([over.status, over.headers.get("content-type")]).toEqual([410, "text/html; charset=utf-8"]);
    expect(over.text).toContain("Zu oft heruntergeladen");
    expect((await ask(link, range("bytes=0-"))).status).toBe(410);
    expect((await ask(link, range("bytes=20-"))).text).toBe(CONTENT.slice(20));
    late += 2 * DAY_MS;
    expect((await ask(link, range("bytes=20-"))).status).toBe(410);
    const renewed = await service.call("POST", "/v1/orders/used/downloads/renew", { by: "ann", limit: 1 });
    expect(renewed.json.data).toMatchObject([{ status: "ready", count: 0, limit: 1, renewals: 1 }]);
    expect([(await ask(link)).status, (await ask(link)).status]).toEqual([200, 410]);
    const events = await service.call("GET", "/v1/orders/used");
    expect(events.text).toContain("download.renewed");
  });

  test("it expires, and holds again when it is renewed", async () => {
    const link = await sold("expired", { file: "book.pdf", days: 5 });
    late += 6 * DAY_MS;
    const over = await ask(link);
    expect([over.status, over.text.includes("has expired")]).toEqual([410, true]);
    await service.call("POST", "/v1/orders/expired/downloads/renew", { by: "ann" });
    expect((await ask(link)).status).toBe(200);
  });

  test("a refund stops it, and one that fails lets it go on", async () => {
    const link = await sold("refunded");
    await tell("refund.created", refunded("refunded", "succeeded"));
    await isIn("refunded", "refunded");
    const stopped = await ask(link);
    expect([stopped.status, stopped.text.includes("No longer available")]).toEqual([410, true]);
    expect(await standing("refunded")).toMatchObject({ status: "revoked" });
    const renewal = await service.call("POST", "/v1/orders/refunded/downloads/renew", { by: "ann" });
    expect([renewal.status, renewal.json.error]).toEqual([409, "not_paid"]);
    await tell("refund.failed", refunded("refunded", "failed"));
    await isIn("refunded", "paid");
    expect((await ask(link)).status).toBe(200);
  });

  test("a dispute holds it up", async () => {
    const link = await sold("disputed");
    const about = { id: "du_disputed", charge: "ch_pi_disputed", payment_intent: "pi_disputed", amount: 1999 };
    await tell("charge.dispute.created", dispute({ ...about, status: "needs_response", balance_transactions: [] }));
    await isIn("disputed", "disputed");
    const held = await ask(link);
    expect([held.status, held.text.includes("being looked into")]).toEqual([403, true]);
    await tell("charge.dispute.closed", dispute({ ...about, status: "won", balance_transactions: [] }));
    await isIn("disputed", "paid");
    expect((await ask(link)).status).toBe(200);
  });

  test("an address of the merchant's is gone to, and counted", async () => {
    const link = await sold("forwarded", { url: "https://files.example.com/book.pdf?part=1", limit: 1 });
    const away = { redirect: "manual" } as const;
    expect((await ask(link, { ...away, method: "HEAD" })).status).toBe(302);
    const answer = await ask(link, away);
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "https://files.example.com/book.pdf?part=1"]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect((await ask(link, away)).status).toBe(410);
  });

  test("a wrong link, another's code and another method lead nowhere", async () => {
    const link = await sold("guessed");
    const wrong = [
      `${link}x`,
      link.slice(0, -1),
      `${link.slice(0, -5)}AAAAA`,
      `${service.url}/d/x`,
      `${service.url}/d/..%2f..`,
    ];
    for (const one of wrong) expect.soft((await ask(one)).status, one).toBe(404);
    expect((await ask(linkOf("guessed", "OTHER"))).status).toBe(404);
    expect((await ask(linkOf("nobody"))).status).toBe(404);
    const posted = await ask(link, { method: "POST" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("a file that is gone is told as our trouble, and not counted", async () => {
    writeFileSync(join(service.downloads, "gone.txt"), "soon gone");
    const link = await sold("gone", { file: "gone.txt" });
    rmSync(join(service.downloads, "gone.txt"));
    const answer = await ask(link);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "10"]);
    expect(await standing("gone")).toMatchObject({ count: 0, status: "ready" });
  });

  test("an empty file is had too", async () => {
    const answer = await ask(await sold("empty", { file: "empty.txt" }));
    expect([answer.status, answer.text, answer.headers.get("content-length")]).toEqual([200, "", "0"]);
  });

  test("of one link only so many are sent at once, whoever reads slowly", async () => {
    const link = await sold("slow", { file: "large.bin", limit: 100 });
    const readers = await Promise.all(Array.from({ length: 8 }, () => openAndWait(link)));
    const ninth = await ask(link);
    expect([ninth.status, ninth.headers.get("retry-after")]).toEqual([503, "10"]);
    for (const reader of readers) reader.destroy();
    const tenth = await eventually(
      () => ask(link, range("bytes=0-3")),
      ({ status }) => status === 206,
    );
    expect(tenth.bytes.byteLength).toBe(4);
    expect((await standing("slow")).count).toBe(9);
  });
});

/** Asks, and reads nothing of the answer's body. */
function openAndWait(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { agent: false }, (response) => {
      response.on("error", () => undefined);
      resolve(response.pause());
    })
      .on("error", reject)
      .end();
  });
}

describe("license keys over the API", () => {
  let service: Service;
  const lines: string[] = [];

  beforeAll(async () => {
    service = await startService({ logTo: (text) => lines.push(text) });
  });
  afterAll(() => service.close());

  const load = (pool: string, body: string, type = "text/plain"): Promise<Answer> =>
    ask(`${service.url}/v1/licenses/${pool}`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": type },
      body,
    });

  test.each([
    ["text/plain", "P-1\r\n\r\n  P-2 \nP-3\n", 3],
    ["text/plain; charset=utf-8", "\uFEFFQ-1", 1],
    ["text/csv", 'license key;note\n"C-1";x\n"C,""2""",y\nC-3\n', 3],
    ["application/json", '{"keys":["J-1","J-2"]}', 2],
  ])("are loaded as %s", async (type, body, loaded) => {
    const answer = await load("api", body, type);
    expect([answer.status, answer.json]).toEqual([201, { pool: "api", live: false, loaded }]);
    expect((await load("api", body, type)).status).toBe(200);
  });

  test("lists are refused whole, by places and never by keys", async () => {
    const before = (await service.call("GET", "/v1/licenses")).json;
    const twice = await load("bad", "canary-1\ncanary-2\ncanary-1");
    expect([twice.status, twice.json.fields]).toEqual([400, [{ path: "keys.2", message: "is the same as keys.0" }]]);
    expect(twice.text).not.toContain("canary");
    const known = await load("bad", "canary-3\nP-1");
    expect([known.status, known.json.error]).toEqual([409, "already_loaded"]);
    for (const [body, type] of [
      ["", "text/plain"],
      [`a\u0000b`, "text/plain"],
      ["x".repeat(501), "text/plain"],
      ['{"keys":[]}', "application/json"],
      ['{"keys":[7]}', "application/json"],
      ['{"keys":"P"}', "application/json"],
    ] as const)
      expect.soft((await load("bad", body, type)).status, body.slice(0, 20)).toBe(400);
    expect((await load("../bad", "x")).status).toBe(404);
    expect((await load("b%20d", "x")).status).toBe(400);
    expect((await load("bad", "x", "application/xml")).status).toBe(415);
    expect((await service.call("GET", "/v1/licenses")).json).toEqual(before);
  });

  test("are counted by pool, shown with their order, and stand in no log", async () => {
    const line = { sku: "PRO", name: "Pro", quantity: 3, amount: 1999, license: "canaries" };
    await service.call("POST", "/v1/orders", { reference: "keys-1", currency: "USD", total: 1999, lines: [line] });
    await load("canaries", "canary-A\ncanary-B");
    await service.notify(succeeded({ intent: "pi_keys", order: "keys-1" }));
    await eventually(
      () => service.call("GET", "/v1/orders/keys-1"),
      ({ json }) => json?.status === "paid",
    );
    const waiting = await service.call("GET", "/v1/orders/keys-1/licenses");
    expect(waiting.json).toMatchObject({
      data: [{ key: "canary-A", unit: 1 }, { key: "canary-B" }],
      missing: [{ units: 1 }],
    });
    expect((await service.call("GET", "/v1/orders/keys-1")).json.licensesMissing).toBe(1);
    await load("canaries", "canary-C\ncanary-D");
    const given = await service.call("GET", "/v1/orders/keys-1/licenses");
    expect(given.json.data.map(({ key }: { key: string }) => key)).toEqual(["canary-A", "canary-B", "canary-C"]);
    const { data } = (await service.call("GET", "/v1/licenses")).json;
    expect(data.filter(({ pool }: { pool: string }) => pool === "canaries")).toEqual([
      { pool: "canaries", live: false, loaded: 4, free: 1, given: 3, revoked: 0, waiting: 0 },
    ]);
    expect(lines.join("\n")).not.toContain("canary");
    const inputs = await service.call("GET", "/v1/notifications");
    expect(inputs.text).not.toContain("canary");
  });
});
