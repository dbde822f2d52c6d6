import type { IssuedDocument } from "../store/documents.ts";

/** Writes a document as PDF. */
export type Write = (document: IssuedDocument) => Promise<Uint8Array>;

export type WriterAnswer =
  | { readonly ok: true; readonly write: Write }
  | { readonly ok: false; readonly problem: string };

/**
 * The PDF library and its fonts are loaded for the first document: a quarter of a second that no start has to wait for. A font
 * that the configuration names (`file`) is tried out at once.
 */
export async function openWriter(file: string | null): Promise<WriterAnswer> {
  let opening: ReturnType<typeof load> | null = null;
  const opened = () => {
    opening ??= load(file);
    return opening;
  };
  if (file !== null) {
    const { fonts } = await opened();
    if (!fonts.ok) return fonts;
  }
  const write = async (document: IssuedDocument): Promise<Uint8Array> => {
    const { fonts, renderDocument } = await opened();
    if (!fonts.ok) throw new Error(fonts.problem);
    return renderDocument(document, fonts.fonts);
  };
  return { ok: true, write };
}

async function load(file: string | null) {
  const [{ openFonts }, { renderDocument }] = await Promise.all([import("./fonts.ts"), import("./render.ts")]);
  return { fonts: openFonts(file), renderDocument };
}
