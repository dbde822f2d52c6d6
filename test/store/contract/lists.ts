import { beforeAll, describe, expect, test } from "vitest";
import type { HoldReason, PaymentState } from "../../../src/payments/state.ts";
import type { Page, PageRequest, Store } from "../../../src/store/store.ts";
import type { DialectName } from "../databases.ts";
import { inputOf, LEASE, minutesAfterNoon, orderOf, outcomeOf, paymentOf, SCOPE, write } from "../rows.ts";
import { freshStore } from "./fresh-store.ts";

const FIRST = { limit: 100, cursor: null };

export function listContract(dialect: DialectName): void {
  describe("lists", () => {
    const fresh = freshStore(dialect);
    beforeAll(async () => {
      if (await hasStore(fresh)) await fill(fresh.store);
    });

    const paymentIds = async (filter: Parameters<Store["read"]["payments"]>[0]): Promise<readonly string[]> =>
      (await fresh.store.read.payments(filter, FIRST)).rows.map(({ id }) => id);
    const inputKeys = async (filter: Parameters<Store["read"]["inputs"]>[0]): Promise<readonly string[]> =>
      (await fresh.store.read.inputs(filter, FIRST)).rows.map(({ key }) => key);

    test.each([
      ["nothing: all, newest first, without aliases", {}, ["pay_live", "pay_two", "pay_held", "pay_old"]],
      ["a gateway, not parts of its name", { gateway: "paypal" }, ["pay_two"]],
      ["a gateway by its whole name", { gateway: "paypal-ipn" }, ["pay_two", "pay_held"]],
      ["a gateway that can't be one", { gateway: "%" }, []],
      ["an account", { account: "second" }, ["pay_live"]],
      ["a reference", { reference: "ch_old" }, ["pay_old"]],
      ["an alias's reference", { reference: "ch_alias" }, ["pay_old"]],
      ["an order", { order: "1001" }, ["pay_two", "pay_held"]],
      ["statuses", { status: ["refunded", "disputed"] as const }, ["pay_two", "pay_held"]],
      ["no status at all", { status: [] }, []],
      ["live money", { live: true }, ["pay_live"]],
      ["test money", { live: false }, ["pay_two", "pay_held", "pay_old"]],
      ["held ones", { held: true }, ["pay_held"]],
      ["ones that aren't held", { held: false }, ["pay_live", "pay_two", "pay_old"]],
      ["since, inclusive", { since: minutesAfterNoon(20) }, ["pay_live", "pay_two"]],
      ["until, exclusive", { until: minutesAfterNoon(20) }, ["pay_held", "pay_old"]],
      ["several at once", { order: "1001", gateway: "paypal-ipn", status: ["refunded"] as const }, ["pay_two"]],
    ])("payments by %s", async (_what, filter, expected) => {
      expect(await paymentIds(filter)).toEqual(expected);
    });

    test("a payment shows what the registered order that it names first makes of it", async () => {
      const [live, two, held, old] = (await fresh.store.read.payments({}, FIRST)).rows;
      expect(two).toMatchObject({ order: "1001", counts: true, held: [], aliases: [] });
      expect(held).toMatchObject({ order: "1001", counts: false, held: ["amount_mismatch", "wrong_mode"] });
      expect(old).toMatchObject({ order: null, counts: false, held: [], aliases: ["pay_alias"] });
      expect(live).toMatchObject({ order: null, counts: false, changedAt: expect.any(Date) });
    });

    test.each([
      ["nothing", {}, ["1003", "1002", "1001", "named"]],
      ["status", { status: ["open", "paid"] as const }, ["1002", "1001"]],
      ["since and until", { since: new Date(0), until: new Date(1) }, []],
    ])("orders by %s", async (_what, filter, expected) => {
      const page = await fresh.store.read.orders(filter, FIRST);
      expect(page.rows.map(({ state }) => state.reference)).toEqual(expected);
    });

    test.each([
      ["nothing: newest first", {}, ["in_5", "in_4", "in_3", "in_2", "in_1"]],
      ["kind", { kind: "decision" as const }, ["in_5"]],
      ["gateway", { gateway: "paypal" }, ["in_3"]],
      ["account", { account: "second" }, ["in_4"]],
      ["states", { state: ["applied", "quarantined"] as const }, ["in_2", "in_1"]],
      ["reason", { reason: "amount_mismatch" }, ["in_2"]],
      ["payment", { payment: "pay_held" }, ["in_2"]],
      ["since and until", { since: minutesAfterNoon(2), until: minutesAfterNoon(4) }, ["in_3", "in_2"]],
    ])("inputs by %s", async (_what, filter, expected) => {
      expect(await inputKeys(filter)).toEqual(expected);
    });

    test.each([1, 2, 3, 4, 100])("pages of %i add up to the whole list, each row once", async (limit) => {
      expect(await walk((page) => fresh.store.read.payments({}, page), limit)).toEqual(
        await fresh.store.read.payments({}, FIRST).then(({ rows }) => rows),
      );
      expect(await walk((page) => fresh.store.read.inputs({}, page), limit)).toHaveLength(5);
      expect(await walk((page) => fresh.store.read.orders({}, page), limit)).toHaveLength(4);
    });

    test("rows that share their time are told apart, and rows added meanwhile don't shift the pages", async () => {
      const same = Array.from({ length: 7 }, (_, index) => paymentOf(`pay_same_${index}`, { createdAt: 1_000_000 }));
      await write(fresh.store, { payments: same });
      const filter = { until: new Date(1_000_001) };
      const first = await fresh.store.read.payments(filter, { limit: 3, cursor: null });
      await write(fresh.store, { payments: [paymentOf("pay_same_9", { createdAt: 1_000_000 })] });
      const rest = await walk((page) => fresh.store.read.payments(filter, page), 3, first.next);
      expect([...first.rows, ...rest].map(({ id }) => id)).toEqual(same.map(({ id }) => id).reverse());
    });

    test.each([
      "",
      "!",
      "bnVsbA",
      Buffer.from("[1]").toString("base64url"),
      Buffer.from('[1.5,"a"]').toString("base64url"),
      Buffer.from('[9007199254740991,"1"]').toString("base64url"),
    ])("refuses the cursor %j", async (cursor) => {
      await expect(fresh.store.read.payments({}, { limit: 1, cursor })).rejects.toMatchObject({ reason: "data" });
      await expect(fresh.store.read.inputs({}, { limit: 1, cursor })).rejects.toMatchObject({ reason: "data" });
    });

    test.each([0, -1, 101, 1.5, Number.NaN])("refuses a limit of %d", async (limit) => {
      await expect(fresh.store.read.orders({}, { limit, cursor: null })).rejects.toMatchObject({ reason: "data" });
    });

    test("pages over several statuses or states are in order across them", async () => {
      const status = ["paid", "refunded", "disputed"] as const;
      const payments = await walk(
        (page) => fresh.store.read.payments({ status, until: minutesAfterNoon(60), since: minutesAfterNoon(0) }, page),
        2,
      );
      expect(payments.map(({ id }) => id)).toEqual(["pay_live", "pay_two", "pay_held", "pay_old"]);
      const state = ["received", "applied", "quarantined", "applied"] as const;
      const inputs = await walk((page) => fresh.store.read.inputs({ state }, page), 1);
      expect(inputs.map(({ key }) => key)).toEqual(["in_4", "in_3", "in_2", "in_1"]);
    });

    test("a time that is none is refused, not run", async () => {
      const since = new Date(Number.NaN);
      await expect(fresh.store.read.inputs({ since }, FIRST)).rejects.toMatchObject({ reason: "data" });
    });

    test("a filter with NUL is refused, not run", async () => {
      await expect(fresh.store.read.inputs({ gateway: "\0" }, FIRST)).rejects.toMatchObject({ reason: "data" });
      await expect(fresh.store.read.payments({ reference: "\ud800" }, FIRST)).rejects.toMatchObject({ reason: "data" });
    });

    test("the backlog tells what waits, how long, and what was heard", async () => {
      const { waiting, heard } = await fresh.store.read.backlog();
      expect(waiting).toEqual([{ state: "received", count: 2, oldest: minutesAfterNoon(3) }]);
      expect(heard).toEqual([
        { gateway: "stripe", account: "default", type: null, last: minutesAfterNoon(2), count: 1 },
        { gateway: "stripe", account: "default", type: "charge.succeeded", last: minutesAfterNoon(1), count: 1 },
      ]);
    });
  });
}

