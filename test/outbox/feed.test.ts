import { Client } from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FEED_BOUNDS, Feed, type FeedBounds, type Reading } from "../../src/outbox/feed.ts";
import { type Store, StoreError } from "../../src/store/store.ts";
import { eventually } from "../end-to-end/server.ts";
import { availableDialects, createStore, type TestStore } from "../store/databases.ts";
import { eventOf, pause, write } from "../store/rows.ts";

const log = pino({ level: "silent" });

interface Watched {
  readonly feed: Feed;
  /** How often the table was asked. */
  readonly asked: () => number;
  readonly setAway: (isAway: boolean) => void;
}

function follow(store: Store, bounds: Partial<FeedBounds> = {}): Watched {
  let [asked, isAway] = [0, false];
  const read = () => {
    asked += 1;
    if (isAway) throw new StoreError("unavailable", "the database is away");
    return store.read;
  };
  const feed = new Feed({ read, log }, { ...FEED_BOUNDS, ...bounds });
  const setAway = (value: boolean): void => {
    isAway = value;
  };
  return { feed, asked: () => asked, setAway };
}

/** The ids that come until there are `count`, or time is over. */
async function take(reading: Reading, count: number, withinMs = 5_000): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(withinMs);
  const ids: string[] = [];
  while (ids.length < count && !signal.aborted) ids.push(...(await reading.next(signal)).map(({ id }) => id));
  return ids;
}

