import { describe, expect, test } from "vitest";
import { Journal, type JournalBounds, type JournaledRow } from "../../src/pipeline/journal.ts";
import { type NewInput, StoreError } from "../../src/store/store.ts";
import { newInput } from "./inputs.ts";

const BOUNDS: JournalBounds = { batchRows: 3, batchBytes: 1_000, queueRows: 5, queueBytes: 2_000 };

/** A commit that the test lets through, or lets fail, by hand. */
function gate() {
  const batches: { inputs: readonly NewInput[]; commit: () => void; fail: (error: unknown) => void }[] = [];
  const write = (inputs: readonly NewInput[]): Promise<readonly JournaledRow[]> =>
    new Promise((resolve, reject) => {
      const commit = (): void => resolve(inputs.map(({ id }) => ({ id, result: "stored" as const, isOurs: true })));
      batches.push({ inputs, commit, fail: reject });
    });
  return { batches, write };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("group commit", () => {
  test("what arrives while a commit is under way forms the next batch", async () => {
    const { batches, write } = gate();
    const journal = new Journal(write, BOUNDS);
    const first = journal.push(newInput("a"));
    await turn();
    const others = ["b", "c"].map((key) => journal.push(newInput(key)));
    await turn();
    expect(batches.map(({ inputs }) => inputs.map(({ key }) => key))).toEqual([["a"]]);
    batches[0]?.commit();
    expect((await first).result).toBe("stored");
    await turn();
    expect(batches[1]?.inputs.map(({ key }) => key)).toEqual(["b", "c"]);
    batches[1]?.commit();
    expect(await Promise.all(others)).toHaveLength(2);
  });

  test("it is busy from the first of a row of commits to the last, and then no more", async () => {
    const { batches, write } = gate();
    const journal = new Journal(write, BOUNDS);
    expect(journal.busyMs).toBe(0);
    const pushed = [journal.push(newInput("a"))];
    await turn();
    pushed.push(journal.push(newInput("b")));
    await new Promise((resolve) => setTimeout(resolve, 30));
    batches[0]?.commit();
    await turn();
    // Of the first one's time nothing is forgotten.
    expect(journal.busyMs).toBeGreaterThan(25);
    batches[1]?.commit();
    await Promise.all(pushed);
    await journal.idle();
    expect(journal.busyMs).toBe(0);
  });

  test("nobody is answered before the commit", async () => {
    const { batches, write } = gate();
    const journal = new Journal(write, BOUNDS);
    let answered = false;
    const pushed = journal.push(newInput("a")).then(() => {
      answered = true;
    });
    await turn();
    expect(answered).toBe(false);
    batches[0]?.commit();
    await pushed;
    expect(answered).toBe(true);
  });

  test("a batch holds no more rows and bytes than its bounds", async () => {
    const sizes: number[] = [];
    const journal = new Journal(async (inputs) => {
      sizes.push(inputs.length);
      await turn();
      return inputs.map(({ id }) => ({ id, result: "stored" as const, isOurs: true }));
    }, BOUNDS);
    await Promise.all(["a", "b", "c", "d", "e"].map((key) => journal.push(newInput(key))));
    await Promise.all([900, 900].map((size, i) => journal.push(newInput(`big${i}`, { body: Buffer.alloc(size) }))));
    expect(sizes).toEqual([3, 2, 1, 1]);
  });

  test("a queue at its bound has no room, and has room again when it has drained", async () => {
    const { batches, write } = gate();
    const journal = new Journal(write, BOUNDS);
    const pushed = [journal.push(newInput("first"))];
    await turn();
    for (let i = 0; i < BOUNDS.queueRows; i++) pushed.push(journal.push(newInput(`k${i}`)));
    expect(journal.hasRoomFor(1)).toBe(false);
    for (let i = 0; i < 3; i++) {
      batches[i]?.commit();
      await turn();
    }
    await Promise.all(pushed);
    expect(journal.hasRoomFor(1)).toBe(true);
    expect(journal.hasRoomFor(BOUNDS.queueBytes + 1)).toBe(false);
  });

  test("one row that the database refuses costs its neighbours nothing", async () => {
    const journal = new Journal(async (inputs) => {
      if (inputs.some(({ key }) => key === "bad")) throw new StoreError("data", "refused");
      return inputs.map(({ id }) => ({ id, result: "stored" as const, isOurs: true }));
    }, BOUNDS);
    const results = await Promise.allSettled(["a", "bad", "c"].map((key) => journal.push(newInput(key))));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test.each(["unavailable", "unknown_commit"] as const)(
    "a commit that is %s fails the whole batch, and the next one goes on",
    async (reason) => {
      let broken = true;
      const journal = new Journal(async (inputs) => {
        if (broken) throw new StoreError(reason, "gone");
        return inputs.map(({ id }) => ({ id, result: "stored" as const, isOurs: true }));
      }, BOUNDS);
      const results = await Promise.allSettled(["a", "b"].map((key) => journal.push(newInput(key))));
      expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      broken = false;
      expect((await journal.push(newInput("c"))).result).toBe("stored");
      await journal.idle();
    },
  );
});
