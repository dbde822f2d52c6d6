import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NOTHING_WRITTEN } from "../../../src/pipeline/nothing-written.ts";
import type { ClaimRequest, NewReceiver, Settlement } from "../../../src/store/outbox.ts";
import { skipWithout } from "../../absent.ts";
import { availableDialects, createStore, type DialectName, type TestStore } from "../databases.ts";
import { eventOf, pause, write } from "../rows.ts";

const LEASE = { owner: "test-1-a", forMs: 60_000 };
const OTHER = { owner: "test-2-b", forMs: 60_000 };
const PAGE = { limit: 100, cursor: null };

function receiverOf(id: string, parts: Partial<NewReceiver> = {}): NewReceiver {
  return {
    ...{ id, kind: "endpoint", description: "", events: ["*"], live: null, url: `https://${id}.example/hook` },
    ...{ secrets: [{ secret: "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw", until: null }], rate: 1000, state: "enabled" },
    ...parts,
  };
}

function claimOf(parts: Partial<ClaimRequest> = {}): ClaimRequest {
  return { lease: LEASE, kinds: ["endpoint"], room: 10, rooms: new Map(), limit: 100, probeFrom: 5, ...parts };
}

function settlementOf(
  { id, receiver }: { readonly id: string; readonly receiver: string },
  parts: Partial<Settlement> = {},
): Settlement {
  return { id, receiver, state: "delivered", reason: null, dueInMs: null, log: [], isUndone: false, ...parts };
}

