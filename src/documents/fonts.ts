import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { create, type Font } from "fontkit";

/** What documents are written with. The built-in fonts have Latin, Greek, Cyrillic and Hebrew letters. */
export interface Fonts {
  readonly regular: Font;
  readonly bold: Font;
}

export type FontsAnswer =
  | { readonly ok: true; readonly fonts: Fonts }
  | { readonly ok: false; readonly problem: string };

/** Above the 16 MB of the largest fonts for Chinese and Japanese. */
const MAX_FONT_BYTES = 32 << 20;

/**
 * Parsed once, as parsing takes ten times as long as writing a receipt. `file`: a font for everything instead of the built-in
 * ones, tried out before anything is written with it.
 */
export function openFonts(file: string | null): FontsAnswer {
  if (file === null) return { ok: true, fonts: { regular: builtIn("400Regular"), bold: builtIn("600SemiBold") } };
  try {
    const font = parse(readFileSync(file));
    font.layout("Aa 1");
    return { ok: true, fonts: { regular: font, bold: font } };
  } catch {
    return { ok: false, problem: "DOCUMENT_FONT: there is no readable TrueType or OpenType font of that name" };
  }
}

const require = createRequire(import.meta.url);

function builtIn(style: string): Font {
  return parse(readFileSync(require.resolve(`@expo-google-fonts/open-sans/${style}/OpenSans_${style}.ttf`)));
}

function parse(file: Buffer): Font {
  if (file.byteLength > MAX_FONT_BYTES) throw new Error("the font is too large");
  const font = create(file);
  if ("fonts" in font) throw new Error("the file is a collection, not one font");
  return font;
}
