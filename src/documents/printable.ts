/**
 * Text as it may be printed: composed, without control characters, and without the invisible ones that turn the direction of
 * what follows (a name with U+202E in it would print an amount backwards).
 */
export function printable(text: string): string {
  return text
    .normalize("NFC")
    .replace(/[\p{Cf}\p{Cs}]/gu, "")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")
    .replace(/[\u2000-\u200a\u202f]/g, "\u00a0");
}
