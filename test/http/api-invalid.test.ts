import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, type Service, startService, TOKEN } from "./service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const ORDER = {
  reference: "1001",
  currency: "USD",
  total: 1999,
  customer: { email: "ann@example.com", name: "Ann" },
  lines: [{ sku: "TEA-1", name: "Tea", quantity: 2, amount: 1999 }],
};

describe("what is not valid", () => {
  const fieldsOf = async (body: unknown) => {
    const answer = await service.call("POST", "/v1/orders", body);
    expect([answer.status, answer.json.error]).toEqual([400, "invalid"]);
    return answer.json.fields.map((field: { path: string }) => field.path);
  };

  test("every field that is wrong is named by its path, and no value is repeated", async () => {
    const body = {
      reference: " 1 ",
      currency: "DOLLARS",
      total: 19.99,
      totl: 1,
      live: "no",
      customer: { email: "a".repeat(400), phone: "1", address: Array(9).fill("a"), taxId: "1\n2" },
      lines: [
        { sku: "A", name: "A", quantity: 0, amount: -1 },
        { sku: "B\u0000", name: "", quantity: 1, amount: "5" },
        { sku: "C", name: "C", quantity: 1, amount: 5, taxRate: 19 },
        { sku: "D", name: "D", quantity: 1, amount: 5, taxRate: "101", tax: 1.5 },
        { sku: "E", name: "E", quantity: 1, amount: 5, tax: 6 },
      ],
      expiresAt: "tomorrow",
    };
    const paths = await fieldsOf(body);
    for (const path of [
      "reference",
      "currency",
      "total",
      "totl",
      "live",
      "customer.email",
      "customer.phone",
      "lines.0.quantity",
      "lines.0.amount",
      "lines.1.sku",
      "lines.1.name",
      "lines.1.amount",
      "lines.2.taxRate",
      "lines.3.taxRate",
      "lines.3.tax",
      "lines.4.tax",
      "customer.address",
      "customer.taxId",
      "expiresAt",
    ]) {
      expect(paths).toContain(path);
    }
    expect((await service.call("POST", "/v1/orders", body)).text).not.toMatch(/DOLLARS|tomorrow|19\.99 is not/);
  });

  test.each([
    ["a key twice", '{"reference":"1","total":1,"total":2,"currency":"USD"}'],
    ["a key twice, escaped", '{"reference":"1","total":1,"tot\\u0061l":2,"currency":"USD"}'],
    ["deep nesting", `{"lines":${"[".repeat(5_000)}${"]".repeat(5_000)}}`],
    ["no JSON", "{reference:1}"],
    ["nothing", ""],
    ["half a surrogate pair", '{"reference":"\\ud800","total":1,"currency":"USD"}'],
    ["a number beyond all numbers", '{"reference":"1","total":1e400,"currency":"USD"}'],
    ["a list", "[]"],
  ])("%s is 400", async (_what, body) => {
    const answer = await service.call("POST", "/v1/orders", body);
    expect([answer.status, answer.json.error, answer.json.fields.length > 0]).toEqual([400, "invalid", true]);
  });

  test.each([
    ["/v1/payments/x", "id", "is not an id"],
    ["/v1/notifications/x/body", "id", "is not an id"],
    ["/v1/orders/%00", "reference", "must not contain control characters"],
  ])("a part of the address is named like a field: %s", async (path, field, message) => {
    const answer = await service.call("GET", path);
    expect([answer.status, answer.json.fields]).toEqual([400, [{ path: field, message }]]);
  });

  test("what should be an object is said in our words", async () => {
    const body = { ...ORDER, reference: "words", customer: "Ann" };
    expect((await service.call("POST", "/v1/orders", body)).json.fields).toEqual([
      { path: "customer", message: "must be an object" },
    ]);
  });

  test("a key that reaches for prototypes pollutes nothing", async () => {
    await service.call("POST", "/v1/orders", '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  test("bytes that are no UTF-8, another type, a coding, and too many bytes are refused", async () => {
    const send = (headers: Record<string, string>, body: string | Uint8Array<ArrayBuffer>) =>
      ask(`${service.url}/v1/orders`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers },
        body,
      });
    expect((await send({}, Uint8Array.of(0x22, 0xff, 0x22))).status).toBe(400);
    expect((await send({ "content-type": "text/plain" }, "{}")).status).toBe(415);
    expect((await send({ "content-encoding": "gzip" }, "{}")).status).toBe(415);
    expect((await send({}, " ".repeat(262_145))).status).toBe(413);
  });

  test.each([
    ["DELETE", "/v1/orders", "GET, POST"],
    ["PUT", "/v1/orders/1", "GET, PATCH"],
    ["HEAD", "/v1/payments", "GET"],
    ["GET", "/v1/orders/1/cancel", "POST"],
    ["OPTIONS", "/v1/notifications", "GET"],
  ])("%s %s is 405 with Allow", async (method, path, allow) => {
    const answer = await service.call(method, path);
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
  });
});
