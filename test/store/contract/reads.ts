import { describe, expect, test } from "vitest";
import { MAX_AMOUNT } from "../../../src/payments/money.ts";
import type { DialectName } from "../databases.ts";
import {
  captureKey,
  captureOf,
  disputeOf,
  eventOf,
  expectationOf,
  minutesAfterNoon,
  orderOf,
  paymentOf,
  registrationOf,
  write,
} from "../rows.ts";
import { freshStore } from "./fresh-store.ts";

const DISPUTE = "stripe/default/test/dispute/dp_1";

export function readContract(dialect: DialectName): void {
  describe("reading back", () => {
    const fresh = freshStore(dialect);

    test("amounts beyond a float's precision come back exactly", async () => {
      const amount = MAX_AMOUNT - 1n;
      const huge = 9_007_199_254_740_993n;
      await write(fresh.store, {
        facts: [{ fact: captureOf("ch_big", { amount, fee: -huge, net: huge }), payment: "pay_big" }],
        payments: [paymentOf("pay_big", { captured: amount, disputed: huge })],
        orders: [
          {
            state: orderOf("order_big", { paid: huge, expectation: expectationOf({ total: amount }) }),
            sequence: 1,
            stock: null,
          },
        ],
        decisions: [
          { ...registrationOf("order_big"), kind: "registered", expectation: expectationOf({ total: huge }) },
        ],
      });
      const payment = await fresh.store.read.payment("pay_big");
      expect(payment?.state).toMatchObject({ captured: amount, disputed: huge });
      expect(payment?.facts).toEqual([captureOf("ch_big", { amount, fee: -huge, net: huge })]);
      const order = await fresh.store.read.order("order_big");
      expect(order?.record?.state).toMatchObject({ paid: huge, expectation: { total: amount } });
      expect(order?.decisions).toMatchObject([{ expectation: { total: huge } }]);
    });

    test("text of any kind comes back as it was: quotes, other scripts, NUL inside JSON", async () => {
      const name = "Ann 'O\"Neil' \\ 漢字 🍵 \0 %_";
      await write(fresh.store, { payments: [paymentOf("pay_text", { buyer: { name } })] });
      expect((await fresh.store.read.payment("pay_text"))?.state.buyer).toEqual({ name });
    });

    test("finds payments by their objects and loads them with all their facts", async () => {
      await write(fresh.store, {
        facts: ["ch_1", "ch_2"].map((reference) => ({ fact: captureOf(reference), payment: "pay_found" })),
        payments: [paymentOf("pay_found")],
        objects: ["ch_1", "ch_2"].map((reference) => ({ key: captureKey(reference), payment: "pay_found" })),
      });
      await fresh.store.transaction(async (transaction) => {
        const found = await transaction.findPayments([captureKey("ch_1"), captureKey("ch_none")]);
        expect([...found]).toEqual([[captureKey("ch_1"), "pay_found"]]);
        const loaded = await transaction.loadPayments(["pay_found", "pay_none", "pay_found"]);
        expect(loaded).toEqual([{ ...paymentOf("pay_found"), facts: [captureOf("ch_1"), captureOf("ch_2")] }]);
        expect(await transaction.knownFacts([captureOf("ch_1").key, "stripe/none#0"])).toEqual(
          new Set([captureOf("ch_1").key]),
        );
        expect(await transaction.findPayments([])).toEqual(new Map());
        expect(await transaction.loadPayments([])).toEqual([]);
      });
    });

    test("loads links from either end, and the facts of groups", async () => {
      const links = [
        { from: DISPUTE, to: captureKey("ch_1") },
        { from: DISPUTE, to: captureKey("ch_9") },
        { from: captureKey("ch_9"), to: "stripe/default/test/invoice/in_1" },
      ];
      const fact = disputeOf("dp_1", "ch_1");
      await write(fresh.store, { links: [...links, ...links], facts: [{ fact, payment: null }] });
      await fresh.store.transaction(async (transaction) => {
        const byTarget = await transaction.loadLinks([captureKey("ch_9")]);
        expect(new Set(byTarget)).toEqual(new Set(links.slice(1)));
        expect(await transaction.loadLinks([DISPUTE])).toHaveLength(2);
        expect(await transaction.loadGroupFacts([DISPUTE, "stripe/default/test/invoice/in_1"])).toEqual([fact]);
      });
    });

    test("a flag of a payment that turned out to be another goes on with it, and counts as told if it was", async () => {
      const due = minutesAfterNoon(60);
      const flag = (payment: string, dueAt: Date | null) => ({ payment, flag: "currencies_differ" as const, dueAt });
      const pairs = [
        { from: "pay_f1", into: "pay_f2" },
        { from: "pay_f3", into: "pay_f4" },
        { from: "pay_f5", into: "pay_f6" },
      ];
      await write(fresh.store, {
        payments: pairs.flatMap(({ from, into }) => [paymentOf(from), paymentOf(into)]),
        flags: [flag("pay_f1", due), flag("pay_f3", null), flag("pay_f4", due), flag("pay_f6", due)],
      });
      expect(await fresh.store.flaggedPayments(due, 10)).toEqual(["pay_f1", "pay_f4", "pay_f6"]);
      await write(fresh.store, { merged: pairs });
      expect(await fresh.store.flaggedPayments(due, 10)).toEqual(["pay_f2", "pay_f6"]);
      expect(await fresh.store.flaggedPayments(minutesAfterNoon(59), 10)).toEqual([]);
      await fresh.store.transaction(async (transaction) => {
        expect(await transaction.dueFlags("pay_f2", due)).toEqual(["currencies_differ"]);
        expect(await transaction.dueFlags("pay_f4", due)).toEqual([]);
      });
      await write(fresh.store, {
        flags: [flag("pay_f2", null)],
        flagsGone: [{ payment: "pay_f6", flag: "currencies_differ" }],
      });
      expect(await fresh.store.flaggedPayments(due, 10)).toEqual([]);
    });

    test("a payment that turned out to be another is found through it", async () => {
      const [from, into] = [paymentOf("pay_from", { orders: ["order_m"] }), paymentOf("pay_into")];
      await write(fresh.store, {
        payments: [from, into],
        objects: [{ key: captureKey("ch_from"), payment: "pay_from" }],
        facts: [{ fact: captureOf("ch_from"), payment: "pay_from" }],
        orders: [{ state: orderOf("order_m"), sequence: 1, stock: null }],
        decisions: [registrationOf("order_m")],
        orderPayments: [{ order: "order_m", payment: "pay_from", counts: true, held: [] }],
      });
      await write(fresh.store, { merged: [{ from: "pay_from", into: "pay_into" }], payments: [into] });
      const view = await fresh.store.read.payment("pay_from");
      expect(view).toMatchObject({ id: "pay_into", aliases: ["pay_from"], facts: [captureOf("ch_from")] });
      await fresh.store.transaction(async (transaction) => {
        expect(await transaction.findPayments([captureKey("ch_from")])).toEqual(
          new Map([[captureKey("ch_from"), "pay_into"]]),
        );
        expect((await transaction.loadPayments(["pay_from", "pay_into"])).map(({ id }) => id)).toEqual(["pay_into"]);
        const [order] = await transaction.loadOrders(["order_m"]);
        expect(order?.payments.map(({ id }) => id)).toEqual(["pay_into"]);
      });
    });

    test("chains of merges end at the last payment, within a batch and over several", async () => {
      await write(fresh.store, { payments: ["pay_a", "pay_b", "pay_c", "pay_d"].map((id) => paymentOf(id)) });
      await write(fresh.store, {
        merged: [
          { from: "pay_a", into: "pay_b" },
          { from: "pay_b", into: "pay_c" },
        ],
      });
      await write(fresh.store, { merged: [{ from: "pay_c", into: "pay_d" }] });
      expect(await fresh.store.read.payment("pay_a")).toMatchObject({
        id: "pay_d",
        aliases: ["pay_a", "pay_b", "pay_c"],
      });
    });

    test("a merge keeps what the order already makes of the survivor", async () => {
      await write(fresh.store, {
        payments: [paymentOf("pay_dup"), paymentOf("pay_kept")],
        orderPayments: [
          { order: "order_k", payment: "pay_dup", counts: true, held: [] },
          { order: "order_k", payment: "pay_kept", counts: false, held: ["amount_mismatch"] },
        ],
      });
      await write(fresh.store, { merged: [{ from: "pay_dup", into: "pay_kept" }] });
      const page = await fresh.store.read.payments({ order: "order_k" }, { limit: 10, cursor: null });
      expect(page.rows.map(({ id, held }) => [id, held])).toEqual([["pay_kept", ["amount_mismatch"]]]);
    });

    test("loads orders in the order asked for, with decisions and payments", async () => {
      await write(fresh.store, {
        payments: [paymentOf("pay_2"), paymentOf("pay_1"), paymentOf("pay_3")],
        orders: [{ state: orderOf("order_l"), sequence: 4, stock: null }],
        decisions: [
          registrationOf("order_l", 1),
          { kind: "expired", order: "order_l", sequence: 2, at: 5, input: "inp_2" },
        ],
        orderPayments: ["pay_2", "pay_1"].map((payment) => ({ order: "order_l", payment, counts: true, held: [] })),
      });
      await write(fresh.store, {
        orderPayments: [{ order: "order_n", payment: "pay_3", counts: false, held: ["unknown_order"] }],
      });
      await fresh.store.transaction(async (transaction) => {
        const [named, loaded, unknown] = await transaction.loadOrders(["order_n", "order_l", "order_none"]);
        expect(loaded?.payments.map(({ id }) => id)).toEqual(["pay_1", "pay_2"]);
        expect(loaded?.decisions.map(({ kind, sequence }) => [kind, sequence])).toEqual([
          ["registered", 1],
          ["expired", 2],
        ]);
        expect(loaded?.record).toMatchObject({ sequence: 4, state: { reference: "order_l" } });
        expect(named).toEqual({ reference: "order_n", record: null, decisions: [], payments: [] });
        expect(unknown).toEqual({ reference: "order_none", record: null, decisions: [], payments: [] });
        const [even] = await transaction.loadOrders(["order_n"], { evenUnregistered: true });
        expect(even?.payments.map(({ id }) => id)).toEqual(["pay_3"]);
      });
      expect(await fresh.store.read.order("order_none")).toBeNull();
      expect((await fresh.store.read.order("order_n"))?.payments.map(({ id }) => id)).toEqual(["pay_3"]);
    });

    test("a payment that no longer names an order is not among its payments", async () => {
      await write(fresh.store, {
        payments: [paymentOf("pay_gone"), paymentOf("pay_stays")],
        decisions: [registrationOf("order_g")],
        orderPayments: ["pay_gone", "pay_stays"].map((payment) => ({
          order: "order_g",
          payment,
          counts: true,
          held: [],
        })),
      });
      await write(fresh.store, { orderPaymentsGone: [{ order: "order_g", payment: "pay_gone" }] });
      expect((await fresh.store.read.order("order_g"))?.payments.map(({ id }) => id)).toEqual(["pay_stays"]);
    });

    test("facts of a payment come sorted by time", async () => {
      const facts = [30, 10, 20].map((minutes) =>
        captureOf(`ch_at_${minutes}`, { at: minutesAfterNoon(minutes).getTime() }),
      );
      await write(fresh.store, {
        payments: [paymentOf("pay_timed")],
        facts: facts.map((fact) => ({ fact, payment: "pay_timed" })),
      });
      const read = await fresh.store.read.payment("pay_timed");
      expect(read?.facts.map(({ reference }) => reference)).toEqual(["ch_at_10", "ch_at_20", "ch_at_30"]);
    });

    test("events come oldest first, about an order or any of the payments", async () => {
      await write(fresh.store, { events: [eventOf("e1", { order: "order_e" }), eventOf("e2", { payment: "pay_e" })] });
      await write(fresh.store, {
        events: [eventOf("e3", { order: "order_e", payment: "pay_e", snapshot: '{"amount":"1"}' })],
      });
      await write(fresh.store, { events: [eventOf("e4", { order: "order_f" })] });
      const both = await fresh.store.read.eventsOf({ order: "order_e", payments: ["pay_e", "pay_none"] });
      expect(both.map(({ id }) => id)).toEqual(["evt_e1", "evt_e2", "evt_e3"]);
      expect(both[2]).toMatchObject({
        type: "payment.paid",
        sequence: 1,
        snapshot: '{"amount":"1"}',
        at: expect.any(Date),
      });
      expect(await fresh.store.read.eventsOf({ payments: ["pay_e"] })).toHaveLength(2);
      expect(await fresh.store.read.eventsOf({ payments: [] })).toEqual([]);
    });
  });
}
