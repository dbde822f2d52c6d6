import { describe, expect, test } from "vitest";
import type { InputState, JournalPlace, NewInput, Store } from "../../../src/store/store.ts";
import type { DialectName } from "../databases.ts";
import { inputOf, LEASE, minutesAfterNoon, outcomeOf, write } from "../rows.ts";
import { freshStore } from "./fresh-store.ts";

export function retentionContract(dialect: DialectName): void {
  describe("retention", () => {
    const fresh = freshStore(dialect);

    test("empties what is settled and old enough, keeps its row, and knows what comes again", async () => {
      const { store } = fresh;
      const [old, recent] = [named("old", -100), named("recent", -10)];
      await store.journal([old, recent], LEASE);
      await settle(store, [old, recent], "applied");
      expect(await emptyAll(store, -50)).toBe(1);
      const kept = { key: old.key, bodyHash: old.bodyHash, state: "applied", isEmptied: true };
      expect(await store.read.input(old.id)).toMatchObject({ ...kept, size: 0, headers: {}, query: "" });
      expect(await bodyOf(store, old)).toBe("");
      expect(await store.read.input(recent.id)).toMatchObject({ isEmptied: false, headers: recent.headers });
      const again = { ...old, id: "ntf_again", receivedAt: minutesAfterNoon(1) };
      expect(await store.journal([again], LEASE)).toEqual([{ id: old.id, result: "duplicate" }]);
      const variant = named("old", 1, { text: "another body" });
      expect(await store.journal([variant], LEASE)).toMatchObject([{ result: "variant" }]);
      expect(await emptyAll(store, -50)).toBe(0);
    });

    test("touches nothing that waits, that a person has to look at, that nobody proved, or that we decided ourselves", async () => {
      const { store } = fresh;
      const waiting = (["received", "unproven", "unconfirmed", "parked"] as const).map((state) =>
        named(`waits_${state}`, -1_000, { state }),
      );
      const settled = ["quarantined", "rejected", "stale", "ignored"] as const;
      const outcomes = settled.map((state) => ({ state, input: named(`is_${state}`, -1_000) }));
      const own = (["decision", "outside_payment"] as const).map((kind) => named(`own_${kind}`, -1_000, { kind }));
      const answer = named("answer", -1_000, { kind: "answer" });
      await store.journal([...waiting, ...outcomes.map(({ input }) => input), ...own, answer], LEASE);
      for (const { state, input } of outcomes) await settle(store, [input], state);
      await settle(store, [...own, answer], "applied");
      expect(await emptyAll(store, -900)).toBe(3);
      for (const input of [...waiting, ...own]) expect(await bodyOf(store, input), input.key).not.toBe("");
      for (const { state, input } of outcomes)
        expect((await bodyOf(store, input)) === "", state).toBe(state === "stale" || state === "ignored");
      expect(await bodyOf(store, answer)).toBe("");
    });

    test("goes on in bounded pages, also over rows that came in the same millisecond", async () => {
      const { store } = fresh;
      const inputs = Array.from({ length: 7 }, (_, index) => named(`paged_${index}`, -5_000));
      await store.journal(inputs, LEASE);
      await settle(store, inputs, "applied");
      const pages: number[] = [];
      let after: JournalPlace | null = null;
      do {
        const page: Awaited<ReturnType<Store["emptyBodies"]>> = await store.emptyBodies({
          before: minutesAfterNoon(-4_000),
          after,
          limit: 3,
        });
        pages.push(page.emptied);
        after = page.next;
      } while (after !== null);
      expect(pages).toEqual([3, 3, 1]);
    });
  });
}

function named(key: string, minutes: number, parts: Partial<NewInput> & { readonly text?: string } = {}): NewInput {
  return inputOf(`kept_${key}`, { receivedAt: minutesAfterNoon(minutes), query: "a=1", ...parts });
}

function settle(store: Store, inputs: readonly NewInput[], state: InputState): Promise<void> {
  const reason = state === "applied" ? null : "for_a_test";
  return write(store, { outcomes: inputs.map(({ id }) => outcomeOf(id, { state, reason })) }, LEASE.owner);
}

async function emptyAll(store: Store, before: number): Promise<number> {
  const done = await store.emptyBodies({ before: minutesAfterNoon(before), after: null, limit: 100 });
  expect(done.next).toBeNull();
  return done.emptied;
}

async function bodyOf(store: Store, { id }: NewInput): Promise<string | null> {
  const input = await store.read.input(id);
  return input && Buffer.from(input.body).toString();
}
