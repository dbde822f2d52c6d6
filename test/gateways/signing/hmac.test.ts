import { describe, expect, test } from "vitest";
import { hmac, isAmong, isHmac } from "../../../src/gateways/signing/hmac.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

/** RFC 4231 §4.2, §4.3, §4.7 and RFC 2202 §3. */
const PUBLISHED = [
  ["sha256", hex("0b".repeat(20)), ["Hi There"], "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  [
    "sha256",
    "Jefe",
    ["what do ya ", "want for nothing?"],
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [
    "sha256",
    hex("aa".repeat(131)),
    ["Test Using Larger Than Block-Size Key - Hash Key First"],
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
  [
    "sha512",
    "Jefe",
    ["what do ya want for nothing?"],
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
  ],
  ["sha1", hex("0b".repeat(20)), ["Hi There"], "b617318655057264e28bc0b6fb378c8ef146be00"],
] as const;

describe("the published codes of RFC 4231 and RFC 2202", () => {
  test.each(PUBLISHED)("%s, key %s", (hash, secret, parts, code) => {
    expect(Buffer.from(hmac({ hash, secret, parts })).toString("hex")).toBe(code);
    expect(isHmac(hex(code), { hash, secret, parts })).toBe(true);
    expect(isHmac(hex(code), { hash, secret, parts: [...parts, "!"] })).toBe(false);
  });
});

describe("a code", () => {
  const signed = { hash: "sha256", secret: "whsec_secret", parts: ["a", "b"] } as const;
  const code = hmac(signed);
  const other = hmac({ ...signed, parts: ["ac"] });

  test("is the same however the bytes are cut into parts, and another for other bytes or another key", () => {
    expect(hmac({ ...signed, parts: [new TextEncoder().encode("ab")] })).toEqual(code);
    expect(other).not.toEqual(code);
    expect(hmac({ ...signed, secret: "whsec_secreT" })).not.toEqual(code);
  });

  test("is found among signatures wherever it stands, and only there", () => {
    expect([isAmong(code, [code]), isAmong(code, [other, code]), isAmong(code, [code, other])]).toEqual([
      true,
      true,
      true,
    ]);
    expect([isAmong(code, []), isAmong(code, [other])]).toEqual([false, false]);
  });

  test("is refused, without an exception, where a signature has another length", () => {
    const lengths = [new Uint8Array(0), code.slice(1), new Uint8Array([...code, 0])];
    expect(isAmong(code, lengths)).toBe(false);
  });

  test("is never made with an empty key", () => {
    expect(() => hmac({ ...signed, secret: "" })).toThrow(RangeError);
    expect(() => hmac({ ...signed, secret: new Uint8Array(0) })).toThrow(RangeError);
  });
});
