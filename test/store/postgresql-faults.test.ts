import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openStore } from "../../src/store/open.ts";
import { openPool } from "../../src/store/postgresql/pool.ts";
import { inTransaction } from "../../src/store/postgresql/postgresql-transaction.ts";
import type { Store } from "../../src/store/store.ts";
import { skipWithout } from "../absent.ts";
import { availableDialects, createStore, type TestStore } from "./databases.ts";
import { captureKey, inputOf, LEASE, outcomeOf, pause, write } from "./rows.ts";
import { openProxy, type TcpProxy } from "./tcp-proxy.ts";

const now = (): Date => new Date();
const skip = (await availableDialects()).find(({ dialect }) => dialect === "postgresql")?.skip ?? null;

describe("postgresql under faults", () => {
  let opened: TestStore;
  let proxy: TcpProxy;
  let store: Store;
  let direct: Client;

  beforeAll(async () => {
    if (skip !== null) return;
    opened = await createStore("postgresql");
    proxy = await openProxy(opened.database.url);
    store = await openStore({ url: proxy.url, now, poolSize: 3 });
    direct = new Client({ connectionString: opened.database.url });
    await direct.connect();
  });
  beforeEach((context) => {
    skipWithout(context, skip);
  });
  afterAll(async () => {
    if (skip !== null) return;
    await direct.end();
    await store.close();
    await proxy.close();
    await opened.close();
  });

  const terminateOthers = (): Promise<unknown> =>
    direct.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );

  test("a restart of the database costs the statements under way, not the process, and heals by itself", async () => {
    await store.journal([inputOf("before_restart")], LEASE);
    await terminateOthers();
    await pause(50);
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, (_, index) => store.journal([inputOf(`after_${index}`)], LEASE)),
    );
    for (const attempt of attempts) {
      if (attempt.status === "rejected")
        expect(attempt.reason).toMatchObject({ name: "StoreError", reason: "unavailable" });
    }
    await expect(store.journal([inputOf("healed")], LEASE)).resolves.toHaveLength(1);
    await expect(store.ping()).resolves.toBeUndefined();
  });

  test("a connection lost in the middle of a transaction is unavailable, and nothing of it is kept", async () => {
    const attempt = store.transaction(async (transaction) => {
      await transaction.journal([{ ...inputOf("half", { id: "inp_half" }), reason: null }]);
      await terminateOthers();
      await pause(50);
      await transaction.knownFacts(["any"]);
    });
    await expect(attempt).rejects.toMatchObject({ name: "StoreError", reason: "unavailable" });
    expect(await store.read.input("inp_half").catch(() => store.read.input("inp_half"))).toBeNull();
  });

  test("a COMMIT whose answer is lost is an unknown commit, and it may well have been kept", async () => {
    const attempt = store.transaction(async (transaction) => {
      await transaction.journal([{ ...inputOf("unknown", { id: "inp_unknown" }), reason: null }]);
      proxy.mode = "cut_commit";
    });
    await expect(attempt).rejects.toMatchObject({ name: "StoreError", reason: "unknown_commit" });
    proxy.mode = "pass";
    await expect.poll(() => store.read.input("inp_unknown")).not.toBeNull();
  });

  test("a plan that a change of the schema outdated costs one attempt", async () => {
    const pool = openPool({ url: opened.database.url, max: 1, plans: "by_key", onError: () => undefined });
    const ask = (): Promise<readonly unknown[]> =>
      inTransaction(pool, "by_key", (session) =>
        session.query("ask", "select name from changing where name = any($1)", ["a"]),
      );
    await direct.query("create table changing as select 'a'::text as name");
    expect(await ask()).toEqual([{ name: "a" }]);
    await direct.query("alter table changing alter column name type varchar(10)");
    await expect(ask()).rejects.toMatchObject({ name: "StoreError", reason: "unavailable" });
    expect(await ask()).toEqual([{ name: "a" }]);
    await pool.end();
  });

  test("what is sent behind a statement that failed is not kept, whether anybody waited for that one or not", async () => {
    const pool = openPool({ url: opened.database.url, max: 1, plans: "by_key", onError: () => undefined });
    const fails = "select 1 / 0";
    const waited = inTransaction(pool, "by_key", (session) =>
      Promise.all([session.execute("fails", fails), session.execute("behind", "create table behind (n integer)")]),
    );
    await expect(waited).rejects.toMatchObject({ name: "StoreError", message: expect.stringContaining("fails") });
    const alone = inTransaction(pool, "by_key", async (session) => {
      void session.execute("fails", fails).catch(() => undefined);
      void session.execute("behind", "create table behind (n integer)").catch(() => undefined);
    });
    await expect(alone).rejects.toMatchObject({ name: "StoreError", reason: "data" });
    const { rows } = await direct.query("select to_regclass('behind') as name");
    expect(rows).toEqual([{ name: null }]);
    await pool.end();
  });

  test("what nobody waited for is committed with the rest, in the order in which it was asked for", async () => {
    const pool = openPool({ url: opened.database.url, max: 1, plans: "by_key", onError: () => undefined });
    await direct.query("create table unwaited (n integer primary key)");
    await inTransaction(pool, "by_key", async (session) => {
      for (const n of [1, 2]) void session.execute("add", "insert into unwaited values ($1)", n);
    });
    const seen = await inTransaction(pool, "by_key", async (session) => {
      void session.execute("add", "insert into unwaited values (3)");
      return session.query("count", "select count(*)::integer as count from unwaited");
    });
    expect(seen).toEqual([{ count: 3 }]);
    const twice = inTransaction(pool, "by_key", async (session) => {
      await session.execute("add", "insert into unwaited values (4)");
      session.execute("again", "insert into unwaited values (4)").catch(() => undefined);
    });
    await expect(twice).rejects.toMatchObject({ reason: "conflict", message: expect.stringContaining("again") });
    expect((await direct.query("select count(*)::integer as count from unwaited")).rows).toEqual([{ count: 3 }]);
    await pool.end();
  });

  test("a lock that is refused, and that nobody waited for, is why the transaction fails", async () => {
    const pool = openPool({ url: opened.database.url, max: 1, plans: "by_key", onError: () => undefined });
    await direct.query("begin; select pg_advisory_xact_lock(7)");
    const refused = inTransaction(pool, "by_key", async (session) => {
      session.execute("lock", "select pg_advisory_xact_lock(7)").catch(() => undefined);
      return session.query("read", "select 1 as one");
    });
    await expect(refused).rejects.toMatchObject({
      reason: "unavailable",
      message: expect.stringContaining("lock: 55P03"),
    });
    await direct.query("rollback");
    await pool.end();
  });

  test("a database that can't be reached is unavailable within seconds, and heals by itself", async () => {
    proxy.mode = "refuse";
    await terminateOthers();
    await pause(50);
    const started = performance.now();
    await expect(store.journal([inputOf("unreached")], LEASE)).rejects.toMatchObject({ reason: "unavailable" });
    await expect(store.transaction(() => Promise.resolve(1))).rejects.toMatchObject({ reason: "unavailable" });
    await expect(store.ping()).rejects.toMatchObject({ reason: "unavailable" });
    expect(performance.now() - started).toBeLessThan(4_000);
    proxy.mode = "pass";
    await expect
      .poll(
        () =>
          store.ping().then(
            () => "up",
            () => "down",
          ),
        { timeout: 4_000 },
      )
      .toBe("up");
  });

  test("a network that swallows packets ends in unavailable, and its connections are dropped", async () => {
    await store.ping();
    proxy.mode = "swallow";
    const started = performance.now();
    const [statement, transaction, ping] = await Promise.allSettled([
      store.journal([inputOf("swallowed")], LEASE),
      store.transaction((inside) => inside.knownFacts(["any"])),
      store.ping(),
    ]);
    expect(performance.now() - started).toBeLessThan(15_000);
    for (const attempt of [statement, transaction, ping]) {
      expect(attempt).toMatchObject({ status: "rejected", reason: { name: "StoreError", reason: "unavailable" } });
    }
    proxy.mode = "pass";
    await expect(store.journal([inputOf("heard_again")], LEASE)).resolves.toHaveLength(1);
  });

  test("a statement that waits for a lock gives up after 2 s, a slow one after 5 s, as unavailable", async () => {
    await direct.query("begin; lock table tokens in access exclusive mode");
    const started = performance.now();
    await expect(store.tokens.has("any")).rejects.toMatchObject({ reason: "unavailable", message: /55P03/ });
    expect(performance.now() - started).toBeLessThan(3_500);
    await direct.query("rollback");
    await direct.query(
      "create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(30); return new; end $$; create trigger slow before insert on tokens for each row execute function slow()",
    );
    await expect(store.tokens.replaceAll("any")).rejects.toMatchObject({ reason: "unavailable", message: /57014/ });
    expect(performance.now() - started).toBeLessThan(10_000);
    await direct.query("drop trigger slow on tokens");
  });

  test("a deadlock or serialization failure told by the database is retried", async () => {
    await direct.query(
      `create sequence failures; create function fail_twice() returns trigger language plpgsql as $$ begin
        if nextval('failures') < 3 then raise exception using errcode = '40P01'; end if; return new; end $$;
       create trigger fail_twice before insert on links for each row execute function fail_twice()`,
    );
    await write(store, { links: [{ from: captureKey("a"), to: captureKey("b") }] });
    expect(await store.transaction((transaction) => transaction.loadLinks([captureKey("a")]))).toHaveLength(1);
    await direct.query("drop trigger fail_twice on links");
  });

  test("a full disk is unavailable, and a row that the database refuses is data", async () => {
    await direct.query(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception using errcode = new."from_key"; end $$;
       create trigger refuse before insert on links for each row execute function refuse()`,
    );
    await expect(write(store, { links: [{ from: "53100", to: "x" }] })).rejects.toMatchObject({
      reason: "unavailable",
    });
    await expect(write(store, { links: [{ from: "22021", to: "x" }] })).rejects.toMatchObject({ reason: "data" });
    await direct.query("drop trigger refuse on links");
  });

  test("a database that only reads is unavailable until it writes again, and keeps no part of what was tried", async () => {
    const { database: name = "" } = direct;
    await direct.query(`alter database ${name} set default_transaction_read_only = on`);
    await terminateOthers();
    await pause(50);
    const readOnly = { reason: "unavailable", message: /25006/ };
    await expect.poll(() => store.ping().then(() => "up", String), { timeout: 4_000 }).toBe("up");
    await expect(store.journal([inputOf("read_only")], LEASE)).rejects.toMatchObject(readOnly);
    await expect(write(store, { links: [{ from: "read", to: "only" }] })).rejects.toMatchObject(readOnly);
    await direct.query(`alter database ${name} reset default_transaction_read_only`);
    await terminateOthers();
    const again = () => store.journal([inputOf("read_only")], LEASE).then(([row]) => row?.result, String);
    await expect.poll(again, { timeout: 4_000 }).toBe("stored");
  });

  test("a server with no connection left is unavailable within seconds, and used again when there is one", async () => {
    const role = `paybell_few_${process.pid}`;
    await direct.query(`create role ${role} login connection limit 1`);
    await direct.query(`grant all on all tables in schema public to ${role}`);
    await direct.query(`grant all on all sequences in schema public to ${role}`);
    const url = new URL(opened.database.url);
    url.username = role;
    const few = await openStore({ url: url.href, now, poolSize: 1 });
    try {
      await few.journal([inputOf("first_connection")], LEASE);
      const started = performance.now();
      await expect(few.transaction((inside) => inside.knownFacts(["any"]))).rejects.toMatchObject({
        reason: "unavailable",
      });
      expect(performance.now() - started).toBeLessThan(4_000);
      await expect(few.journal([inputOf("still_stored")], LEASE)).resolves.toHaveLength(1);
      await direct.query(`alter role ${role} connection limit 5`);
      await expect(few.transaction((inside) => inside.knownFacts(["any"]))).resolves.toEqual(new Set());
    } finally {
      await few.close();
      await direct.query(`drop owned by ${role}`);
      await direct.query(`drop role ${role}`);
    }
  });

  test("appliers that use up their pool wait a bounded time and never starve the journal", async () => {
    const held = Array.from({ length: 40 }, () => store.transaction(() => pause(2_300)));
    await pause(50);
    const started = performance.now();
    await store.journal([inputOf("not_starved")], LEASE);
    expect(performance.now() - started).toBeLessThan(2_000);
    const settled = await Promise.allSettled(held);
    expect(settled.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(3);
    for (const attempt of settled) {
      if (attempt.status === "rejected") expect(attempt.reason).toMatchObject({ reason: "unavailable" });
    }
    expect(performance.now() - started).toBeLessThan(8_000);
  });

  test("two stores exclude each other by locks, and skip what the other is claiming", async () => {
    const other = opened.store;
    let inside = 0;
    let most = 0;
    const critical = (one: Store): Promise<void> =>
      one.transaction(async (transaction) => {
        await transaction.lock(["order:critical"]);
        inside += 1;
        most = Math.max(most, inside);
        await pause(20);
        inside -= 1;
      });
    await Promise.all([store, other, store, other, store, other].map(critical));
    expect(most).toBe(1);

    const inputs = Array.from({ length: 100 }, (_, index) => inputOf(`skip_${index}`, { state: "parked" }));
    await store.journal(inputs, { ...LEASE, forMs: 0 });
    const claims = await Promise.all(
      [store, other].map((one, index) =>
        one.claim({ states: ["parked"], limit: 60, lease: { owner: `skip-${index}`, forMs: 60_000 } }),
      ),
    );
    const taken = claims.flat().map(({ id }) => id);
    expect(new Set(taken).size).toBe(taken.length);
  });

  test("two stores that insert the same keys in opposite order never deadlock, and store each once", async () => {
    const stores = await Promise.all([1, 2].map(() => openStore({ url: opened.database.url, now })));
    const keys = Array.from({ length: 1_500 }, (_, index) => `opposite_${index}`);
    const orders = [keys, [...keys].reverse()];
    const before = await deadlocks();
    const journaled = await Promise.all(
      stores.map((one, index) =>
        one.journal(
          (orders[index] ?? []).map((key) => inputOf(key)),
          LEASE,
        ),
      ),
    );
    expect(journaled.flat().filter(({ result }) => result === "stored")).toHaveLength(keys.length);
    await Promise.all(stores.map((one) => one.close()));
    // Of what a retry hides the server tells, when the backends have ended.
    await pause(300);
    expect(await deadlocks()).toBe(before);
  });

  const deadlocks = async (): Promise<number> => {
    const sql = "select deadlocks::int from pg_stat_database where datname = current_database()";
    const { rows } = await direct.query<{ deadlocks: number }>(sql);
    return rows[0]?.deadlocks ?? Number.NaN;
  };

  test("a repeat is stored and answered while an applier holds its row", async () => {
    const input = inputOf("held_row");
    await store.journal([input], LEASE);
    await direct.query("begin");
    await direct.query("select 1 from inputs where id = $1 for update", [input.id]);
    const answered = await store.journal([inputOf("held_row"), inputOf("beside_held_row")], LEASE);
    expect(answered.map(({ result }) => result)).toEqual(["duplicate", "stored"]);
    await direct.query("rollback");
  });

  test("repeats and outcomes of the same rows at once never deadlock", async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `both_${index}`);
    const inputs = keys.map((key) => inputOf(key));
    await store.journal(inputs, LEASE);
    const repeats = Array.from({ length: 8 }, () =>
      store.journal(
        [...keys].reverse().map((key) => inputOf(key)),
        LEASE,
      ),
    );
    const outcomes = write(
      opened.store,
      { outcomes: [...inputs].reverse().map(({ id }) => outcomeOf(id)) },
      LEASE.owner,
    );
    await Promise.all([...repeats, outcomes]);
    const {
      rows: [row],
    } = await direct.query<{ repeats: number }>("select min(repeats) as repeats from inputs where key like 'both%'");
    expect(row?.repeats).toBe(8);
  });
});
