import { describe, expect, test } from "vitest";
import type { Customer } from "../../src/payments/state.ts";
import { normalizedEmail } from "../../src/pipeline/effects/customer-keys.ts";
import type { Store } from "../../src/store/store.ts";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { stripeEvent } from "../end-to-end/senders.ts";
import { eventually } from "../end-to-end/server.ts";
import { withRunning } from "./on-database.ts";
import { EXPECTED, send, settled, shuffled } from "./purchase.ts";
import type { Running } from "./running.ts";

const buyer = (email: string | null, name: string | null = null): Customer => ({
  ...{ email, name, locale: null, company: null, address: [], taxId: null },
});

const register = ({ commands }: Running, order: string, email: string | null, name: string | null = null) =>
  commands.register(order, { ...EXPECTED, customer: buyer(email, name) });

/** A charge with what Stripe tells of who paid. */
function paidBy(order: string, who: { readonly id?: string; readonly email?: string; readonly name?: string }): string {
  return stripeEvent({
    id: `evt_${order}`,
    type: "charge.succeeded",
    object: {
      ...{ id: `ch_${order}`, object: "charge", amount: 1999, amount_captured: 1999, amount_refunded: 0 },
      ...{ captured: true, currency: "usd", status: "succeeded", refunded: false, metadata: { order_id: order } },
      ...{ customer: who.id ?? null, billing_details: { email: who.email ?? null, name: who.name ?? null } },
    },
  });
}

async function all(store: Store, live = false) {
  const { rows } = await store.read.customers({ live }, { limit: 100, cursor: null });
  return rows
    .map(({ name, keys }) => ({ name, keys }))
    .sort((a, b) => ((a.keys[0] ?? "") < (b.keys[0] ?? "") ? -1 : 1));
}

async function of(store: Store, key: string) {
  const { rows } = await store.read.customers({ live: false, key }, { limit: 2, cursor: null });
  const [customer] = rows;
  const page = { limit: 100, cursor: null };
  return {
    id: customer?.id,
    aliases: customer?.aliases,
    orders: (await store.read.orders({ customer: customer?.id ?? "" }, page)).rows
      .map(({ state }) => state.reference)
      .sort(),
    payments: (await store.read.payments({ customer: customer?.id ?? "" }, page)).rows
      .map(({ state }) => state.reference)
      .sort(),
  };
}

describe("an e-mail", () => {
  test.each([
    ["  Ann@Example.COM ", "ann@example.com"],
    ["ann.b+x@gmail.com", "ann.b+x@gmail.com"],
    ["ANN@MÜLLER.example", "ann@xn--mller-kva.example"],
    ["e\u0301@example.com", "\u00e9@example.com"],
    ["\u0130@example.com", "i\u0307@example.com"],
    ['"a b"@example.com', null],
    ["a@b@example.com", null],
    ["ann@localhost", null],
    ["ann", null],
    ["@example.com", null],
    ["ann@-x.com", null],
    [`${"a".repeat(250)}@example.com`, null],
  ])("%s is %s", (told, normalized) => {
    expect(normalizedEmail(told)).toBe(normalized);
  });
});

