import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../../src/store/open.ts";
import { skipWithout } from "../absent.ts";
import { availableDialects, createStore } from "./databases.ts";
import { inputOf, LEASE, paymentOf, write } from "./rows.ts";

const now = (): Date => new Date();
const skip = (await availableDialects()).find(({ dialect }) => dialect === "postgresql")?.skip ?? null;

test("in another time zone and with settings off times are right, and somebody is warned", async (context) => {
  skipWithout(context, skip);
  const { database, close } = await createStore("postgresql");
  onTestFinished(close);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const {
    rows: [name],
  } = await client.query<{ name: string }>("select current_database() as name");
  await client.query(`alter database ${name?.name} set timezone = 'Asia/Kathmandu'`);
  await client.query(`alter database ${name?.name} set synchronous_commit = off`);
  await client.query(`alter database ${name?.name} set track_counts = off`);
  // The server's own, which no database can change.
  const {
    rows: [server],
  } = await client.query<{ autovacuum: string }>("show autovacuum");
  await client.end();
  const warnings: string[] = [];
  const store = await openStore({ url: database.url, now, onWarning: (message) => warnings.push(message) });
  const input = inputOf("zoned");
  await store.journal([input], LEASE);
  await write(store, { payments: [paymentOf("pay_zoned")], events: [] });
  expect((await store.read.input(input.id))?.receivedAt).toEqual(input.receivedAt);
  expect((await store.read.inputs({ since: input.receivedAt }, { limit: 1, cursor: null })).rows).toHaveLength(1);
  const off = ["synchronous_commit", "track_counts", ...(server?.autovacuum === "off" ? ["autovacuum"] : [])];
  expect(warnings.map((warning) => /with (\w+) = off: (?:a crash|what is dead)/.exec(warning)?.[1]).sort()).toEqual(
    off.sort(),
  );
  await store.close();
});

test("an unreachable postgresql is refused at opening with a StoreError", async () => {
  const opening = openStore({ url: "postgresql://postgres@127.0.0.1:1/none", now });
  await expect(opening).rejects.toMatchObject({ name: "StoreError", reason: "unavailable" });
});
