import { MESSAGES } from "./messages/index.ts";
import type { Rendered, Templates } from "./templates.ts";
import { wordsOf } from "./words.ts";

/** Every message with invented contents: for looking at templates, and for finding their mistakes before they matter. */

export interface Preview extends Rendered {
  readonly name: string;
  readonly language: string;
}

/** For `loadTemplates`. */
export function describedMessages() {
  return MESSAGES.map(({ name, sample }) => ({ name, sample: sample(wordsOf("en", "en")) }));
}

/** In each language that has the message. */
export function previews(templates: Templates): readonly Preview[] {
  return MESSAGES.flatMap(({ name, sample }) =>
    templates.languages
      .filter((language) => templates.languageFor(name, language) === language)
      .map((language) => ({
        name,
        language,
        ...templates.render(name, language, sample(wordsOf(language, language))),
      })),
  );
}
