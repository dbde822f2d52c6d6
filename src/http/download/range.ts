/**
 * What of a file is asked for (RFC 9110 §13, §14). Libraries that serve files open them by path and give weak validators, with
 * which no browser goes on with a download; what is needed here is this much.
 */

export interface Validators {
  /** Strong, with its quotes. */
  readonly etag: string;
  readonly modifiedAt: Date;
  readonly size: number;
}

export interface Conditions {
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
}

/** Both ends are included, as in Content-Range. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

export type Selection =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly part: Part }
  | { readonly kind: "not_modified" }
  | { readonly kind: "precondition_failed" }
  | { readonly kind: "unsatisfiable" };

/** In the order of precedence of RFC 9110 §13.2.2. */
export function selectPart(file: Validators, asked: Conditions): Selection {
  if (isRefused(file, asked)) return { kind: "precondition_failed" };
  if (isKnown(file, asked)) return { kind: "not_modified" };
  if (asked.range === undefined || !isSameFile(file, asked.ifRange)) return { kind: "whole" };
  const part = readRange(asked.range, file.size);
  if (part === "ignored") return { kind: "whole" };
  return part === null ? { kind: "unsatisfiable" } : { kind: "part", part };
}

function isRefused({ etag, modifiedAt }: Validators, { ifMatch, ifUnmodifiedSince }: Conditions): boolean {
  if (ifMatch !== undefined) return ifMatch.trim() !== "*" && !tagsIn(ifMatch).includes(etag);
  const since = timeIn(ifUnmodifiedSince);
  return since !== null && wholeSeconds(modifiedAt) > since;
}

/** Weak comparison: also what somebody on the way made weak names this file. */
function isKnown({ etag, modifiedAt }: Validators, { ifNoneMatch, ifModifiedSince }: Conditions): boolean {
  if (ifNoneMatch !== undefined)
    return ifNoneMatch.trim() === "*" || tagsIn(ifNoneMatch).some((tag) => tag.replace(/^W\//, "") === etag);
  const since = timeIn(ifModifiedSince);
  return since !== null && wholeSeconds(modifiedAt) <= since;
}

/** §13.1.5: the strong comparison for a tag, an exact match for a time; else the whole file is sent anew. */
function isSameFile({ etag, modifiedAt }: Validators, ifRange: string | undefined): boolean {
  if (ifRange === undefined) return true;
  const text = ifRange.trim();
  return text.includes('"') ? text === etag : timeIn(text) === wholeSeconds(modifiedAt);
}

/** At most this many: a longer list is nobody's. */
const MAX_TAGS = 50;

function tagsIn(list: string): readonly string[] {
  return list.split(",", MAX_TAGS).map((tag) => tag.trim());
}

function timeIn(text: string | undefined): number | null {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? null : time;
}

function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000;
}

/** One range of bytes; null where the file has none of it. Several at once, and what is no such range, are not heeded. */
function readRange(text: string, size: number): Part | null | "ignored" {
  const [, first = "", last = ""] = /^bytes\s*=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i.exec(text) ?? [];
  if (first === "" && last === "") return "ignored";
  if (first === "") return suffix(Number(last), size);
  const start = Number(first);
  const end = last === "" ? size - 1 : Number(last);
  if (last !== "" && end < start) return "ignored";
  return start >= size ? null : { start, end: Math.min(end, size - 1) };
}

/** `bytes=-500`: the last ones; of a shorter file all. */
function suffix(length: number, size: number): Part | null {
  return length === 0 || size === 0 ? null : { start: Math.max(0, size - length), end: size - 1 };
}
