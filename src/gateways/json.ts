import type { Parsed } from "./gateway.ts";

/** Deeper is refused. Stripe's and PayPal's deepest events stay below 12. */
export const MAX_DEPTH = 32;

/**
 * Values in one body, counted by their separators. A notification has some hundreds. The bound is for time: V8 takes 1 µs for
 * each distinct key, so a body of a megabyte of them would block the process for 100 ms.
 */
export const MAX_VALUES = 10_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** `ignoreBOM` keeps a byte order mark in the text, so that it is refused below instead of dropped in silence. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON body that nobody else has read yet; total, never throws, linear in the body's size.
 *
 * `JSON.parse` alone lets the last of two equal keys win, replaces bytes that are not UTF-8 and nests without bound, each a way
 * for two readers to understand two different bodies. Refused here (`unreadable`, with the problem's name and never a value):
 * an empty body, invalid UTF-8, a byte order mark (RFC 8259 §8.1 forbids sending one), anything that is not JSON, nesting
 * beyond MAX_DEPTH, more than MAX_VALUES values, and one key twice in one object, however it is escaped.
 *
 * Keys that could reach a prototype when objects are merged (`__proto__`, and `constructor` with a `prototype` inside) are
 * dropped, because metadata is free text and a paid purchase must not be lost for an odd key.
 */
export function readJson(body: Uint8Array): Parsed<unknown> {
  const text = decode(body);
  if (text === null) return unreadable("the body is not UTF-8");
  if (text === "") return unreadable("the body is empty");
  if (text.charCodeAt(0) === 0xfeff) return unreadable("the body begins with a byte order mark");
  const shape = measure(body);
  if (typeof shape === "string") return unreadable(shape);
  const parsed = parse(text);
  if (parsed === undefined) return unreadable("the body is not JSON");
  // The text names every member once with a colon; fewer in the value means that one replaced another.
  if (takeMembers(parsed) !== shape.members) return unreadable("an object has the same key twice");
  return { kind: "parsed", payload: parsed };
}

function unreadable(detail: string): Parsed<unknown> {
  return { kind: "unreadable", detail };
}

function decode(body: Uint8Array): string | null {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}

/** `undefined` is no JSON value, so it can say that there is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * One pass over the bytes before they are parsed: depth, and how many members the objects name. Exact for valid JSON; for
 * anything else it is only bounded, because `JSON.parse` refuses that next. Of bytes, which cost less to read than
 * characters: no part of another character in UTF-8 is one of these.
 */
function measure(body: Uint8Array): { readonly members: number } | string {
  let depth = 0;
  let members = 0;
  let separators = 0;
  for (let at = 0; at < body.length; at++) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (++depth > MAX_DEPTH) return `the body nests deeper than ${MAX_DEPTH} levels`;
        separators++;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth--;
        break;
      case COLON:
        members++;
        break;
      case COMMA:
        separators++;
        break;
    }
    if (separators > MAX_VALUES) return `the body has more than ${MAX_VALUES} values`;
  }
  return { members };
}

/** The index of the quote that closes the string opened at `start`, or the body's end. */
function endOfString(body: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < body.length) {
    const code = body[at];
    if (code === QUOTE) return at;
    at += code === BACKSLASH ? 2 : 1;
  }
  return at;
}

/** How many members all objects within `value` have; drops on the way those that could reach a prototype. Depth is bounded by `measure`. */
function takeMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) {
    let members = 0;
    for (const element of value) members += takeMembers(element);
    return members;
  }
  let members = 0;
  for (const key of Object.keys(value)) {
    // Proven by `Object.keys`.
    const member = (value as Record<string, unknown>)[key];
    members += 1 + takeMembers(member);
    if (reachesPrototype(key, member)) Reflect.deleteProperty(value, key);
  }
  return members;
}

function reachesPrototype(key: string, member: unknown): boolean {
  if (key === "__proto__") return true;
  return key === "constructor" && typeof member === "object" && member !== null && Object.hasOwn(member, "prototype");
}
