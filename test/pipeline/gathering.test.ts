import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Gathering } from "../../src/pipeline/gathering.ts";
import { StoreError } from "../../src/store/store.ts";

interface Item {
  readonly key: string;
  readonly name: string;
}

const BOUNDS = { name: "tests", mostAtOnce: 4, mostWaiting: 100, waitMs: 10_000, keyOf: ({ key }: Item) => key };

/** Gathers with a work that notes its batches and fails wherever one of `bad` is among them. */
function gather(bad: ReadonlySet<string> = new Set(), error: Error = new Error("bad"), bounds = BOUNDS) {
  const batches: (readonly string[])[] = [];
  const gathering = new Gathering<Item, string>({
    ...bounds,
    work: async (items) => {
      batches.push(items.map(({ name }) => name));
      await new Promise((resolve) => setImmediate(resolve));
      expect(new Set(items.map(({ key }) => key)).size).toBe(items.length);
      if (items.some(({ name }) => bad.has(name))) throw error;
      return items.map(({ name }) => `done ${name}`);
    },
  });
  return { gathering, batches };
}

describe("what is gathered", () => {
  test("is done at once where it is alone, and together where it came meanwhile", async () => {
    const { gathering, batches } = gather();
    const names = ["a", "b", "c", "d", "e", "f"];
    const results = await Promise.all(names.map((name) => gathering.add({ key: name, name })));
    expect(results).toEqual(names.map((name) => `done ${name}`));
    expect(batches).toEqual([["a"], ["b", "c", "d", "e"], ["f"]]);
  });

  test("whatever comes when: each is answered for itself, and of one key in the order of coming, never two at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ key: fc.constantFrom("x", "y", "z", "u", "v"), isBad: fc.boolean(), rests: fc.boolean() }),
          {
            maxLength: 30,
          },
        ),
        async (told) => {
          const items = told.map((one, index) => ({ ...one, name: `${one.key}${index}` }));
          const { gathering, batches } = gather(new Set(items.filter(({ isBad }) => isBad).map(({ name }) => name)));
          const answers: Promise<string>[] = [];
          for (const { key, name, rests } of items) {
            answers.push(gathering.add({ key, name }).catch((error: Error) => error.message));
            if (rests) await new Promise((resolve) => setImmediate(resolve));
          }
          expect(await Promise.all(answers)).toEqual(items.map(({ name, isBad }) => (isBad ? "bad" : `done ${name}`)));
          const firsts = [...new Set(batches.flat())];
          for (const key of ["x", "y", "z", "u", "v"])
            expect(firsts.filter((name) => name.startsWith(key))).toEqual(
              items.filter((item) => item.key === key).map(({ name }) => name),
            );
          expect(Math.max(0, ...batches.map(({ length }) => length))).toBeLessThanOrEqual(BOUNDS.mostAtOnce);
        },
      ),
    );
  });

  test("is not done again where nobody knows whether it was done", async () => {
    const { gathering, batches } = gather(new Set(["b"]), new StoreError("unknown_commit", "lost"));
    const results = await Promise.allSettled(["a", "b", "c"].map((name) => gathering.add({ key: name, name })));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(batches).toEqual([["a"], ["b", "c"]]);
  });

  test("is refused where its turn did not come in time, and what is under way goes on", async () => {
    let end = (): void => undefined;
    const gathering = new Gathering<Item, string>({
      ...BOUNDS,
      waitMs: 20,
      work: ([item]) => new Promise((resolve) => (end = () => resolve([`done ${item?.name}`]))),
    });
    const [first, second] = ["a", "b"].map((name) => gathering.add({ key: name, name }));
    setTimeout(() => end(), 60);
    await expect(second).rejects.toMatchObject({ reason: "unavailable", message: expect.stringContaining("20 ms") });
    expect(await first).toBe("done a");
    const third = gathering.add({ key: "c", name: "c" });
    end();
    expect(await third).toBe("done c");
  });

  test("is refused beyond its bound, and taken again when there is room", async () => {
    const { gathering } = gather(new Set(), new Error(), { ...BOUNDS, mostWaiting: 2 });
    const [first, ...others] = ["a", "b", "c", "d"].map((name) => gathering.add({ key: name, name }));
    await expect(others.at(-1)).rejects.toMatchObject({ reason: "unavailable" });
    expect(await Promise.all([first, ...others.slice(0, -1)])).toEqual(["done a", "done b", "done c"]);
    expect(await gathering.add({ key: "e", name: "e" })).toBe("done e");
  });
});