describeOnEachDatabase("customers", (open) => {
  test("one is opened by the first order or payment, found by the next, and told once", async () => {
    await withRunning(open, async ({ store, running, findings }) => {
      await register(running, "k1", "Ann@Example.com", "Ann");
      await register(running, "k2", " ann@example.com");
      await send(running, paidBy("k3", { id: "cus_S", email: "ANN@example.com", name: "A. typed" }));
      // Or `cus_S` alone might come first, and open one that is told, and joined with Ann a moment later.
      await settled(store);
      await send(running, paidBy("k4", { id: "cus_S" }));
      await register(running, "k5", null);
      await settled(store);
      expect(await all(store)).toEqual([
        { name: "Ann", keys: ["email/test/ann@example.com", "payer/stripe/default/test/cus_S"] },
      ]);
      expect(await of(store, "email/test/ann@example.com")).toMatchObject({
        orders: ["k1", "k2"],
        payments: ["ch_k3", "ch_k4"],
      });
      const told = async () => (await store.read.events({ after: null, limit: 100, types: ["customer.created"] })).rows;
      await eventually(async () => (await told()).length > 0);
      expect((await told()).map(({ snapshot }) => JSON.parse(snapshot))).toMatchObject([
        { customer: { email: "ann@example.com", name: "Ann", live: false } },
      ]);
      expect(await findings()).toEqual([]);
    });
  });

  test("two keys that turn out to be one customer are one: the first keeps its id, the other is its alias", async () => {
    await withRunning(open, async ({ store, running, findings }) => {
      await register(running, "m1", "bea@example.com", "Bea");
      const first = (await of(store, "email/test/bea@example.com")).id;
      await send(running, paidBy("m2", { id: "cus_B" }));
      await settled(store);
      const second = (await of(store, "payer/stripe/default/test/cus_B")).id;
      expect(second).not.toBe(first);
      await send(running, paidBy("m3", { id: "cus_B", email: "bea@example.com" }));
      await settled(store);
      const found = await of(store, "payer/stripe/default/test/cus_B");
      expect(found).toEqual({ id: first, aliases: [second], orders: ["m1"], payments: ["ch_m2", "ch_m3"] });
      expect((await store.read.customer(second ?? ""))?.id).toBe(first);
      expect((await store.read.orders({ customer: second ?? "" }, { limit: 9, cursor: null })).rows).toHaveLength(1);
      expect(await findings()).toEqual([]);
    });
  });

  test("whoever types another's e-mail gets no order, no payment and no more than twenty keys", async () => {
    await withRunning(open, async ({ store, running, findings }) => {
      await register(running, "v1", "victim@example.com");
      await send(running, paidBy("mine", { id: "cus_evil", email: "victim@example.com" }));
      await settled(store);
      expect((await store.read.order("v1"))?.record?.state).toMatchObject({ status: "open", payments: [] });
      for (let n = 0; n < 30; n++) await register(running, `w${n}`, `other${n}@example.com`);
      for (let n = 0; n < 30; n++)
        await send(running, paidBy(`x${n}`, { id: "cus_evil", email: `other${n}@example.com` }));
      await settled(store);
      const keys = (await all(store)).map((customer) => customer.keys.length);
      expect(Math.max(...keys)).toBe(20);
      expect(keys.length).toBe(13);
      expect(await findings()).toEqual([]);
    });
  }, 60_000);

  test("any order of arrival, doubled and at once, gathers the same orders and payments", async () => {
    await withRunning(open, async ({ store, running, findings }) => {
      const ends = new Set<string>();
      for (let seed = 1; seed <= 8; seed++) {
        const s = `s${seed}x`;
        const steps: (() => Promise<unknown>)[] = [
          () => register(running, `${s}1`, `${s}a@example.com`, "A"),
          () => register(running, `${s}2`, `${s}b@example.com`, "B"),
          ...[
            paidBy(`${s}3`, { id: `cus_${s}`, email: `${s}a@example.com` }),
            paidBy(`${s}4`, { id: `cus_${s}`, email: `${s}b@example.com` }),
            paidBy(`${s}5`, { id: `cus_${s}2`, email: `${s}b@example.com` }),
            paidBy(`${s}6`, { id: `cus_${s}2` }),
          ].flatMap((body) => [() => send(running, body), () => send(running, body)]),
        ];
        const order = shuffled(steps, seed);
        if (seed % 2 === 0) await Promise.all(order.map((step) => step()));
        else for (const step of order) await step();
        await settled(store);
        const { orders, payments } = await of(store, `email/test/${s}a@example.com`);
        ends.add(JSON.stringify({ orders, payments }).replaceAll(s, "*"));
      }
      expect([...ends]).toEqual(['{"orders":["*1","*2"],"payments":["ch_*3","ch_*4","ch_*5","ch_*6"]}']);
      expect(await findings()).toEqual([]);
    });
  }, 60_000);

  test("test and live customers never meet", async () => {
    await withRunning(open, async ({ store, running }) => {
      await running.commands.register("l1", { ...EXPECTED, live: true, customer: buyer("ann@example.com") });
      await register(running, "l2", "ann@example.com");
      expect([await all(store, true), await all(store, false)]).toMatchObject([
        [{ keys: ["email/live/ann@example.com"] }],
        [{ keys: ["email/test/ann@example.com"] }],
      ]);
    });
  });
});
