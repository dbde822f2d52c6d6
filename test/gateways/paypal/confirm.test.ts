import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Confirmation, Item } from "../../../src/gateways/gateway.ts";
import { authenticate } from "../../../src/pipeline/authentic.ts";
import {
  authorization,
  capture,
  dispute,
  event,
  type Json,
  order,
  refund,
  sale,
  saleRefund,
  subscription,
  unit,
  usd,
} from "./events.ts";
import { NOW, startVendor, type Vendor } from "./vendor.ts";

/** PayPal's API over real HTTP, asked about what notifications claim. */

let paypal: Vendor;
let tokens: number;
beforeEach(async () => {
  paypal = await startVendor();
  tokens = 0;
  paypal.routes.set("POST /v1/oauth2/token", (request, response, body) => {
    const isKnown = request.headers.authorization === `Basic ${Buffer.from("client:secret").toString("base64")}`;
    if (!isKnown || body !== "grant_type=client_credentials") return void response.writeHead(401).end("{}");
    tokens += 1;
    response.end(JSON.stringify({ access_token: `token-${tokens}`, token_type: "Bearer", expires_in: 32_400 }));
  });
});
afterEach(() => paypal.close());

const CREDENTIALS = { clientId: "client", clientSecret: "secret" };

function itemOf(type: string, resource: Json): Item {
  const raw = paypal.sign(JSON.stringify(event("1", type, resource)));
  const parsed = paypal.gateway.parse(
    authenticate({ ...raw, receivedAt: new Date("2026-01-07T00:00:00Z") }, { kind: "journaled_as_proven" }),
  );
  if (parsed.kind === "unreadable") return expect.fail(parsed.detail);
  const [item] = paypal.gateway.normalize(parsed.payload, { orderFields: ["custom_id", "invoice_id"] });
  return item ?? expect.fail("no item");
}

/** What `GET path` answers from now on. */
function answers(path: string, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  paypal.routes.set(`GET ${path}`, (request, response) => {
    if (!/^Bearer token-\d+$/.test(request.headers.authorization ?? "")) return void response.writeHead(401).end("{}");
    response.writeHead(status, { date: "Mon, 05 Jan 2026 10:00:02 GMT", ...headers }).end(text);
  });
}

async function confirm(item: Item, changes: Parameters<Vendor["context"]>[0] = {}): Promise<Confirmation> {
  const { confirming } = paypal.gateway;
  if (confirming.kind !== "by_api") return expect.fail("not confirmed by API");
  return confirming.confirm(item, paypal.context({ ...changes, settings: { ...CREDENTIALS, ...changes.settings } }));
}

async function wordOf(item: Item, changes: Parameters<Vendor["context"]>[0] = {}): Promise<string> {
  const answer = await confirm(item, changes);
  return "reason" in answer ? `${answer.kind}/${answer.reason}` : answer.kind;
}

const CAPTURE = "/v2/payments/captures/2GG279541U471931P";
const REFUND = "/v2/payments/refunds/1JU08902781691411";
const AUTHORIZATION = "/v2/payments/authorizations/0AW2184448108334S";
const ORDER = "/v2/checkout/orders/5O190127TN364715T";
const SALE = "/v1/payments/sale/4EU7004268015634R";
const SALE_CAPTURE = "/v2/payments/captures/4EU7004268015634R";

const completed = (changes: Json = {}): Item => itemOf("PAYMENT.CAPTURE.COMPLETED", capture(changes));

