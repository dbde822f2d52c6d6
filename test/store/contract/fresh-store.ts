import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Store } from "../../../src/store/store.ts";
import { skipWithout } from "../../absent.ts";
import { availableDialects, createStore, type DialectName, type TestStore } from "../databases.ts";

/** One store for a group of tests, on a database of its own; skips the group, saying why, where there is no such database. */
export function freshStore(dialect: DialectName): { readonly store: Store; readonly url: string } {
  let opened: TestStore | undefined;
  let missing: string | null = null;
  beforeAll(async () => {
    missing = (await availableDialects()).find((available) => available.dialect === dialect)?.skip ?? null;
    if (missing === null) opened = await createStore(dialect);
  });
  beforeEach((context) => {
    skipWithout(context, missing);
  });
  afterAll(() => opened?.close());
  const current = (): TestStore => {
    if (opened === undefined) throw new Error("the store is opened before the first test");
    return opened;
  };
  return {
    get store() {
      return current().store;
    },
    get url() {
      return current().database.url;
    },
  };
}
