import type { EventPosition } from "../store/reading.ts";

/** Places among the events, as readers keep them: `812-77`, or `beginning`. Opaque to them, and safe in a header. */

const BEGINNING = "beginning";

/** 19 digits are a bigint's; negative ones are of a database that this one was restored from. */
const PLACE = /^(-?\d{1,18})-(\d{1,18})$/;

export function writePlace(place: EventPosition | null): string {
  return place === null ? BEGINNING : `${place.position}-${place.seq}`;
}

/** Undefined for a text that `writePlace` did not write; null for the beginning. */
export function readPlace(text: string): EventPosition | null | undefined {
  if (text === BEGINNING) return null;
  const [, position, seq] = PLACE.exec(text) ?? [];
  return position === undefined || seq === undefined ? undefined : { position: BigInt(position), seq: BigInt(seq) };
}

/** Whether `left` comes after `right`; everything comes after the beginning. */
export function isAfter(left: EventPosition | null, right: EventPosition | null): boolean {
  if (left === null || right === null) return left !== null;
  return left.position === right.position ? left.seq > right.seq : left.position > right.position;
}
