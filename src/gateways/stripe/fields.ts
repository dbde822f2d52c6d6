import * as z from "zod";

/** The building blocks of the payload schemas: strict about identity and money, lenient about everything else. */

/** A Stripe id, verbatim: `pi_…`, `ch_…`. Printable ASCII without spaces, so that it can be stored and shown anywhere. */
export const reference = z.string().regex(/^[!-~]{1,200}$/);

/** A reference that Stripe sends as an id, or as the whole object where the endpoint's version expands it; null where there is none. */
export const referenceTo = z
  .union([reference, z.object({ id: reference }).transform((object) => object.id), z.literal("").transform(() => null)])
  .nullish()
  .transform((value) => value ?? null);

/** Stripe's whole numbers of smallest units; negative only in balance transactions. */
export const amount = z.int().nonnegative();

/** Seconds since 1970 UTC. */
export const seconds = z.int().nonnegative().max(100_000_000_000);

export function inMs(time: number | null | undefined): number | null {
  return typeof time === "number" ? time * 1000 : null;
}

/** Text for people: when it is missing, odd or too long the money still counts, so it is then absent. */
export const text = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => presentable(value, 320));

/** A word of Stripe's from a list that may grow: what we don't know says nothing. */
export const word = z.string().nullish();

/** `text` without outer space; null when nothing, more than `maxLength` characters, or what a database's text can't hold is left. */
export function presentable(value: string | null | undefined, maxLength: number): string | null {
  const trimmed = value?.trim() ?? "";
  const isPresentable = trimmed.length >= 1 && trimmed.length <= maxLength && !/[\0\p{Surrogate}]/u.test(trimmed);
  return isPresentable ? trimmed : null;
}

/** An object without the attributes that are null or undefined: a fact says nothing about them. */
export function stated<Attributes extends object>(
  attributes: Attributes,
): { [Key in keyof Attributes]?: Exclude<Attributes[Key], null | undefined> } {
  const entries = Object.entries(attributes).filter(([, value]) => value !== null && value !== undefined);
  // Proven: exactly the entries that the type leaves out were filtered.
  return Object.fromEntries(entries) as { [Key in keyof Attributes]?: Exclude<Attributes[Key], null | undefined> };
}
