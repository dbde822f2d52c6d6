import { describe, expect, test } from "vitest";
import { FailureLimit } from "../../src/http/failure-limit.ts";

function limitAt(limits: { readonly passesPerSecond?: number } = {}) {
  let ms = 0;
  const limit = new FailureLimit({ soft: 20, hard: 200, passesPerSecond: 0, ...limits }, () => new Date(ms));
  return {
    limit,
    pass: (by: number) => {
      ms += by;
    },
  };
}

function failTimes(limit: FailureLimit, address: string, times: number): boolean[] {
  return Array.from({ length: times }, () => limit.fail(address));
}

describe("failures by address", () => {
  test("twenty a minute are forgiven, the next is one too many, and a minute later twenty again", () => {
    const { limit, pass } = limitAt();
    expect(failTimes(limit, "192.0.2.1", 21)).toEqual([...Array.from({ length: 20 }, () => false), true]);
    pass(60_000);
    expect(failTimes(limit, "192.0.2.1", 21).filter((tooMany) => tooMany)).toHaveLength(2);
  });

  test("two hundred shut the address until some are forgiven", () => {
    const { limit, pass } = limitAt();
    failTimes(limit, "192.0.2.1", 199);
    expect(limit.isShut("192.0.2.1")).toBe(false);
    limit.fail("192.0.2.1");
    expect(limit.isShut("192.0.2.1")).toBe(true);
    expect(limit.isShut("192.0.2.2")).toBe(false);
    pass(4_000);
    expect(limit.isShut("192.0.2.1")).toBe(false);
  });

  test("an address from which something authentic came is not shut for a day", () => {
    const { limit, pass } = limitAt();
    limit.succeed("192.0.2.1");
    failTimes(limit, "192.0.2.1", 500);
    expect(limit.isShut("192.0.2.1")).toBe(false);
    pass(86_400_001);
    failTimes(limit, "192.0.2.1", 500);
    expect(limit.isShut("192.0.2.1")).toBe(true);
  });

  test("from a shut address so many a second are looked at all the same, so that nobody's forgeries lock a true sender out", () => {
    const { limit, pass } = limitAt({ passesPerSecond: 25 });
    failTimes(limit, "192.0.2.1", 300);
    const looked = () =>
      Array.from({ length: 100 }, () => limit.isShut("192.0.2.1")).filter((isShut) => !isShut).length;
    expect([looked(), looked()]).toEqual([25, 0]);
    failTimes(limit, "192.0.2.1", 25);
    pass(1_000);
    expect(looked()).toBe(25);
  });

  test("a connection that is gone has no address, and is counted with the others of its kind", () => {
    const { limit } = limitAt();
    expect(limit.isShut(undefined)).toBe(false);
    for (let i = 0; i < 200; i++) limit.fail(undefined);
    expect(limit.isShut(undefined)).toBe(true);
    expect(limit.isShut("192.0.2.1")).toBe(false);
  });

  test("a /64 of IPv6 counts as one address, and IPv4 in IPv6 as IPv4", () => {
    const { limit } = limitAt();
    for (let i = 0; i < 200; i++) limit.fail(`2001:db8:0:1::${i.toString(16)}`);
    expect(limit.isShut("2001:db8:0:1:ffff::1")).toBe(true);
    expect(limit.isShut("2001:0db8::1:0:0:0:9")).toBe(true);
    expect(limit.isShut("2001:db8:0:2::1")).toBe(false);
    failTimes(limit, "::ffff:192.0.2.1", 200);
    expect(limit.isShut("192.0.2.1")).toBe(true);
  });

  test("a million addresses cost no more memory than ten thousand", () => {
    const { limit } = limitAt();
    for (let i = 0; i < 50_000; i++) limit.fail(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect(limit.size).toBe(10_000);
  });
});