describe("a capture", () => {
  test("is confirmed by the same capture, whose answer is kept word for word and read back", async () => {
    const body = JSON.stringify(
      capture({ status: "PARTIALLY_REFUNDED", update_time: "2026-01-05T10:00:02Z" }),
      null,
      2,
    );
    answers(CAPTURE, 200, body);
    const answer = await confirm(completed());
    if (answer.kind !== "confirmed") return expect.fail(answer.kind);
    const [told] = answer.answers;
    expect(answer.answers).toHaveLength(1);
    expect(Buffer.from(told?.body ?? []).toString()).toBe(body);
    expect(told?.key).toMatch(/^test\/capture\/2GG279541U471931P@[0-9a-f]{32}$/);
    expect(told?.at).toEqual(new Date("2026-01-05T10:00:02Z"));
    const { confirming } = paypal.gateway;
    if (confirming.kind !== "by_api" || !told) return expect.fail();
    expect(confirming.readAnswer(told, { orderFields: ["custom_id"] })).toMatchObject({
      kind: "parsed",
      payload: {
        type: "api.capture",
        live: false,
        facts: [{ kind: "capture", status: "succeeded", amount: 1999n, at: Date.parse("2026-01-05T10:00:02Z") }],
      },
    });
  });

  test.each<readonly [string, Json, string]>([
    ["another amount", { amount: usd("1.00") }, "other_amount"],
    [
      "another currency",
      { amount: { currency_code: "EUR", value: "19.99" }, seller_receivable_breakdown: undefined },
      "other_currency",
    ],
    [
      "another fee",
      { seller_receivable_breakdown: { paypal_fee: usd("0.89"), net_amount: usd("19.11") } },
      "other_amount",
    ],
    ["an earlier status", { status: "PENDING" }, "other_status"],
    ["a status that excludes it", { status: "DECLINED" }, "other_status"],
    ["another order", { custom_id: "1000" }, "other_object"],
    ["no order", { custom_id: undefined }, "other_object"],
    ["another payee", { payee: { email_address: "thief@example.com" } }, "other_payee"],
    ["another id", { id: "3GG279541U471931P" }, "other_object"],
  ])("is contradicted by %s", async (_, changes, reason) => {
    answers(CAPTURE, 200, capture(changes));
    expect(await wordOf(completed())).toBe(`contradicted/${reason}`);
  });

  test.each<readonly [string, Json]>([
    ["refunded in whole", { status: "REFUNDED" }],
    ["told without a breakdown", { seller_receivable_breakdown: undefined }],
    ["told without a payee", { payee: undefined }],
    ["told with more than was claimed", { invoice_id: "INV-1" }],
  ])("is confirmed though it is %s by now", async (_, changes) => {
    answers(CAPTURE, 200, capture(changes));
    expect(await wordOf(completed())).toBe("confirmed");
  });

  test.each(["COMPLETED", "DECLINED", "PENDING"])("that waited is confirmed when it is %s by now", async (status) => {
    answers(CAPTURE, 200, capture({ status }));
    expect(await wordOf(itemOf("PAYMENT.CAPTURE.PENDING", capture({ status: "PENDING" })))).toBe("confirmed");
  });

  test("must have been paid to the account, where its receivers are configured", async () => {
    answers(CAPTURE, 200, capture());
    expect(await wordOf(completed(), { account: { receivers: ["shop@example.com"] } })).toBe("confirmed");
    expect(await wordOf(completed(), { account: { receivers: ["merchant7xyz"] } })).toBe("confirmed");
    expect(await wordOf(completed(), { account: { receivers: ["other@example.com"] } })).toBe(
      "contradicted/other_payee",
    );
  });

  test("must be of the authorization that it names", async () => {
    const of = (authorization_id: string): Json => ({ supplementary_data: { related_ids: { authorization_id } } });
    answers(CAPTURE, 200, capture(of("AUTH-2")));
    expect(await wordOf(completed(of("AUTH-1")))).toBe("contradicted/other_object");
    answers(CAPTURE, 200, capture());
    expect(await wordOf(completed(of("AUTH-1")))).toBe("confirmed");
  });

  test("is asked for in v1 where v2 has none, and is contradicted where neither has", async () => {
    const v1 = { ...sale({ id: "2GG279541U471931P", billing_agreement_id: undefined }) };
    answers("/v1/payments/capture/2GG279541U471931P", 200, v1);
    expect(await wordOf(itemOf("PAYMENT.CAPTURE.COMPLETED", v1))).toBe("confirmed");
    expect(paypal.asked.slice(-2)).toEqual([`GET ${CAPTURE}`, "GET /v1/payments/capture/2GG279541U471931P"]);
    paypal.routes.delete("GET /v1/payments/capture/2GG279541U471931P");
    expect(await wordOf(completed())).toBe("contradicted/not_found");
  });
});

