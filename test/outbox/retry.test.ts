import { expect, test } from "vitest";
import { BREAKER, judge, type Sign } from "../../src/outbox/breaker.ts";
import { nextAttemptInMs } from "../../src/outbox/retry.ts";
import type { Receiver } from "../../src/store/outbox.ts";

const NOW = new Date("2026-01-05T12:00:00Z");
const HOUR = 3_600_000;
const JUDGING = { policy: BREAKER, random: () => 0.5, newEventId: () => "evt_new" };
const UP: Sign = { kind: "up", isProbe: false };
const DOWN: Sign = { kind: "down", retryAfterMs: null, isProbe: false };

function receiverOf(parts: Partial<Receiver> = {}): Receiver {
  return {
    ...{
      id: "ep_1",
      kind: "endpoint",
      description: "the shop",
      events: ["*"],
      live: null,
      rate: 100,
      state: "enabled",
    },
    ...{
      url: "https://shop.example/hook/token?secret=1",
      secrets: [],
      failures: 0,
      failingSince: null,
      pausedUntil: null,
    },
    ...{ createdAt: NOW, changedAt: NOW },
    ...parts,
  };
}

test("ten attempts are made within little more than three days, each pause up to a fifth longer", () => {
  const total = (random: number) => {
    let sum = 0;
    let attempts = 1;
    for (;;) {
      const pause = nextAttemptInMs(attempts, null, random);
      if (pause === null) return { sum, attempts };
      sum += pause;
      attempts += 1;
    }
  };
  expect(total(0).attempts).toBe(10);
  expect(total(0).sum).toBeGreaterThan(72 * HOUR);
  expect(total(0).sum).toBeLessThan(80 * HOUR);
  expect(total(1).sum).toBe(total(0).sum * 1.2);
  expect(nextAttemptInMs(1, null, 0)).toBe(5_000);
});

test("who asks for a later time gets it, up to a day, and nobody gets an earlier one", () => {
  expect(nextAttemptInMs(1, HOUR, 0)).toBe(HOUR);
  expect(nextAttemptInMs(1, 1_000 * HOUR, 0)).toBe(24 * HOUR);
  expect(nextAttemptInMs(5, 1_000, 0)).toBe(5 * HOUR);
  expect(nextAttemptInMs(10, HOUR, 0), "after the last there is none").toBeNull();
});

test("failures are counted in a row; one success forgets them", () => {
  const failing = judge(receiverOf(), [DOWN, DOWN], NOW, JUDGING).health;
  expect(failing).toEqual({ state: "enabled", failures: 2, failingSince: NOW, pausedUntil: null });
  const healed = judge(receiverOf({ failures: 7, failingSince: NOW }), [DOWN, UP], NOW, JUDGING).health;
  expect(healed).toEqual({ state: "enabled", failures: 0, failingSince: null, pausedUntil: null });
  const again = judge(receiverOf({ failures: 7, failingSince: new Date(0) }), [UP, DOWN], NOW, JUDGING).health;
  expect(again).toMatchObject({ failures: 1, failingSince: NOW });
});

test("from the fifth failure on the pauses grow, up to a quarter of an hour", () => {
  const pauseAfter = (failures: number) => {
    const since = { failures: failures - 1, failingSince: NOW };
    const { pausedUntil } = judge(receiverOf(since), [DOWN], NOW, JUDGING).health;
    return pausedUntil === null ? 0 : pausedUntil.getTime() - NOW.getTime();
  };
  expect([4, 5, 6, 7, 20, 2_000].map(pauseAfter)).toEqual([0, 10_000, 20_000, 40_000, 900_000, 900_000]);
});

test("who asks for time pauses all that is meant for it, an hour at most", () => {
  const asked = (retryAfterMs: number) =>
    judge(receiverOf(), [{ ...DOWN, retryAfterMs }], NOW, JUDGING).health.pausedUntil?.getTime();
  expect(asked(60_000)).toBe(NOW.getTime() + 60_000);
  expect(asked(100 * HOUR)).toBe(NOW.getTime() + HOUR);
});

test("an endpoint that did nothing but fail for three days is broken, and that is told without its tokens", () => {
  const since = new Date(NOW.getTime() - 72 * HOUR);
  const { health, event } = judge(receiverOf({ failures: 40, failingSince: since }), [DOWN], NOW, JUDGING);
  expect(health).toMatchObject({ state: "broken", failures: 41, pausedUntil: null });
  expect(event).toMatchObject({ id: "evt_new", type: "endpoint.disabled", live: null });
  expect(JSON.parse(event?.snapshot ?? "")).toEqual({
    endpoint: {
      ...{ id: "ep_1", url: "https://shop.example", description: "the shop", reason: "broken", failures: 41 },
      failingSince: since.toISOString(),
    },
  });
  const little = judge(receiverOf({ failures: 40, failingSince: new Date(since.getTime() + 1) }), [DOWN], NOW, JUDGING);
  expect(little).toMatchObject({ health: { state: "enabled" }, event: null });
});

test("410 ends an endpoint at once; mail waits for its server however long", () => {
  expect(judge(receiverOf(), [{ kind: "gone", isProbe: false }], NOW, JUDGING)).toMatchObject({
    health: { state: "gone" },
    event: { type: "endpoint.disabled" },
  });
  const mail = receiverOf({ id: "mail:buyer", kind: "mail", url: null, failures: 99, failingSince: new Date(0) });
  expect(judge(mail, [DOWN], NOW, JUDGING)).toMatchObject({ health: { state: "enabled" }, event: null });
});

test("what a person disabled stays so, whatever comes in late", () => {
  const disabled = receiverOf({ state: "disabled", failures: 99, failingSince: new Date(0) });
  expect(judge(disabled, [DOWN, { kind: "gone", isProbe: false }], NOW, JUDGING)).toMatchObject({
    health: { state: "disabled" },
    event: null,
  });
});

test("a blip with many deliveries under way pauses as briefly as one with few, and its stragglers don't lengthen it", () => {
  const many = Array.from({ length: 32 }, () => DOWN);
  const { health } = judge(receiverOf(), many, NOW, JUDGING);
  expect(health.failures).toBe(BREAKER.tripAfter);
  const paused = receiverOf(health);
  expect(judge(paused, many, NOW, JUDGING).health).toEqual(health);
  const later = new Date((health.pausedUntil?.getTime() ?? 0) + 1);
  expect(judge(paused, [DOWN], later, JUDGING).health.failures).toBe(BREAKER.tripAfter + 1);
  expect(judge(paused, [UP], NOW, JUDGING).health).toMatchObject({ failures: 0, pausedUntil: null });
});

test("a probe's answer counts although its receiver is paused while it is under way; one that told nothing only frees it", () => {
  const failing = { failures: BREAKER.tripAfter, failingSince: NOW, pausedUntil: new Date(NOW.getTime() + HOUR) };
  const { health } = judge(receiverOf(failing), [{ ...DOWN, isProbe: true }], NOW, JUDGING);
  expect(health).toMatchObject({
    failures: BREAKER.tripAfter + 1,
    pausedUntil: new Date(NOW.getTime() + 2 * BREAKER.firstPauseMs),
  });
  const freed = judge(receiverOf(failing), [{ kind: "untold", isProbe: true }], NOW, JUDGING).health;
  expect(freed).toMatchObject({ ...failing, pausedUntil: null });
  const still = judge(receiverOf(failing), [{ kind: "untold", isProbe: false }], NOW, JUDGING).health;
  expect(still).toMatchObject(failing);
});
