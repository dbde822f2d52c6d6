import { randomFillSync } from "node:crypto";

/** Asked of the system for many at once: one by one the asking takes longer than all that is made of it. */
const CHANCE = Buffer.alloc(16 * 256);
let used = CHANCE.length;

/** 16 bytes that nobody had before, until the next 255 were asked for. */
export function chance(): Buffer {
  if (used === CHANCE.length) {
    randomFillSync(CHANCE);
    used = 0;
  }
  used += 16;
  return CHANCE.subarray(used - 16, used);
}
