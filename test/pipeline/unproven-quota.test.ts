import { expect, test } from "vitest";
import { UnprovenQuota } from "../../src/pipeline/unproven-quota.ts";

const BOUNDS = { waiting: 10, waitingFromSource: 5, perMinuteFromSource: 3, sources: 100 };

function quota(counts: { total: number; fromSource: number }) {
  let now = Date.parse("2026-01-05T10:00:00Z");
  const subject = new UnprovenQuota(
    async () => counts,
    BOUNDS,
    () => new Date(now),
  );
  return { subject, pass: (ms: number) => (now += ms) };
}

test("an address may post so many unproven notifications a minute, then some again", async () => {
  const { subject, pass } = quota({ total: 0, fromSource: 0 });
  const first: boolean[] = [];
  for (let i = 0; i < 4; i++) first.push(await subject.admits("192.0.2.1"));
  expect(first).toEqual([true, true, true, false]);
  expect(await subject.admits("192.0.2.2")).toBe(true);
  pass(20_001);
  expect(await subject.admits("192.0.2.1")).toBe(true);
  expect(await subject.admits("192.0.2.1")).toBe(false);
});

test("what waits unproven is bounded in all and for one address", async () => {
  expect(await quota({ total: 10, fromSource: 0 }).subject.admits("192.0.2.1")).toBe(false);
  expect(await quota({ total: 5, fromSource: 5 }).subject.admits("192.0.2.1")).toBe(false);
  expect(await quota({ total: 9, fromSource: 4 }).subject.admits("192.0.2.1")).toBe(true);
});

test("while there is no room nobody is counted again, from however many addresses they come", async () => {
  let asked = 0;
  let now = 0;
  const subject = new UnprovenQuota(
    async () => {
      asked += 1;
      return { total: 10, fromSource: 0 };
    },
    BOUNDS,
    () => new Date(now),
  );
  for (let n = 0; n < 1_000; n++) expect(await subject.admits(`192.0.2.${n}`)).toBe(false);
  expect(asked).toBe(1);
  now = 1_000;
  await subject.admits("192.0.2.1");
  expect(asked).toBe(2);
});
