import { expect, test } from "vitest";
import { replay } from "../../torture/model/model.ts";
import { randomOf } from "../../torture/random.ts";
import type { Story } from "../../torture/stories/story.ts";
import { RECEIVER, TEMPLATES, tellAll, tellStory } from "../../torture/stories/tell.ts";

const TODAY = Date.UTC(2026, 0, 5) / 1000;

const STORIES = TEMPLATES.map((template, index) =>
  template({ id: `t${index}`, random: randomOf(1, `test ${index}`), amount: 12_300, start: TODAY, receiver: RECEIVER }),
);

test("no two stories have one name", () => {
  expect(new Set(STORIES.map(({ name }) => name)).size).toBe(STORIES.length);
});

test.each(STORIES)("$name: what happened has an end, and is told by messages of their own", (story) => {
  const { payments, order } = replay(story.happenings, story.order);
  expect(payments.size).toBeGreaterThan(0);
  const ends = [...payments.values()];
  for (const { captured, refunded, disputed, chargedBack } of ends) {
    for (const amount of [captured, refunded, disputed, chargedBack]) expect(Number.isSafeInteger(amount)).toBe(true);
  }
  const sum = (amount: (end: (typeof ends)[number]) => number) => ends.reduce((all, end) => all + amount(end), 0);
  expect(sum(({ refunded, chargedBack }) => refunded + chargedBack)).toBeLessThanOrEqual(sum((end) => end.captured));
  expect(order.status).not.toBe("");
  const messages = [...story.messages, ...(story.late ?? [])];
  expect(messages.length + (story.commands ?? []).length).toBeGreaterThan(0);
  expect(new Set(messages.map(({ body }) => body)).size).toBe(messages.length);
  const keys = messages.map(({ key }) => key).filter((key) => key !== "");
  expect(new Set(keys).size).toBe(keys.length);
});

test("in peace each story is told once, and under fire none that needs peace", () => {
  const names = (stories: readonly Story[]) => stories.map(({ name }) => name).sort();
  expect(names(tellAll(1, TODAY))).toEqual(names(STORIES));
  const needPeace = STORIES.filter(({ needsPeace }) => needsPeace);
  expect(needPeace.length).toBeGreaterThan(0);
  const underFire = new Set(Array.from({ length: 500 }, (_, index) => tellStory(1, index, TODAY).name));
  for (const { name } of needPeace) expect(underFire).not.toContain(name);
  expect(underFire.size).toBe(STORIES.length - needPeace.length);
});

test("a seed tells the same stories again, and another seed others", () => {
  const told = (seed: number) =>
    Array.from({ length: 50 }, (_, index) => JSON.stringify(tellStory(seed, index, TODAY)));
  expect(told(7)).toEqual(told(7));
  expect(told(7)).not.toEqual(told(8));
  expect(new Set(told(7)).size).toBe(50);
});
