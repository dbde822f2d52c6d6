import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { DialectName } from "../databases.ts";
import { inputOf, LEASE, outcomeOf, write } from "../rows.ts";
import { freshStore } from "./fresh-store.ts";

export function journalContract(dialect: DialectName): void {
  describe("journal", () => {
    const fresh = freshStore(dialect);

    test("stores each row and answers in the order given, whatever the order of keys", async () => {
      const inputs = ["order_c", "order_a", "order_b"].map((key) => inputOf(key));
      const journaled = await fresh.store.journal(inputs, LEASE);
      expect(journaled).toEqual(inputs.map(({ id }) => ({ id, result: "stored" })));
    });

    test("gives back what it was given, byte for byte", async () => {
      const body = Buffer.concat([Buffer.from([0, 255, 254, 0xc3, 0x28, 10, 0]), randomBytes(3_000)]);
      const input = inputOf("bytes", {
        body,
        headers: { "content-type": "text/plain; charset=é", "x-odd": '"\\\u0007' },
        query: "a=%00&b=ü",
        nonce: "n-1",
        source: "203.0.113.9",
      });
      await fresh.store.journal([input], LEASE);
      const read = await fresh.store.read.input(input.id);
      const { body: readBody, ...rest } = read ?? expect.fail("not found");
      expect(Buffer.from(readBody).equals(body)).toBe(true);
      expect(createHash("sha256").update(readBody).digest("hex")).toBe(input.bodyHash);
      expect(rest).toMatchObject({ ...without(input, "body"), size: body.length, attempts: 1, repeats: 0 });
    });

    test("stores an empty body and one of 256 KiB", async () => {
      const inputs = [inputOf("empty", { text: "" }), inputOf("large", { body: randomBytes(262_144) })];
      await fresh.store.journal(inputs, LEASE);
      for (const input of inputs) {
        const read = await fresh.store.read.input(input.id);
        expect(Buffer.from(read?.body ?? [1]).equals(Buffer.from(input.body))).toBe(true);
      }
    });

    test("answers a repeat with the first row's id and counts it there", async () => {
      const first = inputOf("repeat");
      await fresh.store.journal([first], LEASE);
      const again = await fresh.store.journal([inputOf("repeat"), inputOf("repeat"), inputOf("other")], LEASE);
      expect(again.map(({ result }) => result)).toEqual(["duplicate", "duplicate", "stored"]);
      expect(again.slice(0, 2).map(({ id }) => id)).toEqual([first.id, first.id]);
      expect(await fresh.store.read.input(first.id)).toMatchObject({ repeats: 2 });
    });

    test("of two equal rows in one call the first is stored and the second its duplicate", async () => {
      const [first, second] = [inputOf("twin"), inputOf("twin")];
      const journaled = await fresh.store.journal([first, second], LEASE);
      expect(journaled).toEqual([
        { id: first.id, result: "stored" },
        { id: first.id, result: "duplicate" },
      ]);
      expect(await fresh.store.read.input(first.id)).toMatchObject({ repeats: 1 });
    });

    test("tells another body under a key that came before, in another call and in the same", async () => {
      const first = inputOf("variant");
      await fresh.store.journal([first], LEASE);
      const inputs = ["one", "two"].map((text) => inputOf("variant", { text }));
      const later = await fresh.store.journal(inputs, LEASE);
      expect(later).toEqual(inputs.map(({ id }) => ({ id, result: "variant" })));
      const together = await fresh.store.journal(
        ["one", "two", "one"].map((text) => inputOf("variants_at_once", { text })),
        LEASE,
      );
      expect(together.map(({ result }) => result)).toEqual(["stored", "variant", "duplicate"]);
    });

    test("the same key on another gateway or account is another input", async () => {
      const inputs = [
        inputOf("shared"),
        inputOf("shared", { gateway: "paypal" }),
        inputOf("shared", { account: "second" }),
      ];
      const journaled = await fresh.store.journal(inputs, LEASE);
      expect(journaled.map(({ result }) => result)).toEqual(["stored", "stored", "stored"]);
    });

    test("a repeat of a settled input is counted and changes nothing else", async () => {
      const input = inputOf("settled");
      await fresh.store.journal([input], LEASE);
      await write(fresh.store, { outcomes: [outcomeOf(input.id)] }, LEASE.owner);
      const [again] = await fresh.store.journal([inputOf("settled")], LEASE);
      expect(again).toEqual({ id: input.id, result: "duplicate" });
      expect(await fresh.store.read.input(input.id)).toMatchObject({ state: "applied", dueAt: null, repeats: 1 });
    });

    test("1,000 deliveries of one notification at once are stored once", async () => {
      const deliveries = Array.from({ length: 1_000 }, () => inputOf("thousand"));
      const batches = Array.from({ length: 50 }, (_, batch) => deliveries.slice(batch * 20, batch * 20 + 20));
      const journaled = (await Promise.all(batches.map((batch) => fresh.store.journal(batch, LEASE)))).flat();
      const stored = journaled.filter(({ result }) => result === "stored");
      expect(stored).toHaveLength(1);
      expect(new Set(journaled.map(({ id }) => id))).toEqual(new Set([stored[0]?.id]));
      expect(await fresh.store.read.input(stored[0]?.id ?? "")).toMatchObject({ repeats: 999 });
    });

    test.each([
      ["a NUL in the query", { query: "a=\0" }],
      ["a lone surrogate in the key", { key: "a\ud800" }],
      ["a NUL in the nonce", { nonce: "\0" }],
      ["a key too long for an index", { key: "k".repeat(5_000) }],
      ["a time beyond all calendars", { receivedAt: new Date(8.64e15) }],
      ["no time at all", { receivedAt: new Date(Number.NaN) }],
    ])("refuses %s as data, and stores nothing of the batch", async (what, parts) => {
      const good = inputOf(`neighbour of ${what}`);
      const writing = fresh.store.journal([good, inputOf(`bad ${what}`, parts)], LEASE);
      await expect(writing).rejects.toMatchObject({ name: "StoreError", reason: "data" });
      expect(await fresh.store.read.input(good.id)).toBeNull();
    });

    test("keeps headers with NUL and lone surrogates: they are JSON", async () => {
      const input = inputOf("odd_headers", { headers: { "x-odd": "a\0b\ud800" } });
      await fresh.store.journal([input], LEASE);
      expect(await fresh.store.read.input(input.id)).toMatchObject({ headers: { "x-odd": "a\0b\ud800" } });
    });

    test("an id that is taken by another input is a conflict", async () => {
      const input = inputOf("first_of_id");
      await fresh.store.journal([input], LEASE);
      const writing = fresh.store.journal([inputOf("second_of_id", { id: input.id })], LEASE);
      await expect(writing).rejects.toMatchObject({ reason: "conflict" });
    });

    test("no rows are no work", async () => {
      expect(await fresh.store.journal([], LEASE)).toEqual([]);
    });
  });
}

function without<Key extends string>(row: object, key: Key): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== key));
}
