import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { Applier, type ApplierParts } from "../../src/pipeline/applier.ts";
import { applySigned } from "../../src/pipeline/apply.ts";
import { Rules } from "../../src/pipeline/rules.ts";
import { type InputOutcome, type Lease, type Store, StoreError } from "../../src/store/store.ts";
import { availableDialects, withStore } from "../store/databases.ts";
import { LEASE } from "../store/rows.ts";
import { newInput } from "./inputs.ts";
import { SILENT } from "./running.ts";

const BOUNDS = { batchRows: 50, queueRows: 200, pollMs: 1_000, maxFailures: 10 };

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`a backlog on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("of one account leaves room in memory for another's sale, which does not wait for its end", async () => {
      await withStore(dialect, async (store) => {
        const named = (account: string, count: number) =>
          Array.from({ length: count }, (_, i) => newInput(`evt_${account}_${i}`, { account, receivedAt: new Date() }));
        const [flood, quiet] = [named("flood", 300), named("quiet", 20)];
        const applier = applierOn(store);
        const inputs = [...flood, ...quiet];
        const admitted = applier.admit(inputs);
        expect(admitted.filter(Boolean)).toHaveLength(120);
        await store.journal(inputs, LEASE);
        inputs.forEach((input, i) => {
          if (admitted[i]) applier.push(input);
        });
        applier.start();
        const waiting = async () => (await store.read.backlog()).waiting.map(({ count }) => count);
        await expect.poll(waiting, { timeout: 15_000 }).toEqual([200]);
        const { rows } = await store.read.inputs({ account: "quiet" }, { limit: 100, cursor: null });
        expect(rows.filter(({ settledAt }) => settledAt !== null)).toHaveLength(20);
        await applier.stop(Promise.resolve());
      });
    }, 60_000);

    test("that fails for an outage alone is given back uncounted, however often", async () => {
      await withStore(dialect, async (store) => {
        const input = newInput("evt_outage", { receivedAt: new Date() });
        const suspect = { id: input.id, dueAt: new Date(0), countAttempt: true };
        await store.journal([input], { ...LEASE, forMs: 0 });
        for (let claims = 0; claims < 5; claims += 1) {
          await store.claim({ states: ["received"], limit: 1, lease: LEASE });
          await store.release([suspect], LEASE.owner);
        }
        let isAway = true;
        let failures = 0;
        const away: Store = {
          ...store,
          transaction: (work) => {
            if (!isAway) return store.transaction(work);
            failures += 1;
            return Promise.reject(new StoreError("unavailable", "away"));
          },
        };
        const applier = applierOn(away, { pollMs: 20 });
        applier.start();
        const attempts = async () => (await store.read.input(input.id))?.attempts;
        await expect.poll(() => failures, { timeout: 15_000 }).toBeGreaterThan(2);
        await expect.poll(attempts, { timeout: 15_000, interval: 5 }).toBe(6);
        isAway = false;
        const isSettled = async () => (await store.read.input(input.id))?.settledAt != null;
        await expect.poll(isSettled, { timeout: 15_000 }).toBe(true);
        // The receipt's own, five claims, and the one that was not in vain.
        expect(await attempts()).toBe(7);
        await applier.stop(Promise.resolve());
      });
    });

    test("with one whose keys are always taken holds nobody up", async () => {
      await withStore(dialect, async (store) => {
        const inputs = Array.from({ length: 20 }, (_, i) => newInput(`evt_beside_${i}`, { receivedAt: new Date() }));
        await store.journal(inputs, { ...LEASE, forMs: 0 });
        const refused = inputs[7]?.id;
        const applier = applierOn(store, {
          refuses: (ids) => (ids.some((id) => id === refused) ? new StoreError("conflict", "taken") : null),
        });
        applier.start();
        const waiting = async () => (await store.read.backlog()).waiting.map(({ count }) => count);
        await expect.poll(waiting, { timeout: 15_000 }).toEqual([1]);
        await applier.stop(Promise.resolve());
        expect(await store.read.input(refused ?? "")).toMatchObject({ state: "received", dueAt: expect.any(Date) });
      });
    });

    test("that outlasted its lease in memory was not tried, and is no nearer to being taken for poison", async () => {
      await withStore(dialect, async (store) => {
        const lease = { ...LEASE, forMs: 100 };
        const input = newInput("evt_late", { receivedAt: new Date() });
        await store.journal([input], lease);
        const applier = applierOn(store, { lease });
        applier.push(input);
        await new Promise((resolve) => setTimeout(resolve, 2 * lease.forMs));
        applier.start();
        const state = async () => (await store.read.input(input.id))?.settledAt != null;
        await expect.poll(state, { timeout: 15_000 }).toBe(true);
        // The first was its receipt's, given back; the second is the claim's.
        expect(await store.read.input(input.id)).toMatchObject({ attempts: 1 });
        await applier.stop(Promise.resolve());
      });
    }, 60_000);
  });
}

describe("while more arrives than is stored without a pause", () => {
  /** When the last of ten batches, of 10 ms each, was begun: milliseconds from the first. */
  async function lastBegunAt({ journalBusyMs = 1_000, queueRows = 2 }): Promise<number> {
    const begun: number[] = [];
    await withStore("sqlite", async (store) => {
      const apply: ApplierParts["apply"] = async (inputs) => {
        begun.push(performance.now());
        await new Promise((resolve) => setTimeout(resolve, 10));
        return inputs.map(({ id }) => ({ outcome: outcomeOf(id), nonceReused: false }));
      };
      const parts = { ...partsOn(store, LEASE), journalBusyMs: () => journalBusyMs };
      const applier = new Applier({ ...parts, apply }, { ...BOUNDS, queueRows, batchRows: 1 });
      for (let index = 0; index < 10; index += 1) applier.push(newInput(`evt_${index}`, { receivedAt: new Date() }));
      applier.start();
      await expect.poll(() => begun.length, { timeout: 15_000, interval: 5 }).toBe(10);
      await applier.stop(Promise.resolve());
    });
    return (begun.at(-1) ?? 0) - (begun[0] ?? 0);
  }

  test("and more waits than is applied, applying rests between its batches, and goes on", async () => {
    const [flooded, calm, fewWait, ofOneAccount] = [
      await lastBegunAt({}),
      await lastBegunAt({ journalBusyMs: 0 }),
      await lastBegunAt({ queueRows: 200 }),
      await lastBegunAt({ queueRows: 20 }),
    ];
    // Of the nine that wait behind the first, the rests behind six are of several times ten milliseconds at least.
    expect(flooded).toBeGreaterThan(200);
    expect(calm).toBeLessThan(flooded);
    expect(fewWait).toBeLessThan(flooded);
    // One account gets half of the queue: two rests, until a third of it is in use.
    expect(ofOneAccount).toBeGreaterThan(120);
  });
});

function outcomeOf(id: string): InputOutcome {
  return { id, state: "applied", reason: null, type: null, live: null, payment: null, dueAt: null };
}

function applierOn(
  store: Store,
  { lease = LEASE, pollMs = BOUNDS.pollMs, refuses = (_ids: readonly string[]): StoreError | null => null } = {},
): Applier {
  const parts = partsOn(store, lease);
  const apply: ApplierParts["apply"] = (inputs, owner) => {
    const refusal = refuses(inputs.map(({ id }) => id));
    return refusal === null ? applySigned(parts, inputs, owner) : Promise.reject(refusal);
  };
  return new Applier({ ...parts, apply }, { ...BOUNDS, pollMs });
}

function partsOn(store: Store, lease: Lease) {
  return {
    ...{ store, lease, observer: SILENT, log: pino({ level: "silent" }), now: () => new Date() },
    ...{ channels: new Map(), accounts: new Map(), rules: new Rules([]), effects: new Set<never>() },
    onUnconfirmed: () => undefined,
    journalBusyMs: () => 0,
  };
}