describe("a refund", () => {
  const refunded = (changes: Json = {}): Item => itemOf("PAYMENT.CAPTURE.REFUNDED", refund(changes));

  test("is confirmed with the total of its capture, which may have grown", async () => {
    answers(REFUND, 200, refund({ seller_payable_breakdown: { total_refunded_amount: usd("7.00") } }));
    expect(await wordOf(refunded())).toBe("confirmed");
  });

  test.each<readonly [string, Json, string]>([
    ["a smaller total", { seller_payable_breakdown: { total_refunded_amount: usd("4.99") } }, "other_amount"],
    ["no total", { seller_payable_breakdown: undefined }, "other_object"],
    ["another amount", { amount: usd("4.99") }, "other_amount"],
    ["a refund that failed", { status: "FAILED" }, "other_status"],
    ["another capture", { links: [{ href: "https://x/v2/payments/captures/OTHER", rel: "up" }] }, "other_object"],
    ["no capture", { links: [] }, "other_object"],
  ])("is contradicted by %s", async (_, changes, reason) => {
    answers(REFUND, 200, refund(changes));
    expect(await wordOf(refunded())).toBe(`contradicted/${reason}`);
  });

  test("of a sale is asked for in v1", async () => {
    answers("/v1/payments/refund/6YX43824R4443062K", 200, saleRefund());
    expect(await wordOf(itemOf("PAYMENT.SALE.REFUNDED", saleRefund()))).toBe("confirmed");
  });
});

describe("other money", () => {
  test("a reversal is confirmed by the refund that PayPal keeps it as, and read back as a reversal", async () => {
    answers(REFUND, 200, refund());
    const answer = await confirm(itemOf("PAYMENT.CAPTURE.REVERSED", refund()));
    if (answer.kind !== "confirmed") return expect.fail(answer.kind);
    const { confirming } = paypal.gateway;
    const [told] = answer.answers;
    if (confirming.kind !== "by_api" || !told) return expect.fail();
    expect(confirming.readAnswer(told, { orderFields: [] })).toMatchObject({
      payload: { facts: [{ kind: "reversal", status: "held" }] },
    });
    answers(REFUND, 200, refund({ status: "CANCELLED" }));
    expect(await wordOf(itemOf("PAYMENT.CAPTURE.REVERSED", refund()))).toMatch(/^contradicted/);
  });

  test("a reversal told as the capture is asked for as the capture", async () => {
    answers(CAPTURE, 200, capture());
    expect(await wordOf(itemOf("PAYMENT.CAPTURE.REVERSED", capture()))).toBe("confirmed");
  });

  test("an authorization is confirmed by what became of it", async () => {
    const created = itemOf("PAYMENT.AUTHORIZATION.CREATED", authorization());
    for (const status of ["CREATED", "PARTIALLY_CAPTURED", "CAPTURED", "VOIDED"]) {
      answers(AUTHORIZATION, 200, authorization({ status }));
      expect(await wordOf(created), status).toBe("confirmed");
    }
    const voided = itemOf("PAYMENT.AUTHORIZATION.VOIDED", authorization({ status: "VOIDED" }));
    answers(AUTHORIZATION, 200, authorization({ status: "CREATED" }));
    expect(await wordOf(voided)).toBe("contradicted/other_status");
  });

  test("a sale is confirmed, with the capture of the same id where it claims an order", async () => {
    answers(SALE, 200, sale());
    expect(await wordOf(itemOf("PAYMENT.SALE.COMPLETED", sale()))).toBe("confirmed");
    expect(paypal.asked.slice(-2)).toEqual([`GET ${SALE}`, `GET ${SALE_CAPTURE}`]);
  });

  test("a sale whose answer leaves the order out stays as signed", async () => {
    answers(SALE, 200, sale({ custom: undefined, invoice_number: undefined }));
    expect(await wordOf(itemOf("PAYMENT.SALE.COMPLETED", sale()))).toBe("confirmed");
  });

  test("a capture dressed up as a sale of another order is found out", async () => {
    answers(SALE, 200, sale({ custom: undefined, invoice_number: undefined, billing_agreement_id: undefined }));
    answers(SALE_CAPTURE, 200, capture({ id: "4EU7004268015634R", amount: usd("20.00"), custom_id: "cheap" }));
    expect(await wordOf(itemOf("PAYMENT.SALE.COMPLETED", sale({ custom: "expensive" })))).toBe(
      "contradicted/other_object",
    );
  });

  test("a sale of another subscription is contradicted", async () => {
    answers(SALE, 200, sale({ billing_agreement_id: "I-OTHER" }));
    expect(await wordOf(itemOf("PAYMENT.SALE.COMPLETED", sale()))).toBe("contradicted/other_object");
  });
});

