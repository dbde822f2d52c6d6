import { describe, expect, test } from "vitest";
import type { DialectName } from "../databases.ts";
import { inputOf, LEASE, minutesAfterNoon, NOON, outcomeOf, pause, write } from "../rows.ts";
import { freshStore } from "./fresh-store.ts";

const SHORT = { owner: "test-2-b", forMs: 400 };
const OTHER = { owner: "test-3-c", forMs: 60_000 };

export function claimContract(dialect: DialectName): void {
  describe("claims", () => {
    const fresh = freshStore(dialect);

    test("what was journaled is its owner's until the lease ends, then anybody's", async () => {
      const input = inputOf("leased", { body: Buffer.from([0, 1, 255]) });
      await fresh.store.journal([input], SHORT);
      expect(await fresh.store.claim({ states: ["received"], limit: 10, lease: OTHER })).toEqual([]);
      await pause(SHORT.forMs + 100);
      const [claimed, ...others] = await fresh.store.claim({ states: ["received"], limit: 10, lease: OTHER });
      expect(others).toEqual([]);
      expect(claimed).toMatchObject({
        id: input.id,
        key: "leased",
        attempts: 2,
        headers: input.headers,
        state: "received",
      });
      expect(Buffer.from(claimed?.body ?? [])).toEqual(input.body);
      expect(claimed?.leasedUntil.getTime()).toBeGreaterThan(Date.now());
      expect(await fresh.store.claim({ states: ["received"], limit: 10, lease: SHORT })).toEqual([]);
    });

    test("unproven inputs have no attempt counted until they are claimed", async () => {
      const input = inputOf("unproven", { state: "unproven", source: "203.0.113.1" });
      await fresh.store.journal([input], { ...SHORT, forMs: 0 });
      const [claimed] = await fresh.store.claim({ states: ["unproven"], limit: 1, lease: SHORT });
      expect(claimed).toMatchObject({ id: input.id, attempts: 1 });
    });

    test("takes at most what was asked for, the one due longest first, and only the states asked for", async () => {
      const inputs = Array.from({ length: 5 }, (_, index) => inputOf(`due_${index}`, { state: "parked" }));
      await fresh.store.journal(inputs, OTHER);
      const dueAts = inputs.map(({ id }, index) => ({ id, dueAt: minutesAfterNoon(-index), countAttempt: true }));
      await fresh.store.release(dueAts, OTHER.owner);
      expect(await fresh.store.claim({ states: ["unconfirmed"], limit: 10, lease: OTHER })).toEqual([]);
      const claimed = await fresh.store.claim({ states: ["unconfirmed", "parked"], limit: 2, lease: OTHER });
      expect(new Set(claimed.map(({ key }) => key))).toEqual(new Set(["due_4", "due_3"]));
    });

    test("a released input is due when it says, with its attempt given back where it was none", async () => {
      const [now, later, strangers] = ["free", "later", "strangers"].map((key) =>
        inputOf(key, { state: "unconfirmed" }),
      );
      if (!now || !later || !strangers) throw new Error("three inputs");
      await fresh.store.journal([now, later], OTHER);
      await fresh.store.journal([strangers], LEASE);
      const inAnHour = new Date(Date.now() + 3_600_000);
      await fresh.store.release(
        [
          { id: now.id, dueAt: NOON, countAttempt: true },
          { id: later.id, dueAt: inAnHour, countAttempt: true },
          { id: strangers.id, dueAt: NOON, countAttempt: true },
        ],
        OTHER.owner,
      );
      const claimed = await fresh.store.claim({ states: ["unconfirmed"], limit: 10, lease: OTHER });
      expect(claimed.map(({ id, attempts }) => [id, attempts])).toEqual([[now.id, 1]]);
      const dueAt = (await fresh.store.read.input(later.id))?.dueAt?.getTime() ?? 0;
      expect(Math.abs(dueAt - inAnHour.getTime())).toBeLessThan(10_000);
      await fresh.store.release([{ id: now.id, dueAt: NOON, countAttempt: false }], OTHER.owner);
      expect(await fresh.store.read.input(now.id)).toMatchObject({ attempts: 0 });
    });

    test("a failure is counted before an input is run alone, by whoever holds it, and given back where it was none", async () => {
      const input = inputOf("alone");
      await fresh.store.journal([input], LEASE);
      expect(await fresh.store.beginAlone(input.id, OTHER.owner)).toBe(false);
      expect(await fresh.store.beginAlone(input.id, LEASE.owner)).toBe(true);
      expect(await fresh.store.beginAlone(input.id, LEASE.owner)).toBe(true);
      const claimedAgain = async () => {
        const claimed = await fresh.store.claim({ states: ["received"], limit: 100, lease: LEASE });
        return claimed.find(({ id }) => id === input.id)?.failures;
      };
      const back = { id: input.id, dueAt: NOON, countAttempt: false };
      await fresh.store.release([{ ...back, failures: -1 }], LEASE.owner);
      expect(await claimedAgain()).toBe(1);
      await fresh.store.release([{ ...back, failures: 1 }], LEASE.owner);
      expect(await claimedAgain()).toBe(2);
    });

    test("a release never touches an outcome", async () => {
      const input = inputOf("done");
      await fresh.store.journal([input], LEASE);
      await write(fresh.store, { outcomes: [outcomeOf(input.id)] }, LEASE.owner);
      await fresh.store.release([{ id: input.id, dueAt: NOON, countAttempt: false }], LEASE.owner);
      expect(await fresh.store.read.input(input.id)).toMatchObject({ state: "applied", dueAt: null, attempts: 1 });
    });

    test("two claims at once never take the same input", async () => {
      const inputs = Array.from({ length: 200 }, (_, index) => inputOf(`raced_${index}`, { state: "unconfirmed" }));
      await fresh.store.journal(inputs, { ...LEASE, forMs: 0 });
      const claims = await Promise.all(
        Array.from({ length: 8 }, (_, worker) =>
          fresh.store.claim({
            states: ["unconfirmed"],
            limit: 40,
            lease: { owner: `worker-${worker}`, forMs: 60_000 },
          }),
        ),
      );
      const taken = claims
        .flat()
        .map(({ id }) => id)
        .filter((id) => inputs.some((input) => input.id === id));
      expect(new Set(taken).size).toBe(taken.length);
      expect(taken).toHaveLength(200);
    });

    test("counts unproven inputs in all and by source, and forgets the old ones", async () => {
      const before = await fresh.store.countUnproven("198.51.100.1");
      const unproven = ["a", "b", "c"].map((key, index) =>
        inputOf(`invented_${key}`, {
          state: "unproven",
          source: index === 0 ? "198.51.100.2" : "198.51.100.1",
          receivedAt: minutesAfterNoon(index * 10 - 600),
        }),
      );
      const rejected = inputOf("rejected", { receivedAt: minutesAfterNoon(-600) });
      const proven = inputOf("proven", { receivedAt: minutesAfterNoon(-600) });
      await fresh.store.journal([...unproven, rejected, proven], LEASE);
      await write(
        fresh.store,
        { outcomes: [outcomeOf(rejected.id, { state: "rejected", reason: "invalid" })] },
        LEASE.owner,
      );
      expect(await fresh.store.countUnproven("198.51.100.1")).toEqual({ total: before.total + 3, fromSource: 2 });
      expect(await fresh.store.expireUnproven(minutesAfterNoon(-585), 1)).toBe(1);
      expect(await fresh.store.expireUnproven(minutesAfterNoon(-585), 100)).toBe(2);
      expect(await fresh.store.countUnproven("198.51.100.1")).toEqual({ total: before.total + 1, fromSource: 1 });
      expect(await fresh.store.read.input(proven.id)).not.toBeNull();
      expect(await fresh.store.read.input(rejected.id)).toBeNull();
    });

    test("keeps so many rejected inputs, the newest, and none of the others is touched", async () => {
      const inputs = ["oldest", "older", "newer", "newest"].map((key, index) =>
        inputOf(`refused_${key}`, { receivedAt: minutesAfterNoon(index - 100) }),
      );
      const proven = inputOf("refused_not", { receivedAt: minutesAfterNoon(-200) });
      await fresh.store.journal([...inputs, proven], LEASE);
      const outcomes = inputs.map(({ id }) => outcomeOf(id, { state: "rejected", reason: "invalid" }));
      await write(fresh.store, { outcomes }, LEASE.owner);
      expect(await fresh.store.forgetRejected(2, 1)).toBe(1);
      expect(await fresh.store.forgetRejected(2, 100)).toBe(1);
      expect(await fresh.store.forgetRejected(2, 100)).toBe(0);
      const kept = await Promise.all(inputs.map(({ id }) => fresh.store.read.input(id)));
      expect(kept.map((input) => input !== null)).toEqual([false, false, true, true]);
      expect(await fresh.store.read.input(proven.id)).not.toBeNull();
    });

    test("a proven input no longer counts for its source", async () => {
      const input = inputOf("now_proven", { state: "unproven", source: "198.51.100.77" });
      await fresh.store.journal([input], LEASE);
      await write(fresh.store, { outcomes: [outcomeOf(input.id)] }, LEASE.owner);
      expect(await fresh.store.countUnproven("198.51.100.77")).toMatchObject({ fromSource: 0 });
      expect(await fresh.store.read.input(input.id)).toMatchObject({ source: null });
    });
  });
}
