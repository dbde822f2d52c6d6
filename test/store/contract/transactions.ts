import { describe, expect, test } from "vitest";
import { StoreError } from "../../../src/store/store.ts";
import type { DialectName } from "../databases.ts";
import {
  captureKey,
  captureOf,
  eventOf,
  inputOf,
  LEASE,
  NOON,
  orderOf,
  outcomeOf,
  pause,
  paymentOf,
  registrationOf,
  write,
} from "../rows.ts";
import { freshStore } from "./fresh-store.ts";

export function transactionContract(dialect: DialectName): void {
  describe("transactions", () => {
    const fresh = freshStore(dialect);

    test("all of a transaction is kept, or none of it", async () => {
      const error = new Error("the fold's own");
      const attempt = fresh.store.transaction(async (transaction) => {
        await transaction.journal([
          { ...inputOf("rolled_back", { id: "inp_rolled_back", kind: "decision" }), reason: null },
        ]);
        throw error;
      });
      await expect(attempt).rejects.toBe(error);
      expect(await fresh.store.read.input("inp_rolled_back")).toBeNull();
    });

    test("a statement that failed dooms its transaction, even if its error was caught", async () => {
      const input = inputOf("doomed", { id: "inp_doomed" });
      const attempt = fresh.store.transaction(async (transaction) => {
        await transaction.journal([{ ...input, reason: null }]);
        const again = { ...inputOf("doomed_too", { id: "inp_doomed" }), reason: null };
        await transaction.journal([again]).catch(() => undefined);
        return "done";
      });
      await expect(attempt).rejects.toMatchObject({ reason: "conflict" });
      expect(await fresh.store.read.input("inp_doomed")).toBeNull();
    });

    test("inputs it brings have their outcome, or wait for anybody", async () => {
      const settled = inputOf("decided", { id: "inp_decided", kind: "decision", gateway: "api", state: "applied" });
      const waiting = inputOf("to_do", { id: "inp_to_do", kind: "answer", gateway: "api", state: "parked" });
      await fresh.store.transaction((transaction) =>
        transaction.journal([
          { ...settled, reason: "registered" },
          { ...waiting, reason: null },
        ]),
      );
      expect(await fresh.store.read.input(settled.id)).toMatchObject({
        state: "applied",
        reason: "registered",
        dueAt: null,
      });
      const [claimed] = await fresh.store.claim({ states: ["parked"], limit: 1, lease: LEASE });
      expect(claimed?.id).toBe(waiting.id);
    });

    test("an outcome settles its input once and for all", async () => {
      const input = inputOf("outcome");
      await fresh.store.journal([input], LEASE);
      const outcome = outcomeOf(input.id, {
        state: "quarantined",
        reason: "amount_mismatch",
        payment: "pay_1",
        live: true,
      });
      await write(fresh.store, { outcomes: [outcome] }, LEASE.owner);
      const read = await fresh.store.read.input(input.id);
      expect(read).toMatchObject({
        state: "quarantined",
        reason: "amount_mismatch",
        type: "charge.succeeded",
        live: true,
      });
      expect(read).toMatchObject({ payment: "pay_1", dueAt: null });
      expect(read?.settledAt).toBeInstanceOf(Date);
      await expect(write(fresh.store, { outcomes: [outcome] }, LEASE.owner)).rejects.toMatchObject({
        reason: "lease_lost",
      });
    });

    test("an input that still waits is due again when its outcome says", async () => {
      const input = inputOf("waits");
      await fresh.store.journal([input], LEASE);
      const inAnHour = new Date(Date.now() + 3_600_000);
      const outcome = outcomeOf(input.id, { state: "parked", reason: "unknown_order", dueAt: inAnHour });
      await write(fresh.store, { outcomes: [outcome] }, LEASE.owner);
      const read = await fresh.store.read.input(input.id);
      expect(read).toMatchObject({ state: "parked", settledAt: null });
      expect(Math.abs((read?.dueAt?.getTime() ?? 0) - inAnHour.getTime())).toBeLessThan(10_000);
    });

    test("writing for a lease that another worker has rolls everything back", async () => {
      const [mine, lost] = [inputOf("mine"), inputOf("lost")];
      await fresh.store.journal([mine], LEASE);
      await fresh.store.journal([lost], { owner: "test-9-z", forMs: 60_000 });
      const fact = captureOf("ch_lost_lease");
      const writing = write(
        fresh.store,
        { facts: [{ fact, payment: "pay_x" }], outcomes: [mine, lost].map(({ id }) => outcomeOf(id)) },
        LEASE.owner,
      );
      await expect(writing).rejects.toMatchObject({ reason: "lease_lost" });
      expect(await fresh.store.read.input(mine.id)).toMatchObject({ state: "received" });
      expect(await fresh.store.transaction((transaction) => transaction.knownFacts([fact.key]))).toEqual(new Set());
    });

    test("a decision's number can be taken once", async () => {
      await write(fresh.store, { decisions: [registrationOf("order_taken")] });
      const again = write(fresh.store, { decisions: [registrationOf("order_taken")] });
      await expect(again).rejects.toMatchObject({ reason: "conflict" });
    });

    test("facts and events that exist are passed over, payments and orders written over", async () => {
      const event = eventOf("payment.paid:twice", { order: "order_twice" });
      const first = { ...paymentOf("pay_twice"), sequence: 1 };
      await write(fresh.store, {
        facts: [{ fact: captureOf("ch_twice"), payment: "pay_twice" }],
        payments: [first],
        orders: [{ state: orderOf("order_twice"), sequence: 1, stock: null }],
        events: [event],
      });
      await write(fresh.store, {
        facts: [{ fact: captureOf("ch_twice", { amount: 1n }), payment: "pay_other" }],
        payments: [paymentOf("pay_twice", { status: "refunded" }, { sequence: 2, gateways: ["paypal", "stripe"] })],
        orders: [{ state: orderOf("order_twice", { status: "paid" }), sequence: 2, stock: null }],
        events: [{ ...event, id: "evt_again", snapshot: '{"changed":true}' }],
      });
      const payment = await fresh.store.read.payment("pay_twice");
      expect(payment).toMatchObject({ sequence: 2, gateways: ["paypal", "stripe"], state: { status: "refunded" } });
      expect(payment?.facts.map((fact) => ("amount" in fact ? fact.amount : null))).toEqual([1999n]);
      expect((await fresh.store.read.order("order_twice"))?.record).toMatchObject({
        sequence: 2,
        state: { status: "paid" },
      });
      const events = await fresh.store.read.eventsOf({ order: "order_twice", payments: [] });
      expect(events.map(({ id, snapshot }) => [id, snapshot])).toEqual([[event.id, "{}"]]);
    });

    test("of rows of one batch with the same key the last stands", async () => {
      await write(fresh.store, {
        payments: [paymentOf("pay_doubled"), paymentOf("pay_doubled", { status: "disputed" })],
        objects: ["pay_none", "pay_doubled"].map((payment) => ({ key: captureKey("ch_doubled"), payment })),
        events: [
          eventOf("doubled", { payment: "pay_doubled" }),
          eventOf("doubled", { id: "evt_other", payment: "pay_doubled" }),
        ],
      });
      expect(await fresh.store.read.payment("pay_doubled")).toMatchObject({ state: { status: "disputed" } });
      expect(await fresh.store.read.eventsOf({ payments: ["pay_doubled"] })).toHaveLength(1);
    });

    test("a lock holds until the transaction ends, and keys that differ don't wait", async () => {
      const order: string[] = [];
      const hold = async (name: string, keys: readonly string[], milliseconds: number): Promise<void> => {
        await fresh.store.transaction(async (transaction) => {
          await transaction.lock(keys);
          order.push(`${name} in`);
          await pause(milliseconds);
          order.push(`${name} out`);
        });
      };
      await Promise.all([
        hold("a", ["order:1", "order:2"], 60),
        pause(20).then(() => hold("b", ["order:2", "order:3"], 0)),
      ]);
      expect(order).toEqual(["a in", "a out", "b in", "b out"]);
    });

    test("transactions that lock the same keys in any order all get through", async () => {
      const keys = Array.from({ length: 30 }, (_, index) => `payment:${index}`);
      const work = Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? keys : [...keys].reverse()));
      const done = await Promise.all(
        work.map((given) =>
          fresh.store.transaction(async (transaction) => {
            await transaction.lock(given);
            return true;
          }),
        ),
      );
      expect(done).toHaveLength(12);
    });

    test("two transactions that do deadlock both get through: one is run again", async () => {
      let runs = 0;
      const lockInTurn = (first: string, second: string): Promise<void> =>
        fresh.store.transaction(async (transaction) => {
          runs += 1;
          await transaction.lock([first]);
          await pause(100);
          await transaction.lock([second]);
        });
      await Promise.all([lockInTurn("left", "right"), lockInTurn("right", "left")]);
      expect(runs).toBe(dialect === "postgresql" ? 3 : 2);
    });

    test("deadlocks and lost races are run again whole; the caller's own errors are not", async () => {
      let runs = 0;
      const result = await fresh.store.transaction(async () => {
        runs += 1;
        if (runs < 3) throw new StoreError("busy", "lost a race");
        return runs;
      });
      expect(result).toBe(3);
      let failures = 0;
      const failing = fresh.store.transaction(() => {
        failures += 1;
        return Promise.reject(new StoreError("busy", "always"));
      });
      await expect(failing).rejects.toMatchObject({ reason: "busy" });
      expect(failures).toBe(5);
      await expect(fresh.store.transaction(() => Promise.reject(new TypeError("a defect")))).rejects.toThrow(TypeError);
    });

    test("tells which inputs came under a nonce that another body used before", async () => {
      const [first, second, alone] = [
        inputOf("nonce_1", { nonce: "n", gateway: "paypal" }),
        inputOf("nonce_2", { nonce: "n", gateway: "paypal" }),
        inputOf("nonce_3", { nonce: "n", gateway: "paypal", account: "second" }),
      ];
      await fresh.store.journal([first], LEASE);
      await fresh.store.journal([second, alone], LEASE);
      const asked = [first, second, alone].map(({ id, gateway, account }) => ({ id, gateway, account, nonce: "n" }));
      const ask = () => fresh.store.transaction((transaction) => transaction.reusedNonces(asked));
      expect(await ask()).toEqual(new Set([second.id]));
      await write(
        fresh.store,
        { outcomes: [outcomeOf(second.id, { state: "quarantined", reason: "nonce_reused" })] },
        LEASE.owner,
      );
      expect(await ask()).toEqual(new Set([second.id]));
    });

    test("releases what was held or parked for a payment, and nothing else", async () => {
      const states = [
        ["held", "quarantined", "amount_mismatch"],
        ["unreadable", "quarantined", "unreadable"],
        ["parked", "parked", "unknown_order"],
        ["other", "quarantined", "amount_mismatch"],
      ] as const;
      const inputs = states.map(([key]) => inputOf(`released_${key}`));
      await fresh.store.journal(inputs, LEASE);
      const outcomes = states.map(([key, state, reason], index) =>
        outcomeOf(inputs[index]?.id ?? "", {
          state,
          reason,
          payment: key === "other" ? "pay_other" : "pay_released",
          dueAt: state === "parked" ? NOON : null,
        }),
      );
      await write(fresh.store, { outcomes }, LEASE.owner);
      await write(fresh.store, { released: ["pay_released"] });
      const after = await Promise.all(inputs.map(({ id }) => fresh.store.read.input(id)));
      expect(after.map((input) => [input?.state, input?.reason])).toEqual([
        ["applied", null],
        ["quarantined", "unreadable"],
        ["applied", null],
        ["quarantined", "amount_mismatch"],
      ]);
      expect(after[2]).toMatchObject({ dueAt: null });
    });
  });
}
