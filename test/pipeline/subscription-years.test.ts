import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AccountConfig } from "../../src/gateways/account.ts";
import { signPaypalNotification } from "../../src/gateways/stand-in.ts";
import { Rules } from "../../src/pipeline/rules.ts";
import { endSubscription } from "../../src/pipeline/subscription-deadline.ts";
import { check } from "../../src/recovery/check.ts";
import { openAudit } from "../../src/store/audit/open-audit.ts";
import type { PlacedEvent } from "../../src/store/reading.ts";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { type PaypalSide, startPaypalSide } from "../end-to-end/paypal-side.ts";
import { signStripe } from "../end-to-end/senders.ts";
import { ACCOUNTS, STRIPE_SECRET } from "../http/edge.ts";
import { type Service, startService } from "../http/service.ts";
import type { TestDatabase } from "../store/databases.ts";
import { type Life, monthsLater, shuffled, type Told } from "./years/life.ts";
import { ipnYear, paypalYear } from "./years/paypal.ts";
import { stripeYear } from "./years/stripe.ts";

/** A subscription's life of a year by each gateway, signed as it signs, over HTTP, in ten orders of arrival: all end the same. */

const WEBHOOK_ID = "5EE57EE7WEBHOOK02";
const ORDERS = 10;
/** Whole seconds, and a day that every month has. */
const START = Math.floor(Date.UTC(new Date().getUTCFullYear() - 1, new Date().getUTCMonth() - 1, 5, 10) / 1000) * 1000;
const AMOUNT = 1999;

interface Gateway {
  readonly year: (life: Life) => readonly Told[];
  /** The subscription's own reference. */
  readonly referenceOf: (name: string) => string;
}

const GATEWAYS: Readonly<Record<string, Gateway>> = {
  stripe: { year: stripeYear, referenceOf: (name) => `sub_${name}` },
  paypal: { year: paypalYear, referenceOf: (name) => `I-${name.toUpperCase()}` },
  ipn: { year: ipnYear, referenceOf: (name) => `S-${name.toUpperCase()}` },
};

const iso = (at: number) => new Date(at).toISOString();

/** What all of them come to. */
const OVER = {
  status: "ended",
  live: false,
  nextPaymentAt: null,
  failure: null,
  startedAt: iso(START),
  endedAt: iso(monthsLater(START, 12)),
};

const ENDS: Readonly<Record<string, object>> = {
  stripe: {
    ...OVER,
    gateways: ["stripe"],
    price: { amount: AMOUNT, currency: "USD", every: { unit: "month", count: 1 } },
    currentPeriod: { start: iso(monthsLater(START, 11)), end: iso(monthsLater(START, 12)) },
    canceledAt: iso(monthsLater(START, 11) + 4 * 86_400_000),
    lastPayment: {
      object: "invoice",
      amount: AMOUNT,
      at: iso(monthsLater(START, 11) + 3_600_000),
      period: { start: iso(monthsLater(START, 11)), end: iso(monthsLater(START, 12)) },
    },
  },
  paypal: {
    ...OVER,
    gateways: ["paypal"],
    price: null,
    currentPeriod: { start: null, end: iso(monthsLater(START, 12)) },
    canceledAt: iso(monthsLater(START, 11) + 4 * 86_400_000),
    lastPayment: { object: "capture", amount: AMOUNT, at: iso(monthsLater(START, 11) + 1_000) },
    buyer: { email: "ann@example.com", name: "Ann Lee" },
  },
  ipn: {
    ...OVER,
    gateways: ["paypal-ipn"],
    price: { amount: AMOUNT, currency: "USD", every: { unit: "month", count: 2 } },
    currentPeriod: { start: null, end: null },
    canceledAt: iso(monthsLater(START, 11)),
    lastPayment: { object: "capture", amount: AMOUNT, at: iso(monthsLater(START, 10) + 2_000) },
  },
};

const PERIODS: Readonly<Record<string, number>> = { stripe: 12, paypal: 12, ipn: 6 };

