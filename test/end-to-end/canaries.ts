import { expect } from "vitest";

/**
 * What must never be found in logs, error answers, health or metrics: secrets, bodies, card numbers, whole e-mail addresses.
 * Senders plant them in every field that a buyer or a gateway fills; the server's whole output is searched when it stops.
 */

/** In free text: names, memos, notes, metadata, unknown headers, query strings. Its card number is a test number that passes Luhn. */
export const CANARY = "canary-5f1c 4000056655665556 canary.buyer@example.org";

const ALWAYS: readonly (readonly [string, RegExp])[] = [
  ["free text of a body or a header", /canary-5f1c/i],
  ["a card number", /4000056655665556/],
  ["a buyer's e-mail", /canary\.buyer@|\bann@example\.com/i],
  ["a signature", /\bv1=[0-9a-f]{64}/],
  ["the beginning of a private key", /BEGIN [A-Z ]*PRIVATE KEY/],
];

/** What of `secrets` and of everything above is in `text`, by its description and never by its value. */
export function canariesIn(text: string, secrets: Readonly<Record<string, string>>): readonly string[] {
  const planted = ALWAYS.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
  const told = Object.entries(secrets).filter(([, value]) => value !== "" && text.includes(value));
  return [...planted, ...told.map(([name]) => name)];
}

export function expectNoCanary(where: string, text: string, secrets: Readonly<Record<string, string>> = {}): void {
  expect(canariesIn(text, secrets), `found in ${where}`).toEqual([]);
}
