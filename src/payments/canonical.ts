/** JSON with sorted names, and amounts that cannot be taken for text: one text for one content. */
export function canonical(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object")
    return typeof value === "string" ? quoted(value) : (JSON.stringify(value) ?? "null");
  let text = "";
  for (const name of Object.keys(value).sort()) {
    // Proven by `Object.keys`.
    const inner = (value as Record<string, unknown>)[name];
    if (inner !== undefined) text += `${text === "" ? "" : ","}${quoted(name)}:${canonical(inner)}`;
  }
  return `{${text}}`;
}

/** Nothing that JSON escapes. Most texts are, and asking JSON.stringify for each was half of what this took. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