describeOnEachDatabase("a subscription's year", (open) => {
  let database: TestDatabase;
  let side: PaypalSide;
  let service: Service;
  const ends = new Map<string, readonly Record<string, unknown>[]>();

  beforeAll(async () => {
    [database, side] = await Promise.all([open(), startPaypalSide({ api: false })]);
    service = await startService({ databaseUrl: database.url, accounts: accountsAt(side) });
    for (const life of Object.keys(GATEWAYS).flatMap(lives)) await register(life);
    await Promise.all(Object.keys(GATEWAYS).map((name) => live(name)));
    for (const name of Object.keys(GATEWAYS)) ends.set(name, await endsOf(name));
  }, 120_000);

  afterAll(async () => {
    await service?.close();
    side?.close();
    await database?.drop();
  });

  describe.each(Object.keys(GATEWAYS))("by %s", (gateway) => {
    test("ends as it should", () => {
      expect(ends.get(gateway)?.[0]).toMatchObject(ENDS[gateway] ?? {});
    });

    test("ends the same in ten orders of arrival", () => {
      const all = ends.get(gateway) ?? [];
      expect(all).toHaveLength(ORDERS);
      for (const end of all) expect(end).toEqual(all[0]);
    });

    test("tells that it began, that it was canceled and ended, and each renewal, once", async () => {
      for (const name of lives(gateway).map((life) => life.name)) {
        const told = await milestonesOf(service, name);
        const renewed = Array.from({ length: (PERIODS[gateway] ?? 0) - 1 }, () => "subscription.renewed");
        expect(told).toEqual(["subscription.canceled", "subscription.ended", ...renewed, "subscription.started"]);
      }
    });
  });

  test("leaves nothing that a check finds wrong", async () => {
    const audit = await openAudit({ url: database.url, now: () => new Date() });
    const rules = new Rules(accountsAt(side));
    const report = await check({ audit, rules, now: () => new Date() });
    await audit.close();
    expect(report.findings.kept).toEqual([]);
    expect(report.checked.subscriptions).toBe(3 * ORDERS);
  });

  /** Each life in an order of its own, one message after the other; all lives at once. */
  async function live(gateway: string): Promise<void> {
    const { year } = GATEWAYS[gateway] ?? { year: () => [] };
    await Promise.all(
      lives(gateway).map(async (life, n) => {
        const messages = year(life);
        for (const message of n === 0 ? messages : shuffled(messages, n + 1)) await send(message);
      }),
    );
  }

  async function register({ order }: Life): Promise<void> {
    const body = { reference: order, currency: "USD", total: AMOUNT, recurring: true };
    expect((await service.call("POST", "/v1/orders", body)).status).toBe(201);
  }

  async function send({ gateway, body }: Told): Promise<void> {
    const answer = await fetch(`${service.url}/ipn/${gateway}`, {
      method: "POST",
      body,
      headers: headersOf(gateway, body),
    });
    expect(answer.status, await answer.text()).toBe(200);
  }

  function headersOf(gateway: Told["gateway"], body: string): Readonly<Record<string, string>> {
    if (gateway === "stripe") return signStripe(body, STRIPE_SECRET);
    if (gateway === "paypal-ipn") return { "content-type": "application/x-www-form-urlencoded" };
    return signPaypalNotification({
      ...{ body, webhookId: WEBHOOK_ID, transmissionId: randomUUID(), certUrl: side.certUrl },
      transmissionTime: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
      privateKeyPem: side.leafKeyPem,
    });
  }

  /** Once all is settled, and the deadlines of what was canceled have passed. */
  async function endsOf(gateway: string): Promise<readonly Record<string, unknown>[]> {
    const store = storeOf(service);
    await settled(service);
    const rules = new Rules(accountsAt(side));
    const parts = { store, rules, effects: rules.effects, now: () => new Date() };
    for (const id of await store.endedSubscriptions(new Date(), 100)) await endSubscription(parts, id);
    return Promise.all(lives(gateway).map((life) => endOf(gateway, life)));
  }

  async function endOf(gateway: string, life: Life): Promise<Record<string, unknown>> {
    const reference = GATEWAYS[gateway]?.referenceOf(life.name);
    const list = await service.call("GET", `/v1/subscriptions?reference=${reference}`);
    const { id } = list.json.data[0];
    const { json } = await service.call("GET", `/v1/subscriptions/${id}`);
    const order = await service.call("GET", `/v1/orders/${life.order}`);
    const { links, payments, facts, ...subscription } = json;
    return anonymous(life, {
      ...subscription,
      // Without the deadlines: how many passed meanwhile is the clock's matter.
      facts: facts.flatMap(({ object, status, at }: Record<string, unknown>) =>
        status ? [{ object, status, at }] : [],
      ),
      payments: payments.map(({ status, captured, counts }: Record<string, unknown>) => ({ status, captured, counts })),
      order: { status: order.json.status, paid: order.json.paid, names: order.json.subscriptions.length },
      hasLinks: links.payments.includes(encodeURIComponent(reference ?? "")),
    });
  }
});

