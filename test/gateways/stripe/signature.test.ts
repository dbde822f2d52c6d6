import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import Stripe from "stripe";
import { describe, expect, test } from "vitest";
import type { RawNotification } from "../../../src/gateways/gateway.ts";
import { MAX_SIGNATURES, TOLERANCE_SECONDS, verifySignature } from "../../../src/gateways/stripe/signature.ts";
import { expectQuick } from "../../quick.ts";
import { CREATED, event, intent } from "./objects.ts";

const SECRET = "whsec_4fRkZp2VbN8sXcW1yTqLmD6hJgUe3oAi";
const OTHER = "whsec_ZZZkZp2VbN8sXcW1yTqLmD6hJgUe3oAi";
const BODY = JSON.stringify(event("payment_intent.succeeded", intent()), null, 2);
const ZEROS = "0".repeat(64);

function sign(body: string, secret = SECRET, timestamp = CREATED): string {
  return Stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp });
}

function raw(header: string | null, body: string | Uint8Array = BODY, nowSeconds = CREATED): RawNotification {
  return {
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
    headers: new Map(header === null ? [] : [["stripe-signature", header]]),
    query: new URLSearchParams(),
    receivedAt: new Date(nowSeconds * 1000),
  };
}

function word(notification: RawNotification, secrets: readonly string[] = [SECRET]): string {
  const verdict = verifySignature(notification, secrets);
  return verdict.kind === "authentic" ? "authentic" : verdict.reason;
}

interface Published {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: string;
  readonly secret: string;
  readonly now: number;
  readonly expect: "valid" | "invalid";
}

const folder = process.env.PAYBELL_VECTORS;
const file = folder === undefined ? null : `${folder}/stripe.json`;
const isThere = file !== null && existsSync(file);

describe("published vectors", () => {
  test.skipIf(!isThere)(`agree, read from PAYBELL_VECTORS (${file ?? "which is not set: skipped"})`, () => {
    // Shape: the file's own, checked by what is read from it below.
    const vectors: readonly Published[] = JSON.parse(readFileSync(file ?? "", "utf8"));
    expect(vectors.length).toBeGreaterThan(0);
    for (const { name, headers, rawBody, secret, now, expect: expected } of vectors) {
      const verdict = word(raw(headers["stripe-signature"] ?? null, rawBody, now), [secret]);
      expect(verdict === "authentic" ? "valid" : "invalid", name).toBe(expected);
    }
  });
});

describe("a signature made by the SDK", () => {
  test("is authentic, with no nonce, because it covers the body", () => {
    expect(verifySignature(raw(sign(BODY)), [SECRET])).toEqual({ kind: "authentic", nonce: null });
  });

  test("is authentic whichever of several secrets made it", () => {
    expect(word(raw(sign(BODY, OTHER)), [SECRET, OTHER])).toBe("authentic");
    expect(word(raw(sign(BODY, SECRET)), [SECRET, OTHER])).toBe("authentic");
  });

  test("is authentic while a secret is rolled and both sign", () => {
    const both = `${sign(BODY, OTHER)},${sign(BODY, SECRET).split(",")[1]}`;
    expect(word(raw(both), [SECRET])).toBe("authentic");
    expect(word(raw(both), [OTHER])).toBe("authentic");
  });

  test("is refused once its secret is gone", () => {
    expect(word(raw(sign(BODY, OTHER)), [SECRET])).toBe("mismatch");
  });

  test("is authentic beside signatures of other schemes, up to sixteen in all", () => {
    const many = (count: number) => `${sign(BODY)}${`,v0=${ZEROS}`.repeat(count)}`;
    expect(word(raw(many(MAX_SIGNATURES - 1)))).toBe("authentic");
    expect(word(raw(many(MAX_SIGNATURES)))).toBe("malformed");
  });

  test("is authentic over any text, other scripts and control characters included", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (body) => {
        fc.pre(!body.startsWith("\ufeff"));
        expect(word(raw(sign(body), body))).toBe("authentic");
      }),
    );
  });

  test("is good for 300 seconds in each direction", () => {
    const at = (seconds: number) => word(raw(sign(BODY), BODY, CREATED + seconds));
    expect([at(TOLERANCE_SECONDS), at(-TOLERANCE_SECONDS)]).toEqual(["authentic", "authentic"]);
    expect([at(TOLERANCE_SECONDS + 1), at(-TOLERANCE_SECONDS - 1)]).toEqual(["too_old", "in_the_future"]);
  });
});

describe("whatever is changed is refused", () => {
  test("any other body", () => {
    const genuine = new TextEncoder().encode(BODY);
    const at = fc.nat(genuine.length - 1);
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 255 }), (index, mask) => {
        const other = genuine.slice();
        other[index] = (other[index] ?? 0) ^ mask;
        expect(word(raw(sign(BODY), other))).toBe("mismatch");
      }),
      { numRuns: 500 },
    );
  });

  test("any other header", () => {
    const genuine = sign(BODY);
    const printable = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.nat(genuine.length - 1), printable, (index, character) => {
        const other = genuine.slice(0, index) + character + genuine.slice(index + 1);
        fc.pre(other !== genuine);
        expect(word(raw(other))).not.toBe("authentic");
      }),
      { numRuns: 500 },
    );
  });

  test("bytes that the SDK would read as the signed text", () => {
    const text = BODY.replace("Two packs", "Two \ufffd packs");
    const bytes = new TextEncoder().encode(text);
    const at = bytes.indexOf(0xef);
    const replaced = new Uint8Array([...bytes.slice(0, at), 0xff, ...bytes.slice(at + 3)]);
    const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...bytes]);
    expect(word(raw(sign(text), bytes))).toBe("authentic");
    expect([word(raw(sign(text), replaced)), word(raw(sign(text), marked))]).toEqual(["mismatch", "mismatch"]);
  });
});

describe("verifying is total and bounded", () => {
  test("no header and no body make it throw", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.uint8Array({ maxLength: 50 }), (header, body) => {
        expect(word(raw(header, body))).not.toBe("authentic");
      }),
      { numRuns: 1000 },
    );
  });

  test("no scrap of the header's grammar makes it throw or verify", () => {
    const part = fc.constantFrom(
      "t",
      "v1",
      "v0",
      "=",
      ",",
      `${CREATED}`,
      ZEROS,
      " ",
      "NaN",
      "-1",
      "t=1",
      `v1=${ZEROS}`,
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        expect(word(raw(parts.join("")))).not.toBe("authentic");
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["10,000 signatures", `${sign(BODY)}${`,v1=${ZEROS}`.repeat(9_999)}`],
    ["a megabyte of commas", ",".repeat(1 << 20)],
    ["a megabyte of digits", `t=${"1".repeat(1 << 20)}`],
    ["a megabyte of nothing known", `a=${"b".repeat(1 << 20)}`],
    ["the longest header of the longest values", `t=1${`,${"a".repeat(16)}=${"=".repeat(100)}`.repeat(17)}`],
  ])("%s take less than a look at each byte of a megabyte", async (_name, header) => {
    expect(word(raw(header))).toBe("malformed");
    await expectQuick(() => word(raw(header)), { looks: 1, bytes: 1 << 20 });
  });
});
