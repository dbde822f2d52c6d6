// @ts-check
/** Module hooks (https://nodejs.org/docs/latest-v20.x/api/module.html#loadurl-context-nextload): makes the edits of patches.mjs. */

/** @type {readonly import("./patches.mjs").Edit[]} */
let edits = [];

/** @param {{ readonly edits: readonly import("./patches.mjs").Edit[] }} data */
export async function initialize(data) {
  edits = data.edits;
}

/** @type {import("node:module").LoadHook} */
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  const own = edits.filter(({ file }) => url.endsWith(`/dist/${file}`));
  if (own.length === 0) return loaded;
  let source = Buffer.from(/** @type {Uint8Array} */ (loaded.source)).toString();
  for (const { file, find, put } of own) {
    if (source.split(find).length !== 2)
      throw new Error(`torture: ${file} does not have exactly one place like: ${find}`);
    source = source.replace(find, () => put);
  }
  return { ...loaded, source };
}