function lives(gateway: string): readonly Life[] {
  return Array.from({ length: ORDERS }, (_, n) => ({
    name: `${gateway}${n}x`,
    order: `order-${gateway}${n}x`,
    amount: AMOUNT,
    start: START,
  }));
}

/** Without the ids that tell the lives apart. */
function anonymous({ name }: Life, shown: object): Record<string, unknown> {
  const text = JSON.stringify(shown)
    .replaceAll(new RegExp(name, "gi"), "X")
    .replaceAll(/sbn_[0-9a-z]+/g, "sbn");
  return JSON.parse(text);
}

async function milestonesOf(service: Service, name: string): Promise<readonly string[]> {
  const { read } = storeOf(service);
  const told = ["subscription.started", "subscription.renewed", "subscription.canceled", "subscription.ended"];
  const gateway = name.replace(/\dx$/, "");
  const [subscription] = (
    await read.subscriptions({ reference: GATEWAYS[gateway]?.referenceOf(name) ?? "" }, { limit: 1, cursor: null })
  ).rows;
  const events: PlacedEvent[] = [];
  let page = await read.events({ after: null, limit: 100, types: told });
  while (page.rows.length > 0) {
    events.push(...page.rows);
    page = await read.events({ after: page.end, limit: 100, types: told });
  }
  return events
    .filter(({ snapshot }) => JSON.parse(snapshot).subscription.id === subscription?.id)
    .map(({ type }) => type)
    .sort();
}

function storeOf({ parts }: Service) {
  const backend = parts.backend();
  if (backend === null) throw new Error("the service has no database");
  return backend.store;
}

async function settled(service: Service): Promise<void> {
  const { read } = storeOf(service);
  const waiting = ["received", "unproven", "unconfirmed"] as const;
  for (let round = 0; round < 1_200; round += 1) {
    const { rows } = await read.inputs({ state: waiting }, { limit: 1, cursor: null });
    if (rows.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("not settled after a minute");
}

function accountsAt(side: PaypalSide): readonly AccountConfig[] {
  const [stripe, paypal] = ACCOUNTS;
  if (!stripe || !paypal) throw new Error("the edge's accounts are gone");
  const origin = new URL(side.certUrl).origin;
  const webhooks = {
    ...{ webhookId: WEBHOOK_ID, clientId: null, clientSecret: null, apiUrl: "https://api-m.sandbox.paypal.com" },
    ...{ certHosts: [origin], certCaPem: readFileSync(side.env.PAYPAL_CERT_CA_FILE ?? "", "utf8"), maxAgeMs: null },
  };
  const ipn = { postbackUrl: `${origin}/cgi-bin/webscr` };
  return [stripe, { ...paypal, receivers: ["seller@shop.example"], settings: { paypal: webhooks, "paypal-ipn": ipn } }];
}
