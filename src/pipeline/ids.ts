import { hash } from "node:crypto";
import { chance } from "../chance.ts";
import { objectKey, type Scope } from "../payments/fact.ts";

/** Ids of our own rows, ordered by the time they were made: 10 characters of milliseconds, 16 of chance (as in ULID). */
export type IdPrefix = "ntf" | "inp" | "pay" | "evt" | "ep" | "cus";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

export function newId(prefix: IdPrefix, now: Date): string {
  return `${prefix}_${encodeTime(now.getTime())}${encodeRandom(chance())}`;
}

/** No id of the kind that was made then or later sorts before it. */
export function firstIdAt(prefix: IdPrefix, time: Date): string {
  return `${prefix}_${encodeTime(time.getTime())}`;
}

function encodeTime(ms: number): string {
  let rest = ms;
  let text = "";
  for (let i = 0; i < 10; i++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function encodeRandom(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += ALPHABET.charAt(byte & 31);
  return text;
}

/** A subscription is one object at its provider for good, so its id is made of that object's key: nobody has to give it one. */
export function subscriptionId(scope: Scope, reference: string): string {
  const digest = hash("sha256", objectKey(scope, { kind: "subscription", reference }), "buffer");
  return `sbn_${encodeRandom(digest.subarray(0, 26))}`;
}
