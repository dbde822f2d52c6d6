import { extractText, getDocumentProxy, getMeta } from "unpdf";

/** A PDF as a reader sees it: what can be selected, page by page, with every run of spaces as one. */
export interface ReadPdf {
  readonly pages: readonly string[];
  readonly text: string;
  readonly title: unknown;
  readonly language: unknown;
}

export async function readPdf(bytes: Uint8Array): Promise<ReadPdf> {
  // A copy: the reader takes the buffer for itself.
  const pdf = await getDocumentProxy(new Uint8Array(bytes));
  const { text } = await extractText(pdf, { mergePages: false });
  const { info } = await getMeta(pdf);
  const pages = text.map((page) => page.replace(/\s+/g, " ").trim());
  return { pages, text: pages.join(" "), title: info.Title, language: info.Language };
}
