/** `guides/tea.pdf`: a file below a folder, and nothing else in any file system: no way up, no hidden file, no drive. */

const MAX_LENGTH = 300;

export function isFileName(text: string): boolean {
  return text.length <= MAX_LENGTH && text.split("/").every(isPart);
}

/** Neither empty, nor `.` or `..` or hidden, nor with what parts paths or names streams elsewhere. */
function isPart(part: string): boolean {
  return part !== "" && !part.startsWith(".") && !/[\p{Cc}\p{Cs}\\:]/u.test(part);
}

export function lastPart(name: string): string {
  return name.split("/").at(-1) ?? name;
}
