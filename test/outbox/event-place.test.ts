import { expect, test } from "vitest";
import { isAfter, readPlace, writePlace } from "../../src/outbox/event-place.ts";

test("a place is read back as it was written, also the beginning and one from before a restore", () => {
  for (const place of [null, { position: 0n, seq: 1n }, { position: 812n, seq: 77n }, { position: -3n, seq: 9n }])
    expect(readPlace(writePlace(place))).toEqual(place);
});

test.each(["", "1", "1-", "-1", "1-2-3", "--1-2", "1- 2", "0x1-2", "beginning ", `${"9".repeat(19)}-1`])(
  "%j is no place",
  (text) => {
    expect(readPlace(text)).toBeUndefined();
  },
);

test("places are ordered by position, then by number, and all come after the beginning", () => {
  const at = (position: bigint, seq: bigint) => ({ position, seq });
  expect(isAfter(at(1n, 9n), at(2n, 1n))).toBe(false);
  expect(isAfter(at(2n, 1n), at(1n, 9n))).toBe(true);
  expect(isAfter(at(1n, 2n), at(1n, 1n))).toBe(true);
  expect(isAfter(at(1n, 1n), at(1n, 1n))).toBe(false);
  expect(isAfter(at(-5n, 1n), null)).toBe(true);
  expect(isAfter(null, at(1n, 1n))).toBe(false);
  expect(isAfter(null, null)).toBe(false);
});
