import { expect, test } from "vitest";
import { languageOf, WORDS } from "../../../src/http/page/words.ts";

test.each([
  ["de-DE,de;q=0.9,en;q=0.8", null, "de"],
  ["en-US,en;q=0.9,de;q=0.8", "de", "en"],
  ["en;q=0.5, DE;q=0.6", null, "de"],
  ["fr,es", "de-AT", "de"],
  ["fr,es", null, "en"],
  [undefined, "de", "de"],
  [undefined, "fr", "en"],
  ["de;q=0", null, "en"],
  ["de;q=x,en", null, "en"],
  [`${"fr,".repeat(10_000)}de`, null, "en"],
] as const)("of %j and a buyer of %j it speaks %s", (accepted, locale, language) => {
  expect(languageOf(accepted, locale)).toBe(language);
});

test("every language says all that the others say", () => {
  const shape = (value: object): unknown =>
    Object.entries(value).map(([name, member]) => (typeof member === "string" ? name : [name, shape(member)]));
  expect(shape(WORDS.de)).toEqual(shape(WORDS.en));
});
