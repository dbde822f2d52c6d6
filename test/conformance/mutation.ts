import fc from "fast-check";
import type { Item, Parsed, RawNotification } from "../../src/gateways/gateway.ts";
import type { Fact } from "../../src/payments/fact.ts";
import { MAX_AMOUNT } from "../../src/payments/money.ts";

/** Authentic notifications that are not what the vendor's documentation says: one value of the body replaced by another. */

const anyText = fc.oneof(
  fc.string({ maxLength: 300, unit: "grapheme" }),
  fc.constantFrom(
    "",
    "0",
    "-1",
    "1e3",
    "NaN",
    "٣",
    "USD",
    "JPY",
    "1.999",
    "\u0000",
    "__proto__",
    "x".repeat(5_000),
    "9".repeat(40),
  ),
);
const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  anyText,
  fc.integer(),
  fc.constantFrom(
    null,
    true,
    false,
    -0,
    1.5,
    1e21,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    [],
    {},
    [null],
    [[]],
    { data: [{}] },
    { object: {} },
  ),
);

export function mutated(raw: RawNotification): fc.Arbitrary<RawNotification> {
  const text = Buffer.from(raw.body).toString();
  const bodies = text.startsWith("{") || text.startsWith("[") ? mutatedJson(text) : mutatedForm(text);
  return bodies.map((body) => ({ ...raw, body: new Uint8Array(Buffer.from(body)) }));
}

type Path = readonly (string | number)[];

function mutatedJson(text: string): fc.Arbitrary<string> {
  const document: unknown = JSON.parse(text);
  const paths = pathsOf(document);
  return fc
    .tuple(fc.constantFrom(...paths), fc.oneof({ weight: 4, arbitrary: anyJson }, fc.constant(undefined)))
    .map(([path, value]) => JSON.stringify(replaced(document, path, value)) ?? "");
}

function mutatedForm(text: string): fc.Arbitrary<string> {
  const pairs = text.split("&");
  return fc.tuple(fc.nat(pairs.length - 1), anyText, fc.boolean()).map(([place, value, repeat]) => {
    const name = pairs[place]?.split("=")[0] ?? "";
    const pair = `${name}=${encodeURIComponent(value.toWellFormed?.() ?? value)}`;
    return pairs.flatMap((old, index) => (index !== place ? [old] : repeat ? [old, pair] : [pair])).join("&");
  });
}

function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...path, key]))];
}

/** A copy with the value at the path replaced; `undefined` takes it away. */
function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((each, index) => (String(index) === key ? (replaced(each, rest, by) ?? null) : each));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === key ? replaced(each, rest, by) : each]),
  );
}

/** What is wrong with the items, in words; nothing where the notification is unreadable. */
export function troublesOf(parsed: Parsed<readonly Item[]>, raw: RawNotification): readonly string[] {
  if (parsed.kind === "unreadable") return parsed.detail === "" ? ["unreadable without a detail"] : [];
  return parsed.payload.flatMap((item) => [
    ...(isText(item.key, 200) ? [] : [`item key ${JSON.stringify(item.key).slice(0, 80)}`]),
    ...(item.type.length > 0 ? [] : ["item without a type"]),
    ...item.facts.flatMap((fact) =>
      factTroubles(fact, raw.receivedAt.getTime()).map((trouble) => `${fact.kind}: ${trouble}`),
    ),
  ]);
}

function factTroubles(fact: Fact, receivedAt: number): readonly string[] {
  const references = [fact.reference, ...[...fact.joins, ...fact.links].map((object) => object.reference)];
  return [
    ...references
      .filter((reference) => !isText(reference, 200))
      .map((reference) => `reference ${JSON.stringify(reference).slice(0, 80)}`),
    ...(Number.isSafeInteger(fact.at) && fact.at <= receivedAt
      ? []
      : [`at ${fact.at} is no time before ${receivedAt}`]),
    ...Object.entries(fact).flatMap(([name, value]) =>
      typeof value === "bigint" && !isAmount(value) ? [`${name} ${value}`] : [],
    ),
    ...(fact.kind === "refund" && fact.amount !== undefined && fact.amount < 0n
      ? ["a refund is a positive amount"]
      : []),
    ...("amount" in fact && fact.amount !== undefined && fact.currency === undefined
      ? ["an amount without its currency"]
      : []),
    ...(fact.orders ?? []).filter(({ value }) => !isText(value, 1_000)).map(({ rank }) => `order claim ${rank}`),
  ];
}

function isAmount(amount: bigint): boolean {
  return amount <= MAX_AMOUNT && amount >= -MAX_AMOUNT;
}

/** Not empty, within the bound, and without NUL, which fails a whole batch at the database. */
function isText(text: string, maximum: number): boolean {
  return text.length > 0 && text.length <= maximum && !text.includes("\u0000");
}