const tell = (store: Store, ...keys: readonly string[]) => write(store, { events: keys.map((key) => eventOf(key)) });

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`the feed on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    let opened: TestStore;
    beforeAll(async () => {
      opened = await createStore(dialect);
      await tell(opened.store, "old1", "old2");
    });
    afterAll(() => opened.close());

    test("tells from the beginning, from a place, or from now on, and to each listener all", async () => {
      const { store } = opened;
      const { feed } = follow(store);
      const all = await feed.open(null);
      expect(await take(all, 2)).toEqual(["evt_old1", "evt_old2"]);
      const fresh = await feed.open("now");
      const coming = [take(all, 2), take(fresh, 2)];
      await pause(50);
      await tell(store, "new1", "new2");
      feed.wake();
      expect(await Promise.all(coming)).toEqual([
        ["evt_new1", "evt_new2"],
        ["evt_new1", "evt_new2"],
      ]);
      const late = await feed.open(all.place);
      expect([late.place, await take(late, 1, 100)]).toEqual([fresh.place, []]);
      for (const reading of [all, fresh, late]) reading.close();
      await feed.idle();
    });

    test("tells what is committed here at once, and what is committed elsewhere when it looks again", async () => {
      const { store } = opened;
      const { feed, asked } = follow(store, { pollMs: 60_000, gapMs: 200 });
      const reading = await feed.open("now");
      const here = take(reading, 1, 60_000);
      // The pauses grow: after the sixth look, the two that opened among them, comes one of three seconds.
      await eventually(async () => asked() === 6);
      const began = performance.now();
      await tell(store, "here");
      feed.wake();
      expect(await here).toEqual(["evt_here"]);
      expect(performance.now() - began).toBeLessThan(2_500);
      await tell(store, "elsewhere");
      expect(await take(reading, 1, 10_000)).toEqual(["evt_elsewhere"]);
      reading.close();
      await feed.idle();
    });

    test("asks nothing while nobody listens, and one query at a time however many do", async () => {
      const { store } = opened;
      const { feed, asked } = follow(store, { pollMs: 100, gapMs: 10 });
      feed.wake();
      await pause(300);
      expect(asked()).toBe(0);
      const readings = await Promise.all(Array.from({ length: 50 }, () => feed.open("now")));
      const opening = asked();
      await Promise.all(readings.map((reading) => take(reading, 1, 1_000)));
      // Each looked once for what it had missed; then one query each tenth of a second, for all.
      expect(asked() - opening).toBeLessThan(50 + 20);
      expect(feed.readings).toBe(50);
      for (const reading of readings) reading.close();
      for (const reading of readings) reading.close();
      expect(feed.readings).toBe(0);
      await feed.idle();
      const ended = asked();
      await pause(300);
      expect(asked()).toBe(ended);
    });

    test("keeps no more than its bound, and who lags behind it misses nothing", async () => {
      const { store } = opened;
      const { feed } = follow(store, { keptEvents: 5, keptSize: 10 });
      const [slow, quick] = [await feed.open("now"), await feed.open("now")];
      await take(slow, 1, 50);
      const keys = Array.from({ length: 250 }, (_, index) => `lag${index}`);
      const seen = take(quick, 250);
      for (let at = 0; at < keys.length; at += 50) {
        await tell(store, ...keys.slice(at, at + 50));
        feed.wake();
        await pause(60);
      }
      const ids = keys.map((key) => `evt_${key}`);
      expect(await seen).toEqual(ids);
      expect(await take(slow, 250)).toEqual(ids);
      slow.close();
      quick.close();
      await feed.idle();
    });

    test("goes on after the database was away, and misses nothing", async () => {
      const { store } = opened;
      const { feed, setAway } = follow(store, { pollMs: 50 });
      const reading = await feed.open("now");
      expect(await take(reading, 1, 50)).toEqual([]);
      setAway(true);
      await tell(store, "while away");
      await expect(feed.open("now")).rejects.toMatchObject({ reason: "unavailable" });
      expect(await take(reading, 1, 300)).toEqual([]);
      setAway(false);
      expect(await take(reading, 1)).toEqual(["evt_while away"]);
      reading.close();
      await feed.idle();
    });

    test("gives up waiting when the listener does", async () => {
      const { feed } = follow(opened.store);
      const reading = await feed.open("now");
      const giveUp = new AbortController();
      const waiting = reading.next(giveUp.signal);
      setTimeout(() => giveUp.abort(), 50);
      expect(await waiting).toEqual([]);
      expect(await reading.next(giveUp.signal)).toEqual([]);
      reading.close();
      await feed.idle();
    });

    // SQLite has one writer: nothing there commits late.
    if (dialect === "postgresql")
      test("holds back what an older transaction may still precede", async () => {
        const { store, database } = opened;
        const { feed } = follow(store, { pollMs: 100 });
        const reading = await feed.open("now");
        const slow = new Client({ connectionString: database.url });
        await slow.connect();
        await slow.query("begin");
        await slow.query(`insert into events (id, type, key, sequence, position, at, snapshot)
        values ('evt_slow', 'order.paid', 'slow', 1, pg_current_xact_id()::text::bigint, now(), '{}')`);
        await tell(store, "quick");
        feed.wake();
        expect(await take(reading, 1, 500)).toEqual([]);
        // Whoever was told of it otherwise, and goes on from it, is not led past the slow one.
        const event = await store.read.event("evt_quick");
        const resumed = await feed.open(event?.resumeAfter ?? null);
        await slow.query("commit");
        await slow.end();
        expect(await take(reading, 2)).toEqual(["evt_slow", "evt_quick"]);
        expect(await take(resumed, 2)).toEqual(["evt_slow", "evt_quick"]);
        reading.close();
        resumed.close();
        await feed.idle();
      });

    test("under two hundred transactions at once everybody hears each once, in one order", async () => {
      const { store } = opened;
      const { feed } = follow(store, { keptEvents: 50, pollMs: 100 });
      const [first, second] = [await feed.open("now"), await feed.open("now")];
      const keys = Array.from({ length: 200 }, (_, index) => `storm${index}`);
      const heard = [take(first, 200, 20_000), take(second, 200, 20_000)];
      const told = keys.map(async (key) => {
        await tell(store, key);
        feed.wake();
      });
      await Promise.all(told);
      const [one = [], two = []] = await Promise.all(heard);
      expect([...one].sort()).toEqual(keys.map((key) => `evt_${key}`).sort());
      expect(two).toEqual(one);
      first.close();
      second.close();
      await eventually(async () => feed.readings === 0);
      await feed.idle();
    });
  });
}
