import type { RawNotification } from "../../src/gateways/gateway.ts";

/** The ways in which the suite spoils a notification. Each returns a new one and leaves the given one as it is. */

/** At most 24 places of the body: both ends and an even spread between them. */
export function flippedBits(
  raw: RawNotification,
): readonly { readonly where: string; readonly raw: RawNotification }[] {
  const last = raw.body.length - 1;
  const count = Math.min(24, raw.body.length);
  const places = Array.from({ length: count }, (_, n) => Math.round((n * last) / Math.max(1, count - 1)));
  return [...new Set(places)].map((place, n) => {
    const body = Uint8Array.from(raw.body);
    body[place] = (body[place] ?? 0) ^ (1 << (n % 8));
    return { where: `bit ${n % 8} of byte ${place}`, raw: { ...raw, body } };
  });
}

/** More bytes and fewer: what a check of a prefix or of a length would miss. */
export function resized(raw: RawNotification): readonly { readonly where: string; readonly raw: RawNotification }[] {
  const of = (where: string, body: Uint8Array) => ({ where, raw: { ...raw, body } });
  return [
    of("a line end appended", Buffer.concat([raw.body, Buffer.from("\n")])),
    of("a NUL appended", Buffer.concat([raw.body, Buffer.from([0])])),
    of("a byte order mark in front", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), raw.body])),
    of("the last byte cut off", raw.body.slice(0, -1)),
    of("no body at all", new Uint8Array()),
  ];
}

export function withoutHeader(raw: RawNotification, name: string): RawNotification {
  return { ...raw, headers: new Map([...raw.headers].filter(([key]) => key !== name)) };
}

function withHeader(raw: RawNotification, name: string, value: string): RawNotification {
  return { ...raw, headers: new Map([...raw.headers, [name, value]]) };
}

/** What Node makes of a header that came twice. */
export function doubledHeader(raw: RawNotification, name: string): RawNotification {
  const value = raw.headers.get(name) ?? "";
  return withHeader(raw, name, `${value}, ${value}`);
}

/** The same JSON with other whitespace; null where the body is no JSON, or already looks like this. */
export function reindented(raw: RawNotification): RawNotification | null {
  const text = Buffer.from(raw.body).toString();
  try {
    const body = JSON.stringify(JSON.parse(text), null, 5);
    return body === text ? null : { ...raw, body: new Uint8Array(Buffer.from(body)) };
  } catch {
    return null;
  }
}

/** Requests that nobody honest sends: each must be answered quickly and without an exception. */
export function hostile(raw: RawNotification): readonly { readonly what: string; readonly raw: RawNotification }[] {
  const bodies: readonly (readonly [string, Uint8Array])[] = [
    ["an empty body", new Uint8Array()],
    ["a megabyte of the letter a", new Uint8Array(1_048_576).fill(0x61)],
    ["a megabyte of opening brackets", new Uint8Array(1_048_576).fill(0x5b)],
    ["a hundred thousand fields", Buffer.from("a=%41&".repeat(100_000))],
    ["bytes that are no UTF-8", Uint8Array.from({ length: 4096 }, (_, n) => 0x80 + (n % 0x80))],
    [
      "a prototype for a key",
      Buffer.from('{"__proto__":{"id":"x"},"constructor":{"prototype":{}},"id":{"toString":1}}'),
    ],
    ["a number beyond all bounds", Buffer.from(`{"id":${"9".repeat(10_000)},"amount":1e400}`)],
  ];
  const values = [
    "",
    ",",
    "=",
    "\u0000",
    "t=1,v1=".repeat(2_000),
    "a,".repeat(8_000),
    "9".repeat(16_000),
    "https://127.0.0.1:1/%00",
  ];
  return [
    ...bodies.map(([what, body]) => ({ what, raw: { ...raw, body } })),
    ...[...raw.headers.keys()].flatMap((name) =>
      values.map((value) => ({
        what: `${name}: ${JSON.stringify(value.slice(0, 12))} (${value.length} long)`,
        raw: withHeader(raw, name, value),
      })),
    ),
  ];
}
