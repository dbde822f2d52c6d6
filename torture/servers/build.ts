import { join } from "node:path";
import { bundle, ENTRIES } from "../../scripts/bundle.mjs";
import { type Edit, editsFor } from "./patches.mjs";

/**
 * The service as it is built, but for the edits of patches.mjs: made in a folder of its own beside dist/. Returns the file to start.
 */
export async function buildTortured(root: string, mutation: string | null): Promise<string> {
  const into = join(root, mutation === null ? "dist-torture" : `dist-torture-${mutation}`);
  const edits = editsFor(mutation);
  await bundle({ entries: ENTRIES, into, edit: (file, text) => edited(edits, file, text) });
  return join(into, "main.js");
}

/** Throws where an edit's place is gone: a step that is never reached proves nothing. */
function edited(edits: readonly Edit[], file: string, text: string): string {
  let source = text;
  for (const edit of edits.filter((each) => each.file === file)) {
    if (source.split(edit.find).length !== 2)
      throw new Error(`torture: ${file} does not have exactly one place like: ${edit.find}`);
    source = source.replace(edit.find, () => edit.put);
  }
  return source;
}
