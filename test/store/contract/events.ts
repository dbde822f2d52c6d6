import { describe, expect, test } from "vitest";
import type { EventPage, EventPosition, EventRequest } from "../../../src/store/reading.ts";
import type { NewEvent, Store } from "../../../src/store/store.ts";
import type { DialectName } from "../databases.ts";
import { eventOf, write } from "../rows.ts";
import { freshStore } from "./fresh-store.ts";

export function eventContract(dialect: DialectName): void {
  describe("events, for those who follow", () => {
    const fresh = freshStore(dialect);
    const read = (request: Partial<EventRequest>) => fresh.store.read.events({ after: null, limit: 100, ...request });
    const ids = ({ rows }: EventPage) => rows.map(({ id }) => id);

    /** Until nothing can precede it any more, for which other tests' transactions on the same cluster count too. */
    const tell = async (...events: readonly NewEvent[]): Promise<void> => {
      await write(fresh.store, { events });
      const last = events.at(-1)?.id ?? "";
      const isSettled = async () => {
        const event = await fresh.store.read.event(last);
        return event !== null && event.resumeAfter?.seq === event.place.seq;
      };
      await expect.poll(isSettled, { timeout: 15_000 }).toBe(true);
    };

    test("there is no newest one and nothing to read while nothing was told", async () => {
      expect(await fresh.store.read.newestEvent()).toBeNull();
      expect(await read({})).toEqual({ rows: [], end: null, more: false });
    });

    test("come oldest first and whole, page by page, each once", async () => {
      await tell(
        eventOf("1", { order: "1001", payment: "pay_1", snapshot: '{"payment":"ä"}' }),
        eventOf("2", { type: "order.paid", order: "1001", sequence: 7 }),
      );
      await tell(eventOf("3", { type: "payment.refunded", order: "1002", payment: "pay_2" }));
      const first = await read({ limit: 2 });
      expect(first).toMatchObject({
        rows: [
          { id: "evt_1", type: "payment.paid", order: "1001", payment: "pay_1", snapshot: '{"payment":"ä"}' },
          { id: "evt_2", type: "order.paid", order: "1001", payment: null, sequence: 7 },
        ],
        more: true,
      });
      const second = await read({ limit: 2, after: first.end });
      expect([ids(second), second.more]).toEqual([["evt_3"], false]);
      expect(await read({ limit: 2, after: second.end })).toEqual({ rows: [], end: second.end, more: false });
      expect(await fresh.store.read.newestEvent()).toEqual(second.end);
    });

    test.each([
      ["a type", { types: ["order.paid"] }, ["evt_2"]],
      ["a kind of types", { types: ["payment.*"] }, ["evt_1", "evt_3"]],
      ["several types", { types: ["order.paid", "payment.refunded"] }, ["evt_2", "evt_3"]],
      ["an order", { order: "1001" }, ["evt_1", "evt_2"]],
      ["a payment", { payment: "pay_2" }, ["evt_3"]],
      ["several at once", { order: "1001", types: ["payment.*"] }, ["evt_1"]],
      ["what never was", { types: ["order.held"] }, []],
    ])("are filtered by %s", async (_what, filter, expected) => {
      expect(ids(await read(filter))).toEqual(expected);
    });

    test("what is filtered out is passed: whoever goes on from the end looks at it no more", async () => {
      const { end, more } = await read({ types: ["order.held"] });
      expect([end, more]).toEqual([await fresh.store.read.newestEvent(), false]);
      const first = await read({ types: ["payment.*"], limit: 1 });
      expect([ids(first), first.more]).toEqual([["evt_1"], true]);
      expect(ids(await read({ types: ["payment.*"], limit: 1, after: first.end }))).toEqual(["evt_3"]);
    });

    test("rare ones among a thousand others cost pages, of which none is too long", async () => {
      const keys = Array.from({ length: 2_500 }, (_, index) => `many${index}`);
      await tell(...keys.map((key) => eventOf(key)));
      await tell(eventOf("rare", { type: "order.charged_back" }));
      const found: string[] = [];
      let [after, pages, more]: [EventPosition | null, number, boolean] = [null, 0, true];
      while (more) {
        const page: EventPage = await read({ types: ["order.charged_back"], after });
        found.push(...ids(page));
        [after, pages, more] = [page.end, pages + 1, page.more];
      }
      expect([found, pages]).toEqual([["evt_rare"], 3]);
    });

    test("one is found by its id, with the place after which what follows it begins", async () => {
      const event = await fresh.store.read.event("evt_2");
      expect(event).toMatchObject({ id: "evt_2", order: "1001" });
      expect(ids(await read({ after: event?.resumeAfter ?? null, limit: 1 }))).toEqual(["evt_3"]);
      expect(await fresh.store.read.event("evt_none")).toBeNull();
    });

    test("a limit that is none is refused", async () => {
      await expect(read({ limit: 0 })).rejects.toMatchObject({ reason: "data" });
      await expect(read({ limit: 101 })).rejects.toMatchObject({ reason: "data" });
    });
  });

  describe("secrets", () => {
    const fresh = freshStore(dialect);

    test("are made once, and everybody who asks gets the same, however many ask at once", async () => {
      const ask = (store: Store, made: string) => store.secrets.getOrMake("links", () => made);
      const answers = await Promise.all(["a", "b", "c", "d"].map((made) => ask(fresh.store, made)));
      expect(new Set(answers).size).toBe(1);
      expect(await ask(fresh.store, "e")).toBe(answers[0]);
      expect(await fresh.store.secrets.getOrMake("another", () => "f")).toBe("f");
    });
  });
}
