import { describe, expect, test } from "vitest";
import { compareTold, type StoredDelivery } from "../../torture/checks/told.ts";
import type { Arrival, Endpoint } from "../../torture/receivers/endpoints.ts";
import type { Mail } from "../../torture/receivers/mail-server.ts";
import type { Story } from "../../torture/stories/story.ts";

/** Whoever was told wrongly has to be found: here is what arrived where a sound service told one order paid, and what did not. */

const STORY: Story = {
  name: "a sale",
  happenings: [{ what: "captured", payment: "p", capture: "C1", purchase: "C1", amount: 1000 }],
  messages: [],
  order: {
    ...{ reference: "order-1", total: 1000, currency: "USD", mode: "exact", registers: "any_time" },
    ...{ isRecurring: false, isRegistered: true, expiresAt: null, neverCount: [] },
    email: "ann@buyer.example",
  },
};
const { reference, email } = STORY.order;

const EVENT = { id: "evt_1", type: "order.paid", order: reference, sequence: 2 };
const ARRIVAL: Arrival = { ...EVENT, payloadHash: "a" };
const MAIL: Mail = { messageId: "dlv_2@shop.example", to: email ?? "", subject: "Paid" };
const DELIVERIES: readonly StoredDelivery[] = [
  { id: "dlv_1", event: "evt_1", receiver: "ep_1", state: "delivered", reason: "" },
  { id: "dlv_2", event: "evt_1", receiver: "mail:buyer", state: "delivered", reason: "" },
];

function compare(
  told: {
    readonly arrivals?: readonly Arrival[];
    readonly mails?: readonly Mail[];
    readonly deliveries?: readonly StoredDelivery[];
    readonly unbelievable?: readonly string[];
    readonly events?: readonly string[];
  } = {},
) {
  const { arrivals = [ARRIVAL], mails = [MAIL], deliveries = DELIVERIES, unbelievable = [], events = ["*"] } = told;
  const endpoint: Endpoint = {
    ...{ id: "ep_1", events, mood: "well", stale: 0 },
    arrivals: [...arrivals],
    unbelievable: [...unbelievable],
  };
  const stored = {
    events: new Map([[EVENT.id, EVENT]]),
    deliveries: new Map(deliveries.map((each) => [each.id, each])),
  };
  return compareTold(stored, { endpoints: [endpoint], mails, stories: [STORY] }).map(
    ({ kind, text }) => `${kind}: ${text}`,
  );
}

const delivery = (id: string, more: Partial<StoredDelivery>): readonly StoredDelivery[] =>
  DELIVERIES.map((each) => (each.id === id ? { ...each, ...more } : each));

describe("what others were told", () => {
  test("is sound when each heard it, be it twice", () => {
    expect(compare()).toEqual([]);
    expect(compare({ arrivals: [ARRIVAL, ARRIVAL], mails: [MAIL, MAIL] })).toEqual([]);
    expect(compare({ arrivals: [], events: ["payment.*"], deliveries: DELIVERIES.slice(1) })).toEqual([]);
  });

  test.each([
    ["never came", { arrivals: [] }, /^lost: .* never told order\.paid evt_1/],
    ["came before it was stored", { arrivals: [ARRIVAL, { ...ARRIVAL, id: "evt_9" }] }, /^wrong: .*not stored/],
    ["came in two wordings", { arrivals: [ARRIVAL, { ...ARRIVAL, payloadHash: "b" }] }, /^wrong: .*two wordings/],
    ["came with another sequence", { arrivals: [{ ...ARRIVAL, sequence: 1 }] }, /^wrong: .*stored is order\.paid 2/],
    ["came about another order", { arrivals: [{ ...ARRIVAL, order: "other" }] }, /^wrong: .*stored is order\.paid 2/],
    ["came to whom it does not concern", { events: ["payment.*"] }, /^wrong: .*unasked/],
    ["nobody can believe", { unbelievable: ["evt_1: no signature"] }, /^wrong: .*could not believe/],
    ["waits for ever", { deliveries: delivery("dlv_1", { state: "failed" }) }, /^wrong: dlv_1 to ep_1 is failed/],
  ])("is found wrong when an event %s", (_what, told, text) => {
    expect(compare(told)).toContainEqual(expect.stringMatching(text));
  });

  test.each([
    ["never came", { mails: [] }, /^lost: dlv_2 counts as mailed/],
    [
      "is of nothing that is stored",
      { mails: [MAIL, { ...MAIL, messageId: "dlv_9@shop.example" }] },
      /^wrong: .*nothing/,
    ],
    ["went to somebody else", { mails: [{ ...MAIL, to: "bob@buyer.example" }] }, /^wrong: .*bob@buyer\.example, not/],
    ["has two ids", { mails: [MAIL, { ...MAIL, messageId: "dlv_2@other.example" }] }, /^doubled: .*was mailed as/],
    [
      "was left out",
      { deliveries: delivery("dlv_2", { state: "skipped", reason: "overtaken" }) },
      /^lost: .*is skipped/,
    ],
    ["was never meant to be", { mails: [], deliveries: DELIVERIES.slice(0, 1) }, /^lost: .*is missing/],
  ])("is found wrong when a mail %s", (_what, told, text) => {
    expect(compare(told)).toContainEqual(expect.stringMatching(text));
  });
});
