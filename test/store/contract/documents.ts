import { describe, expect, test } from "vitest";
import type { NewDocument } from "../../../src/store/documents.ts";
import type { DialectName } from "../databases.ts";
import { NOON } from "../rows.ts";
import { freshStore } from "./fresh-store.ts";

export function documentOf(order: string, parts: Partial<NewDocument> = {}): NewDocument {
  const kind = parts.kind ?? "invoice";
  return { kind, live: true, key: `${kind}:${order}`, order, at: NOON, body: `{"order":"${order}"}`, ...parts };
}

/** Issues it unless the order has it already. */
const once = (document: NewDocument) => (issued: readonly NewDocument[]) =>
  issued.some(({ key }) => key === document.key) ? [] : [document];

export function documentContract(dialect: DialectName): void {
  describe("documents", () => {
    const fresh = freshStore(dialect);
    const issue = (document: NewDocument) => fresh.store.documents.issue(document.order, once(document));

    test("fifty requests at once for twenty-five documents give the numbers from 1 to 25, each once", async () => {
      const orders = Array.from({ length: 50 }, (_, index) => `many-${index % 25}`);
      const answers = await Promise.all(orders.map((order) => issue(documentOf(order))));
      const numbers = answers.map(([document]) => document?.number);
      expect([...new Set(numbers)].sort((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 25 }, (_, n) => n + 1));
      orders.forEach((order, index) => {
        expect(answers[index]).toHaveLength(1);
        expect(numbers[index]).toBe(numbers[orders.indexOf(order)]);
      });
    });

    test("each kind has its own series, and test orders have others", async () => {
      const receipt = await issue(documentOf("kinds", { kind: "receipt" }));
      const trial = await issue(documentOf("trial", { live: false }));
      expect([receipt, trial]).toMatchObject([[{ kind: "receipt", number: 1 }], [{ live: false, number: 1 }]]);
    });

    test("a number whose transaction fails is given to the next", async () => {
      const error = new Error("the draft's own");
      const failing = fresh.store.documents.issue("failing", () => {
        throw error;
      });
      await expect(failing).rejects.toBe(error);
      const unstorable = issue(documentOf("broken", { kind: "receipt", body: "\0" }));
      await expect(unstorable).rejects.toMatchObject({ reason: "data" });
      expect(await issue(documentOf("after", { kind: "receipt" }))).toMatchObject([{ number: 2 }]);
    });

    test("several at once are numbered in the order given, and all of the order are answered", async () => {
      const notes = ["b", "a"].map((name) => documentOf("notes", { kind: "credit_note", key: `credit_note:${name}` }));
      await issue(documentOf("notes", { kind: "receipt" }));
      const all = await fresh.store.documents.issue("notes", () => notes);
      expect(all.map(({ key, number }) => [key, number])).toEqual([
        ["credit_note:b", 1],
        ["credit_note:a", 2],
        ["receipt:notes", 3],
      ]);
      expect(await fresh.store.documents.ofOrder("notes")).toEqual(all);
    });

    test("what was issued comes back as it was", async () => {
      const document = documentOf("whole", { body: '{"name":"Żółć Ω Ж"}', live: false, kind: "receipt" });
      await issue(document);
      expect(await fresh.store.documents.ofOrder("whole")).toEqual([{ ...document, number: 1 }]);
      expect(await fresh.store.documents.ofOrder("nothing")).toEqual([]);
    });

    test("who decides is shown what was issued before, as it was", async () => {
      const trial = documentOf("shown", { live: false, kind: "receipt" });
      const [first] = await issue(trial);
      const shown: unknown[] = [];
      await fresh.store.documents.issue("shown", (issued) => {
        shown.push(...issued);
        return [];
      });
      expect(shown).toEqual([{ ...trial, number: first?.number }]);
    });

    test("one thing has one document, whatever is decided", async () => {
      const again = () => fresh.store.documents.issue("twice", () => [documentOf("twice")]);
      await again();
      await expect(again()).rejects.toMatchObject({ reason: "conflict" });
      expect(await fresh.store.documents.ofOrder("twice")).toHaveLength(1);
    });
  });
}
