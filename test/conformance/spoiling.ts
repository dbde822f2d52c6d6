import fc from "fast-check";
import type { RawNotification } from "../../src/gateways/gateway.ts";

/** An authentic notification with its signature's parts moved, cut, repeated, swapped or replaced, or with another body. */

/** What signature grammars are made of, and what has fooled readers of them. */
const SCRAPS = [
  "",
  ",",
  ", ",
  ";",
  "=",
  "|",
  "t=",
  "t=1",
  "t=abc",
  "t=1e10",
  "t=9999999999",
  "v0=",
  "v1=",
  "v2=",
  "v1=00",
  `v1=${"0".repeat(64)}`,
  `v1=${"A".repeat(64)}`,
  "SHA1withRSA",
  "none",
  "sha256withrsa",
  "https://api.paypal.com@evil.example/",
  "https://evil.example\\@api.paypal.com/v1/notifications/certs/x",
  "https://api.paypal.com.:443/v1/notifications/certs/x",
  "/../",
  "#",
  "?",
  "%2e%2e",
  "\u0000",
  "\u2028",
  "\uff0e",
  " ",
  "\t",
  "__proto__",
  "WEBHOOK_ID",
  "NaN",
  "undefined",
] as const;

/** Parts of a header, so that whole parts change their places and not only letters. */
function partsOf(value: string): readonly string[] {
  return value.split(/(?<=[,;|/=])|(?=[,;|/=])/);
}

function spoiledValue(value: string): fc.Arbitrary<string> {
  const parts = partsOf(value);
  const place = fc.nat(parts.length);
  const scrap = fc.oneof(
    fc.constantFrom(...SCRAPS),
    fc.constantFrom(...parts),
    fc.string({ maxLength: 12, unit: "binary" }),
  );
  const spliced = fc
    .tuple(place, fc.nat(3), fc.array(scrap, { maxLength: 3 }))
    .map(([at, count, put]) => parts.toSpliced(at, count, ...put).join(""));
  const flipped = fc.tuple(fc.nat(Math.max(0, value.length - 1)), fc.integer({ min: 1, max: 127 })).map(([at, by]) => {
    const code = value.charCodeAt(at) ^ by;
    return value.slice(0, at) + String.fromCharCode(code) + value.slice(at + 1);
  });
  const whole = fc.oneof(
    scrap,
    fc.constant(value.toUpperCase()),
    fc.constant(value.toLowerCase()),
    fc.constant(`${value},${value}`),
    fc.integer({ min: 2, max: 2_000 }).map((times) => `${value},`.repeat(times)),
  );
  return fc.oneof({ weight: 4, arbitrary: spliced }, { weight: 2, arbitrary: flipped }, whole);
}

function spoiledBody(body: Uint8Array): fc.Arbitrary<Uint8Array> {
  const bytes = fc.uint8Array({ maxLength: 8 });
  const splice = fc
    .tuple(fc.nat(body.length), fc.nat(8), bytes)
    .map(([at, count, put]) => Uint8Array.from([...body.slice(0, at), ...put, ...body.slice(at + count)]));
  return fc.oneof({ weight: 3, arbitrary: splice }, fc.uint8Array({ maxLength: 300 }));
}

/** One header or the body spoiled, sometimes both, sometimes with a header gone. Now and then the result is the original. */
export function spoiled(raw: RawNotification, signatureHeaders: readonly string[]): fc.Arbitrary<RawNotification> {
  const header = fc
    .constantFrom(...signatureHeaders)
    .chain((name) => fc.tuple(fc.constant(name), spoiledValue(raw.headers.get(name) ?? "")));
  const withHeaders = fc
    .array(header, { minLength: 1, maxLength: 2 })
    .map((changed) => ({ ...raw, headers: new Map([...raw.headers, ...changed]) }));
  const withBody = spoiledBody(raw.body).map((body) => ({ ...raw, body }));
  const without = fc
    .constantFrom(...signatureHeaders)
    .map((gone) => ({ ...raw, headers: new Map([...raw.headers].filter(([name]) => name !== gone)) }));
  const both = fc.tuple(withHeaders, withBody).map(([one, other]) => ({ ...one, body: other.body }));
  return fc.oneof({ weight: 6, arbitrary: withHeaders }, { weight: 2, arbitrary: withBody }, without, both);
}

/**
 * Whether the signature itself is still there: the same body, and in each signature header the longest run of code letters
 * that the original has. A grammar may allow more beside it (Stripe's other schemes); without it nothing may be proven.
 */
export function isStillSigned(raw: RawNotification, other: RawNotification, names: readonly string[]): boolean {
  return (
    Buffer.from(raw.body).equals(Buffer.from(other.body)) &&
    names.every((name) => (other.headers.get(name) ?? "").includes(longestCode(raw.headers.get(name) ?? "")))
  );
}

function longestCode(value: string): string {
  return (value.match(/[A-Za-z0-9+/_-]+/g) ?? []).reduce(
    (longest, one) => (one.length > longest.length ? one : longest),
    "",
  );
}