export function outboxContract(dialect: DialectName): void {
  describe("the outbox", () => {
    let fresh: TestStore;
    beforeEach(async (context) => {
      const { skip = null } = (await availableDialects()).find((one) => one.dialect === dialect) ?? {};
      skipWithout(context, skip);
      // Each test counts receivers and what is due to them, so none may see another's.
      fresh = await createStore(dialect);
    });
    afterEach(() => fresh?.close());
    const outbox = () => fresh.store.outbox;
    const add = async (...receivers: readonly NewReceiver[]) => {
      for (const receiver of receivers) expect(await outbox().addReceiver(receiver, 100)).toBe(true);
    };
    const receiversOfEvents = async () =>
      (await outbox().deliveries({}, PAGE)).rows.map(({ receiver, event }) => `${event.id} to ${receiver}`).sort();

    test("who wants an event gets a delivery of it in the transaction that makes it", async () => {
      await add(
        receiverOf("ep_all"),
        receiverOf("ep_order", { events: ["order.paid", "order.canceled"] }),
        receiverOf("ep_family", { events: ["payment.*"] }),
        receiverOf("ep_off", { state: "disabled" }),
        receiverOf("ep_prefix", { events: ["order.pai", "payment.paidx"] }),
      );
      await write(fresh.store, { events: [eventOf("one"), eventOf("two", { type: "order.paid" })] });
      expect(await receiversOfEvents()).toEqual([
        "evt_one to ep_all",
        "evt_one to ep_family",
        "evt_two to ep_all",
        "evt_two to ep_order",
      ]);
      const failed = fresh.store.transaction(async (transaction) => {
        await transaction.write({ ...NOTHING_WRITTEN, events: [eventOf("lost")] }, null);
        throw new Error("rolled back");
      });
      await expect(failed).rejects.toThrow("rolled back");
      expect((await receiversOfEvents()).length).toBe(4);
    });

    test("an event that was told before is not delivered again", async () => {
      await add(receiverOf("ep_all"));
      await write(fresh.store, { events: [eventOf("one", { key: "same" })] });
      await write(fresh.store, { events: [eventOf("again", { key: "same" }), eventOf("new")] });
      expect(await receiversOfEvents()).toEqual(["evt_new to ep_all", "evt_one to ep_all"]);
    });

    test("a receiver hears of the money it asked for, and of what is about none", async () => {
      await add(receiverOf("ep_live", { live: true }), receiverOf("ep_test", { live: false }), receiverOf("ep_both"));
      await write(fresh.store, {
        events: [eventOf("live", { live: true }), eventOf("test", { live: false }), eventOf("none")],
      });
      const heard = await receiversOfEvents();
      expect(heard.filter((line) => line.endsWith("ep_live"))).toEqual(["evt_live to ep_live", "evt_none to ep_live"]);
      expect(heard.filter((line) => line.endsWith("ep_test"))).toEqual(["evt_none to ep_test", "evt_test to ep_test"]);
      expect(heard.filter((line) => line.endsWith("ep_both")).length).toBe(3);
    });

    test("listeners are called after commits that told something, and no others", async () => {
      let told = 0;
      const end = outbox().onTold(() => {
        told += 1;
      });
      await write(fresh.store, {});
      expect(told).toBe(0);
      await write(fresh.store, { events: [eventOf("one")] });
      expect(told).toBe(1);
      end();
      await write(fresh.store, { events: [eventOf("two")] });
      expect(told).toBe(1);
    });

    test("what is due is claimed once, in the order it was told, within the room of its receiver", async () => {
      await add(receiverOf("ep_a"), receiverOf("ep_b"));
      await write(fresh.store, { events: ["1", "2", "3"].map((key) => eventOf(key)) });
      const rooms = new Map([["ep_a", { room: 2, isIdle: true }]]);
      const { deliveries } = await outbox().claim(claimOf({ rooms }));
      expect(deliveries.map(({ receiver, event }) => `${receiver} ${event.id}`)).toEqual([
        "ep_a evt_1",
        "ep_b evt_1",
        "ep_a evt_2",
        "ep_b evt_2",
        "ep_b evt_3",
      ]);
      expect(deliveries[0]).toMatchObject({
        to: { id: "ep_a", kind: "endpoint" },
        attempts: 1,
        log: [],
        event: { snapshot: "{}" },
      });
      const { deliveries: rest } = await outbox().claim(claimOf({ lease: OTHER }));
      expect(rest.map(({ receiver, event }) => `${receiver} ${event.id}`)).toEqual(["ep_a evt_3"]);
    });

    test("a limit that is used up leaves one to each receiver that is idle", async () => {
      await add(receiverOf("ep_a"), receiverOf("ep_b"), receiverOf("ep_busy"));
      await write(fresh.store, { events: ["1", "2"].map((key) => eventOf(key)) });
      const rooms = new Map([["ep_busy", { room: 5, isIdle: false }]]);
      const { deliveries } = await outbox().claim(claimOf({ limit: 0, rooms }));
      expect(deliveries.map(({ receiver }) => receiver)).toEqual(["ep_a", "ep_b"]);
    });

    test("what its owner did not settle is claimed again when the lease has ended, as the same delivery", async () => {
      await add(receiverOf("ep_a"));
      await write(fresh.store, { events: [eventOf("1")] });
      const [first] = (await outbox().claim(claimOf({ lease: { ...LEASE, forMs: 300 } }))).deliveries;
      expect((await outbox().claim(claimOf({ lease: OTHER }))).deliveries).toEqual([]);
      await pause(400);
      const [second] = (await outbox().claim(claimOf({ lease: OTHER }))).deliveries;
      expect(second).toMatchObject({ id: first?.id, attempts: 2 });
      if (!first || !second) throw new Error("two claims");
      const held = await outbox().settle([settlementOf(first)], LEASE.owner, new Map());
      expect([...held]).toEqual([]);
      expect(await outbox().delivery(first.id)).toMatchObject({ state: "waiting" });
      expect([...(await outbox().settle([settlementOf(second)], OTHER.owner, new Map()))]).toEqual([second.id]);
      expect(await outbox().delivery(first.id)).toMatchObject({ state: "delivered", dueAt: null });
    });

    test("all processes together keep a receiver's rate, and are told when to come again", async () => {
      await add(receiverOf("ep_slow", { rate: 5 }));
      await write(fresh.store, { events: Array.from({ length: 10 }, (_, index) => eventOf(`e${index}`)) });
      const began = Date.now();
      let taken = 0;
      while (Date.now() - began < 1_000) {
        for (const lease of [LEASE, OTHER]) {
          const { deliveries, againInMs } = await outbox().claim(claimOf({ lease }));
          taken += deliveries.length;
          expect(againInMs).toBeGreaterThan(0);
          expect(againInMs).toBeLessThanOrEqual(200);
        }
        await pause(20);
      }
      expect(taken).toBeGreaterThanOrEqual(4);
      expect(taken).toBeLessThanOrEqual(6);
    });

    test("a receiver that keeps failing is given one at a time, by one process", async () => {
      await add(receiverOf("ep_down"));
      await write(fresh.store, { events: ["1", "2", "3"].map((key) => eventOf(key)) });
      const failing = { state: "enabled", failures: 7, failingSince: new Date(), pausedUntil: null } as const;
      await outbox().settle([], LEASE.owner, new Map([["ep_down", () => ({ health: failing, event: null })]]));
      const probe = (await outbox().claim(claimOf())).deliveries;
      expect(probe.length).toBe(1);
      expect((await outbox().claim(claimOf({ lease: OTHER }))).deliveries).toEqual([]);
      const healthy = { state: "enabled", failures: 0, failingSince: null, pausedUntil: null } as const;
      await outbox().settle([], LEASE.owner, new Map([["ep_down", () => ({ health: healthy, event: null })]]));
      expect((await outbox().claim(claimOf({ lease: OTHER }))).deliveries.length).toBe(2);
    });

    test("what waits for a paused receiver uses up no attempts and comes in its order afterwards", async () => {
      await add(receiverOf("ep_paused"));
      const until = new Date(Date.now() + 400);
      const paused = { state: "enabled", failures: 1, failingSince: new Date(), pausedUntil: until } as const;
      await outbox().settle([], LEASE.owner, new Map([["ep_paused", () => ({ health: paused, event: null })]]));
      await write(fresh.store, { events: ["1", "2", "3"].map((key) => eventOf(key)) });
      expect((await outbox().claim(claimOf())).deliveries).toEqual([]);
      await pause(500);
      const { deliveries } = await outbox().claim(claimOf());
      expect(deliveries.map(({ event, attempts }) => [event.id, attempts])).toEqual([
        ["evt_1", 1],
        ["evt_2", 1],
        ["evt_3", 1],
      ]);
    });

    test("what a receiver's end tells is told to the others, never to itself", async () => {
      await add(receiverOf("ep_broken"), receiverOf("ep_other"));
      const broken = { state: "broken", failures: 9, failingSince: new Date(), pausedUntil: null } as const;
      const event = eventOf("end", { type: "endpoint.disabled" });
      await outbox().settle([], LEASE.owner, new Map([["ep_broken", () => ({ health: broken, event })]]));
      expect(await receiversOfEvents()).toEqual(["evt_end to ep_other"]);
      expect(await outbox().receiver("ep_broken")).toMatchObject({ state: "broken", failures: 9 });
      const { failing } = await outbox().backlog();
      expect(failing.map(({ receiver, state }) => [receiver, state])).toEqual([["ep_broken", "broken"]]);
    });

    test("a settled attempt is logged; one that is put off is due when it says, one that was not made is given back", async () => {
      await add(receiverOf("ep_a"));
      await write(fresh.store, { events: ["1", "2", "3"].map((key) => eventOf(key)) });
      const [one, two, three] = (await outbox().claim(claimOf())).deliveries;
      if (!one || !two || !three) throw new Error("three claims");
      const attempt = {
        at: "2026-01-01T00:00:00.000Z",
        result: "failed",
        reason: "timeout",
        answer: "",
        durationMs: 1,
      } as const;
      const waiting = { state: "waiting", reason: "timeout" } as const;
      await outbox().settle(
        [
          settlementOf(one, { ...waiting, dueInMs: 3_600_000, log: [attempt] }),
          settlementOf(two, { ...waiting, dueInMs: 0, isUndone: true }),
          settlementOf(three, { state: "failed", reason: "gone" }),
        ],
        LEASE.owner,
        new Map(),
      );
      const putOff = await outbox().delivery(one.id);
      expect(putOff).toMatchObject({ state: "waiting", reason: "timeout", attempts: 1, log: [attempt] });
      expect(Math.abs((putOff?.dueAt?.getTime() ?? 0) - Date.now() - 3_600_000)).toBeLessThan(10_000);
      expect(await outbox().delivery(three.id)).toMatchObject({ state: "failed", reason: "gone", dueAt: null });
      const again = (await outbox().claim(claimOf())).deliveries;
      expect(again.map(({ id, attempts }) => [id, attempts])).toEqual([[two.id, 1]]);
    });

    test("receivers are found, changed, counted and removed with what waits for them", async () => {
      await add(receiverOf("ep_a"), receiverOf("ep_b", { live: true, description: "the shop" }));
      expect(await outbox().addReceiver(receiverOf("ep_c"), 2)).toBe(false);
      expect(await outbox().addReceiver(receiverOf("ep_a"), 100)).toBe(false);
      expect((await outbox().receivers("endpoint", PAGE)).rows.map(({ id }) => id).sort()).toEqual(["ep_a", "ep_b"]);
      const changed = await outbox().changeReceiver("ep_b", ({ events }) => ({
        events: [...events, "order.paid"],
        rate: 7,
      }));
      expect(changed).toMatchObject({ id: "ep_b", live: true, events: ["*", "order.paid"], rate: 7 });
      const { changedAt: _changedAt, ...stored } = changed ?? { changedAt: null };
      expect(await outbox().receiver("ep_b")).toMatchObject(stored);
      expect(await outbox().changeReceiver("ep_none", () => ({}))).toBeNull();
      await write(fresh.store, { events: [eventOf("1")] });
      expect(await outbox().removeReceiver("ep_b")).toBe(true);
      expect(await outbox().removeReceiver("ep_b")).toBe(false);
      const states = (await outbox().deliveries({}, PAGE)).rows.map(({ receiver, state }) => [receiver, state]).sort();
      expect(states).toEqual([
        ["ep_a", "waiting"],
        ["ep_b", "skipped"],
      ]);
    });

    test("the configuration's receivers are as it says, and begin anew when they are enabled again", async () => {
      const mail = receiverOf("mail:buyer", { kind: "mail", url: null, secrets: [], events: ["order.paid"] });
      await outbox().putReceiver(mail);
      const failing = { state: "broken", failures: 9, failingSince: new Date(), pausedUntil: null } as const;
      await outbox().settle([], LEASE.owner, new Map([["mail:buyer", () => ({ health: failing, event: null })]]));
      await outbox().putReceiver({ ...mail, events: ["order.refunded"] });
      expect(await outbox().receiver("mail:buyer")).toMatchObject({
        ...{ kind: "mail", events: ["order.refunded"], state: "enabled", failures: 0, failingSince: null, secrets: [] },
      });
      await outbox().putReceiver({ ...mail, state: "disabled" });
      expect(await outbox().receiver("mail:buyer")).toMatchObject({ state: "disabled" });
      expect((await outbox().receivers("endpoint", PAGE)).rows).toEqual([]);
    });

    test("deliveries are found by receiver, state, event and order, the newest first, page by page", async () => {
      await add(receiverOf("ep_a"), receiverOf("ep_b"));
      await write(fresh.store, {
        events: [eventOf("1", { order: "1001" }), eventOf("2", { order: "1002" }), eventOf("3", { order: "1001" })],
      });
      const ids = async (filter: Parameters<ReturnType<typeof outbox>["deliveries"]>[0]) =>
        (await outbox().deliveries(filter, PAGE)).rows.map(({ receiver, event }) => `${receiver} ${event.id}`);
      expect(await ids({ receiver: "ep_a" })).toEqual(["ep_a evt_3", "ep_a evt_2", "ep_a evt_1"]);
      expect(await ids({ order: "1001", receiver: "ep_b" })).toEqual(["ep_b evt_3", "ep_b evt_1"]);
      expect((await ids({ event: "evt_2" })).sort()).toEqual(["ep_a evt_2", "ep_b evt_2"]);
      expect(await ids({ state: ["delivered", "failed"] })).toEqual([]);
      expect((await ids({ state: ["waiting", "failed"] })).length).toBe(6);
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<ReturnType<typeof outbox>["deliveries"]>> = await outbox().deliveries(
          {},
          { limit: 4, cursor },
        );
        seen.push(...page.rows.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== null);
      expect(seen.length).toBe(6);
      expect(new Set(seen).size).toBe(6);
    });

    test("one delivery is sent again under its old id, from its first attempt on", async () => {
      await add(receiverOf("ep_a"));
      await write(fresh.store, { events: [eventOf("1")] });
      const [claimed] = (await outbox().claim(claimOf())).deliveries;
      if (!claimed) throw new Error("one claim");
      await outbox().redeliver(claimed.id);
      expect((await outbox().claim(claimOf({ lease: OTHER }))).deliveries, "it is under way").toEqual([]);
      await outbox().settle([settlementOf(claimed)], LEASE.owner, new Map());
      expect(await outbox().redeliver(claimed.id)).toMatchObject({ id: claimed.id, state: "waiting", attempts: 0 });
      expect((await outbox().claim(claimOf())).deliveries).toMatchObject([{ id: claimed.id, attempts: 1 }]);
      expect(await outbox().redeliver("dlv_none")).toBeNull();
    });

    test("many are sent again: only what failed, or also what the receiver never heard of", async () => {
      await write(fresh.store, { events: [eventOf("0missed"), eventOf("1refund", { type: "order.refunded" })] });
      await add(receiverOf("ep_a"));
      await write(fresh.store, { events: [eventOf("2failed"), eventOf("3done")] });
      const [failed, done] = (await outbox().claim(claimOf())).deliveries;
      if (!failed || !done) throw new Error("two claims");
      const outcomes = [settlementOf(failed, { state: "failed" }), settlementOf(done)];
      await outbox().settle(outcomes, LEASE.owner, new Map());
      const request = { receiver: "ep_a", from: "evt_0", to: "evt_9", types: ["payment.*"], limit: 2 };
      expect(await outbox().redeliverMany({ ...request, onlyFailed: true })).toEqual({ count: 1, next: null });
      expect((await outbox().claim(claimOf())).deliveries.map(({ id }) => id)).toEqual([failed.id]);
      await outbox().settle([settlementOf(failed)], LEASE.owner, new Map());
      const first = await outbox().redeliverMany({ ...request, onlyFailed: false });
      expect(first).toEqual({ count: 2, next: "evt_3done" });
      expect(await outbox().redeliverMany({ ...request, from: "evt_3done", onlyFailed: false })).toEqual({
        count: 1,
        next: null,
      });
      const again = (await outbox().claim(claimOf())).deliveries.map(({ event }) => event.id).sort();
      expect(again).toEqual(["evt_0missed", "evt_2failed", "evt_3done"]);
    });

    test("the backlog counts what waits for those that are enabled", async () => {
      await add(receiverOf("ep_a"), receiverOf("ep_b"));
      await write(fresh.store, { events: [eventOf("1"), eventOf("2")] });
      await outbox().changeReceiver("ep_b", () => ({ state: "disabled" }));
      const { waiting, failing } = await outbox().backlog();
      expect(waiting).toMatchObject([{ receiver: "ep_a", kind: "endpoint", count: 2 }]);
      expect(failing).toEqual([]);
    });
  });
}
