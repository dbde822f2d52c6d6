import fc from "fast-check";
import { expect, test } from "vitest";
import { buyerUrl, makeLinksSecret, readBuyerToken } from "../../src/outbox/links.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const tokenOf = (reference: string, secret = SECRET) => buyerUrl("", secret, reference).slice("/o/".length);

test("a link stands under the public address and leads back to its order, whatever the reference is made of", () => {
  expect(buyerUrl("https://pay.example.com", SECRET, "1001")).toMatch(
    /^https:\/\/pay\.example\.com\/o\/MTAwMQ\.[\w-]{22}$/,
  );
  const reference = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(reference, (text) => {
      expect(readBuyerToken(SECRET, tokenOf(text))).toBe(text);
    }),
  );
  expect(readBuyerToken(SECRET, tokenOf("🍵".repeat(200)))).toBe("🍵".repeat(200));
});

test("a token with any one character changed, added or left out leads nowhere", () => {
  const token = tokenOf("1001");
  for (let at = 0; at <= token.length; at++) {
    const spoilt = ["", "A", "B", ".", "-", "="].flatMap((character) => [
      token.slice(0, at) + character + token.slice(at + 1),
      token.slice(0, at) + character + token.slice(at),
    ]);
    for (const text of spoilt.filter((one) => one !== token)) expect(readBuyerToken(SECRET, text), text).toBeNull();
  }
});

test("a code is good for its own order and its own secret alone", () => {
  const [, code = ""] = tokenOf("1001").split(".");
  const [other = ""] = tokenOf("1002").split(".");
  expect(readBuyerToken(SECRET, `${other}.${code}`)).toBeNull();
  expect(readBuyerToken(makeLinksSecret(), tokenOf("1001"))).toBeNull();
  expect(makeLinksSecret()).not.toBe(makeLinksSecret());
});

test("no text makes it throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 2_000 }), (text) => {
      expect(readBuyerToken(SECRET, text)).toBeNull();
    }),
  );
});
