import { describe, expect, test } from "vitest";
import { readAddress, readMailbox } from "../../../src/outbox/mail/address.ts";
import { expectQuick } from "../../quick.ts";

const LONG_LOCAL = "a".repeat(64);
const domainOf = (length: number) =>
  `${`${"b".repeat(50)}.`.repeat(5)}`
    .slice(0, length - 4)
    .replace(/\.$/, "b")
    .concat(".com");

describe("an address", () => {
  test.each([
    "ann@example.com",
    "ann.o'hara+shop@mail.example.co.uk",
    "x@1and1.example",
    `${LONG_LOCAL}@${domainOf(254 - 65)}`,
  ])("%s is taken as it is", (text) => {
    expect(readAddress(text)).toBe(text);
  });

  test("of a domain in another script is written in ASCII", () => {
    expect(readAddress("ann@müller.example")).toBe("ann@xn--mller-kva.example");
  });

  test.each([
    ["nothing", ""],
    ["no domain", "ann"],
    ["nobody", "@example.com"],
    ["a list", "ann@example.com,bob@example.com"],
    ["a list in the domain", "ann@example.com;bob"],
    ["a name with it", "Ann <ann@example.com>"],
    ["a quoted one", '"ann smith"@example.com'],
    ["one with a comment", "ann(comment)@example.com"],
    ["one in another script", "änn@example.com"],
    ["two at signs", "ann@shop@example.com"],
    ["a route", "@relay.example:ann@example.com"],
    ["a literal", "ann@[127.0.0.1]"],
    ["a number", "ann@127.0.0.1"],
    ["a domain without a dot", "ann@localhost"],
    ["a domain with an empty label", "ann@example..com"],
    ["a label that begins with a hyphen", "ann@-example.com"],
    ["a local part that begins with a dot", ".ann@example.com"],
    ["a line end and a header", "ann@example.com\r\nBcc: everybody@example.com"],
    ["a line end in the local part", "ann\n@example.com"],
    ["a space", "ann @example.com"],
    ["an escaped at sign in the domain", "ann@exa%40mple.com"],
    ["a zero byte", "ann\u0000@example.com"],
    ["a local part of 65", `a${LONG_LOCAL}@example.com`],
    ["255 characters", `${LONG_LOCAL}@${domainOf(255 - 65)}`],
    ["320 characters", `${LONG_LOCAL}@${domainOf(255)}`],
  ])("that is %s is refused", (_name, text) => {
    expect(readAddress(text)).toBeNull();
  });

  test.each([
    ["a letter", "a"],
    ["at signs", "@"],
    ["dots", "."],
    ["quotes", '"'],
    ["brackets", "<("],
    ["spaces", " \t"],
    ["letters of other scripts", "ü"],
    ["labels", "a."],
    ["whole addresses", "a@b.co,"],
  ])("of a hundred thousand characters, %s over and over, is refused in some looks at each", async (_name, unit) => {
    const text = unit.repeat(100_000 / unit.length);
    for (const attempt of [text, `${text}@example.com`, `ann@${text}`, `${text}@${text}`]) {
      expect([readAddress(attempt), readMailbox(attempt)]).toEqual([null, null]);
      await expectQuick(() => [readAddress(attempt), readMailbox(attempt)], { looks: 50, bytes: text.length });
    }
  });
});

describe("a sender", () => {
  test.each([
    ["shop@example.com", { name: "", address: "shop@example.com" }],
    ["Ann's Tea <shop@example.com>", { name: "Ann's Tea", address: "shop@example.com" }],
    ['"Tea, Inc." <shop@example.com>', { name: "Tea, Inc.", address: "shop@example.com" }],
    ["Tea\r\nBcc: x@example.com <shop@example.com>", { name: "Tea  Bcc: x@example.com", address: "shop@example.com" }],
  ])("%j is a name and an address", (text, mailbox) => {
    expect(readMailbox(text)).toEqual(mailbox);
  });
});