describe("an order", () => {
  const done = (units: readonly Json[], changes: Json = {}): Json => order(units, { status: "COMPLETED", ...changes });
  const paid = (): Item => itemOf("CHECKOUT.ORDER.COMPLETED", done([unit({ payments: { captures: [capture()] } })]));

  test("is confirmed with everything it lists", async () => {
    answers(
      ORDER,
      200,
      done([unit({ payments: { captures: [capture({ status: "REFUNDED" })], refunds: [refund()] } })]),
    );
    expect(await wordOf(paid())).toBe("confirmed");
  });

  test.each<readonly [string, Json, string]>([
    ["only approved", order([unit()]), "other_status"],
    ["of another amount", done([unit({ amount: usd("1.00"), payments: { captures: [capture()] } })]), "other_amount"],
    ["without that capture", done([unit({ payments: { captures: [capture({ id: "OTHER" })] } })]), "other_object"],
    [
      "with another amount captured",
      done([unit({ payments: { captures: [capture({ amount: usd("9.00") })] } })]),
      "other_amount",
    ],
    ["of several units", done([unit(), unit({ reference_id: "b" })]), "other_object"],
    [
      "of another buyer",
      done([unit({ payments: { captures: [capture()] } })], { payer: { payer_id: "X" } }),
      "other_object",
    ],
    [
      "to another payee",
      done([unit({ payee: { merchant_id: "X" }, payments: { captures: [capture()] } })]),
      "other_payee",
    ],
  ])("is contradicted when it is %s", async (_, body, reason) => {
    answers(ORDER, 200, body);
    expect(await wordOf(paid())).toBe(`contradicted/${reason}`);
  });

  test("that was approved is confirmed though it is paid by now", async () => {
    const approved = itemOf("CHECKOUT.ORDER.APPROVED", order([unit()]));
    answers(ORDER, 200, done([unit({ payments: { captures: [capture()] } })]));
    expect(await wordOf(approved)).toBe("confirmed");
  });
});

describe("what waits for the API", () => {
  test("is what money follows from, and nothing else", () => {
    const { confirming } = paypal.gateway;
    if (confirming.kind !== "by_api") return expect.fail();
    const needed = (type: string, resource: Json): boolean => confirming.needed(itemOf(type, resource));
    expect(needed("PAYMENT.CAPTURE.PENDING", capture({ status: "PENDING" }))).toBe(true);
    expect(needed("PAYMENT.CAPTURE.REVERSED", refund())).toBe(true);
    expect(needed("CHECKOUT.ORDER.APPROVED", order([unit()]))).toBe(true);
    expect(needed("CHECKOUT.ORDER.VOIDED", order([unit()], { status: "VOIDED" }))).toBe(false);
    expect(needed("CUSTOMER.DISPUTE.CREATED", dispute())).toBe(false);
    expect(needed("BILLING.SUBSCRIPTION.ACTIVATED", subscription())).toBe(false);
    expect(needed("BILLING.PLAN.CREATED", {})).toBe(false);
  });

  test("can be asked about a dispute and a subscription, where the notification itself is in doubt", async () => {
    answers("/v1/customer/disputes/PP-D-27803", 200, dispute());
    expect(await wordOf(itemOf("CUSTOMER.DISPUTE.CREATED", dispute()))).toBe("confirmed");
    answers(
      "/v1/customer/disputes/PP-D-27803",
      200,
      dispute({ disputed_transactions: [{ seller_transaction_id: "OTHER" }] }),
    );
    expect(await wordOf(itemOf("CUSTOMER.DISPUTE.CREATED", dispute()))).toBe("contradicted/other_object");
    answers("/v1/billing/subscriptions/I-BW452GLLEP1G", 200, subscription());
    expect(await wordOf(itemOf("BILLING.SUBSCRIPTION.PAYMENT.FAILED", subscription()))).toBe("confirmed");
    expect(await wordOf(itemOf("BILLING.SUBSCRIPTION.CANCELLED", subscription({ status: "CANCELLED" })))).toBe(
      "contradicted/other_status",
    );
  });

  test("is never confirmed where there is nothing to ask", async () => {
    const item = itemOf("INVOICING.INVOICE.PAID", { invoice: { id: "INV2-1" } });
    expect(await wordOf(item)).toBe("cannot_confirm/forbidden");
  });
});

