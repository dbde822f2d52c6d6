import { describe, expect, test } from "vitest";
import { migrate } from "../../src/store/migrate.ts";
import { openStore } from "../../src/store/open.ts";
import { openTamperer } from "../recovery/tamperer.ts";
import { availableDialects, createDatabase } from "../store/databases.ts";
import { EXPECTED, end, history, send, settled } from "./purchase.ts";
import { run } from "./running.ts";

const skip = (await availableDialects()).find(({ dialect }) => dialect === "postgresql")?.skip ?? null;

/** What a later version may add while processes of this one still run: nothing that was there is changed. */
const EXPANSION = [
  "alter table inputs add column region text",
  "alter table payments add column risk integer not null default 0",
  "alter table events add column topic text default 'all'",
  "create table risks (id text primary key, payment text not null)",
  "create index payments_risk_idx on payments (risk)",
  `insert into _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
   values ('later', 'x', '29990101000000_later', now(), 1)`,
];

/** SQLite's file is one process's: there is nothing to roll. */
describe.skipIf(skip !== null)(`a rolling deployment on PostgreSQL${skip === null ? "" : ` (${skip})`}`, () => {
  test("a process goes on while the schema grows under it, and only a new one of the old version is refused", async () => {
    const database = await createDatabase("postgresql");
    const tamper = await openTamperer(database);
    try {
      const store = await openStore({ url: database.url, now: () => new Date() });
      const running = run(store);
      const deliver = async (reference: string) => {
        await running.commands.register(reference, EXPECTED);
        for (const body of history(reference)) expect(await send(running, body)).toMatchObject({ kind: "stored" });
      };
      await deliver("r1");
      const during = deliver("r2");
      for (const sql of EXPANSION) await tamper.attempt(sql);
      await during;
      await deliver("r3");
      await settled(store);
      const ends = await Promise.all(["r1", "r2", "r3"].map((reference) => end(store, reference)));
      expect(new Set(ends).size).toBe(1);
      await expect(migrate(database.url)).rejects.toMatchObject({ message: /newer version/ });
      await running.stop(5_000);
      await store.close();
    } finally {
      await tamper.close();
      await database.drop();
    }
  }, 60_000);
});
