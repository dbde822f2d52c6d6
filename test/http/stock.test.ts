import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, eventually, type Service, startService, succeeded, TOKEN } from "./service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const who = (reference: string) => ({ reference, by: "ann", reason: "counted" });
const put = (sku: string, body: object) => service.call("PUT", `/v1/stock/${encodeURIComponent(sku)}`, body);
const get = (path: string) => service.call("GET", path);

function upload(
  query: Readonly<Record<string, string>>,
  csv: string | Uint8Array<ArrayBuffer>,
  type = "text/csv; charset=utf-8",
) {
  return ask(`${service.url}/v1/stock.csv?${new URLSearchParams(query)}`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": type },
    body: csv,
  });
}

describe("stock", () => {
  test("a level is set, changed by who and why, read, and its movements say what caused them", async () => {
    const set = await put("TEA 1/2", { ...who("first"), level: 10, lowAt: 3 });
    expect([set.status, set.json]).toEqual([
      200,
      { sku: "TEA 1/2", level: 10, lowAt: 3, low: false, oversold: false, live: false },
    ]);
    const changed = await service.call("POST", "/v1/stock/TEA%201%2F2", { ...who("broken"), change: -8 });
    expect(changed.json).toMatchObject({ level: 2, low: true });
    expect((await service.call("POST", "/v1/stock/TEA%201%2F2", { ...who("broken"), change: -8 })).json.level).toBe(2);
    const other = await service.call("POST", "/v1/stock/TEA%201%2F2", { ...who("broken"), change: -7 });
    expect([other.status, other.json.error]).toEqual([409, "already_recorded"]);
    const page = await get("/v1/stock/TEA%201%2F2/movements?limit=1");
    expect(page.json.data).toMatchObject([
      { sequence: 2, change: -8, level: 2, oversold: false, cause: { kind: "loaded", by: "ann", reason: "counted" } },
    ]);
    const rest = await get(`/v1/stock/TEA%201%2F2/movements?cursor=${page.json.next}`);
    expect([rest.json.data.length, rest.json.data[0].sequence, rest.json.next]).toEqual([1, 1, null]);
    expect((await get("/v1/stock?low=true")).json.data).toMatchObject([{ sku: "TEA 1/2" }]);
  });

  test("what nobody counts is 404, and what is no level is told by its field", async () => {
    expect((await get("/v1/stock/none")).status).toBe(404);
    expect((await get("/v1/stock/none/movements")).status).toBe(404);
    expect((await service.call("POST", "/v1/stock/none", { ...who("x"), change: 1 })).status).toBe(404);
    const bad = await put("A", { ...who("y"), level: 1.5, lowAt: -1, size: 1 });
    expect((await put(" A", { ...who("z"), level: 1 })).status).toBe(400);
    expect(bad.json.fields.map(({ path }: { path: string }) => path).sort()).toEqual(["level", "lowAt", "size"]);
    expect((await put("A", { level: 1, by: "ann" })).json.fields.map(({ path }: { path: string }) => path)).toEqual([
      "reference",
      "reason",
    ]);
    expect((await service.call("DELETE", "/v1/stock/A")).headers.get("allow")).toBe("GET, PUT, POST");
    expect((await ask(`${service.url}/v1/stock`)).status).toBe(401);
  });

  test("an order says what it moved", async () => {
    await put("CUP", { ...who("cups"), level: 1 });
    const lines = [{ sku: "CUP", name: "Cup", quantity: 2, amount: 1999 }];
    await service.call("POST", "/v1/orders", { reference: "stock-1", currency: "USD", total: 1999, lines });
    await service.notify(succeeded({ intent: "pi_stock1", order: "stock-1" }));
    const order = await eventually(
      () => get("/v1/orders/stock-1"),
      (answer) => answer.json?.status === "paid",
    );
    expect(order.json.stock).toMatchObject([
      { sku: "CUP", change: -2, level: -1, oversold: true, cause: { kind: "order", order: "stock-1", status: "paid" } },
    ]);
    expect((await get("/v1/stock/CUP")).json).toMatchObject({ level: -1, oversold: true });
  });

  test("what is exported is harmless to a spreadsheet, and comes in again as it went out", async () => {
    const names = ["=1+1", "-x", "+y", "@z", "'=q", 'a "b", c', "plain"];
    for (const [i, sku] of names.entries())
      await put(sku, { ...who(`csv ${i}`), level: i - 2, lowAt: i % 2 ? i : null });
    const first = await get("/v1/stock.csv");
    expect(first.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const rows = first.text.split("\r\n");
    expect(rows[0]).toBe("sku,level,lowAt");
    for (const row of rows) expect(row).not.toMatch(/^"?[=+@-]|,"?[=+@]/);
    expect(rows).toContain('"\'=1+1",-2,');
    const answer = await upload(who("again"), first.text);
    expect([answer.status, answer.json]).toEqual([201, { imported: rows.length - 2, live: false }]);
    expect((await get("/v1/stock.csv")).text).toBe(first.text);
    expect((await upload(who("again"), first.text)).status).toBe(200);
  });

  test("an import tells all that is wrong by line, and then brings nothing in", async () => {
    const csv = "sku,change,lowAt\r\nplain,5,\r\nplain,1,\n\nNOT THERE,1,\n,1,\nplain2,x,\nplain3,1,2,3\nplain4,1,-1\n";
    const before = (await get("/v1/stock/plain")).json.level;
    const answer = await upload(who("wrong"), csv);
    expect([answer.status, answer.json.error]).toEqual([400, "invalid"]);
    expect(answer.json.fields.map(({ path }: { path: string }) => path)).toEqual([
      "line 3",
      "line 6",
      "line 7",
      "line 8",
      "line 9",
    ]);
    const unknown = await upload(who("wrong"), "sku,change\nplain,1\nNOT THERE,1\n");
    expect(unknown.json.fields).toEqual([
      { path: "line 3", message: "nobody keeps count of that SKU, so there is nothing to change: set its level" },
    ]);
    expect((await get("/v1/stock/plain")).json.level).toBe(before);
  });

  test.each([
    ["no header", "plain,1\n"],
    ["both kinds of number", "sku,level,change\nplain,1,1\n"],
    ["an unknown column", "sku,level,size\nplain,1,1\n"],
    ["an open quote", 'sku,level\n"plain,1\n'],
    ["what follows a quote", 'sku,level\n"plain"x,1\n'],
    ["no rows", "sku,level\n"],
    ["nothing", ""],
    ["too many rows", `sku,level\n${Array.from({ length: 5_001 }, (_, i) => `s${i},1`).join("\n")}`],
  ])("an import with %s is refused", async (_what, csv) => {
    expect((await upload(who("no"), csv)).status).toBe(400);
  });

  test("an import is CSV in UTF-8, and says who and why", async () => {
    expect((await upload(who("no"), "{}", "application/json")).status).toBe(415);
    expect((await upload(who("no"), new Uint8Array([0x73, 0xff]))).status).toBe(400);
    expect(
      (await upload({ by: "ann" }, "sku,level\na,1\n")).json.fields.map(({ path }: { path: string }) => path),
    ).toEqual(["reference", "reason"]);
    const marked = await upload(who("marked"), "\uFEFFsku,lowAt,level\r\nMARKED,-,4");
    expect(marked.status).toBe(201);
    expect((await get("/v1/stock/MARKED")).json).toMatchObject({ level: 4, lowAt: null });
  });
});
