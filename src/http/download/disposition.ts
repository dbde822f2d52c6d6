/** Content-Disposition (RFC 6266) that saves as `name`, whatever it contains: a plain copy for old clients, the name itself by RFC 8187. */
export function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%/]/g, "_");
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded(name.toWellFormed())}`;
}

/** encodeURIComponent leaves `'()*` as they are, which RFC 8187 does not. */
function encoded(text: string): string {
  return encodeURIComponent(text.replace(/[\p{Cc}/\\]/gu, "_")).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