describe("an API that", () => {
  test.each([429, 500, 502, 503])("answers %i is asked again", async (status) => {
    answers(CAPTURE, status, "{}");
    expect(await confirm(completed())).toEqual({ kind: "unreachable", retryAfterMs: null });
  });

  test("names a pause gets it: seconds, a date, and at most a day", async () => {
    const pause = async (value: string): Promise<unknown> => {
      answers(CAPTURE, 429, "{}", { "retry-after": value });
      const answer = await confirm(completed());
      return answer.kind === "unreachable" ? answer.retryAfterMs : answer;
    };
    expect(await pause("30")).toBe(30_000);
    expect(await pause("Mon, 05 Jan 2026 10:01:03 GMT")).toBe(60_000);
    expect(await pause("Mon, 05 Jan 2026 09:00:00 GMT")).toBe(0);
    expect(await pause("999999999")).toBe(86_400_000);
    expect(await pause("soon")).toBe(null);
  });

  test.each<readonly [string, unknown]>([
    ["a page in HTML", "<html>"],
    ["half an answer", '{"id":"2GG'],
    ["nothing", ""],
    ["the same key twice", '{"id":"2GG279541U471931P","id":"X"}'],
    ["more than 256 KiB", `"${"x".repeat(300_000)}"`],
  ])("answers %s is asked again", async (_, body) => {
    answers(CAPTURE, 200, body);
    expect(await wordOf(completed())).toBe("unreachable");
  });

  test("breaks off is asked again", async () => {
    paypal.routes.set(`GET ${CAPTURE}`, (_, response) => void response.destroy());
    expect(await wordOf(completed())).toBe("unreachable");
  });

  test("may not be read says so, and so does an account without credentials", async () => {
    answers(CAPTURE, 403, "{}");
    expect(await wordOf(completed())).toBe("cannot_confirm/forbidden");
    expect(await wordOf(completed(), { settings: { clientSecret: "wrong" } })).toBe("cannot_confirm/forbidden");
    expect(await wordOf(completed(), { settings: { clientId: null, clientSecret: null } })).toBe(
      "cannot_confirm/no_credentials",
    );
    const { confirming } = paypal.gateway;
    if (confirming.kind !== "by_api") return expect.fail();
    expect(confirming.available(paypal.context().settings)).toBe(false);
    expect(confirming.available({ ...paypal.context().settings, ...CREDENTIALS })).toBe(true);
  });
});

describe("the token", () => {
  test("is fetched once for all that ask at once, and kept until a minute before its end", async () => {
    answers(CAPTURE, 200, capture());
    let now = NOW;
    const changes = { now: () => now };
    const words = await Promise.all(Array.from({ length: 20 }, () => wordOf(completed(), changes)));
    expect(new Set(words)).toEqual(new Set(["confirmed"]));
    now = new Date(NOW.getTime() + 32_339_000);
    await wordOf(completed(), changes);
    expect(tokens).toBe(1);
    now = new Date(NOW.getTime() + 32_340_000);
    await wordOf(completed(), changes);
    expect(tokens).toBe(2);
  });

  test("that is refused is renewed once, and not for ever", async () => {
    let refusals = 1;
    paypal.routes.set(`GET ${CAPTURE}`, (request, response) => {
      refusals -= 1;
      if (refusals >= 0) return void response.writeHead(401).end("{}");
      expect(request.headers.authorization).toBe("Bearer token-2");
      response.end(JSON.stringify(capture()));
    });
    expect(await wordOf(completed())).toBe("confirmed");
    expect(tokens).toBe(2);
    refusals = 1_000;
    expect(await wordOf(completed())).toBe("cannot_confirm/forbidden");
    expect(tokens).toBe(3);
  });

  test.each<readonly [string, number, string]>([
    ["fails", 503, "{}"],
    ["answers no JSON", 200, "<html>"],
    ["answers without a token", 200, '{"token_type":"Bearer","expires_in":1}'],
    [
      "answers a token that would be two headers",
      200,
      '{"access_token":"a\\r\\nb: c","token_type":"Bearer","expires_in":100}',
    ],
  ])("is asked for again where its address %s", async (_, status, body) => {
    paypal.routes.set("POST /v1/oauth2/token", (_request, response) => void response.writeHead(status).end(body));
    expect(await wordOf(completed())).toBe("unreachable");
  });
});
