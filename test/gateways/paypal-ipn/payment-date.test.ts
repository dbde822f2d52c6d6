import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePaymentDate } from "../../../src/gateways/paypal-ipn/payment-date.ts";

test.each([
  ["15:23:54 Apr 15, 2005 PDT", "2005-04-15T22:23:54.000Z"],
  ["06:25:37 Oct 25, 2012 PDT", "2012-10-25T13:25:37.000Z"],
  ["23:59:59 Dec 31, 2025 PST", "2026-01-01T07:59:59.000Z"],
  ["02:49:17 Jan. 5, 2026 PST", "2026-01-05T10:49:17.000Z"],
  ["09:00:00 Sept 30, 2025 PDT", "2025-09-30T16:00:00.000Z"],
  ["12:00:00 feb 29, 2024 gmt", "2024-02-29T12:00:00.000Z"],
  ["12:00:00 Jul 01, 2024 CEST", "2024-07-01T10:00:00.000Z"],
  ["12:00:00 Jul 01, 2024 JST", "2024-07-01T03:00:00.000Z"],
  ["Sun May 24 2015 14:32:31 GMT-0700 (PDT)", "2015-05-24T21:32:31.000Z"],
  ["Sun May 24 2015 14:32:31 GMT+0530", "2015-05-24T09:02:31.000Z"],
])("%s is %s", (text, expected) => {
  expect(new Date(parsePaymentDate(text) ?? Number.NaN).toISOString()).toBe(expected);
});

test.each([
  "",
  "N/A",
  "15:23:54 Apr 15, 2005",
  "15:23:54 Apr 15, 2005 XYZ",
  "25:23:54 Apr 15, 2005 PDT",
  "15:60:54 Apr 15, 2005 PDT",
  "15:23:54 Foo 15, 2005 PDT",
  "15:23:54 Feb 30, 2005 PDT",
  "15:23:54 Apr 00, 2005 PDT",
  "15:23:54 Apr 15, 05 PDT",
  "2005-04-15T15:23:54Z",
  "١٥:23:54 Apr 15, 2005 PDT",
  `15:23:54 Apr 15, 2005 ${"P".repeat(100_000)}`,
])("%j is no time", (text) => {
  expect(parsePaymentDate(text)).toBeNull();
});

test("whatever the text, the answer is a whole number of milliseconds or null", () => {
  const parts = fc.constantFrom("15", ":", "23", " ", "Apr", ",", "2005", "PDT", "GMT", "-0700", "Sun", "99", "(");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(parts, { maxLength: 14 }).map((all) => all.join("")),
      ),
      (text) => {
        const time = parsePaymentDate(text);
        expect(time === null || Number.isSafeInteger(time)).toBe(true);
      },
    ),
  );
});
