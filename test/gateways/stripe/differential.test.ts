import fc from "fast-check";
import Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { hmac, isAmong } from "../../../src/gateways/signing/hmac.ts";
import { verifySignature } from "../../../src/gateways/stripe/signature.ts";
import { CREATED, event, intent } from "./objects.ts";

/** Our verdict against the SDK's alone. Every difference is listed here, each with its reason; there must be no other. */

const SECRET = "whsec_4fRkZp2VbN8sXcW1yTqLmD6hJgUe3oAi";
const BODY = JSON.stringify(event("payment_intent.succeeded", intent()), null, 2);
const BYTES = new TextEncoder().encode(BODY);

function bySdk(header: string, body: Uint8Array, nowSeconds: number): boolean {
  try {
    const { signature } = Stripe.webhooks;
    return signature?.verifyHeader(body, header, SECRET, 300, undefined, nowSeconds * 1000) ?? false;
  } catch {
    return false;
  }
}

function byUs(header: string, body: Uint8Array, nowSeconds: number): boolean {
  const headers = new Map([["stripe-signature", header]]);
  const raw = { body, headers, query: new URLSearchParams(), receivedAt: new Date(nowSeconds * 1000) };
  return verifySignature(raw, [SECRET]).kind === "authentic";
}

/** Signs whatever is to stand after `t=`, with our own HMAC. */
function code(timestamp: string, body: Uint8Array = BYTES): string {
  return Buffer.from(hmac({ hash: "sha256", secret: SECRET, parts: [timestamp, ".", body] })).toString("hex");
}

const GENUINE = `t=${CREATED},v1=${code(`${CREATED}`)}`;
const ZEROS = "0".repeat(64);

describe("what the SDK accepts and we refuse", () => {
  test.each([
    ["any time in the future: a signature made in advance stays good for ever", GENUINE, BYTES, CREATED - 315_576_000],
    ["a time that is no number, signed as NaN: it never gets old", `t=abc,v1=${code("NaN")}`, BYTES, CREATED],
    ["a time with letters after it", `t=${CREATED}x,v1=${code(`${CREATED}`)}`, BYTES, CREATED],
    ["a time with a zero before it", `t=0${CREATED},v1=${code(`${CREATED}`)}`, BYTES, CREATED],
    ["two times, of which the last counts", `t=1,t=${CREATED},v1=${code(`${CREATED}`)}`, BYTES, CREATED],
    ["two headers joined", `${GENUINE},${GENUINE}`, BYTES, CREATED],
    ["two headers joined as Node joins them", `${GENUINE}, ${GENUINE}`, BYTES, CREATED],
    ["10,000 signatures", `${GENUINE}${`,v1=${ZEROS}`.repeat(9_999)}`, BYTES, CREATED],
    ["signatures of any other length beside a good one", `${GENUINE},v1=00`, BYTES, CREATED],
    ["parts that are no pair", `${GENUINE},,hello`, BYTES, CREATED],
    ["more after a signature's second =", `${GENUINE}=trailing`, BYTES, CREATED],
    ["a byte order mark before the body", GENUINE, new Uint8Array([0xef, 0xbb, 0xbf, ...BYTES]), CREATED],
  ])("%s", (_name, header, body, now) => {
    expect({ sdk: bySdk(header, body, now), us: byUs(header, body, now) }).toEqual({ sdk: true, us: false });
  });

  test("bytes that are not UTF-8 where the signed text has a replacement character", () => {
    const signed = new TextEncoder().encode('{"name":"\ufffd"}');
    const other = new Uint8Array([...signed.slice(0, 9), 0xff, ...signed.slice(12)]);
    const header = `t=${CREATED},v1=${code(`${CREATED}`, signed)}`;
    expect({ sdk: bySdk(header, other, CREATED), us: byUs(header, other, CREATED) }).toEqual({ sdk: true, us: false });
    expect(byUs(header, signed, CREATED)).toBe(true);
  });
});

describe("what we accept, the SDK accepts, and our own HMAC over the raw bytes agrees", () => {
  const part = fc.oneof(
    fc.constantFrom(`t=${CREATED}`, `t=${CREATED - 301}`, `t=${CREATED + 300}`, "t=", "t=NaN", "t=-1"),
    fc.constantFrom(`v1=${code(`${CREATED}`)}`, `v1=${code(`${CREATED + 300}`)}`, `v1=${ZEROS}`, `v0=${ZEROS}`, "v2=x"),
    fc.string({ maxLength: 8 }),
  );
  const body = fc.oneof(fc.constant(BYTES), fc.uint8Array({ minLength: 1, maxLength: 20 }));

  const good = fc.shuffledSubarray([`t=${CREATED}`, `v1=${code(`${CREATED}`)}`]);
  const parts = fc
    .tuple(fc.array(part, { maxLength: 2 }), good, fc.array(part, { maxLength: 2 }))
    .map((all) => all.flat());

  test("for any header made of the grammar's parts, and any body", () => {
    let accepted = 0;
    fc.assert(
      fc.property(parts, body, (list, bytes) => {
        const header = list.join(",");
        if (!byUs(header, bytes, CREATED)) return;
        accepted++;
        expect(bySdk(header, bytes, CREATED)).toBe(true);
        expect(agreesWithHmac(header, bytes)).toBe(true);
      }),
      { numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test("in the plain form that Stripe sends, both accept exactly what is signed", () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.integer({ min: -400, max: 300 }),
        fc.uint8Array({ minLength: 1 }),
        (good, age, bytes) => {
          fc.pre(bytes[0] !== 0xef && Buffer.from(bytes).toString("utf8") !== "" && isText(bytes));
          const timestamp = `${CREATED + age}`;
          const header = `t=${timestamp},v1=${good ? code(timestamp, bytes) : ZEROS}`;
          const expected = good && age >= -300;
          expect({ sdk: bySdk(header, bytes, CREATED), us: byUs(header, bytes, CREATED) }).toEqual({
            sdk: expected,
            us: expected,
          });
        },
      ),
    );
  });
});

function isText(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString("utf8")).equals(Buffer.from(bytes));
}

function agreesWithHmac(header: string, body: Uint8Array): boolean {
  const pairs = header.split(",").map((pair) => pair.split("="));
  const timestamp = pairs.find(([name]) => name === "t")?.[1] ?? "";
  const codes = pairs.filter(([name]) => name === "v1").map(([, value = ""]) => Buffer.from(value, "hex"));
  return isAmong(hmac({ hash: "sha256", secret: SECRET, parts: [timestamp, ".", body] }), codes);
}
