/**
 * A total, bounded reader of application/x-www-form-urlencoded bytes. Percent and `+` are decoded to bytes first and the
 * charset is applied to those, because the body itself names its charset in one of its fields (classic PayPal IPN, Alipay).
 * Nothing here is ever sent back to the vendor: a verifier gets the bytes as they came.
 */

/** One `name=value` of the body, percent-decoded, its charset not yet applied. */
export interface FormPair {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
  /** A `%` was not followed by two hex digits; it stands for itself, as browsers read it. */
  readonly broken: boolean;
}

export interface Form {
  /** The encoding by its WHATWG name: `windows-1252`, `gbk`. */
  readonly charset: string;
  /** Every occurrence of every name, in the order of the body. A Map, so that `__proto__` is a name like any other. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Names of fields that could not be decoded exactly: a broken `%`, or bytes that the charset does not have. */
  readonly damaged: ReadonlySet<string>;
}

export type DecodedForm =
  | { readonly kind: "decoded"; readonly form: Form }
  | { readonly kind: "undecodable"; readonly reason: "too_many_fields" | "ambiguous_charset" | "unknown_charset" };

export interface FormLimits {
  readonly maxFields: number;
}

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const TILDE = 0x7e;

/** The body's pairs, or null where there are more than `maxFields`. Empty stretches between `&` are no pairs. */
export function splitForm(body: Uint8Array, { maxFields }: FormLimits): readonly FormPair[] | null {
  const stretches: Uint8Array[] = [];
  for (let start = 0; start < body.length; ) {
    const found = body.indexOf(AMPERSAND, start);
    const end = found === -1 ? body.length : found;
    if (end > start) stretches.push(body.subarray(start, end));
    // Counted before anything is decoded, so that a body of nothing but fields costs little.
    if (stretches.length > maxFields) return null;
    start = end + 1;
  }
  return stretches.map(readPair);
}

/**
 * The form as text. `charsetField` is the field in which the body names its charset, `fallback` the charset of a body that
 * names none. Never throws; time and memory are linear in the body.
 */
export function decodeForm(
  body: Uint8Array,
  options: FormLimits & { readonly charsetField: string; readonly fallback: string },
): DecodedForm {
  const pairs = splitForm(body, options);
  if (!pairs) return { kind: "undecodable", reason: "too_many_fields" };
  const labels = new Set(charsetLabels(pairs, options.charsetField));
  if (labels.size > 1) return { kind: "undecodable", reason: "ambiguous_charset" };
  const charset = openCharset([...labels][0] ?? options.fallback);
  if (!charset) return { kind: "undecodable", reason: "unknown_charset" };
  return { kind: "decoded", form: collect(pairs, charset) };
}

function collect(pairs: readonly FormPair[], charset: Charset): Form {
  const fields = new Map<string, string[]>();
  const damaged = new Set<string>();
  for (const pair of pairs) {
    const name = charset.decode(pair.name);
    const value = charset.decode(pair.value);
    const values = fields.get(name);
    if (values) values.push(value);
    else fields.set(name, [value]);
    if (pair.broken || value.includes("\u{fffd}") || name.includes("\u{fffd}")) damaged.add(name);
  }
  return { charset: charset.name, fields, damaged };
}

function readPair(pair: Uint8Array): FormPair {
  const equals = pair.indexOf(EQUALS);
  const name = percentDecode(equals === -1 ? pair : pair.subarray(0, equals));
  const value = percentDecode(equals === -1 ? pair.subarray(pair.length) : pair.subarray(equals + 1));
  return { name: name.bytes, value: value.bytes, broken: name.broken || value.broken };
}

function percentDecode(text: Uint8Array): { readonly bytes: Uint8Array; readonly broken: boolean } {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let broken = false;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at] ?? 0;
    if (byte === PLUS) bytes[length++] = SPACE;
    else if (byte !== PERCENT) bytes[length++] = byte;
    else {
      const decoded = hexPair(text[at + 1], text[at + 2]);
      if (decoded === null) broken = true;
      else at += 2;
      bytes[length++] = decoded ?? PERCENT;
    }
  }
  return { bytes: bytes.subarray(0, length), broken };
}

function hexPair(high: number | undefined, low: number | undefined): number | null {
  const [first, second] = [hexDigit(high), hexDigit(low)];
  return first === null || second === null ? null : first * 16 + second;
}

function hexDigit(byte: number | undefined): number | null {
  if (byte === undefined) return null;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : null;
}

function charsetLabels(pairs: readonly FormPair[], charsetField: string): readonly string[] {
  return pairs
    .filter((pair) => latin1(pair.name) === charsetField && pair.value.length > 0)
    .map((pair) => latin1(pair.value).trim().toLowerCase());
}

interface Charset {
  readonly name: string;
  decode(bytes: Uint8Array): string;
}

const ASCII = Uint8Array.from({ length: TILDE - SPACE + 1 }, (_, index) => SPACE + index);

/**
 * The charset of that label, or null where the platform has none, or one in which ASCII does not stand for itself (UTF-16):
 * ids and amounts are ASCII, and could otherwise read as something else than the vendor wrote.
 */
function openCharset(label: string): Charset | null {
  const decoder = openDecoder(label);
  if (!decoder) return null;
  const decode = decoder.encoding === "windows-1252" ? windows1252 : (bytes: Uint8Array) => decoder.decode(bytes);
  if (decode(ASCII) !== latin1(ASCII)) return null;
  return { name: decoder.encoding, decode: (bytes) => (isPlain(bytes) ? latin1(bytes) : decode(bytes)) };
}

function openDecoder(label: string): InstanceType<typeof TextDecoder> | null {
  if (label.length > 40) return null;
  try {
    return new TextDecoder(label, { ignoreBOM: true });
  } catch {
    // RangeError is the platform's way to say that it has no such encoding (utf-7, x-user-defined, iso-2022-kr …).
    return null;
  }
}

/** Bytes that mean themselves in every charset admitted above: no escapes (ISO-2022-JP), nothing beyond ASCII. */
function isPlain(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= SPACE && byte <= TILDE);
}

/** https://encoding.spec.whatwg.org/index-windows-1252.txt, 0x80 to 0x9f; everything else is ISO 8859-1. */
const WINDOWS_1252 =
  "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f" +
  "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

/** Our own table, because Node's TextDecoder reads windows-1252 as ISO 8859-1 in several releases (20.20 among them): `€` is lost. */
function windows1252(bytes: Uint8Array): string {
  return latin1(bytes).replace(/[\u0080-\u009f]/g, (char) => WINDOWS_1252.charAt(char.charCodeAt(0) - 0x80));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