/** False where the group is skipped: then nothing was opened. */
function hasStore(fresh: { readonly store: Store }): Promise<boolean> {
  return Promise.resolve()
    .then(() => fresh.store)
    .then(
      () => true,
      () => false,
    );
}

async function fill(store: Store): Promise<void> {
  const payment = (name: string, minutes: number, state: Partial<PaymentState>, gateways = ["stripe"]) =>
    paymentOf(`pay_${name}`, { createdAt: minutesAfterNoon(minutes).getTime(), ...state }, { gateways });
  const payments = [
    payment("alias", 5, { orders: [] }),
    payment("old", 0, { orders: ["named"] }),
    payment("held", 10, { status: "disputed", orders: ["named", "1001"] }, ["paypal-ipn"]),
    payment("two", 20, { status: "refunded", orders: ["1001"] }, ["paypal", "paypal-ipn"]),
    payment("live", 30, { scope: { ...SCOPE, account: "second", live: true } }),
  ];
  const named = (order: string, of: string, counts: boolean, held: readonly HoldReason[] = []) => ({
    order,
    payment: of,
    counts,
    held,
  });
  for (const [index, reference] of ["named", "1001", "1002", "1003"].entries()) {
    const status = (["unregistered", "paid", "open", "canceled"] as const)[index] ?? "open";
    await write(store, { orders: [{ state: orderOf(reference, { status }), sequence: 1, stock: null }] });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await write(store, {
    payments,
    objects: payments.map(({ id, state }) => ({
      key: `stripe/default/test/capture/ch_${id.slice(4)}`,
      payment: id,
      state,
    })),
    orderPayments: [
      named("named", "pay_old", false),
      named("named", "pay_held", false),
      named("1001", "pay_held", false, ["amount_mismatch", "wrong_mode"]),
      named("1001", "pay_two", true),
    ],
  });
  await write(store, { merged: [{ from: "pay_alias", into: "pay_old" }] });
  const inputs = [
    inputOf("in_1", { receivedAt: minutesAfterNoon(1) }),
    inputOf("in_2", { receivedAt: minutesAfterNoon(2) }),
    inputOf("in_3", { receivedAt: minutesAfterNoon(3), gateway: "paypal" }),
    inputOf("in_4", { receivedAt: minutesAfterNoon(4), account: "second" }),
  ];
  await store.journal(inputs, LEASE);
  const decision = inputOf("in_5", {
    receivedAt: minutesAfterNoon(5),
    kind: "decision",
    gateway: "api",
    state: "ignored",
  });
  await store.transaction((transaction) => transaction.journal([{ ...decision, reason: null }]));
  const outcomes = [
    outcomeOf(inputs[0]?.id ?? ""),
    outcomeOf(inputs[1]?.id ?? "", {
      state: "quarantined",
      reason: "amount_mismatch",
      payment: "pay_held",
      type: null,
    }),
  ];
  await write(store, { outcomes }, LEASE.owner);
}

async function walk<Row>(
  list: (page: PageRequest) => Promise<Page<Row>>,
  limit: number,
  from: string | null = null,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let cursor = from;
  do {
    const page = await list({ limit, cursor });
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    rows.push(...page.rows);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}
