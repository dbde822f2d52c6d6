import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_DEPTH, MAX_VALUES, readJson } from "../../src/gateways/json.ts";
import { expectQuick } from "../quick.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const detailOf = (body: Uint8Array) => {
  const read = readJson(body);
  return read.kind === "unreadable" ? read.detail : null;
};

describe("readJson understands what JSON.parse understands", () => {
  test.each([
    ['{"a":[1,2,{"b":null}],"c":"x","d":true,"e":-1.5e3}'],
    ["  [ ] \n"],
    ['"a string with \\" : , { and \\\\"'],
    ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}'],
    ['{"":1," ":2,"a:b":3,"a,b":4}'],
    ["0"],
    ["null"],
  ])("%s", (text) => {
    expect(readJson(bytes(text))).toEqual({ kind: "parsed", payload: JSON.parse(text) });
  });

  test("any JSON value, compact or indented, is read as it was written", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 2, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        fc.pre(!text.includes("__proto__"));
        expect(readJson(bytes(text))).toEqual({ kind: "parsed", payload: JSON.parse(text) });
      }),
    );
  });

  test("text of any script, in names and values, beside the signs that are counted", () => {
    const text = fc.string({
      unit: fc.constantFrom("ü", "€", "漢", "😀", '"', "\\", "{", "}", "[", "]", ":", ",", "a"),
    });
    fc.assert(
      fc.property(fc.dictionary(text, text), (value) => {
        expect(readJson(bytes(JSON.stringify(value)))).toEqual({ kind: "parsed", payload: value });
      }),
    );
  });

  test("the deepest nesting allowed is read", () => {
    expect(readJson(bytes("[".repeat(MAX_DEPTH) + "]".repeat(MAX_DEPTH))).kind).toBe("parsed");
  });

  test("as many values as allowed are read", () => {
    expect(readJson(bytes(`[${"1,".repeat(MAX_VALUES - 1)}1]`)).kind).toBe("parsed");
  });
});

describe("readJson refuses, and names the problem without a value", () => {
  test.each([
    ["no bytes", new Uint8Array(0), "the body is empty"],
    ["invalid UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "the body is not UTF-8"],
    ["an overlong encoding", new Uint8Array([0x22, 0xc0, 0xaf, 0x22]), "the body is not UTF-8"],
    ["an encoded surrogate", new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), "the body is not UTF-8"],
    ["UTF-16", new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x7d, 0]), "the body is not UTF-8"],
    ["a byte order mark", bytes('\ufeff{"a":1}'), "the body begins with a byte order mark"],
    ["a truncated body", bytes('{"a":"secret'), "the body is not JSON"],
    ["two values", bytes("{}{}"), "the body is not JSON"],
    ["NaN", bytes('{"a":NaN}'), "the body is not JSON"],
    ["a trailing comma", bytes('{"a":1,}'), "the body is not JSON"],
    ["one level too deep", bytes("[".repeat(33) + "]".repeat(33)), "the body nests deeper than 32 levels"],
    ["100,000 levels", bytes('{"a":'.repeat(100_000)), "the body nests deeper than 32 levels"],
    ["too many values", bytes(`[${"1,".repeat(MAX_VALUES)}1]`), "the body has more than 10000 values"],
    ["an equal key", bytes('{"amount":1,"amount":2}'), "an object has the same key twice"],
    ["an equal key, escaped", bytes('{"amount":1,"\\u0061mount":2}'), "an object has the same key twice"],
    ["an equal key, deep", bytes('[{"x":[{"a":1,"b":2,"a":1}]}]'), "an object has the same key twice"],
    ["__proto__ twice", bytes('{"__proto__":1,"__proto__":2}'), "an object has the same key twice"],
  ])("%s", (_name, body, detail) => {
    expect(detailOf(body)).toBe(detail);
  });

  test("a key repeated anywhere in any object", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (object, pick) => {
        const members = Object.entries(object).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
        const repeated = [...members, members[pick % members.length]];
        expect(detailOf(bytes(`{${repeated.join()}}`))).toBe("an object has the same key twice");
      }),
    );
  });
});

describe("readJson and prototypes", () => {
  test("keys that could reach a prototype are dropped, their neighbours kept", () => {
    const text = '{"__proto__":{"paid":true},"constructor":{"prototype":{"paid":true}},"a":[{"__proto__":[]}],"b":1}';
    const read = readJson(bytes(text));
    expect(read).toEqual({ kind: "parsed", payload: { a: [{}], b: 1 } });
    const merged: Record<string, unknown> = Object.assign({}, read.kind === "parsed" ? read.payload : null);
    expect(merged.paid).toBeUndefined();
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
  });

  test("a key that is only named constructor is kept", () => {
    expect(readJson(bytes('{"constructor":"Ferrari"}'))).toEqual({
      kind: "parsed",
      payload: { constructor: "Ferrari" },
    });
  });
});

describe("readJson is total and bounded", () => {
  test("no bytes make it throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        expect(["parsed", "unreadable"]).toContain(readJson(body).kind);
      }),
      { numRuns: 1000 },
    );
  });

  test("no scrap of JSON makes it throw", () => {
    const scrap = fc.array(fc.constantFrom("{", "}", "[", "]", '"', ":", ",", "\\", "1", "a", "null", '"a"'), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(scrap, (parts) => {
        expect(["parsed", "unreadable"]).toContain(readJson(bytes(parts.join(""))).kind);
      }),
      { numRuns: 2000 },
    );
  });

  const size = 1 << 20;
  const fill = (part: string) => part.repeat(Math.floor(size / part.length));
  const keys = (count: number, width: number) =>
    `{${Array.from({ length: count }, (_, at) => `"${String(at).padStart(width, "k")}":1`).join()}}`;
  test.each([
    ["distinct keys", keys(60_000, 10)],
    ["as many distinct keys as allowed", keys(MAX_VALUES, 90)],
    ["nesting", fill("[")],
    ["quotes", fill('"')],
    ["backslashes", `"${fill("\\\\")}"`],
    ["an open string", `"${fill("a")}`],
    ["escapes", `"${fill("\\u0061")}"`],
    ["colons", fill(":")],
    ["digits", fill("1")],
    ["spaces", fill(" ")],
    ["other scripts", `"${fill("€")}"`],
  ])("a megabyte of %s takes no more than some looks at each byte", async (_name, text) => {
    const body = bytes(text);
    // One takes a millisecond where reading takes 1 to 9. Whatever grows faster than its text takes seconds.
    await expectQuick(() => readJson(body), { looks: 60, bytes: body.length });
  });
});
