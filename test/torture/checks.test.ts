import { describe, expect, test } from "vitest";
import { checkQuiet } from "../../torture/checks/ends.ts";
import { finding, unique } from "../../torture/checks/finding.ts";
import { Footprint } from "../../torture/checks/footprint.ts";
import { historiesOf } from "../../torture/checks/history.ts";
import { isSettled } from "../../torture/checks/inputs.ts";
import { checkLedger } from "../../torture/checks/ledger.ts";
import { checkSubscriptions } from "../../torture/checks/subscriptions.ts";
import { checkTransitions } from "../../torture/checks/transitions.ts";
import type { Row, TortureDatabase } from "../../torture/databases/database.ts";
import type { Happening } from "../../torture/model/model.ts";
import type { Story, SubscriptionEnd } from "../../torture/stories/story.ts";

/** The checks have to find what is broken: here are rows that no sound service leaves. */

const CAPTURE = "paypal/default/test/capture/C1";

function databaseOf(rows: Readonly<Record<string, readonly Row[]>>): TortureDatabase {
  return {
    dialect: "sqlite",
    version: "rows",
    urlFor: () => "",
    disk: null,
    server: null,
    lockFile: null,
    query: async (sql) => {
      const found = rows[/ from (\w+)/.exec(sql)?.[1] ?? ""] ?? [];
      if (sql.includes("payment is null")) return found.filter(({ payment }) => payment === null);
      return sql.includes("payment in") ? found.filter(({ payment }) => payment !== null) : found;
    },
    close: async () => undefined,
  };
}

const ORDER: Story["order"] = {
  reference: "order-1",
  total: 1000,
  mode: "exact",
  isRecurring: false,
  isRegistered: true,
  registers: "any_time",
  expiresAt: null,
  email: null,
  neverCount: [],
  currency: "USD",
};

function storyOf(...more: readonly Happening[]): Story {
  const paid: Happening = { what: "captured", payment: CAPTURE, capture: "C1", purchase: "C1", amount: 1000 };
  return { name: "a sale", happenings: [paid, ...more], messages: [], order: ORDER };
}

const amounts = (captured: number, refunded = 0, chargedBack = 0) => ({ captured, refunded, chargedBack, disputed: 0 });

function told(...snapshots: readonly ReturnType<typeof amounts>[]): TortureDatabase {
  return databaseOf({
    object_payments: [{ object_key: CAPTURE, payment: "pay_1" }],
    events: snapshots.map((payment) => ({
      payment: "pay_1",
      snapshot: JSON.stringify({ payment: { status: "paid", ...payment } }),
    })),
  });
}

describe("what is told of one payment", () => {
  test("may grow", async () => {
    expect(await checkTransitions(told(amounts(1000), amounts(1000, 300), amounts(1000, 1000)), [storyOf()])).toEqual(
      [],
    );
  });

  test("is wrong where money is gone again that came in, went back or was lost", async () => {
    for (const [from, to] of [
      [amounts(1000), amounts(0)],
      [amounts(1000, 300), amounts(1000)],
      [amounts(1000, 0, 1000), amounts(1000)],
    ] as const) {
      expect(await checkTransitions(told(from, to), [storyOf()])).toMatchObject([{ kind: "wrong", invariant: "I8" }]);
    }
  });

  test("may shrink where a refund failed", async () => {
    const fails = storyOf({ what: "refund_failed", payment: CAPTURE, refund: "r" });
    expect(await checkTransitions(told(amounts(1000, 300), amounts(1000)), [fails])).toEqual([]);
  });
});

describe("a story that is over", () => {
  const state = JSON.stringify({ status: "paid", ...amounts(1000), subscription: null });
  const order = { status: "paid", paid: 1000, refunded: 0, lost: 0, fulfillable: true };
  const sound = {
    object_payments: [{ object_key: CAPTURE, payment: "pay_1" }],
    payments: [{ id: "pay_1", alias_of: null, provider: "paypal", status: "paid", state }],
    orders: [{ reference: "order-1", status: "paid", state: JSON.stringify(order) }],
    events: [
      { type: "payment.paid", key: "k", payment: "pay_1", order: "order-1" },
      { type: "order.paid", key: "o", payment: null, order: "order-1" },
    ],
  };

  test("is told with all that the service had to go by, as it was received, where it came to a wrong end", async () => {
    const input = { id: "inp_1", gateway: "paybell", state: "applied" };
    const rows = {
      decisions: [
        { ...input, what: "registered", at: "2026-01-01T00:00:05.000Z", received_at: new Date(1_767_225_605_000) },
      ],
      facts: [
        {
          ...input,
          id: "ntf_1",
          gateway: "paypal",
          what: "paypal/default/test/WH-1#2",
          at: new Date(1_767_225_600_000),
          received_at: 1_767_225_602_000,
        },
      ],
    };
    const wrong = finding("wrong", "I3", "a sale (order-1): order's status is open, the reference says paid");
    expect(await historiesOf(databaseOf(rows), [storyOf()], [wrong])).toEqual([
      "order-1: 2026-01-01T00:00:02.000Z ntf_1 paypal applied: paypal/default/test/WH-1#2, of 2026-01-01T00:00:00.000Z",
      "order-1: 2026-01-01T00:00:05.000Z inp_1 paybell applied: registered, of 2026-01-01T00:00:05.000Z",
    ]);
    expect(await historiesOf(databaseOf(rows), [storyOf()], [])).toEqual([]);
  });

  test("is sound where all is as the reference says", async () => {
    expect(await checkQuiet(databaseOf(sound), [storyOf()])).toEqual([]);
  });

  test("is lost where its payment is not there, and wrong where its order is another", async () => {
    const nothing = await checkQuiet(databaseOf({ ...sound, object_payments: [] }), [storyOf()]);
    expect(nothing).toContainEqual(expect.objectContaining({ kind: "lost", invariant: "I3" }));
    const open = {
      reference: "order-1",
      state: JSON.stringify({ ...order, status: "open", paid: 0, fulfillable: false }),
    };
    const wrong = await checkQuiet(databaseOf({ ...sound, orders: [open] }), [storyOf()]);
    expect(wrong.map(({ text }) => text)).toContainEqual(expect.stringContaining("order's status is open"));
  });

  test("is doubled where more money, or more events, are there than there were", async () => {
    const twice = {
      ...sound.payments[0],
      state: JSON.stringify({ status: "paid", ...amounts(2000), subscription: null }),
    };
    expect(await checkQuiet(databaseOf({ ...sound, payments: [twice] }), [storyOf()])).toContainEqual(
      expect.objectContaining({ kind: "doubled", invariant: "I3" }),
    );
    const events = [...sound.events, ...sound.events];
    expect(await checkQuiet(databaseOf({ ...sound, events }), [storyOf()])).toContainEqual(
      expect.objectContaining({ kind: "doubled", invariant: "I2" }),
    );
  });
});

