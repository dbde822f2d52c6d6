import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { openStore } from "../../src/store/open.ts";
import type { InputView } from "../../src/store/reading.ts";
import type { Store } from "../../src/store/store.ts";
import { skipWithout } from "../absent.ts";
import { child } from "../children.ts";
import { availableDialects, createDatabase } from "./databases.ts";
import { inputOf, LEASE, outcomeOf, pause, write } from "./rows.ts";

const KEYS = Array.from({ length: 100 }, (_, index) => `key_${index}`);

for (const { dialect, skip } of await availableDialects()) {
  test(`${dialect}: what was journaled is there after kill -9, and nothing is left to clean up`, async (context) => {
    skipWithout(context, skip);
    const database = await createDatabase(dialect);
    try {
      await runAndDie("journaled", database.url, KEYS.join(","));
      const store = await openStore({ url: database.url, now: () => new Date() });
      const { rows } = await store.read.inputs({}, { limit: 100, cursor: null });
      expect(new Set(rows.map(({ key }) => key))).toEqual(new Set(KEYS));
      await store.close();
    } finally {
      await database.drop();
    }
  });

  test(`${dialect}: a retention that is killed leaves each notification whole or emptied, and the next one goes on`, async (context) => {
    skipWithout(context, skip);
    const database = await createDatabase(dialect);
    const open = () => openStore({ url: database.url, now: () => new Date() });
    try {
      const inputs = Array.from({ length: 2_000 }, (_, index) => inputOf(`kept_${index}`, { query: "a=1" }));
      const before = await open();
      await before.journal(inputs, LEASE);
      await write(before, { outcomes: inputs.map(({ id }) => outcomeOf(id)) }, LEASE.owner);
      await before.close();
      await runAndDie("emptying", database.url, "", 20);

      const store = await open();
      const rows = await allInputs(store);
      const shapes = new Set(rows.map((row) => `${row.isEmptied} ${row.query} ${Object.keys(row.headers)}`));
      expect([...shapes].sort()).toEqual(["false a=1 stripe-signature", "true  "]);
      const emptied = rows.filter((row) => row.isEmptied).length;
      const rest = await store.emptyBodies({ before: new Date(), after: null, limit: 10_000 });
      expect(rest).toEqual({ emptied: 2_000 - emptied, next: null });
      const again = inputs.map((input) => ({ ...input, id: `${input.id}_again` }));
      expect(new Set((await store.journal(again, LEASE)).map(({ result }) => result))).toEqual(new Set(["duplicate"]));
      await store.close();
    } finally {
      await database.drop();
    }
  });
}

/** Kills the child so long after it has said its word. */
async function runAndDie(word: string, url: string, keys: string, afterMs = 0): Promise<void> {
  const living = spawn(process.execPath, child("journal-child", url, keys), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said]: unknown[] = await once(living.stdout, "data");
  expect(String(said)).toBe(`${word}\n`);
  await pause(afterMs);
  living.kill("SIGKILL");
  await once(living, "exit");
}

async function allInputs(store: Store): Promise<readonly InputView[]> {
  const inputs: InputView[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store["read"]["inputs"]>> = await store.read.inputs({}, { limit: 100, cursor });
    inputs.push(...page.rows);
    cursor = page.next;
  } while (cursor !== null);
  return inputs;
}
