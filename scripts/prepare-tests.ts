import { prepare } from "./prepare.mjs";

/** Whoever runs vitest by hand gets the database clients made, as with `npm test`. */
export function setup(): void {
  prepare({ build: false });
}