test("a notification is over once it has its outcome, or waits only to be explained", () => {
  for (const state of ["received", "unproven", "unconfirmed", "parked"])
    expect(isSettled({ state, reason: null })).toBe(false);
  for (const state of ["applied", "stale", "ignored", "quarantined", "rejected"])
    expect(isSettled({ state, reason: null })).toBe(true);
  expect(isSettled({ state: "parked", reason: "unexplained" })).toBe(true);
});

test("memory, files and connections beyond their bounds are wrong", () => {
  const footprint = new Footprint();
  footprint.measure(process.pid);
  expect(footprint.most.mebibytes).toBeGreaterThan(10);
  expect(footprint.most.files).toBeGreaterThan(2);
  Object.assign(footprint.most, { mebibytes: 100, files: 100 });
  expect(footprint.check(12, 1)).toEqual([]);
  expect(footprint.check(13, 1)).toMatchObject([{ kind: "wrong", invariant: "I14" }]);
  Object.assign(footprint.most, { mebibytes: 513, files: 1_025 });
  expect(footprint.check(12, 1)).toHaveLength(2);
});

test("what is found twice is told once", () => {
  const one = { kind: "lost", invariant: "I1", text: "gone" } as const;
  expect(unique([one, { ...one }, { ...one, text: "too" }])).toHaveLength(2);
});

describe("the ledger of a story", () => {
  const line = (account: string, amount: number, subject = "pay_1") => ({ subject, account, amount });
  const owed = [line("assets:receivable", 1000, "order/order-1"), line("revenue:sales", -1000, "order/order-1")];
  const rows = (...postings: readonly Row[]) =>
    databaseOf({
      object_payments: [{ object_key: CAPTURE, payment: "pay_1" }],
      payments: [
        { id: "pay_1", alias_of: null },
        { id: "pay_0", alias_of: "pay_1" },
      ],
      postings: [...owed, ...postings],
    });

  test("is sound where its accounts hold what the reference says, fees and aliases included", async () => {
    const sound = [
      line("assets:cash:paypal:default", 960),
      line("expenses:fees:paypal:default", 40),
      line("assets:receivable", -1000, "pay_0"),
    ];
    expect(await checkLedger(rows(...sound), [storyOf()])).toEqual([]);
  });

  test("is wrong where something is not posted, and doubled where it is posted twice", async () => {
    expect(await checkLedger(rows(), [storyOf()])).toContainEqual(
      expect.objectContaining({ kind: "wrong", invariant: "I4", text: expect.stringContaining("cash holds 0") }),
    );
    const once = [line("assets:cash:paypal:default", 1000), line("assets:receivable", -1000)];
    expect(await checkLedger(rows(...once), [storyOf()])).toEqual([]);
    expect(await checkLedger(rows(...once, ...once), [storyOf()])).toContainEqual(
      expect.objectContaining({ kind: "doubled", invariant: "I4" }),
    );
  });
});

describe("a story's subscription", () => {
  const subscription: SubscriptionEnd = {
    provider: "stripe",
    reference: "sub_1",
    status: "ended",
    paid: ["invoice/in_1", "invoice/in_2"],
    told: { started: 1, renewed: 1, ended: 1 },
  };
  const event = (type: string, object: string) => ({ type, key: `${type}:stripe/default/test/${object}` });
  const EVENTS = [
    event("subscription.started", "subscription/sub_1"),
    event("subscription.renewed", "invoice/in_2"),
    event("subscription.ended", "subscription/sub_1"),
    event("subscription.renewed", "invoice/in_9"),
  ];
  const check = (status: string | null, events: readonly Row[]) =>
    checkSubscriptions(
      databaseOf({
        subscriptions: status === null ? [] : [{ provider: "stripe", reference: "sub_1", status }],
        events,
      }),
      [{ subscription }],
    );

  test("is sound where it ended as its story says, and each turn was told once", async () => {
    expect(await check("ended", EVENTS)).toEqual([]);
  });

  test("is wrong where it ended otherwise, lost where it is gone or untold, doubled where it was told twice", async () => {
    expect(await check("active", EVENTS)).toMatchObject([{ kind: "wrong", invariant: "I3" }]);
    expect(await check(null, EVENTS)).toMatchObject([{ kind: "lost", invariant: "I3" }]);
    expect(await check("ended", EVENTS.slice(1))).toMatchObject([{ kind: "lost", invariant: "I2" }]);
    const doubled = await check("ended", [...EVENTS, event("subscription.renewed", "invoice/in_1")]);
    expect(doubled).toMatchObject([{ kind: "doubled", invariant: "I2" }]);
  });
});
