import { expect, test } from "vitest";
import { createPaypal } from "../../../src/gateways/paypal/index.ts";
import { makeTestAuthority } from "../../../src/gateways/stand-in.ts";
import { NOW, WEBHOOK_ID } from "./vendor.ts";

const gateway = createPaypal();
const authority = makeTestAuthority(NOW);
const good = { webhookId: WEBHOOK_ID };
const isGood = (changes: object): boolean => gateway.settings.safeParse({ ...good, ...changes }).success;

test("need no more than the webhook's id", () => {
  expect(gateway.settings.parse(good)).toEqual({
    webhookId: WEBHOOK_ID,
    clientId: null,
    clientSecret: null,
    apiUrl: null,
    certHosts: [],
    certCaPem: null,
    maxAgeMs: null,
  });
  expect(gateway.origins(gateway.settings.parse(good), false)).toEqual([
    "https://api.sandbox.paypal.com",
    "https://api-m.sandbox.paypal.com",
  ]);
});

test.each(["WEBHOOK_ID", "webhook_id", "", "   ", "a|b", "WH 1"])("refuse %j for the webhook's id", (webhookId) => {
  expect(isGood({ webhookId })).toBe(false);
});

test.each([
  [{ clientId: "a" }],
  [{ clientSecret: "a" }],
  [{ apiUrl: "http://api-m.sandbox.paypal.com" }],
  [{ apiUrl: "https://api-m.sandbox.paypal.com/v2" }],
  [{ apiUrl: "https://user@api-m.sandbox.paypal.com" }],
  [{ certHosts: ["http://api.sandbox.paypal.com"] }],
  [{ certHosts: ["https://api.sandbox.paypal.com/v1"] }],
  [{ certHosts: ["127.0.0.1 "] }],
  [{ certCaPem: "not a certificate" }],
  [{ maxAgeMs: 300_000 }],
  [{ maxAgeMS: null }],
])("refuse %j", (changes) => {
  expect(isGood(changes)).toBe(false);
});

test("refuse a leaf for a root", () => {
  expect(isGood({ certCaPem: authority.leafPem })).toBe(false);
  expect(isGood({ certCaPem: authority.caPem })).toBe(true);
});

test("take hosts for https origins, and loopback with a port", () => {
  const read = gateway.settings.parse({
    ...good,
    certHosts: ["api.sandbox.paypal.com", "http://127.0.0.1:8099/"],
  });
  expect(read.certHosts).toEqual(["https://api.sandbox.paypal.com", "http://127.0.0.1:8099"]);
});
