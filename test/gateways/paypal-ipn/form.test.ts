import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeForm, type Form, splitForm } from "../../../src/gateways/signing/form.ts";
import { expectQuick } from "../../quick.ts";

const OPTIONS = { maxFields: 1_000, charsetField: "charset", fallback: "windows-1252" };

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

function decode(body: string | Uint8Array): Form {
  const decoded = decodeForm(typeof body === "string" ? bytes(body) : body, OPTIONS);
  if (decoded.kind !== "decoded") throw new Error(decoded.reason);
  return decoded.form;
}

function refusal(body: string): string {
  const decoded = decodeForm(bytes(body), OPTIONS);
  return decoded.kind === "undecodable" ? decoded.reason : decoded.form.charset;
}

describe("a form", () => {
  test("has percent and plus decoded to bytes before any charset is applied", () => {
    expect(decode("a+b=%41+%2b&c=%26%3D").fields).toEqual(
      new Map([
        ["a b", ["A +"]],
        ["c", ["&="]],
      ]),
    );
  });

  test("keeps every occurrence of a repeated name, in order", () => {
    expect(decode("a=1&b=2&a=3&a=").fields.get("a")).toEqual(["1", "3", ""]);
  });

  test("has empty values, names without an equals sign, and nothing for empty stretches", () => {
    expect([...decode("&&a=&b&=c&").fields]).toEqual([
      ["a", [""]],
      ["b", [""]],
      ["", ["c"]],
    ]);
  });

  test("splits at the first equals sign only", () => {
    expect(decode("a=b=c").fields.get("a")).toEqual(["b=c"]);
  });

  test.each(["%", "%4", "%zz", "100%", "%%41", "%4%31"])(
    "reads a broken percent sign in %j as itself and notes the field",
    (value) => {
      const form = decode(`a=${value}&b=1`);
      expect(form.fields.get("a")?.[0]).toContain("%");
      expect(form.damaged).toEqual(new Set(["a"]));
    },
  );

  test("keeps NUL and line breaks for the reader to judge", () => {
    expect(decode("a=%00%0d%0a").fields.get("a")).toEqual(["\u0000\r\n"]);
  });

  test("takes names like __proto__[x] as names", () => {
    const form = decode("__proto__[polluted]=1&__proto__=2&constructor=3");
    expect([...form.fields.keys()]).toEqual(["__proto__[polluted]", "__proto__", "constructor"]);
    expect("polluted" in {}).toBe(false);
  });

  test("is refused with more fields than allowed, and read with just as many", () => {
    const fields = (count: number) => Array.from({ length: count }, (_, n) => `f${n}=`).join("&");
    expect(decode(fields(1_000)).fields.size).toBe(1_000);
    expect(refusal(fields(1_001))).toBe("too_many_fields");
    expect(splitForm(bytes(fields(1_001)), OPTIONS)).toBeNull();
  });
});

describe("a form's charset", () => {
  test.each([
    ["", "Ren%E9e+%80", "Renée €"],
    ["windows-1252", "%93Jos%E9%94+%80%92", "“José” €’"],
    ["ISO-8859-1", "Jos%E9", "José"],
    ["UTF-8", "%E6%9D%8E+%E2%82%AC", "李 €"],
    ["utf-8", "%F0%9F%90%9D", "🐝"],
    ["gb2312", "%C0%EE%C3%F7", "李明"],
    ["gbk", "%C0%EE%C3%F7", "李明"],
    ["big5", "%A7%F5%A9%FA", "李明"],
    ["Shift_JIS", "%8ER%93c%91%BE%98Y", "山田太郎"],
    ["EUC-KR", "%B1%E8%C3%B6%BC%F6", "김철수"],
    ["KOI8-R", "%E9%D7%C1%CE", "Иван"],
    ["windows-1251", "%C8%E2%E0%ED", "Иван"],
    ["ISO-2022-JP", "%1B%24B%3B3ED%1B%28B", "山田"],
  ])("%j decodes %s to %s", (charset, encoded, expected) => {
    const form = decode(`charset=${charset}&name=${encoded}`);
    expect(form.fields.get("name")).toEqual([expected]);
    expect(form.damaged.size).toBe(0);
  });

  test("is windows-1252 with its own table, whatever the platform makes of it", () => {
    const all = Uint8Array.from({ length: 32 }, (_, n) => 0x80 + n);
    const encoded = [...all].map((byte) => `%${byte.toString(16)}`).join("");
    expect(decode(`name=${encoded}`).fields.get("name")).toEqual([
      "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ",
    ]);
  });

  test.each(["utf-7", "x-user-defined", "utf-16", "utf-16be", "iso-2022-kr", "hz-gb-2312", "bogus", "-".repeat(50)])(
    "%s is refused rather than guessed",
    (charset) => {
      expect(refusal(`charset=${charset}&a=1`)).toBe("unknown_charset");
    },
  );

  test("may be named twice, but not twice differently", () => {
    expect(refusal("charset=utf-8&charset=UTF-8&a=1")).toBe("utf-8");
    expect(refusal("charset=utf-8&charset=gb2312&a=1")).toBe("ambiguous_charset");
  });

  test("that lies spoils the text and leaves ids and amounts whole", () => {
    const form = decode("charset=utf-8&name=Ren%E9&txn_id=6G996328CK404320L&mc_gross=19.99");
    expect(form.fields.get("name")).toEqual(["Ren\ufffd"]);
    expect(form.damaged).toEqual(new Set(["name"]));
    expect(form.fields.get("mc_gross")).toEqual(["19.99"]);
  });
});

describe("for any bytes", () => {
  const anyBody = fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }),
    fc
      .array(fc.constantFrom("&", "=", "%", "%4", "%41", "+", "charset=", "utf-8", "gb2312", "\u0000", "ÿ", "a"), {
        maxLength: 200,
      })
      .map((parts) => bytes(parts.join(""))),
  );

  test("decoding never throws, and no more text comes out than bytes went in", () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const decoded = decodeForm(body, OPTIONS);
        if (decoded.kind === "undecodable") return;
        const texts = [...decoded.form.fields].flatMap(([name, values]) => [name, ...values]);
        expect(texts.reduce((sum, text) => sum + text.length, 0)).toBeLessThanOrEqual(body.length);
      }),
      { numRuns: 1_000 },
    );
  });

  test("what URLSearchParams writes is read back", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }))), (pairs) => {
        const body = `charset=utf-8&${new URLSearchParams(pairs.map(([name, value]): [string, string] => [`x${name}`, value]))}`;
        const { fields } = decode(body);
        for (const [name, value] of pairs)
          expect(fields.get(`x${name}`.toWellFormed())).toContain(value.toWellFormed());
      }),
    );
  });

  test.each(["%", "&", "=", "+", "%4", "%E9", "a=%E9&", "\u0000"])(
    "256 KiB of %j are read in some looks at each byte",
    async (pattern) => {
      const body = bytes(pattern.repeat(262_144 / pattern.length));
      const allowed = { looks: 200, bytes: body.length };
      await expectQuick(() => decodeForm(body, { ...OPTIONS, maxFields: 4_000 }), allowed);
    },
  );
});
