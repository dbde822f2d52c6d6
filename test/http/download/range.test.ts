import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Conditions, selectPart } from "../../../src/http/download/range.ts";

const FILE = { etag: '"abc"', modifiedAt: new Date("2026-11-26T10:00:00.750Z"), size: 1_000 };
const MODIFIED = "Thu, 26 Nov 2026 10:00:00 GMT";
const select = (asked: Conditions, size = FILE.size) => selectPart({ ...FILE, size }, asked);

describe("a range", () => {
  test.each([
    ["bytes=0-", 0, 999],
    ["bytes=0-0", 0, 0],
    ["bytes=500-", 500, 999],
    ["bytes=500-5000", 500, 999],
    ["bytes=-1", 999, 999],
    ["bytes=-5000", 0, 999],
    ["Bytes = 10 - 19 ", 10, 19],
  ])("%s is bytes %i to %i", (range, start, end) => {
    expect(select({ range })).toEqual({ kind: "part", part: { start, end } });
  });

  test.each(["bytes=1000-", "bytes=5000-6000", "bytes=-0"])("%s is beyond the file", (range) => {
    expect(select({ range })).toEqual({ kind: "unsatisfiable" });
  });

  test.each(["bytes=0-1,5-6", "bytes=9-3", "bytes=", "bytes=-", "bytes=a-b", "lines=1-2", "0-5", "bytes=1-2x", ""])(
    "%j is not heeded",
    (range) => {
      expect(select({ range })).toEqual({ kind: "whole" });
    },
  );

  test("of an empty file there is none", () => {
    for (const range of ["bytes=0-", "bytes=-1"]) expect(select({ range }, 0)).toEqual({ kind: "unsatisfiable" });
  });

  test("whatever is asked, a part lies within the file and parts that follow each other make the whole", () => {
    const size = fc.integer({ min: 1, max: 5_000 });
    fc.assert(
      fc.property(size, fc.nat(6_000), fc.option(fc.nat(6_000), { nil: null }), (length, start, end) => {
        const chosen = select({ range: `bytes=${start}-${end ?? ""}` }, length);
        if (chosen.kind !== "part") return;
        expect(chosen.part.start).toBe(start);
        expect(chosen.part.end).toBeGreaterThanOrEqual(start);
        expect(chosen.part.end).toBeLessThan(length);
        if (end === null) expect(chosen.part.end).toBe(length - 1);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (range) => {
        expect(["whole", "part", "unsatisfiable"]).toContain(select({ range: `bytes=${range}` }).kind);
      }),
    );
  });
});

describe("conditions", () => {
  const range = "bytes=500-";

  test.each([
    ["the same tag", '"abc"'],
    ["the same time", MODIFIED],
  ])("go on where If-Range has %s", (_what, ifRange) => {
    expect(select({ range, ifRange }).kind).toBe("part");
  });

  test.each(['"other"', 'W/"abc"', "Thu, 26 Nov 2026 09:59:59 GMT", "Thu, 26 Nov 2026 10:00:01 GMT", "nonsense"])(
    "begin anew where If-Range is %s",
    (ifRange) => {
      expect(select({ range, ifRange }).kind).toBe("whole");
    },
  );

  test.each([
    [{ ifNoneMatch: '"abc"' }, "not_modified"],
    [{ ifNoneMatch: '"x", W/"abc"' }, "not_modified"],
    [{ ifNoneMatch: "*" }, "not_modified"],
    [{ ifNoneMatch: '"x"', ifModifiedSince: MODIFIED }, "whole"],
    [{ ifModifiedSince: MODIFIED }, "not_modified"],
    [{ ifModifiedSince: "Thu, 26 Nov 2026 09:00:00 GMT" }, "whole"],
    [{ ifMatch: '"abc"' }, "whole"],
    [{ ifMatch: 'W/"abc"' }, "precondition_failed"],
    [{ ifMatch: '"x"', ifNoneMatch: '"abc"' }, "precondition_failed"],
    [{ ifUnmodifiedSince: "Thu, 26 Nov 2026 09:00:00 GMT" }, "precondition_failed"],
    [{ ifUnmodifiedSince: MODIFIED }, "whole"],
  ] as const)("%j is %s", (asked, kind) => {
    expect(select(asked).kind).toBe(kind);
  });
});
