import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { openStore } from "../../src/store/open.ts";
import { skipWithout } from "../absent.ts";
import { child } from "../children.ts";
import { documentOf } from "./contract/documents.ts";
import { availableDialects, createDatabase } from "./databases.ts";

/** SQLite's file is served by one process. */
const CHILDREN = { sqlite: ["a"], postgresql: ["a", "b"] };

for (const { dialect, skip } of await availableDialects()) {
  test(`${dialect}: numbers have no gap and no double after processes were killed while giving them`, {
    timeout: 60_000,
  }, async (context) => {
    skipWithout(context, skip);
    const database = await createDatabase(dialect);
    try {
      const told: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const names = CHILDREN[dialect].map((name) => `${round}${name}`);
        told.push(...(await Promise.all(names.map((name) => issueAndDie(database.url, name)))).flat());
      }
      const store = await openStore({ url: database.url, now: () => new Date() });
      const [next] = await store.documents.issue("next", () => [documentOf("next")]);
      const count = next?.number ?? 0;
      const orders = await Promise.all(
        [0, 1, 2].flatMap((round) => CHILDREN[dialect].map((name) => numbersOf(store, `${round}${name}`))),
      );
      await store.close();
      const numbers = [...orders.flat(), count].sort((a, b) => a - b);
      expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1));
      // What a process said is kept: a number was never given before it was stored.
      expect(told.filter((number) => !numbers.includes(number))).toEqual([]);
      expect(told.length).toBeGreaterThan(5);
    } finally {
      await database.drop();
    }
  });
}

async function numbersOf(store: Awaited<ReturnType<typeof openStore>>, name: string): Promise<readonly number[]> {
  const numbers: number[] = [];
  for (let index = 0; ; index += 1) {
    const [document] = await store.documents.ofOrder(`${name}-${index}`);
    if (document === undefined) return numbers;
    numbers.push(document.number);
  }
}

/** Killed while it gives its fifth number or a later one. */
async function issueAndDie(url: string, name: string): Promise<readonly number[]> {
  const living = spawn(process.execPath, child("issuing-child", url, name), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  for await (const chunk of living.stdout) {
    said += String(chunk);
    if (said.split("\n").length > 5 && !living.killed) living.kill("SIGKILL");
  }
  if (living.exitCode === null && living.signalCode === null) await once(living, "exit");
  return said.split("\n").slice(0, -1).map(Number);
}
